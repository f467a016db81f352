#include "common/audit/entry.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/proof.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace trusthub::audit {
namespace {

using google::protobuf::internal::WireFormatLite;

// The entry's content hash, found without parsing the rest: the log hashes every leaf.
absl::string_view ContentHashIn(absl::string_view entry) {
  constexpr std::uint32_t kTag = WireFormatLite::MakeTag(v1::AuditEntry::kContentHashFieldNumber,
                                                         WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  absl::string_view found;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(entry.data()),
                                            static_cast<int>(entry.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag != kTag) {
      if (!WireFormatLite::SkipField(&in, tag)) return {};
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return {};
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > entry.size() - at || !in.Skip(static_cast<int>(size))) return {};
    found = entry.substr(at, size);
  }
  const bool whole = static_cast<std::size_t>(in.CurrentPosition()) == entry.size();
  return whole && found.size() == crypto::kSha256Bytes ? found : absl::string_view();
}

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

std::string EntryHash(absl::string_view entry) { return crypto::Sha256(entry); }

std::string EntryLeafHash(absl::string_view entry) {
  return EntryLeafHash(EntryHash(entry), ContentHashIn(entry));
}

std::string EntryLeafHash(absl::string_view entry_hash, absl::string_view content_hash) {
  return LeafHash(absl::StrCat(entry_hash, content_hash));
}

absl::StatusOr<v1::AuditEntry> ParseEntry(absl::string_view leaf) {
  v1::AuditEntry entry;
  if (!entry.ParseFromArray(leaf.data(), static_cast<int>(leaf.size()))) {
    return absl::DataLossError("the leaf is no audit entry");
  }
  if (entry.salt().size() != kSaltBytes) {
    return absl::DataLossError("the audit entry has no salt of 16 bytes");
  }
  if (!entry.content_hash().empty() && entry.content_hash().size() != crypto::kSha256Bytes) {
    return absl::DataLossError("the audit entry's content_hash is not 32 bytes");
  }
  if (CanonicalBytes(entry) != leaf) {
    return absl::DataLossError("the audit entry is not in its canonical form");
  }
  return entry;
}

}  // namespace trusthub::audit
