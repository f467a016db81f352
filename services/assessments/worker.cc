#include "services/assessments/worker.h"

#include "absl/status/statusor.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::assessments {
namespace {

bool IsSocialWork(options::v1::Role role) {
  return role == options::v1::ROLE_SOCIAL_WORKER || role == options::v1::ROLE_TEAM_MANAGER;
}

bool IsQualified(const events::v1::WorkerFact& worker, absl::CivilDay today) {
  if (!worker.has_qualified_date()) return false;
  const absl::StatusOr<absl::CivilDay> since = DateFromProto(worker.qualified_date());
  return since.ok() && *since <= today;
}

}  // namespace

bool IsWorkerOf(const std::optional<events::v1::WorkerFact>& worker, absl::string_view agency) {
  return worker.has_value() && worker->agency() == agency;
}

absl::Status CheckMayLeadEnquiry(const std::optional<events::v1::WorkerFact>& worker,
                                 absl::string_view agency, absl::CivilDay today) {
  if (IsWorkerOf(worker, agency) && IsSocialWork(worker->role()) && IsQualified(*worker, today)) {
    return absl::OkStatus();
  }
  return error::RuleBroken(
      errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED,
      "A section 47 enquiry is led by a qualified social worker of the council.",
      "Name a social worker or team manager of your council whose date of qualification is in the "
      "directory.");
}

}  // namespace trusthub::assessments
