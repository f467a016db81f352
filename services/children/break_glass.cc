#include "services/children/break_glass.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/rpc/released.h"
#include "common/time/civil_date.h"
#include "common/timescales/calendar.h"
#include "services/children/named_agencies.h"

namespace trusthub::children {
namespace {

using internal::v1::ChildFacts;

// Accesses whose review is due, by each agency that was told.
constexpr char kOpenIndex[] = "break_glasses/open";

bool Holds(const google::protobuf::RepeatedPtrField<std::string>& list, absl::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::vector<std::string> ResponsibleAgencies(const ChildFacts& facts, absl::Time now) {
  std::vector<std::string> agencies;
  for (const events::v1::InvolvementFact& involvement : facts.involvements()) {
    if ((events::RelationsOf(facts, involvement.agency(), now) & policy::kResponsible) != 0) {
      agencies.push_back(involvement.agency());
    }
  }
  return agencies;
}

// Adds those of `agencies` that were not told yet; whether there were any.
bool AddTold(const std::vector<std::string>& agencies, v1::BreakGlass* record) {
  const int before = record->told_agencies_size();
  for (const std::string& agency : agencies) {
    if (!Holds(record->told_agencies(), agency)) record->add_told_agencies(agency);
  }
  return record->told_agencies_size() > before;
}

std::vector<store::IndexKey> IndexOf(const v1::BreakGlass& record) {
  std::vector<store::IndexKey> index;
  if (record.state() != v1::BREAK_GLASS_STATE_OPEN) return index;
  for (const std::string& agency : record.told_agencies()) index.push_back({kOpenIndex, agency});
  return index;
}

// Agencies that know or knew the child, and own what is opened.
absl::StatusOr<std::vector<std::string>> KeepersOf(store::Transaction& tx, const ChildFacts& facts,
                                                   const BreakGlassRules& rules,
                                                   policy::CategorySet opened) {
  std::set<std::string> involved;
  for (const events::v1::InvolvementFact& involvement : facts.involvements()) {
    involved.insert(involvement.agency());
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const AgencyKinds kinds, KindsOf(tx, involved));
  std::vector<std::string> keepers;
  for (const auto& [agency, kind] : kinds) {
    if (rules.Keeps(kind, opened)) keepers.push_back(agency);
  }
  return keepers;
}

// Whether the caller's agency may know of the access, whatever else it is to the child.
absl::StatusOr<bool> Concerns(rpc::Call& call, const v1::BreakGlass& record) {
  const std::string& agency = call.caller.agency;
  if (record.owner_agency() == agency) return true;
  TRUSTHUB_ASSIGN_OR_RETURN(const ChildFacts facts, events::ChildFactsOf(call.tx, record.child()));
  if ((events::RelationsOf(facts, agency, call.now) & policy::kResponsible) != 0) return true;
  return rpc::IsReleasedTo(call.tx, record.name(), agency);
}

std::string StateName(v1::BreakGlassState state) {
  return std::string(absl::StripPrefix(v1::BreakGlassState_Name(state), "BREAK_GLASS_STATE_"));
}

// Each agency that owns what was opened gets an event of its own, as its owner, beside that of the
// worker's agency, which councils see that answer for the child.
absl::Status Tell(store::Transaction& tx, events::v1::EventKind kind, absl::string_view author,
                  const v1::BreakGlass& record) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(record.child());
  event.set_record(record.name());
  event.set_owner_agency(record.owner_agency());
  event.set_author_agency(std::string(author));
  *event.mutable_occurred_at() = TimeToProto(tx.now());
  events::v1::BreakGlassFact* fact = event.mutable_break_glass();
  fact->set_break_glass(record.name());
  fact->set_worker(record.worker());
  fact->set_agency(record.owner_agency());
  *fact->mutable_categories() = record.categories();
  fact->set_purpose(record.purpose());
  *fact->mutable_start_time() = record.create_time();
  *fact->mutable_expire_time() = record.expire_time();
  *fact->mutable_review_due_date() = record.review_due_date();
  fact->set_role(record.role());
  fact->set_state(StateName(record.state()));
  TRUSTHUB_RETURN_IF_ERROR(events::EmitAndApply(tx, event));
  for (const std::string& agency : record.told_agencies()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool keeps, rpc::IsReleasedTo(tx, record.name(), agency));
    if (!keeps) continue;
    event.set_owner_agency(agency);
    TRUSTHUB_RETURN_IF_ERROR(events::EmitAndApply(tx, event));
  }
  return absl::OkStatus();
}

// The caller's access to the child that lasts and opens all of `wanted` for the call's purpose.
const events::v1::BreakGlassFact* FindLasting(const ChildFacts& facts, const rpc::Call& call,
                                              policy::CategorySet wanted) {
  for (const events::v1::BreakGlassFact& fact : facts.break_glasses()) {
    policy::CategorySet opened;
    for (const int category : fact.categories()) {
      opened.Add(static_cast<policy::Category>(category));
    }
    if (fact.worker() == call.caller.worker && fact.agency() == call.caller.agency &&
        fact.purpose() == call.purpose && TimeFromProto(fact.expire_time()) > call.now &&
        (opened & wanted) == wanted) {
      return &fact;
    }
  }
  return nullptr;
}

v1::BreakGlass NewRecord(const rpc::Call& call, const BreakGlassRules& rules,
                         const v1::BreakGlass& asked, policy::CategorySet categories) {
  v1::BreakGlass record;
  record.set_child(asked.child());
  if (asked.has_occurred_at()) *record.mutable_occurred_at() = asked.occurred_at();
  record.set_state(v1::BREAK_GLASS_STATE_OPEN);
  for (int category = 1; category < options::v1::Category_ARRAYSIZE; ++category) {
    const auto value = static_cast<policy::Category>(category);
    if (categories.Has(value)) record.add_categories(value);
  }
  record.set_purpose(call.purpose);
  record.set_reason(asked.reason());
  record.set_worker(call.caller.worker);
  record.set_role(call.caller.role);
  *record.mutable_expire_time() = TimeToProto(call.now + rules.lasts);
  *record.mutable_review_due_date() = DateToProto(
      timescales::EnglandCalendar().AddWorkingDays(LondonDay(call.now), rules.review_working_days));
  return record;
}

absl::Status CheckReviewer(const v1::BreakGlass& record, const rpc::Call& call) {
  if (record.state() != v1::BREAK_GLASS_STATE_OPEN) {
    return error::StateForbids("emergency access", StateName(record.state()), "review");
  }
  if (record.worker() != call.caller.worker) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_SECOND_PERSON_MISSING,
                           "An emergency access is reviewed by someone other than who opened it.",
                           "Ask another guardian or information governance lead to review it.");
}

}  // namespace

