// File: wrapped_form.h
//
// What is wrapped of a data key: key || SHA-256(associated), 64 bytes. AES key wrap (RFC 3394) has
// no associated data of its own; its integrity covers the hash as it covers the key.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_WRAPPED_FORM_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_WRAPPED_FORM_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace trusthub::crypto {

inline constexpr std::size_t kWrappedFormBytes = 64;
// Of a wrapped data key, with the eight bytes of AES key wrap.
inline constexpr std::size_t kWrappedKeyBytes = kWrappedFormBytes + 8;

// INVALID_ARGUMENT unless `key` has 32 bytes.
absl::StatusOr<Secret> FormOf(const Secret& key, absl::string_view associated);
// The key of a form; UNAUTHENTICATED unless it was made for `associated`. Compares in constant
// time.
absl::StatusOr<Secret> KeyOfForm(const Secret& form, absl::string_view associated);
// UNAUTHENTICATED: the one answer to whatever cannot be unwrapped.
absl::Status NotWrappedHere();

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_WRAPPED_FORM_H_
