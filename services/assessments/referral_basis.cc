#include "services/assessments/referral_basis.h"

#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"

namespace trusthub::assessments {

absl::StatusOr<events::v1::ReferralFact> ReferralToAssess(store::Transaction& tx,
                                                          absl::string_view referral,
                                                          absl::string_view council,
                                                          absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<events::v1::ReferralFact> fact,
                            events::ReferralFactOf(tx, referral));
  if (!fact.has_value() || fact->to_agency() != council || fact->child() != child) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "An assessment answers a referral of this child to your council.",
                             "Name a referral that your council received about this child.");
  }
  if (fact->decision() != "ASSESS" && fact->decision() != "STRATEGY_DISCUSSION") {
    return error::RuleBroken(
        errors::v1::ERROR_REASON_BASIS_MISSING,
        "An assessment starts when its referral was decided so: ASSESS or STRATEGY_DISCUSSION.",
        "Record the decision on the referral first.");
  }
  return *std::move(fact);
}

}  // namespace trusthub::assessments
