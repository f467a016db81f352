// File: aes_wrap.h
//
// AES-256 key wrap (RFC 3394) with its default initial value, over OpenSSL. Deterministic, needs no
// nonce, and every changed bit is found.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_AES_WRAP_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_AES_WRAP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace trusthub::crypto {

// `key` has 32 bytes; `secret` 16 to 64 bytes, a multiple of eight: the process ends otherwise.
// Eight bytes longer than `secret`.
std::string AesWrap(absl::string_view key, absl::string_view secret);
// UNAUTHENTICATED unless `wrapped` came of AesWrap with `key`.
absl::StatusOr<Secret> AesUnwrap(absl::string_view key, absl::string_view wrapped);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_AES_WRAP_H_
