// File: checks.h
//
// Checks: what a council asks of another agency during an enquiry or for a child in need, and what
// that agency answers or refuses. A check is between the two: to every other agency it is not
// there, whatever its relation to the child.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_CHECKS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_CHECKS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/assessments/v1/checks_service.pb.h"

namespace trusthub::assessments {

// Stateless; thread-safe.
class Checks {
 public:
  // METHOD_NOT_PERMITTED unless the caller's agency is a council. BASIS_MISSING when the agency
  // asked is the council itself, unknown or not of a kind that owes this (check_rules.h), and
  // unless the enquiry named is the council's own, about this child and live. DATE_FORBIDDEN when
  // it is due at once or earlier. From now on the agency asked has relation ASKED to the child.
  absl::StatusOr<v1::RequestCheckResponse> RequestCheck(rpc::Call& call,
                                                        const v1::RequestCheckRequest& request);
  // RECORD_NOT_FOUND for everyone but the council and the agency asked.
  absl::StatusOr<v1::GetCheckResponse> GetCheck(rpc::Call& call,
                                                const v1::GetCheckRequest& request);
  // Checks of a child that the caller's agency asked or was asked, oldest first. The others leave
  // no trace: not in the pages' sizes either.
  absl::StatusOr<v1::ListChecksResponse> ListChecks(rpc::Call& call,
                                                    const v1::ListChecksRequest& request);
  // RECORD_NOT_FOUND for everyone but the agency asked; STATE_FORBIDS when answered or refused;
  // REQUEST_INVALID for police information that is not the police's or not graded. The relation
  // ASKED ends, after the closing window.
  absl::StatusOr<v1::AnswerCheckResponse> AnswerCheck(rpc::Call& call,
                                                      const v1::AnswerCheckRequest& request);
  // As AnswerCheck. The refused check, with its coded reason and note, is the agency's recorded
  // decision not to share.
  absl::StatusOr<v1::RefuseCheckResponse> RefuseCheck(rpc::Call& call,
                                                      const v1::RefuseCheckRequest& request);
};

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_CHECKS_H_
