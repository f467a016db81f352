#include "services/children/misuse/detector.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/identifiers/identifiers.h"
#include "common/log/log.h"
#include "common/time/civil_date.h"
#include "services/children/access_reviews.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::children {
namespace {

using events::v1::AllocationFact;
using events::v1::WorkerFact;
using internal::v1::ChildFacts;
using internal::v1::MisuseCursor;
using internal::v1::MisuseDay;

// An entry is made before it is committed, and so may be up to a call's time older than its place
// in the log.
constexpr absl::Duration kUnderWay = absl::Minutes(1);
// Days are kept so much longer than any look back needs, for a clock that steps.
constexpr int kSpareDays = 2;

// Whether an involvement or allocation lasted at any time from `from` to `to`. What is known later
// counts from its own start, so that it makes no difference when a log is read.
template <class Fact>
bool LastedWithin(const Fact& fact, absl::Time from, absl::Time to) {
  return (!fact.has_start_time() || TimeFromProto(fact.start_time()) <= to) &&
         (!fact.has_end_time() || TimeFromProto(fact.end_time()) > from);
}

absl::StatusOr<std::string> TeamOf(store::Transaction& tx, absl::string_view worker) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto fact, events::WorkerFactOf(tx, worker));
  return fact.has_value() ? fact->team() : std::string();
}

// Whether the child is the work of anyone in the worker's team; of anyone in the agency, where the
// directory names no team.
absl::StatusOr<bool> IsAllocatedInTeam(store::Transaction& tx, const ChildFacts& facts,
                                       const Access& access, absl::string_view team) {
  for (const AllocationFact& allocation : facts.allocations()) {
    if (allocation.agency() != access.agency ||
        !LastedWithin(allocation, access.time, access.time)) {
      continue;
    }
    if (allocation.worker() == access.worker || team.empty()) return true;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string other, TeamOf(tx, allocation.worker()));
    if (other == team) return true;
  }
  return false;
}

// Whether the agency had to do with the child in any way but holding it.
bool WasInvolved(const ChildFacts& facts, absl::string_view agency, absl::Time from,
                 absl::Time to) {
  for (const events::v1::InvolvementFact& involvement : facts.involvements()) {
    const std::uint32_t relation = events::RelationOf(involvement.kind());
    if (involvement.agency() == agency && relation != 0 && relation != policy::kHolding &&
        LastedWithin(involvement, from, to)) {
      return true;
    }
  }
  return std::any_of(facts.allocations().begin(), facts.allocations().end(),
                     [&](const AllocationFact& allocation) {
                       return allocation.agency() == agency && LastedWithin(allocation, from, to);
                     });
}

// Read past the transaction's memory: a list may name hundreds of children.
absl::StatusOr<bool> LivesAt(store::Transaction& tx, const std::string& child,
                             absl::string_view postcode) {
  if (postcode.empty()) return false;
  TRUSTHUB_ASSIGN_OR_RETURN(const auto stored, tx.snapshot().Find(child));
  v1::Child record;
  if (!stored.has_value() || stored->kind != options::v1::RECORD_KIND_CHILD ||
      !record.ParseFromString(stored->bytes)) {
    return false;
  }
  return identifiers::CanonicalPostcode(record.address().postcode()) == postcode;
}

Finding FindingOf(const TallyKey& key, const Tally& tally, const std::vector<Moment>& moments) {
  Finding finding;
  finding.worker = key.first;
  finding.pattern = key.second;
  finding.agency = tally.agency;
  finding.count = static_cast<int>(moments.size());
  for (const Moment& moment : moments) finding.entries.push_back(moment.entry);
  finding.first_time = moments.front().time;
  finding.last_time = moments.back().time;
  return finding;
}

Finding BreadthFinding(const std::string& worker, const MisuseDay& day) {
  Finding finding;
  finding.pattern = v1::MISUSE_PATTERN_BREADTH;
  finding.worker = worker;
  finding.agency = day.agency();
  finding.count = day.children_size();
  finding.first_time = absl::InfiniteFuture();
  finding.last_time = absl::InfinitePast();
  for (const internal::v1::MisuseMoment& access : day.accesses()) {
    finding.entries.push_back(access.entry());
    finding.first_time = std::min(finding.first_time, TimeFromProto(access.time()));
    finding.last_time = std::max(finding.last_time, TimeFromProto(access.time()));
  }
  return finding;
}

}  // namespace

Detector::Detector(MisuseRules rules, std::vector<std::string> sources)
    : rules_(std::move(rules)), sources_(std::move(sources)) {}

absl::StatusOr<std::int64_t> Detector::NextIndex(store::Transaction& tx,
                                                 const std::string& source) const {
  TRUSTHUB_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Open(&tx));
  TRUSTHUB_ASSIGN_OR_RETURN(const MisuseCursor cursor, ledger.Cursor(source));
  return cursor.next_index();
}

