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
absl::StatusOr<std::optional<v1::WorkerFact>> WorkerFactOf(store::Transaction& tx,
                                                           absl::string_view worker);
absl::StatusOr<std::optional<v1::AgencyFact>> AgencyFactOf(store::Transaction& tx,
                                                           absl::string_view agency);
absl::StatusOr<std::optional<v1::ReferralFact>> ReferralFactOf(store::Transaction& tx,
                                                               absl::string_view referral);
// Strategy discussions and enquiries, by record name.
absl::StatusOr<std::optional<v1::DiscussionFact>> DiscussionFactOf(store::Transaction& tx,
                                                                   absl::string_view record);

// policy::Relation bits of `agency` with the child at `now`; ended involvements give none.
std::uint32_t RelationsOf(const internal::v1::ChildFacts& facts, absl::string_view agency,
                          absl::Time now);
// policy::ChildFlag bits on `day`.
std::uint32_t FlagsOf(const internal::v1::ChildFacts& facts, absl::CivilDay day);

}  // namespace trusthub::events

#endif  // TRUSTHUB_COMMON_EVENTS_FACTS_H_
