// File: eventually.h
//
// For what other processes do in their own time: facts cross between services as events.
#ifndef TRUSTHUB_TESTS_E2E_EVENTUALLY_H_
#define TRUSTHUB_TESTS_E2E_EVENTUALLY_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace trusthub::testing {

// Whether `condition` came true within `limit`; looked at every 20 milliseconds.
bool Within(absl::Duration limit, absl::FunctionRef<bool()> condition);

// Whether `status` is a refusal that ends when a fact of another service arrives.
bool MayBecomeKnown(const absl::Status& status);

// The answer of `call`, a desk's, made again for at most 20 seconds while it is refused because the
// services have not told one another yet what it rests on.
template <class Response>
absl::StatusOr<Response> OnceKnown(absl::FunctionRef<absl::StatusOr<Response>()> call) {
  absl::StatusOr<Response> answer;
  Within(absl::Seconds(20), [&] {
    answer = call();
    return answer.ok() || !MayBecomeKnown(answer.status());
  });
  return answer;
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_EVENTUALLY_H_
