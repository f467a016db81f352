#include "common/policy/tools/replay_report.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "common/auth/principal.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

using audit::v1::AuditEntry;
using audit::v1::DecisionInputs;

// ErrorReason of a call that no agreement covers.
constexpr char kMissing[] = "AGREEMENT_MISSING";

auth::Principal CallerOf(const AuditEntry& entry, directory::v1::AgencyKind kind) {
  auth::Principal caller;
  caller.agency = entry.agency();
  caller.agency_kind = kind;
  caller.worker = entry.worker();
  caller.role = entry.role();
  return caller;
}

void AddExample(absl::string_view name, std::vector<std::string>* examples) {
  const std::string example(name);
  if (examples->size() < kReplayExamples &&
      std::find(examples->begin(), examples->end(), example) == examples->end()) {
    examples->push_back(example);
  }
}

// Those that happened most often first; alike ones in the order of the schema.
template <typename Row, typename CountOf>
std::vector<Row> MostFirst(const std::map<std::string, Row>& rows, CountOf count) {
  std::vector<Row> sorted;
  for (const auto& [key, row] : rows) sorted.push_back(row);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Row& a, const Row& b) { return count(a) > count(b); });
  return sorted;
}

}  // namespace

void ReplayReport::Add(absl::string_view name, const AuditEntry& entry) {
  ++entries_;
  for (const DecisionInputs& inputs : entry.decisions()) AddDecision(name, entry, inputs);
  if (entry.decisions().empty() && !entry.disclosed().empty()) ++without_inputs_;
  AddCall(name, entry);
}

void ReplayReport::AddDecision(absl::string_view name, const AuditEntry& entry,
                               const DecisionInputs& inputs) {
  const auth::Principal caller = CallerOf(entry, inputs.agency_kind());
  Question question;
  question.caller = &caller;
  question.purpose = entry.purpose();
  question.record_kind = inputs.record_kind();
  question.relations = inputs.relations();
  question.child_flags = inputs.child_flags();
  question.day = LondonDay(TimeFromProto(entry.domain_time()));
  question.consent = static_cast<ConsentStanding>(inputs.consent());
  question.break_glass_categories = CategorySet(inputs.break_glass_categories());
  question.provider = inputs.provider();
  question.provider_kind = inputs.provider_kind();
  const Decision is = proposed_.Decide(question);
  ++decisions_;
  const std::uint64_t differ = is.granted.bits() ^ inputs.granted();
  if (differ != 0) ++changed_;
  for (std::uint64_t left = differ; left != 0; left &= left - 1) {
    const int bit = absl::countr_zero(left);
    const auto category = static_cast<Category>(bit);
    ReplayChange change;
    change.gained = is.granted.Has(category);
    change.role = entry.role();
    change.purpose = entry.purpose();
    change.record_kind = inputs.record_kind();
    change.category = category;
    change.rule = change.gained ? std::string(is.rules[static_cast<std::size_t>(bit)])
                                : proposed_.ExplainWithheld(question, category).rule;
    const std::string key = absl::StrCat(
        change.gained ? "+" : "-", absl::Dec(change.role, absl::kZeroPad3),
        absl::Dec(change.purpose, absl::kZeroPad3), absl::Dec(change.record_kind, absl::kZeroPad3),
        absl::Dec(bit, absl::kZeroPad3), change.rule);
    ReplayChange& row = changes_.emplace(key, std::move(change)).first->second;
    ++row.decisions;
    AddExample(name, &row.examples);
  }
}

// As services admit calls: of an action that is known no more, as of one about children.
bool ReplayReport::Covers(const AuditEntry& entry, directory::v1::AgencyKind kind) const {
  const auth::Principal caller = CallerOf(entry, kind);
  const absl::CivilDay day = LondonDay(TimeFromProto(entry.domain_time()));
  const auto about = schema_.actions.find(entry.action());
  return about != schema_.actions.end() && IsAboutNoChild(about->second)
             ? proposed_.Covers(caller, entry.purpose(), day)
             : proposed_.CoversChildren(caller, entry.purpose(), day);
}

void ReplayReport::AddCall(absl::string_view name, const AuditEntry& entry) {
  const bool was_missing = entry.reason() == kMissing;
  // Another refusal came before agreements were looked at, or rests on the record.
  if (!was_missing && entry.decision() == audit::v1::AUDIT_DECISION_REFUSED) return;
  if (!was_missing && entry.decisions().empty()) return;
  directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
  if (!entry.decisions().empty()) {
    kind = entry.decisions(0).agency_kind();
  } else if (const auto at = kinds_.find(entry.agency()); at != kinds_.end()) {
    kind = at->second;
  }
  const bool covered = Covers(entry, kind);
  if (covered != was_missing) return;
  const std::string key =
      absl::StrCat(covered ? "+" : "-", absl::Dec(entry.role(), absl::kZeroPad3),
                   absl::Dec(entry.purpose(), absl::kZeroPad3));
  ReplayedCall& row = calls_[key];
  row.gained = covered;
  row.role = entry.role();
  row.purpose = entry.purpose();
  ++row.calls;
  AddExample(name, &row.examples);
}

std::vector<ReplayChange> ReplayReport::changes() const {
  return MostFirst(changes_, [](const ReplayChange& row) { return row.decisions; });
}

std::vector<ReplayedCall> ReplayReport::calls() const {
  return MostFirst(calls_, [](const ReplayedCall& row) { return row.calls; });
}

}  // namespace trusthub::policy
