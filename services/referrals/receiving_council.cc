#include "services/referrals/receiving_council.h"

#include <optional>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"

namespace trusthub::referrals {

absl::Status CheckReceivingCouncil(store::Transaction& tx, absl::string_view agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> fact,
                            events::AgencyFactOf(tx, agency));
  if (fact.has_value() && fact->kind() == "COUNCIL") return absl::OkStatus();
  return error::RuleBroken(
      errors::v1::ERROR_REASON_BASIS_MISSING, "to_agency must be a council of the directory.",
      "List the agencies of kind COUNCIL and name the one where the child is.");
}

}  // namespace trusthub::referrals
