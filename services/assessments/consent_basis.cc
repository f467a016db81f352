#include "services/assessments/consent_basis.h"

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"

namespace trusthub::assessments {
namespace {

absl::Status Missing() {
  return error::RuleBroken(
      errors::v1::ERROR_REASON_CONSENT_MISSING,
      "A common assessment rests on a consent of this child to early help that is given, in date "
      "and does not exclude your agency; the newest one counts.",
      "Seek the family's consent, record it for the purpose EARLY_HELP, and name it. Where the "
      "child may be suffering significant harm, refer instead: that needs no consent.");
}

bool IsInDate(const events::v1::ConsentFact& consent, absl::CivilDay today) {
  if (!consent.has_expiry_date()) return true;
  // A day that is not wholly known cannot be rested on.
  const absl::StatusOr<absl::CivilDay> last = DateFromProto(consent.expiry_date());
  return last.ok() && today <= *last;
}

bool Excludes(const events::v1::ConsentFact& consent, absl::string_view agency,
              absl::string_view agency_kind) {
  return absl::c_linear_search(consent.excluded_agencies(), agency) ||
         absl::c_linear_search(consent.excluded_kinds(), agency_kind);
}

}  // namespace

absl::Status CheckConsentToEarlyHelp(const internal::v1::ChildFacts& facts,
                                     absl::string_view agency, absl::string_view agency_kind,
                                     absl::CivilDay today) {
  const events::v1::ConsentFact* consent =
      events::NewestConsentFor(facts, options::v1::PURPOSE_EARLY_HELP);
  if (consent == nullptr || consent->decision() != "GIVEN" || !IsInDate(*consent, today) ||
      Excludes(*consent, agency, agency_kind)) {
    return Missing();
  }
  return absl::OkStatus();
}

absl::Status CheckConsentNamed(absl::string_view named, const internal::v1::ChildFacts& facts,
                               absl::string_view agency, absl::string_view agency_kind,
                               absl::CivilDay today) {
  TRUSTHUB_RETURN_IF_ERROR(CheckConsentToEarlyHelp(facts, agency, agency_kind, today));
  const events::v1::ConsentFact* consent =
      events::NewestConsentFor(facts, options::v1::PURPOSE_EARLY_HELP);
  return consent->consent() == named ? absl::OkStatus() : Missing();
}

}  // namespace trusthub::assessments
