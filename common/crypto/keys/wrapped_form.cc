#include "common/crypto/keys/wrapped_form.h"

#include <cstring>
#include <string>

#include "common/crypto/crypto.h"

namespace trusthub::crypto {

absl::Status NotWrappedHere() {
  return absl::UnauthenticatedError("the wrapped key does not match its key-encryption key or use");
}

absl::StatusOr<Secret> FormOf(const Secret& key, absl::string_view associated) {
  if (key.size() != kKeyBytes) return absl::InvalidArgumentError("a data key has 32 bytes");
  Secret form = Secret::OfSize(kWrappedFormBytes);
  const std::string use = Sha256(associated);
  std::memcpy(form.data(), key.view().data(), kKeyBytes);
  std::memcpy(form.data() + kKeyBytes, use.data(), use.size());
  return form;
}

absl::StatusOr<Secret> KeyOfForm(const Secret& form, absl::string_view associated) {
  if (form.size() != kWrappedFormBytes) return NotWrappedHere();
  if (!ConstantTimeEquals(form.view().substr(kKeyBytes), Sha256(associated))) {
    return NotWrappedHere();
  }
  return Secret(form.view().substr(0, kKeyBytes));
}

}  // namespace trusthub::crypto
