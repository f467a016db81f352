// File: facts.h
//
// What a service keeps of other services' events: small facts in its own store (spaces "child",
// "worker", "agency", "referral", "discussion"), so that a call needs no call to another service.
#ifndef TRUSTHUB_COMMON_EVENTS_FACTS_H_
#define TRUSTHUB_COMMON_EVENTS_FACTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/relations.h"
#include "common/store/transaction.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::events {

// The kinds of events that carry facts to other services: what projections follow. The others, such
// as STATUS_ACCESSED, are news for people.
std::vector<v1::EventKind> FactKinds();

// Puts the facts of `event` where the readers below find them. Applying an event twice changes
// nothing. The service that emits an event applies it in the same transaction.
absl::Status ApplyFacts(store::Transaction& tx, const v1::Event& event);
// Emit + ApplyFacts: what a service calls for its own events.
absl::Status EmitAndApply(store::Transaction& tx, const v1::Event& event);

// Empty facts when nothing is known of the child.
absl::StatusOr<internal::v1::ChildFacts> ChildFactsOf(store::Transaction& tx,
                                                      absl::string_view child);
// As they stood before a transaction on `snapshot` wrote anything.
absl::StatusOr<internal::v1::ChildFacts> ChildFactsOf(store::Snapshot& snapshot,
                                                      absl::string_view child);
absl::StatusOr<std::optional<v1::WorkerFact>> WorkerFactOf(store::Transaction& tx,
                                                           absl::string_view worker);
absl::StatusOr<std::optional<v1::AgencyFact>> AgencyFactOf(store::Transaction& tx,
                                                           absl::string_view agency);
// Every agency that is known, by name.
absl::StatusOr<std::vector<v1::AgencyFact>> AllAgencyFacts(store::Snapshot& snapshot);
absl::StatusOr<std::optional<v1::ReferralFact>> ReferralFactOf(store::Transaction& tx,
                                                               absl::string_view referral);
// Strategy discussions and enquiries, by record name.
absl::StatusOr<std::optional<v1::DiscussionFact>> DiscussionFactOf(store::Transaction& tx,
                                                                   absl::string_view record);

// Who asks about a child.
struct Seeker {
  absl::string_view agency;
  absl::string_view agency_kind;  // without its prefix, e.g. "SCHOOL"
  absl::string_view worker;
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
};
// What is the same for every child: see deploy/config/redbridge/policy.yaml.
struct StandingRules {
  // How long an ended involvement or allocation still counts, so that the last letter can be
  // written. Never for presenting, emergency access or consent.
  absl::Duration closing_window = absl::ZeroDuration();
};
// How the seeker stands to the child at `now`.
policy::Standing StandingOf(const internal::v1::ChildFacts& facts, const Seeker& seeker,
                            absl::Time now, const StandingRules& rules);
// The consent for `purpose` that counts: the one decided last (see consents.h). Points into
// `facts`; null when there is none.
const v1::ConsentFact* NewestConsentFor(const internal::v1::ChildFacts& facts,
                                        options::v1::Purpose purpose);
// What the consents say of the seeker's agency and purpose at `now`. The one for the purpose that
// was decided last counts, unless a live override names the agency; its exclusions are stronger
// than its inclusions, and an older one taken back since still refuses (see consents.h).
policy::ConsentStanding ConsentOf(const internal::v1::ChildFacts& facts, const Seeker& seeker,
                                  absl::Time now);

// The bit of an involvement kind, e.g. "HOLDING"; 0 for one that is not known here.
std::uint32_t RelationOf(absl::string_view kind);
// policy::Relation bits of `agency` with the child at `now`; ended involvements give none.
std::uint32_t RelationsOf(const internal::v1::ChildFacts& facts, absl::string_view agency,
                          absl::Time now);
// policy::ChildFlag bits on `day`.
std::uint32_t FlagsOf(const internal::v1::ChildFacts& facts, absl::CivilDay day);

}  // namespace trusthub::events

#endif  // TRUSTHUB_COMMON_EVENTS_FACTS_H_
