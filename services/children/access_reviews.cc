#include "services/children/access_reviews.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "common/timescales/calendar.h"
#include "services/children/children.h"

namespace trusthub::children {
namespace {

// All of an agency, those that wait, and the one that waits for a worker and pattern.
constexpr char kAgencyIndex[] = "access_reviews/agency";
constexpr char kWaitingIndex[] = "access_reviews/waiting";
constexpr char kSubjectIndex[] = "access_reviews/subject";

// Entries that a review names; the rest is in its count.
constexpr int kEntriesMax = 50;

std::string SubjectKey(absl::string_view worker, v1::MisusePattern pattern) {
  return absl::StrCat(worker, " ", static_cast<int>(pattern));
}

std::vector<store::IndexKey> IndexOf(const v1::AccessReview& review,
                                     absl::string_view owner_agency) {
  std::vector<store::IndexKey> index = {{kAgencyIndex, std::string(owner_agency)}};
  if (review.state() != v1::ACCESS_REVIEW_STATE_OPEN) return index;
  index.push_back({kWaitingIndex, std::string(owner_agency)});
  index.push_back({kSubjectIndex, SubjectKey(review.worker(), review.pattern()), /*unique=*/true});
  return index;
}

absl::StatusOr<std::optional<v1::AccessReview>> FindWaiting(store::Transaction& tx,
                                                            absl::string_view worker,
                                                            v1::MisusePattern pattern) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      store::Page<v1::AccessReview> page,
      tx.ListByIndex<v1::AccessReview>(kSubjectIndex, SubjectKey(worker, pattern), 0, 1));
  if (page.records.empty()) return std::nullopt;
  return std::move(page.records.front());
}

void Add(const Finding& finding, v1::AccessReview* review) {
  review->set_count(review->count() + finding.count);
  for (const std::string& entry : finding.entries) {
    if (review->entries_size() == kEntriesMax) break;
    review->add_entries(entry);
  }
  if (!review->has_first_time() || finding.first_time < TimeFromProto(review->first_time())) {
    *review->mutable_first_time() = TimeToProto(finding.first_time);
  }
  if (!review->has_last_time() || finding.last_time > TimeFromProto(review->last_time())) {
    *review->mutable_last_time() = TimeToProto(finding.last_time);
  }
}

std::string StateName(v1::AccessReviewState state) {
  return std::string(absl::StripPrefix(v1::AccessReviewState_Name(state), "ACCESS_REVIEW_STATE_"));
}

absl::Status CheckReviewer(const v1::AccessReview& review, const rpc::Call& call) {
  if (review.state() != v1::ACCESS_REVIEW_STATE_OPEN) {
    return error::StateForbids("access review", StateName(review.state()), "close");
  }
  if (review.worker() != call.caller.worker) return absl::OkStatus();
  return error::RuleBroken(
      errors::v1::ERROR_REASON_SECOND_PERSON_MISSING,
      "A review of access is closed by someone other than the worker concerned.",
      "Ask another guardian or information governance lead to close it.");
}

}  // namespace

absl::StatusOr<v1::GetAccessReviewResponse> AccessReviews::GetAccessReview(
    rpc::Call& call, const v1::GetAccessReviewRequest& request) {
  v1::GetAccessReviewResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_access_review(),
                            call.tx.Get<v1::AccessReview>(request.name()));
  return response;
}

absl::StatusOr<v1::ListAccessReviewsResponse> AccessReviews::ListAccessReviews(
    rpc::Call& call, const v1::ListAccessReviewsRequest& request) {
  const char* const field = request.open_only() ? kWaitingIndex : kAgencyIndex;
  const auto list = [&](std::int64_t after, int size) {
    return call.tx.ListByIndex<v1::AccessReview>(field, call.caller.agency, after, size);
  };
  v1::ListAccessReviewsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::AccessReview>(
      call, request, list, response.mutable_access_reviews(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::CloseAccessReviewResponse> AccessReviews::CloseAccessReview(
    rpc::Call& call, const v1::CloseAccessReviewRequest& request) {
  if (request.outcome() != v1::ACCESS_REVIEW_STATE_EXPLAINED &&
      request.outcome() != v1::ACCESS_REVIEW_STATE_MISUSE) {
    return error::RequestInvalid({{"outcome", "must be EXPLAINED or MISUSE"}});
  }
  v1::CloseAccessReviewResponse response;
  v1::AccessReview& review = *response.mutable_access_review();
  TRUSTHUB_ASSIGN_OR_RETURN(review, call.tx.Get<v1::AccessReview>(request.name()));
  if (review.owner_agency() != call.caller.agency) return error::RecordNotFound();
  TRUSTHUB_RETURN_IF_ERROR(CheckReviewer(review, call));
  review.set_state(request.outcome());
  review.set_reviewer(call.caller.worker);
  review.set_note(request.note());
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Update(&review, request.etag(), IndexOf(review, review.owner_agency())));
  return response;
}

absl::StatusOr<bool> IsUnderReview(store::Transaction& tx, absl::string_view worker,
                                   v1::MisusePattern pattern) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto waiting, FindWaiting(tx, worker, pattern));
  return waiting.has_value();
}

absl::Status RaiseReview(store::Transaction& tx, const Finding& finding, int working_days) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<v1::AccessReview> waiting,
                            FindWaiting(tx, finding.worker, finding.pattern));
  if (waiting.has_value()) {
    Add(finding, &*waiting);
    return tx.UpdateNewest(&*waiting, IndexOf(*waiting, waiting->owner_agency()));
  }
  v1::AccessReview review;
  review.set_state(v1::ACCESS_REVIEW_STATE_OPEN);
  review.set_worker(finding.worker);
  review.set_pattern(finding.pattern);
  *review.mutable_occurred_at() = TimeToProto(finding.last_time);
  *review.mutable_due_date() =
      DateToProto(timescales::EnglandCalendar().AddWorkingDays(LondonDay(tx.now()), working_days));
  Add(finding, &review);
  return tx.Create(&review, finding.agency, kHubAgency, IndexOf(review, finding.agency));
}

}  // namespace trusthub::children
