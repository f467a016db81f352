#include "common/events/facts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/events/consents.h"
#include "common/time/civil_date.h"

namespace trusthub::events {
namespace {

using google::protobuf::Message;

constexpr char kChildSpace[] = "child";
constexpr char kWorkerSpace[] = "worker";
constexpr char kAgencySpace[] = "agency";
constexpr char kReferralSpace[] = "referral";
constexpr char kDiscussionSpace[] = "discussion";

// `View` is a Transaction, which sees its own writes, or a Snapshot, which does not.
template <class Fact, class View>
absl::StatusOr<std::optional<Fact>> Find(View& view, absl::string_view space,
                                         absl::string_view key) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, view.FindState(space, key));
  if (!bytes.has_value()) return std::optional<Fact>();
  Fact fact;
  if (!fact.ParseFromString(*bytes)) {
    return absl::DataLossError(absl::StrCat("a stored fact of space ", space, " does not parse"));
  }
  return std::optional<Fact>(std::move(fact));
}

absl::Status Put(store::Transaction& tx, absl::string_view space, absl::string_view key,
                 const Message& fact) {
  if (key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("a fact of space ", space, " names nobody"));
  }
  tx.PutState(space, key, fact.SerializeAsString());
  return absl::OkStatus();
}

bool IsSame(const v1::InvolvementFact& a, const v1::InvolvementFact& b) {
  return a.agency() == b.agency() && a.kind() == b.kind() && a.basis() == b.basis();
}

bool IsSame(const v1::OverrideFact& a, const v1::OverrideFact& b) {
  return a.consent_override() == b.consent_override();
}

bool IsSame(const v1::AllocationFact& a, const v1::AllocationFact& b) {
  return a.allocation() == b.allocation();
}

bool IsSame(const v1::ConflictFact& a, const v1::ConflictFact& b) {
  return a.conflict() == b.conflict();
}

bool IsSame(const v1::BreakGlassFact& a, const v1::BreakGlassFact& b) {
  return a.break_glass() == b.break_glass();
}

bool IsSame(const internal::v1::EnquiryState& a, const internal::v1::EnquiryState& b) {
  return a.enquiry() == b.enquiry();
}

bool IsSame(const v1::StatusFact& a, const v1::StatusFact& b) {
  return a.kind() == b.kind() && a.basis() == b.basis();
}

// Whether `fact` is old news of what `known` says: it tells of a beginning, and the end is known.
// Two streams may bring one involvement, and a stream may be read again from its beginning: neither
// may open again what ended.
template <class Fact>
bool IsOldNews(const Fact& known, const Fact& fact) {
  return known.has_end_time() && !fact.has_end_time() &&
         TimeFromProto(fact.start_time()) <= TimeFromProto(known.end_time());
}
bool IsOldNews(const v1::OverrideFact&, const v1::OverrideFact&) { return false; }
bool IsOldNews(const v1::ConflictFact&, const v1::ConflictFact&) { return false; }
bool IsOldNews(const v1::BreakGlassFact&, const v1::BreakGlassFact&) { return false; }
bool IsOldNews(const v1::StatusFact& known, const v1::StatusFact& fact) {
  return known.has_end_date() && !fact.has_end_date();
}
bool IsOldNews(const internal::v1::EnquiryState& known, const internal::v1::EnquiryState& fact) {
  return known.concluded() && !fact.concluded();
}

// Replaces what is known of the same thing, else adds it.
template <class Fact>
void Merge(const Fact& fact, google::protobuf::RepeatedPtrField<Fact>* facts) {
  for (Fact& known : *facts) {
    if (!IsSame(known, fact)) continue;
    if (!IsOldNews(known, fact)) known = fact;
    return;
  }
  *facts->Add() = fact;
}

// How long what ended is kept here, for those kinds of which old news could open nothing if it came
// again. The records themselves stay with their service.
constexpr absl::Duration kKeptAfterEnd = absl::Hours(24 * 366);

template <class Fact, class EndOf>
void DropEnded(absl::Time now, EndOf end_of, google::protobuf::RepeatedPtrField<Fact>* facts) {
  for (int i = facts->size() - 1; i >= 0; --i) {
    if (end_of(facts->Get(i)) + kKeptAfterEnd < now) facts->erase(facts->begin() + i);
  }
}

void DropLongEnded(absl::Time now, internal::v1::ChildFacts* facts) {
  DropEnded(
      now, [](const v1::OverrideFact& fact) { return TimeFromProto(fact.expire_time()); },
      facts->mutable_consent_overrides());
  DropEnded(
      now, [](const v1::BreakGlassFact& fact) { return TimeFromProto(fact.expire_time()); },
      facts->mutable_break_glasses());
  DropEnded(
      now,
      [](const v1::ConflictFact& fact) {
        return fact.has_end_time() ? TimeFromProto(fact.end_time()) : absl::InfiniteFuture();
      },
      facts->mutable_conflicts());
}

