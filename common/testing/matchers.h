// File: matchers.h
//
// Matchers for statuses, which GoogleTest 1.12 lacks. They take an absl::Status or an
// absl::StatusOr:
//   EXPECT_THAT(store.Get(name), IsOk());
//   EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound,
//   errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
#ifndef TRUSTHUB_COMMON_TESTING_MATCHERS_H_
#define TRUSTHUB_COMMON_TESTING_MATCHERS_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/error/error.h"
#include "gmock/gmock.h"

namespace trusthub::testing {
namespace internal {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

}  // namespace internal

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  const absl::Status& status = internal::StatusOf(arg);
  *result_listener << "which is " << status.ToString();
  return status.ok();
}

// The code alone, for errors that never reach a client.
MATCHER_P(StatusIs, code, std::string("has code ") + absl::StatusCodeToString(code)) {
  const absl::Status& status = internal::StatusOf(arg);
  *result_listener << "which is " << status.ToString();
  return status.code() == code;
}

// Code and reason, for errors of the catalogue.
MATCHER_P2(StatusIs, code, reason,
           std::string("has code ") + absl::StatusCodeToString(code) + " and reason " +
               error::ReasonName(reason)) {
  const absl::Status& status = internal::StatusOf(arg);
  *result_listener << "which is " << status.ToString() << " with reason "
                   << error::ReasonName(error::ReasonOf(status));
  return status.code() == code && error::ReasonOf(status) == reason;
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_MATCHERS_H_