absl::StatusOr<v1::OpenBreakGlassResponse> BreakGlasses::OpenBreakGlass(
    rpc::Call& call, const v1::OpenBreakGlassRequest& request) {
  const v1::BreakGlass& asked = request.break_glass();
  TRUSTHUB_RETURN_IF_ERROR(CheckReason(rules_, asked.reason()));
  TRUSTHUB_ASSIGN_OR_RETURN(const policy::CategorySet categories,
                            CheckCategories(rules_, asked.categories()));
  TRUSTHUB_ASSIGN_OR_RETURN(const store::RecordHead head, call.tx.Head(asked.child()));
  if (head.kind != options::v1::RECORD_KIND_CHILD) return error::RecordNotFound();
  call.child = asked.child();  // where the worker must not see the child, the call ends there
  TRUSTHUB_ASSIGN_OR_RETURN(const ChildFacts facts, events::ChildFactsOf(call.tx, asked.child()));
  v1::OpenBreakGlassResponse response;
  v1::BreakGlass& record = *response.mutable_break_glass();
  if (const auto* lasting = FindLasting(facts, call, categories); lasting != nullptr) {
    TRUSTHUB_ASSIGN_OR_RETURN(record, call.tx.Get<v1::BreakGlass>(lasting->break_glass()));
    return response;
  }
  record = NewRecord(call, rules_, asked, categories);
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, &record).status());
  record.add_told_agencies(call.caller.agency);
  AddTold(ResponsibleAgencies(facts, call.now), &record);
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<std::string> keepers,
                            KeepersOf(call.tx, facts, rules_, categories));
  // Who is told already needs no second word.
  keepers.erase(
      std::remove_if(keepers.begin(), keepers.end(),
                     [&](const auto& each) { return Holds(record.told_agencies(), each); }),
      keepers.end());
  AddTold(keepers, &record);
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Create(&record, call.caller.agency, call.caller.agency, IndexOf(record)));
  for (const std::string& keeper : keepers) rpc::ReleaseTo(call.tx, record.name(), keeper);
  TRUSTHUB_RETURN_IF_ERROR(
      Tell(call.tx, events::v1::EVENT_KIND_BREAK_GLASS_OPENED, call.caller.agency, record));
  return response;
}

