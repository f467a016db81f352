#include "common/audit/entry.h"

#include <vector>

#include "common/base/ids.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace trusthub::audit {
namespace {

std::vector<std::string> KeysOf(const v1::AuditEntry& entry) {
  return {entry.child_pseudonyms().begin(), entry.child_pseudonyms().end()};
}

}  // namespace

store::AppendLeaf MakeLeaf(v1::AuditEntry& entry) {
  return {SaltAndSerialize(entry), KeysOf(entry)};
}

store::AppendLeaf LeafOf(absl::string_view leaf) {
  v1::AuditEntry entry;
  if (!entry.ParseFromArray(leaf.data(), static_cast<int>(leaf.size()))) return std::string(leaf);
  return {std::string(leaf), KeysOf(entry)};
}

std::string SaltAndSerialize(v1::AuditEntry& entry) {
  entry.set_salt(RandomBytes(kSaltBytes));
  return CanonicalBytes(entry);
}

std::string CanonicalBytes(const v1::AuditEntry& entry) {
  std::string bytes(entry.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream coded(&array);
  coded.SetSerializationDeterministic(true);
  entry.SerializeWithCachedSizes(&coded);
  return bytes;
}

absl::StatusOr<v1::AuditEntry> ParseEntry(absl::string_view leaf) {
  v1::AuditEntry entry;
  if (!entry.ParseFromArray(leaf.data(), static_cast<int>(leaf.size()))) {
    return absl::DataLossError("the leaf is no audit entry");
  }
  if (entry.salt().size() != kSaltBytes) {
    return absl::DataLossError("the audit entry has no salt of 16 bytes");
  }
  if (CanonicalBytes(entry) != leaf) {
    return absl::DataLossError("the audit entry is not in its canonical form");
  }
  return entry;
}

}  // namespace trusthub::audit
