// File: common_assessments.h
//
// The common assessment of early help (CAF): opened by any practitioner on the family's consent,
// read by a panel, which decides on help and tells the family. Who reads it within consent is
// policy's to decide; that it exists at all only with consent is decided here.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_COMMON_ASSESSMENTS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_COMMON_ASSESSMENTS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"

namespace trusthub::assessments {

// Stateless; thread-safe.
class CommonAssessments {
 public:
  // CONSENT_MISSING as consent_basis.h has it; BASIS_MISSING for a lead professional whom the
  // directory does not know; DATE_FORBIDDEN when it lies too far ahead. The record is the caller's
  // agency's.
  absl::StatusOr<v1::OpenCommonAssessmentResponse> OpenCommonAssessment(
      rpc::Call& call, const v1::OpenCommonAssessmentRequest& request);
  absl::StatusOr<v1::GetCommonAssessmentResponse> GetCommonAssessment(
      rpc::Call& call, const v1::GetCommonAssessmentRequest& request);
  // Of one child, oldest first.
  absl::StatusOr<v1::ListCommonAssessmentsResponse> ListCommonAssessments(
      rpc::Call& call, const v1::ListCommonAssessmentsRequest& request);
  // STATE_FORBIDS unless open; CONSENT_MISSING when consent ended meanwhile or does not extend to
  // the panel's agency; DATE_FORBIDDEN for feedback before the assessment or in the future.
  absl::StatusOr<v1::RecordPanelDecisionResponse> RecordPanelDecision(
      rpc::Call& call, const v1::RecordPanelDecisionRequest& request);
};

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_COMMON_ASSESSMENTS_H_
