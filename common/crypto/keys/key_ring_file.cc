#include "common/crypto/keys/key_ring_file.h"

#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace trusthub::crypto {
namespace {

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  }
  return text;
}

absl::StatusOr<KeyRingFile::Ring> RingOfText(const std::string& text, const std::string& path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<KeyPlace> places, ParseKeyRing(text, path));
  return KeyRing::Open(places);
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeyRingFile>> KeyRingFile::Open(absl::string_view path_view) {
  const std::string path(path_view);
  TRUSTHUB_ASSIGN_OR_RETURN(std::string text, ReadText(path));
  TRUSTHUB_ASSIGN_OR_RETURN(Ring ring, RingOfText(text, path));
  return std::unique_ptr<KeyRingFile>(new KeyRingFile(path, std::move(text), std::move(ring)));
}

void KeyRingFile::Watch(std::function<void(absl::StatusOr<Ring>)> changed) {
  changed_ = std::move(changed);
  periodic_.Start();
}

void KeyRingFile::Look() {
  const absl::StatusOr<std::string> text = ReadText(path_);
  const std::string now = text.ok() ? *text : "";
  if (now == taken_) return;
  absl::StatusOr<Ring> ring = text.ok() ? RingOfText(now, path_) : text.status();
  if (ring.ok()) {
    taken_ = now;
    refused_.reset();
    return changed_(std::move(ring));
  }
  if (refused_ == now) return;  // told already
  refused_ = now;
  changed_(std::move(ring));
}

}  // namespace trusthub::crypto
