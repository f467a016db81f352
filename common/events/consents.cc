#include "common/events/consents.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/time/civil_time.h"
#include "common/events/facts.h"
#include "common/time/civil_date.h"

namespace trusthub::events {
namespace {

// When something was said: its day, then its place among the changes of that day.
using Said = std::pair<absl::CivilDay, std::int64_t>;

Said DecidedAt(const v1::ConsentFact& consent) {
  const auto day = DateFromProto(consent.decision_date());
  // A day that is not wholly known outweighs nothing.
  return {day.ok() ? *day : absl::CivilDay(), consent.record_order()};
}

bool IsTakenBack(const v1::ConsentFact& consent) {
  return consent.change_order() > consent.record_order();
}

Said TakenBackAt(const v1::ConsentFact& consent) {
  return {LondonDay(TimeFromProto(consent.record_time())), consent.change_order()};
}

bool IsFor(const v1::ConsentFact& consent, options::v1::Purpose purpose) {
  return std::find(consent.purposes().begin(), consent.purposes().end(),
                   static_cast<int>(purpose)) != consent.purposes().end();
}

void DropUndecisive(internal::v1::ChildFacts* facts) {
  std::set<options::v1::Purpose> purposes;
  for (const v1::ConsentFact& consent : facts->consents()) {
    for (const int purpose : consent.purposes()) {
      purposes.insert(static_cast<options::v1::Purpose>(purpose));
    }
  }
  std::set<const v1::ConsentFact*> decisive;
  for (const options::v1::Purpose purpose : purposes) {
    const ConsentsInForce in_force = ConsentsFor(*facts, purpose);
    decisive.insert(in_force.newest);
    decisive.insert(in_force.taken_back.begin(), in_force.taken_back.end());
  }
  auto& consents = *facts->mutable_consents();
  // Backwards: an erased one moves only those behind it, which were looked at already.
  for (int i = consents.size() - 1; i >= 0; --i) {
    if (decisive.count(&consents.Get(i)) == 0) consents.erase(consents.begin() + i);
  }
}

}  // namespace

ConsentsInForce ConsentsFor(const internal::v1::ChildFacts& facts, options::v1::Purpose purpose) {
  ConsentsInForce in_force;
  for (const v1::ConsentFact& consent : facts.consents()) {
    if (!IsFor(consent, purpose)) continue;
    if (in_force.newest == nullptr || DecidedAt(consent) >= DecidedAt(*in_force.newest)) {
      in_force.newest = &consent;
    }
  }
  for (const v1::ConsentFact& consent : facts.consents()) {
    if (&consent != in_force.newest && IsFor(consent, purpose) && IsTakenBack(consent) &&
        TakenBackAt(consent) > DecidedAt(*in_force.newest)) {
      in_force.taken_back.push_back(&consent);
    }
  }
  return in_force;
}

const v1::ConsentFact* NewestConsentFor(const internal::v1::ChildFacts& facts,
                                        options::v1::Purpose purpose) {
  return ConsentsFor(facts, purpose).newest;
}

void MergeConsent(const v1::ConsentFact& consent, internal::v1::ChildFacts* facts) {
  facts->set_consent_order(std::max(facts->consent_order(), consent.change_order()));
  const auto known = std::find_if(
      facts->mutable_consents()->begin(), facts->mutable_consents()->end(),
      [&](const v1::ConsentFact& other) { return other.consent() == consent.consent(); });
  if (known == facts->mutable_consents()->end()) {
    *facts->add_consents() = consent;
  } else if (known->change_order() <= consent.change_order()) {
    *known = consent;
  }
  DropUndecisive(facts);
}

}  // namespace trusthub::events
