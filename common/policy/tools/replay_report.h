// File: replay_report.h
//
// Audited decisions taken again under a proposed set of agreements: what would have been given that
// was withheld, and withheld that was given. Speaks of roles, purposes, records and rules; of
// people only by the names of audit entries.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_REPLAY_REPORT_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_REPLAY_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"
#include "common/policy/tools/schema.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::policy {

// Examples of each change that a report names.
constexpr std::size_t kReplayExamples = 3;

struct ReplayChange {
  bool gained = true;  // or lost
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;
  Category category = options::v1::CATEGORY_UNSPECIFIED;
  // That would give it; of a loss, that denies it or comes nearest to giving it. May be empty.
  std::string rule;
  std::int64_t decisions = 0;
  std::vector<std::string> examples;  // names of decisions, for `explain-decision`
};

// Calls that the proposed set covers as a whole and the set of their time did not, or the other way
// round: AGREEMENT_MISSING, before any record is looked at.
struct ReplayedCall {
  bool gained = true;
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  std::int64_t calls = 0;
  std::vector<std::string> examples;
};

class ReplayReport {
 public:
  // `proposed` outlives this. `kinds` are those of agencies whose refused calls say no kind.
  ReplayReport(const Agreements* proposed, KindsOfAgencies kinds)
      : proposed_(*proposed), kinds_(std::move(kinds)), schema_(SchemaOf(ContractFiles())) {}

  // `name` is "auditTrees/{id}/entries/{index}".
  void Add(absl::string_view name, const audit::v1::AuditEntry& entry);

  std::int64_t entries() const { return entries_; }
  std::int64_t decisions() const { return decisions_; }
  std::int64_t changed_decisions() const { return changed_; }
  // Entries that disclosed something and hold no inputs: of a time before decisions were kept.
  std::int64_t without_inputs() const { return without_inputs_; }

  // Most decisions first.
  std::vector<ReplayChange> changes() const;
  std::vector<ReplayedCall> calls() const;

 private:
  void AddDecision(absl::string_view name, const audit::v1::AuditEntry& entry,
                   const audit::v1::DecisionInputs& inputs);
  void AddCall(absl::string_view name, const audit::v1::AuditEntry& entry);
  bool Covers(const audit::v1::AuditEntry& entry, directory::v1::AgencyKind kind) const;

  const Agreements& proposed_;
  const KindsOfAgencies kinds_;
  const Schema schema_;
  std::int64_t entries_ = 0;
  std::int64_t decisions_ = 0;
  std::int64_t changed_ = 0;
  std::int64_t without_inputs_ = 0;
  std::map<std::string, ReplayChange> changes_;
  std::map<std::string, ReplayedCall> calls_;
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_REPLAY_REPORT_H_
