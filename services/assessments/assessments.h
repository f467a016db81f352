// File: assessments.h
//
// Assessments, strategy discussions and section 47 enquiries: the council's work between a referral
// and a conference. Every handler runs after the pipeline checked the caller, the request's fields
// and the caller's relation to the subject; only domain rules are left.
//
// One answer for all of them: a record named in a request that does not exist, belongs to another
// council or is about another child is refused alike, so that no refusal tells of a record.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_ASSESSMENTS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_ASSESSMENTS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/timescales/rules.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"

namespace trusthub::assessments {

// Stateless beside its rules; thread-safe.
class Assessments {
 public:
  explicit Assessments(std::shared_ptr<const timescales::Rules> rules);

  // BASIS_MISSING unless the caller's council received the referral about this child and decided to
  // assess or to hold a strategy discussion, and the lead worker is its own; DATE_FORBIDDEN when it
  // starts before the referral; RECORD_EXISTS while one of the kind is open for the referral.
  absl::StatusOr<v1::StartAssessmentResponse> StartAssessment(
      rpc::Call& call, const v1::StartAssessmentRequest& request);
  absl::StatusOr<v1::GetAssessmentResponse> GetAssessment(rpc::Call& call,
                                                          const v1::GetAssessmentRequest& request);
  // RECORD_NOT_FOUND for every agency but the owner; STATE_FORBIDS when authorised;
  // WORKER_NOT_QUALIFIED for the lead worker; CHILD_VIEWS_MISSING, DATE_FORBIDDEN,
  // LATE_REASON_MISSING as domain.md 1.4 and 7 (rows 2, 17, 19, 20) have it.
  absl::StatusOr<v1::AuthoriseAssessmentResponse> AuthoriseAssessment(
      rpc::Call& call, const v1::AuthoriseAssessmentRequest& request);

  // QUORUM_MISSING unless the recording council, police and health took part; BASIS_MISSING for
  // participants that the directory does not know.
  absl::StatusOr<v1::RecordStrategyDiscussionResponse> RecordStrategyDiscussion(
      rpc::Call& call, const v1::RecordStrategyDiscussionRequest& request);
  absl::StatusOr<v1::GetStrategyDiscussionResponse> GetStrategyDiscussion(
      rpc::Call& call, const v1::GetStrategyDiscussionRequest& request);

  // BASIS_MISSING unless the caller's council recorded a discussion about this child that decided
  // on enquiries; WORKER_NOT_QUALIFIED for a lead who is not its own qualified social worker;
  // DATE_FORBIDDEN when it starts before the discussion; RECORD_EXISTS while one is open for it.
  absl::StatusOr<v1::StartEnquiryResponse> StartEnquiry(rpc::Call& call,
                                                        const v1::StartEnquiryRequest& request);
  absl::StatusOr<v1::GetEnquiryResponse> GetEnquiry(rpc::Call& call,
                                                    const v1::GetEnquiryRequest& request);
  // RECORD_NOT_FOUND for every agency but the owner; STATE_FORBIDS when concluded;
  // CHILD_VIEWS_MISSING and DATE_FORBIDDEN as for assessments.
  absl::StatusOr<v1::ConcludeEnquiryResponse> ConcludeEnquiry(
      rpc::Call& call, const v1::ConcludeEnquiryRequest& request);

 private:
  std::shared_ptr<const timescales::Rules> rules_;
};

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_ASSESSMENTS_H_