bool IsAboutEnquiry(const v1::Event& event) {
  return event.kind() == v1::EVENT_KIND_ENQUIRY_STARTED ||
         event.kind() == v1::EVENT_KIND_ENQUIRY_CONCLUDED;
}

bool ConcernsChild(const v1::Event& event) {
  return event.has_involvement() || event.has_status() || event.has_consent() ||
         event.has_consent_override() || event.has_allocation() || event.has_conflict() ||
         event.has_break_glass() || IsAboutEnquiry(event);
}

// The facts of a child stand in one value, so that two sets that change it at a time would lose one
// change: each counts on this key and guards it.
absl::Status ApplyToChild(store::Transaction& tx, const v1::Event& event) {
  if (!ConcernsChild(event)) return absl::OkStatus();
  const std::string key = absl::StrCat("facts/", event.child());
  TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(key).status());
  tx.Touch(key);
  TRUSTHUB_ASSIGN_OR_RETURN(internal::v1::ChildFacts facts, ChildFactsOf(tx, event.child()));
  if (event.has_involvement()) Merge(event.involvement(), facts.mutable_involvements());
  if (event.has_status()) Merge(event.status(), facts.mutable_statuses());
  if (event.has_consent()) MergeConsent(event.consent(), &facts);
  if (event.has_consent_override()) {
    Merge(event.consent_override(), facts.mutable_consent_overrides());
  }
  if (event.has_allocation()) Merge(event.allocation(), facts.mutable_allocations());
  if (event.has_conflict()) Merge(event.conflict(), facts.mutable_conflicts());
  if (event.has_break_glass()) Merge(event.break_glass(), facts.mutable_break_glasses());
  if (IsAboutEnquiry(event)) {
    internal::v1::EnquiryState state;
    state.set_enquiry(event.record());
    state.set_concluded(event.kind() == v1::EVENT_KIND_ENQUIRY_CONCLUDED);
    Merge(state, facts.mutable_enquiries());
  }
  DropLongEnded(tx.now(), &facts);
  return Put(tx, kChildSpace, event.child(), facts);
}

std::uint32_t FlagOf(absl::string_view kind) {
  if (kind == "CHILD_PROTECTION_PLAN") return policy::kProtectionPlan;
  if (kind == "UNBORN_CHILD_PROTECTION_PLAN") return policy::kProtectionPlan;
  if (kind == "LOOKED_AFTER") return policy::kLookedAfter;
  return 0;
}

}  // namespace

std::uint32_t RelationOf(absl::string_view kind) {
  if (kind == "HOLDING") return policy::kHolding;
  if (kind == "REFERRER") return policy::kReferrer;
  if (kind == "RESPONSIBLE") return policy::kResponsible;
  if (kind == "ENQUIRY") return policy::kEnquiry;
  if (kind == "CORE_GROUP") return policy::kCoreGroup;
  if (kind == "PRESENTING") return policy::kPresenting;
  if (kind == "ACTION_OWNER") return policy::kActionOwner;
  if (kind == "ASKED") return policy::kAsked;
  return 0;  // A kind of a newer service gives nothing here until this service knows it.
}

std::vector<v1::EventKind> FactKinds() {
  return {v1::EVENT_KIND_AGENCY_CHANGED,
          v1::EVENT_KIND_WORKER_CHANGED,
          v1::EVENT_KIND_INVOLVEMENT_CHANGED,
          v1::EVENT_KIND_STATUS_CHANGED,
          v1::EVENT_KIND_REFERRAL_SUBMITTED,
          v1::EVENT_KIND_REFERRAL_DECIDED,
          v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED,
          v1::EVENT_KIND_ENQUIRY_STARTED,
          v1::EVENT_KIND_ENQUIRY_CONCLUDED,
          v1::EVENT_KIND_PLAN_STARTED,
          v1::EVENT_KIND_PLAN_CHANGED,
          v1::EVENT_KIND_PLAN_ENDED,
          v1::EVENT_KIND_PLACEMENT_RECORDED,
          v1::EVENT_KIND_ATTENDANCE_REGISTERED,
          v1::EVENT_KIND_CONSENT_CHANGED,
          v1::EVENT_KIND_CONSENT_OVERRIDDEN,
          v1::EVENT_KIND_ALLOCATION_CHANGED,
          v1::EVENT_KIND_CONFLICT_CHANGED,
          v1::EVENT_KIND_BREAK_GLASS_OPENED,
          v1::EVENT_KIND_BREAK_GLASS_REVIEWED,
          v1::EVENT_KIND_CHECK_CHANGED,
          v1::EVENT_KIND_AGREEMENTS_ACTIVATED,
          v1::EVENT_KIND_DESTRUCTION_ORDERED,
          v1::EVENT_KIND_RECORDS_DESTROYED};
}

