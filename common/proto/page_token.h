// File: page_token.h
//
// Page tokens: sealed (AES-256-GCM), bound to the caller and to every other argument of the
// request, good for a day. What one caller was given is noise to another.
#ifndef TRUSTHUB_COMMON_PROTO_PAGE_TOKEN_H_
#define TRUSTHUB_COMMON_PROTO_PAGE_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/crypto/secret.h"
#include "google/protobuf/message.h"

namespace trusthub::proto {

struct PageStart {
  std::int64_t after_position = 0;
  int size = 0;
};

class PageTokens {
 public:
  explicit PageTokens(absl::string_view key);  // 32 bytes
  // Reads page_size and page_token of `request`: 0 means the default, above the maximum the
  // maximum. PAGE_TOKEN_INVALID unless the token was sealed for this caller and these arguments
  // within a day.
  absl::StatusOr<PageStart> Open(const google::protobuf::Message& request, absl::string_view caller,
                                 absl::Time now) const;
  std::string Seal(const google::protobuf::Message& request, absl::string_view caller,
                   std::int64_t after_position, absl::Time now) const;

 private:
  const crypto::Secret key_;
};

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_PAGE_TOKEN_H_