absl::StatusOr<bool> Detector::Take(store::Transaction& tx, const std::string& source,
                                    const LogBatch& batch) const {
  TRUSTHUB_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Open(&tx));
  TRUSTHUB_ASSIGN_OR_RETURN(MisuseCursor cursor, ledger.Cursor(source));
  if (cursor.tree() != batch.log.tree()) {
    if (!cursor.tree().empty()) log::Warning("misuse_reads_another_log", {{"source", source}});
    cursor.set_tree(batch.log.tree());
    cursor.set_next_index(0);
  }
  // A batch that was asked for before another replica read on may end before that.
  const bool is_overtaken = batch.first_index < cursor.next_index();
  if (!is_overtaken && batch.log.tree_size() < cursor.next_index()) {
    log::Error(
        "misuse_log_lost_entries",
        {{"source", source}, {"read", cursor.next_index()}, {"size", batch.log.tree_size()}});
    cursor.set_next_index(batch.log.tree_size());
  }
  const bool joins = batch.first_index <= cursor.next_index();
  if (joins) {
    TRUSTHUB_RETURN_IF_ERROR(TakeEntries(tx, ledger, source, batch, &cursor));
    if (batch.complete_time.has_value()) {
      const absl::Time complete = *batch.complete_time - kUnderWay;
      if (!cursor.has_complete_time() || complete > TimeFromProto(cursor.complete_time())) {
        *cursor.mutable_complete_time() = TimeToProto(complete);
      }
    }
  }
  TRUSTHUB_RETURN_IF_ERROR(ledger.PutCursor(source, cursor));
  TRUSTHUB_RETURN_IF_ERROR(Judge(tx, ledger));
  ledger.Flush();
  return joins;
}

absl::Status Detector::TakeEntries(store::Transaction& tx, Ledger& ledger,
                                   const std::string& source, const LogBatch& batch,
                                   MisuseCursor* cursor) const {
  for (const audit::v1::LoggedEntry& logged : batch.log.entries()) {
    if (logged.index() < cursor->next_index()) continue;
    cursor->set_next_index(logged.index() + 1);
    const absl::StatusOr<std::optional<Access>> access = AccessOf(cursor->tree(), logged);
    if (!access.ok()) {
      log::Error("misuse_entry_unreadable", {{"source", source}, {"index", logged.index()}});
      continue;
    }
    if (access->has_value()) TRUSTHUB_RETURN_IF_ERROR(TakeAccess(tx, ledger, **access));
  }
  return absl::OkStatus();
}

absl::StatusOr<Circumstances> Detector::CircumstancesOf(store::Transaction& tx,
                                                        const Access& access) const {
  Circumstances circumstances;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<WorkerFact> worker,
                            events::WorkerFactOf(tx, access.worker));
  const WorkerFact known = worker.value_or(WorkerFact());
  if (known.has_leave_date()) {
    // A day that is not wholly known bounds nothing.
    if (const auto day = DateFromProto(known.leave_date()); day.ok()) {
      circumstances.leave_date = *day;
    }
  }
  if (access.was_refused()) return circumstances;
  const std::string postcode = identifiers::CanonicalPostcode(known.home_postcode());
  for (const std::string& name : access.children) {
    ChildCircumstances& child = circumstances.children.emplace_back();
    child.child = name;
    TRUSTHUB_ASSIGN_OR_RETURN(const ChildFacts facts, events::ChildFactsOf(tx, name));
    TRUSTHUB_ASSIGN_OR_RETURN(child.at_workers_postcode, LivesAt(tx, name, postcode));
    TRUSTHUB_ASSIGN_OR_RETURN(child.allocated_in_team,
                              IsAllocatedInTeam(tx, facts, access, known.team()));
    child.agency_involved = WasInvolved(facts, access.agency, access.time, access.time);
  }
  return circumstances;
}

absl::Status Detector::TakeAccess(store::Transaction& tx, Ledger& ledger,
                                  const Access& access) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const Circumstances circumstances, CircumstancesOf(tx, access));
  for (const Sign& sign : SignsOf(rules_, access, circumstances)) {
    TRUSTHUB_RETURN_IF_ERROR(
        ledger.Note(access.worker, access.agency, sign, access.time, access.entry));
  }
  TRUSTHUB_RETURN_IF_ERROR(ledger.AddAccess(access));
  const bool work = IsWork(rules_.searches, access);
  for (const ChildCircumstances& child : circumstances.children) {
    if (IsSearch(rules_.searches, access, child)) {
      TRUSTHUB_RETURN_IF_ERROR(ledger.AddSearch(access, child.child));
    }
    if (work) TRUSTHUB_RETURN_IF_ERROR(ledger.AddWork(access, child.child));
  }
  return absl::OkStatus();
}

absl::Duration Detector::RetentionOf(v1::MisusePattern pattern) const {
  const absl::Duration window = rules_.ThresholdOf(pattern).window;
  if (pattern != v1::MISUSE_PATTERN_SEARCH_THEN_NOTHING) return window;
  return window + absl::Hours(24) * (rules_.searches.wait_days + kSpareDays);
}