absl::StatusOr<v1::GetBreakGlassResponse> BreakGlasses::GetBreakGlass(
    rpc::Call& call, const v1::GetBreakGlassRequest& request) {
  v1::GetBreakGlassResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_break_glass(),
                            call.tx.Get<v1::BreakGlass>(request.name()));
  return response;
}

absl::StatusOr<v1::ListBreakGlassesResponse> BreakGlasses::ListBreakGlasses(
    rpc::Call& call, const v1::ListBreakGlassesRequest& request) {
  const char* const field = request.open_only() ? kOpenIndex : "told_agencies";
  // An agency that was responsible once is named in the index and not told any more.
  const auto list = [&](std::int64_t after,
                        int size) -> absl::StatusOr<store::Page<v1::BreakGlass>> {
    TRUSTHUB_ASSIGN_OR_RETURN(
        store::Page<v1::BreakGlass> page,
        call.tx.ListByIndex<v1::BreakGlass>(field, call.caller.agency, after, size));
    store::Page<v1::BreakGlass> told;
    told.last_position = page.last_position;
    told.more = page.more;
    for (std::size_t i = 0; i < page.records.size(); ++i) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool concerns, Concerns(call, page.records[i]));
      if (!concerns) continue;
      told.records.push_back(std::move(page.records[i]));
      told.positions.push_back(page.positions[i]);
    }
    if (!told.records.empty()) call.relations |= policy::kReleased;
    return told;
  };
  v1::ListBreakGlassesResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::BreakGlass>(
      call, request, list, response.mutable_break_glasses(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::ReviewBreakGlassResponse> BreakGlasses::ReviewBreakGlass(
    rpc::Call& call, const v1::ReviewBreakGlassRequest& request) {
  if (request.outcome() != v1::BREAK_GLASS_STATE_JUSTIFIED &&
      request.outcome() != v1::BREAK_GLASS_STATE_NOT_JUSTIFIED) {
    return error::RequestInvalid({{"outcome", "must be JUSTIFIED or NOT_JUSTIFIED"}});
  }
  v1::ReviewBreakGlassResponse response;
  v1::BreakGlass& record = *response.mutable_break_glass();
  TRUSTHUB_ASSIGN_OR_RETURN(record, call.tx.Get<v1::BreakGlass>(request.name()));
  TRUSTHUB_ASSIGN_OR_RETURN(const bool concerns, Concerns(call, record));
  if (!concerns) return error::RecordNotFound();
  TRUSTHUB_RETURN_IF_ERROR(CheckReviewer(record, call));
  record.set_state(request.outcome());
  record.set_reviewer(call.caller.worker);
  record.set_review_note(request.note());
  *record.mutable_review_time() = TimeToProto(call.now);
  if (request.outcome() == v1::BREAK_GLASS_STATE_NOT_JUSTIFIED &&
      TimeFromProto(record.expire_time()) > call.now) {
    *record.mutable_expire_time() = TimeToProto(call.now);
  }
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(&record, request.etag(), IndexOf(record)));
  TRUSTHUB_RETURN_IF_ERROR(
      Tell(call.tx, events::v1::EVENT_KIND_BREAK_GLASS_REVIEWED, call.caller.agency, record));
  return response;
}

absl::Status TellResponsibleCouncils(store::Transaction& tx, absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const ChildFacts facts, events::ChildFactsOf(tx, child));
  if (facts.break_glasses().empty()) return absl::OkStatus();
  const std::vector<std::string> councils = ResponsibleAgencies(facts, tx.now());
  for (const events::v1::BreakGlassFact& fact : facts.break_glasses()) {
    TRUSTHUB_ASSIGN_OR_RETURN(v1::BreakGlass record, tx.Get<v1::BreakGlass>(fact.break_glass()));
    if (!AddTold(councils, &record)) continue;
    TRUSTHUB_RETURN_IF_ERROR(tx.UpdateNewest(&record, IndexOf(record)));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::children
