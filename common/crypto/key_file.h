// File: key_file.h
//
// Reading files that hold secrets.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEY_FILE_H_
#define TRUSTHUB_COMMON_CRYPTO_KEY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::crypto {

// The bytes of the file. NotFound when it cannot be opened; PermissionDenied when its mode lets
// anyone but its owner read or write it; InvalidArgument when it is no plain file or above 64 KiB.
absl::StatusOr<std::string> ReadSecretFile(absl::string_view path);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEY_FILE_H_
