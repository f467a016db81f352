// File: key_ring_file.h
//
// The file of a key ring, looked at again once a second: an administrator changes the ring of a
// running service by putting another file in its place.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_RING_FILE_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_RING_FILE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/periodic.h"
#include "common/crypto/keys/key_ring.h"

namespace trusthub::crypto {

class KeyRingFile {
 public:
  using Ring = std::shared_ptr<const KeyRing>;

  // Errors as of KeyRing::Load.
  static absl::StatusOr<std::unique_ptr<KeyRingFile>> Open(absl::string_view path);

  // The ring as it was at Open.
  const Ring& first() const { return first_; }
  // From now on `changed` is called, on a thread of its own, with each new ring; or, once a file,
  // with why it was not taken: then the ring before stays, and the file is tried again.
  void Watch(std::function<void(absl::StatusOr<Ring>)> changed);
  void Stop() { periodic_.Stop(); }

 private:
  KeyRingFile(std::string path, std::string text, Ring first)
      : path_(std::move(path)), taken_(std::move(text)), first_(std::move(first)) {}
  void Look();

  const std::string path_;
  std::string taken_;                   // text of the file
  std::optional<std::string> refused_;  // text that was told of as not taken
  const Ring first_;
  std::function<void(absl::StatusOr<Ring>)> changed_;
  Periodic periodic_{absl::Seconds(1), [this] { Look(); }};
};

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_RING_FILE_H_
