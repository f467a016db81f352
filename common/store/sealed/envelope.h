// File: envelope.h
//
// How a value stands in a sealed store: one byte of format, the id of its key, and AES-256-GCM
// (nonce, ciphertext, tag) whose associated data says what the value is and where it belongs. A
// value moved to another row, version, kind, child or service does not open, nor does one with a
// changed bit or a lost byte.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_ENVELOPE_H_
#define TRUSTHUB_COMMON_STORE_SEALED_ENVELOPE_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/sealed/data_key.h"
#include "common/store/store.h"

namespace trusthub::store::sealed {

// What a value is; the first byte of its associated data.
enum class Holds : char {
  kRecord = 'R',
  kEvent = 'E',
  kAnswer = 'A',
  kState = 'S',
  kChildOfKey = 'K',
  kDestroyed = 'D',
};

inline constexpr std::size_t kEnvelopeBytes = 1 + kKeyIdBytes + 28;

// `place` are the names that say where the value belongs; each counts with its length.
std::string SealValue(const DataKey& key, Holds holds,
                      std::initializer_list<absl::string_view> place, absl::string_view value);
// The id of the key that sealed `sealed`; nothing when it is no sealed value.
std::optional<absl::string_view> KeyIdOf(absl::string_view sealed);
// UNAUTHENTICATED unless SealValue made `sealed` with the same key and place.
absl::StatusOr<std::string> OpenValue(const DataKey& key, Holds holds,
                                      std::initializer_list<absl::string_view> place,
                                      absl::string_view sealed);

// --- What is sealed of a version: its bytes behind what the row says of it in the clear ----------

// Eight bytes, so that a version can be part of a place.
std::string NumberText(std::int64_t number);

// Of a version of a record: `head` without its name, child and position, when it was written, and
// its bytes.
std::string PackVersion(const RecordHead& head, absl::Time written, absl::string_view bytes);

struct OpenedVersion {
  RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  bool has_child = false;
  absl::Time written;
  std::string owner_agency;
  std::string author_agency;
  std::string bytes;
};
// DATA_LOSS unless PackVersion made it.
absl::StatusOr<OpenedVersion> UnpackVersion(std::string packed);

// Two texts as one, the first with its length.
std::string PackPair(absl::string_view first, absl::string_view second);
// The first, and the rest in place of `packed`; nothing when it does not parse.
std::optional<std::string> UnpackPair(std::string* packed);

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_ENVELOPE_H_