absl::Status Detector::Judge(store::Transaction& tx, Ledger& ledger) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<absl::Time> complete,
                            ledger.CompleteTime(sources_));
  for (auto& [key, tally] : ledger.noted()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool waits, IsUnderReview(tx, key.first, key.second));
    if (waits || HasBurst(rules_.ThresholdOf(key.second), tally.moments)) {
      const std::vector<Moment> moments = TakeAll(&tally.moments);
      if (!moments.empty()) {
        TRUSTHUB_RETURN_IF_ERROR(
            RaiseReview(tx, FindingOf(key, tally, moments), rules_.review_working_days));
      }
    }
    if (complete.has_value()) Forget(*complete - RetentionOf(key.second), &tally.moments);
  }
  return absl::OkStatus();
}

absl::Status Detector::LookAtBreadth(store::Transaction& tx, Ledger& ledger,
                                     absl::CivilDay day) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto workers, ledger.WorkersOf(day));
  std::vector<WorkerBreadth> breadths;
  for (const auto& [worker, row] : workers) {
    breadths.push_back({worker, row.role(), row.children_size()});
  }
  const std::vector<std::string> standing_out = StandingOut(rules_.breadth, breadths);
  for (const auto& [worker, row] : workers) {
    if (std::find(standing_out.begin(), standing_out.end(), worker) == standing_out.end()) continue;
    TRUSTHUB_RETURN_IF_ERROR(
        RaiseReview(tx, BreadthFinding(worker, row), rules_.review_working_days));
  }
  return absl::OkStatus();
}

absl::Status Detector::LookAtSearches(store::Transaction& tx, Ledger& ledger,
                                      absl::CivilDay day) const {
  const absl::CivilDay last = day + rules_.searches.wait_days;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Search> searches, ledger.SearchesOf(day));
  for (const Search& search : searches) {
    const absl::Time time = search.moment.time;
    TRUSTHUB_ASSIGN_OR_RETURN(const bool worked,
                              ledger.WorkedAfter(search.agency, search.child, time, last));
    TRUSTHUB_ASSIGN_OR_RETURN(const ChildFacts facts, events::ChildFactsOf(tx, search.child));
    if (worked || WasInvolved(facts, search.agency, time, EndOfLondonDay(last))) continue;
    const Sign sign{v1::MISUSE_PATTERN_SEARCH_THEN_NOTHING, search.moment.key,
                    search.moment.subject};
    TRUSTHUB_RETURN_IF_ERROR(
        ledger.Note(search.worker, search.agency, sign, time, search.moment.entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Detector::LookBack(store::Transaction& tx) const {
  TRUSTHUB_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Open(&tx));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<absl::Time> complete,
                            ledger.CompleteTime(sources_));
  if (!complete.has_value()) return false;
  const absl::CivilDay under_way = LondonDay(*complete);
  // Long enough for a leaving date that the directory tells late.
  const int kept_days =
      std::max(static_cast<int>(rules_.leaver.window / absl::Hours(24)), rules_.searches.wait_days);
  TRUSTHUB_ASSIGN_OR_RETURN(auto days, ledger.Days());
  for (auto& [day, state] : days) {
    if (!state.breadth_done() && day < under_way) {
      TRUSTHUB_RETURN_IF_ERROR(LookAtBreadth(tx, ledger, day));
      state.set_breadth_done(true);
      ledger.PutDay(day, state);
    } else if (!state.searches_done() && day + rules_.searches.wait_days < under_way) {
      TRUSTHUB_RETURN_IF_ERROR(LookAtSearches(tx, ledger, day));
      state.set_searches_done(true);
      ledger.PutDay(day, state);
    } else if (state.searches_done() && day + kept_days + kSpareDays < under_way) {
      TRUSTHUB_RETURN_IF_ERROR(ledger.DropDay(day));
    } else {
      continue;
    }
    TRUSTHUB_RETURN_IF_ERROR(Judge(tx, ledger));
    ledger.Flush();
    return true;
  }
  return false;
}

absl::Status Detector::TakeUpWorker(store::Transaction& tx, const WorkerFact& worker) const {
  if (!worker.has_leave_date()) return absl::OkStatus();
  const absl::StatusOr<absl::CivilDay> last = DateFromProto(worker.leave_date());
  if (!last.ok()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(Ledger ledger, Ledger::Open(&tx));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto days, ledger.Days());
  for (const auto& [day, state] : days) {
    if (day <= *last) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<MisuseDay> row,
                              ledger.DayOf(day, worker.worker()));
    if (!row.has_value()) continue;
    for (const internal::v1::MisuseMoment& access : row->accesses()) {
      const Sign sign{v1::MISUSE_PATTERN_LEAVER, access.entry(), access.entry()};
      TRUSTHUB_RETURN_IF_ERROR(ledger.Note(worker.worker(), row->agency(), sign,
                                           TimeFromProto(access.time()), access.entry()));
    }
  }
  TRUSTHUB_RETURN_IF_ERROR(Judge(tx, ledger));
  ledger.Flush();
  return absl::OkStatus();
}

}  // namespace trusthub::children
