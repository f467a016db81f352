#include "common/store/sealed/envelope.h"

#include <utility>

#include "common/crypto/crypto.h"

namespace trusthub::store::sealed {
namespace {

constexpr char kFormat = '\1';
constexpr int kBitsOfByte = 8;
// Of the length before a text.
constexpr int kSizeBytes = 4;

void PackNumber(std::uint64_t number, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) {
    out->push_back(static_cast<char>((number >> (kBitsOfByte * i)) & 0xff));
  }
}

// Reads from the front of `text`; false when it is too short.
bool UnpackNumber(absl::string_view* text, int bytes, std::uint64_t* number) {
  if (text->size() < static_cast<std::size_t>(bytes)) return false;
  *number = 0;
  for (int i = 0; i < bytes; ++i) {
    *number = *number << kBitsOfByte | static_cast<unsigned char>((*text)[i]);
  }
  text->remove_prefix(static_cast<std::size_t>(bytes));
  return true;
}

bool UnpackText(absl::string_view* text, std::string* out) {
  std::uint64_t size = 0;
  if (!UnpackNumber(text, kSizeBytes, &size) || text->size() < size) return false;
  out->assign(text->data(), size);
  text->remove_prefix(size);
  return true;
}

void PackText(absl::string_view text, std::string* out) {
  PackNumber(text.size(), kSizeBytes, out);
  out->append(text.data(), text.size());
}

// GCM commits to no key: the id of the key is part of what is authenticated.
std::string Associated(const DataKey& key, Holds holds,
                       std::initializer_list<absl::string_view> place) {
  std::size_t size = 2 + kKeyIdBytes;
  for (const absl::string_view name : place) size += kSizeBytes + name.size();
  std::string associated;
  associated.reserve(size);
  associated.push_back(kFormat);
  associated.push_back(static_cast<char>(holds));
  associated.append(key.id);
  for (const absl::string_view name : place) {
    PackNumber(name.size(), kSizeBytes, &associated);
    associated.append(name.data(), name.size());
  }
  return associated;
}

}  // namespace

std::string SealValue(const DataKey& key, Holds holds,
                      std::initializer_list<absl::string_view> place, absl::string_view value) {
  static_assert(kEnvelopeBytes == 1 + kKeyIdBytes + crypto::kSealOverheadBytes);
  std::string sealed;
  sealed.reserve(kEnvelopeBytes + value.size());
  sealed.push_back(kFormat);
  sealed.append(key.id);
  crypto::SealTo(key.seal.view(), value, Associated(key, holds, place), &sealed);
  return sealed;
}

std::optional<absl::string_view> KeyIdOf(absl::string_view sealed) {
  if (sealed.size() < kEnvelopeBytes || sealed[0] != kFormat) return std::nullopt;
  return sealed.substr(1, kKeyIdBytes);
}

absl::StatusOr<std::string> OpenValue(const DataKey& key, Holds holds,
                                      std::initializer_list<absl::string_view> place,
                                      absl::string_view sealed) {
  if (KeyIdOf(sealed) != absl::string_view(key.id)) {
    return absl::UnauthenticatedError("not sealed with this key");
  }
  return crypto::Open(key.seal.view(), sealed.substr(1 + kKeyIdBytes),
                      Associated(key, holds, place));
}

std::string NumberText(std::int64_t number) {
  std::string text;
  PackNumber(static_cast<std::uint64_t>(number), 8, &text);
  return text;
}

std::string PackVersion(const RecordHead& head, absl::Time written, absl::string_view bytes) {
  std::string packed;
  packed.reserve(13 + 2 * kSizeBytes + head.owner_agency.size() + head.author_agency.size() +
                 bytes.size());
  PackNumber(static_cast<std::uint64_t>(head.kind), 4, &packed);
  packed.push_back(head.child.empty() ? '\0' : '\1');
  PackNumber(static_cast<std::uint64_t>(absl::ToUnixMicros(written)), 8, &packed);
  PackText(head.owner_agency, &packed);
  PackText(head.author_agency, &packed);
  packed.append(bytes.data(), bytes.size());
  return packed;
}

absl::StatusOr<OpenedVersion> UnpackVersion(std::string packed) {
  absl::string_view rest = packed;
  std::uint64_t kind = 0;
  std::uint64_t has_child = 0;
  std::uint64_t written = 0;
  OpenedVersion version;
  if (!UnpackNumber(&rest, 4, &kind) || !UnpackNumber(&rest, 1, &has_child) ||
      !UnpackNumber(&rest, 8, &written) || !UnpackText(&rest, &version.owner_agency) ||
      !UnpackText(&rest, &version.author_agency)) {
    return absl::DataLossError("a sealed version does not parse");
  }
  version.kind = static_cast<RecordKind>(kind);
  version.has_child = has_child != 0;
  version.written = absl::FromUnixMicros(static_cast<std::int64_t>(written));
  packed.erase(0, packed.size() - rest.size());
  version.bytes = std::move(packed);
  return version;
}

std::string PackPair(absl::string_view first, absl::string_view second) {
  std::string packed;
  packed.reserve(kSizeBytes + first.size() + second.size());
  PackText(first, &packed);
  packed.append(second.data(), second.size());
  return packed;
}

std::optional<std::string> UnpackPair(std::string* packed) {
  absl::string_view rest = *packed;
  std::string first;
  if (!UnpackText(&rest, &first)) return std::nullopt;
  packed->erase(0, packed->size() - rest.size());
  return first;
}

}  // namespace trusthub::store::sealed
