// File: consultations.h
//
// Confidential advice to young people. That it was given at all is secret: who may not read it is
// answered as if there were none, and does as much work.
#ifndef TRUSTHUB_SERVICES_HEALTH_CONSULTATIONS_H_
#define TRUSTHUB_SERVICES_HEALTH_CONSULTATIONS_H_

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/timescales/rules.h"
#include "trusthub/health/v1/consultations_service.pb.h"

namespace trusthub::health {

// Stateless beside its rules; thread-safe. An agency's readable advice is what it gave itself and
// what was released to it; for the latter the call gets relation policy::kReleased.
class Consultations {
 public:
  explicit Consultations(std::shared_ptr<const timescales::Rules> rules)
      : rules_(std::move(rules)) {}

  // Tells nobody. REQUEST_INVALID for a day of care that is not whole or lies ahead.
  absl::StatusOr<v1::RecordConsultationResponse> RecordConsultation(
      rpc::Call& call, const v1::RecordConsultationRequest& request);
  // RECORD_NOT_FOUND unless it is readable.
  absl::StatusOr<v1::GetConsultationResponse> GetConsultation(
      rpc::Call& call, const v1::GetConsultationRequest& request);
  // The readable ones, oldest first; what is not readable is not even looked at.
  absl::StatusOr<v1::ListConsultationsResponse> ListConsultations(
      rpc::Call& call, const v1::ListConsultationsRequest& request);
  // RECORD_NOT_FOUND for every agency but the author's; REQUEST_INVALID, BASIS_MISSING for an
  // unknown agency, RECORD_EXISTS, ETAG_STALE. The author's agency is told, and nobody else.
  absl::StatusOr<v1::ReleaseConsultationResponse> ReleaseConsultation(
      rpc::Call& call, const v1::ReleaseConsultationRequest& request);

 private:
  std::shared_ptr<const timescales::Rules> rules_;
};

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_CONSULTATIONS_H_
