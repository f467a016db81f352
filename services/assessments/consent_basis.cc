#include "services/assessments/consent_basis.h"

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/time/civil_date.h"

namespace trusthub::assessments {
namespace {

constexpr options::v1::Purpose kPurpose = options::v1::PURPOSE_EARLY_HELP;

absl::Status Missing() {
  return error::RuleBroken(
      errors::v1::ERROR_REASON_CONSENT_MISSING,
      "A common assessment rests on a consent of this child to early help that is given, in date "
      "and extends to your agency; the newest one counts.",
      "Seek the family's consent, record it for the purpose EARLY_HELP, and name it. Where the "
      "child may be suffering significant harm, refer instead: that needs no consent.");
}

policy::ConsentStanding StandingOf(const internal::v1::ChildFacts& facts,
                                   const ActingAgency& agency, absl::Time now) {
  events::Seeker seeker;
  seeker.agency = agency.name;
  seeker.agency_kind = agency.kind;
  seeker.purpose = kPurpose;
  return events::ConsentOf(facts, seeker, now);
}

bool IsInDate(const events::v1::ConsentFact& consent, absl::CivilDay today) {
  if (!consent.has_expiry_date()) return true;
  // A day that is not wholly known cannot be rested on.
  const absl::StatusOr<absl::CivilDay> last = DateFromProto(consent.expiry_date());
  return last.ok() && today <= *last;
}

}  // namespace

absl::Status CheckConsentToOpen(absl::string_view named, const internal::v1::ChildFacts& facts,
                                const ActingAgency& agency, absl::Time now) {
  const events::v1::ConsentFact* consent = events::NewestConsentFor(facts, kPurpose);
  if (consent == nullptr || consent->consent() != named || consent->decision() != "GIVEN" ||
      !IsInDate(*consent, LondonDay(now))) {
    return Missing();
  }
  const policy::ConsentStanding standing = StandingOf(facts, agency, now);
  const bool not_excluded =
      standing == policy::ConsentStanding::kGiven || standing == policy::ConsentStanding::kNone;
  return not_excluded ? absl::OkStatus() : Missing();
}

absl::Status CheckConsentToDecide(const internal::v1::ChildFacts& facts, const ActingAgency& agency,
                                  absl::Time now) {
  return StandingOf(facts, agency, now) == policy::ConsentStanding::kGiven ? absl::OkStatus()
                                                                           : Missing();
}

}  // namespace trusthub::assessments