absl::Status ApplyFacts(store::Transaction& tx, const v1::Event& event) {
  TRUSTHUB_RETURN_IF_ERROR(ApplyToChild(tx, event));
  if (event.has_worker()) {
    TRUSTHUB_RETURN_IF_ERROR(Put(tx, kWorkerSpace, event.worker().worker(), event.worker()));
  }
  if (event.has_agency()) {
    TRUSTHUB_RETURN_IF_ERROR(Put(tx, kAgencySpace, event.agency().agency(), event.agency()));
  }
  if (event.has_referral()) {
    TRUSTHUB_RETURN_IF_ERROR(Put(tx, kReferralSpace, event.record(), event.referral()));
  }
  if (event.has_discussion()) {
    TRUSTHUB_RETURN_IF_ERROR(Put(tx, kDiscussionSpace, event.record(), event.discussion()));
  }
  return absl::OkStatus();
}

absl::Status EmitAndApply(store::Transaction& tx, const v1::Event& event) {
  tx.Emit(event);
  return ApplyFacts(tx, event);
}

absl::StatusOr<internal::v1::ChildFacts> ChildFactsOf(store::Transaction& tx,
                                                      absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(auto facts, Find<internal::v1::ChildFacts>(tx, kChildSpace, child));
  return std::move(facts).value_or(internal::v1::ChildFacts());
}

absl::StatusOr<internal::v1::ChildFacts> ChildFactsOf(store::Snapshot& snapshot,
                                                      absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(auto facts,
                            Find<internal::v1::ChildFacts>(snapshot, kChildSpace, child));
  return std::move(facts).value_or(internal::v1::ChildFacts());
}

absl::StatusOr<std::optional<v1::WorkerFact>> WorkerFactOf(store::Transaction& tx,
                                                           absl::string_view worker) {
  return Find<v1::WorkerFact>(tx, kWorkerSpace, worker);
}

absl::StatusOr<std::optional<v1::AgencyFact>> AgencyFactOf(store::Transaction& tx,
                                                           absl::string_view agency) {
  return Find<v1::AgencyFact>(tx, kAgencySpace, agency);
}

absl::StatusOr<std::vector<v1::AgencyFact>> AllAgencyFacts(store::Snapshot& snapshot) {
  constexpr int kAtATime = 500;
  std::vector<v1::AgencyFact> facts;
  std::string after;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, snapshot.ListState(kAgencySpace, after, kAtATime));
    for (const auto& [agency, bytes] : rows) {
      if (!facts.emplace_back().ParseFromString(bytes)) {
        return absl::DataLossError("a stored fact of an agency does not parse");
      }
      after = agency;
    }
    more = rows.size() == kAtATime;
  }
  return facts;
}

absl::StatusOr<std::optional<v1::ReferralFact>> ReferralFactOf(store::Transaction& tx,
                                                               absl::string_view referral) {
  return Find<v1::ReferralFact>(tx, kReferralSpace, referral);
}

absl::StatusOr<std::optional<v1::DiscussionFact>> DiscussionFactOf(store::Transaction& tx,
                                                                   absl::string_view record) {
  return Find<v1::DiscussionFact>(tx, kDiscussionSpace, record);
}

std::uint32_t RelationsOf(const internal::v1::ChildFacts& facts, absl::string_view agency,
                          absl::Time now) {
  std::uint32_t relations = 0;
  if (agency.empty()) return relations;
  for (const v1::InvolvementFact& involvement : facts.involvements()) {
    if (involvement.agency() != agency) continue;
    if (involvement.has_end_time() && TimeFromProto(involvement.end_time()) <= now) continue;
    relations |= RelationOf(involvement.kind());
  }
  return relations;
}

std::uint32_t FlagsOf(const internal::v1::ChildFacts& facts, absl::CivilDay day) {
  std::uint32_t flags = 0;
  for (const v1::StatusFact& status : facts.statuses()) {
    // A day that is not wholly known bounds nothing: the status counts rather than not.
    const auto start = DateFromProto(status.start_date());
    const auto end = DateFromProto(status.end_date());
    if (start.ok() && day < *start) continue;
    if (end.ok() && day > *end) continue;
    flags |= FlagOf(status.kind());
  }
  return flags;
}

}  // namespace trusthub::events
