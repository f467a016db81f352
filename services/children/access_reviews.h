// File: access_reviews.h
//
// The queue of those who look at how the hub is used: what was noticed about a worker, until
// another person says what it was. A review is the worker's agency's own; it names no child, only
// the audit entries that show what was done.
#ifndef TRUSTHUB_SERVICES_CHILDREN_ACCESS_REVIEWS_H_
#define TRUSTHUB_SERVICES_CHILDREN_ACCESS_REVIEWS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/rpc/call.h"
#include "common/store/transaction.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"

namespace trusthub::children {

// Stateless; thread-safe.
class AccessReviews {
 public:
  absl::StatusOr<v1::GetAccessReviewResponse> GetAccessReview(
      rpc::Call& call, const v1::GetAccessReviewRequest& request);
  // Of the caller's agency, oldest first.
  absl::StatusOr<v1::ListAccessReviewsResponse> ListAccessReviews(
      rpc::Call& call, const v1::ListAccessReviewsRequest& request);
  // REQUEST_INVALID unless the outcome is EXPLAINED or MISUSE; RECORD_NOT_FOUND for other agencies;
  // STATE_FORBIDS when closed; SECOND_PERSON_MISSING for the worker concerned.
  absl::StatusOr<v1::CloseAccessReviewResponse> CloseAccessReview(
      rpc::Call& call, const v1::CloseAccessReviewRequest& request);
};

// What was noticed about a worker.
struct Finding {
  v1::MisusePattern pattern = v1::MISUSE_PATTERN_UNSPECIFIED;
  std::string worker;
  std::string agency;  // of the worker
  int count = 0;
  std::vector<std::string> entries;  // names of audit entries
  absl::Time first_time;
  absl::Time last_time;
};

// Whether a review of this worker and pattern waits.
absl::StatusOr<bool> IsUnderReview(store::Transaction& tx, absl::string_view worker,
                                   v1::MisusePattern pattern);

// Opens a review, due in `working_days` from now; where one of the same worker and pattern waits,
// that one grows.
absl::Status RaiseReview(store::Transaction& tx, const Finding& finding, int working_days);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_ACCESS_REVIEWS_H_
