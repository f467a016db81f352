// File: subject_access.h
//
// What a list of disclosures keeps from the child or a parent, and for how long:
// subject_access.yaml of the borough's settings folder. The law gives the grounds (domain.md 6.2);
// the days are the borough's. Pure functions over a loaded, immutable set of rules.
#ifndef TRUSTHUB_COMMON_RPC_SUBJECT_ACCESS_H_
#define TRUSTHUB_COMMON_RPC_SUBJECT_ACCESS_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "trusthub/audit/v1/disclosure.pb.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::rpc {

// Keeps disclosures that fit any of its sets from its parties.
struct SubjectRule {
  std::string id;
  absl::CivilDay from;               // first day on which the law says so
  std::optional<absl::CivilDay> to;  // last; nothing while it lasts
  std::set<int> parties;             // audit::v1::SubjectParty
  // What it is about; each a set of numbers of its enum.
  std::set<int> purposes;
  std::set<int> records;
  std::set<int> categories;  // given or withheld
  std::set<int> decisions;   // audit::v1::AuditDecision
  bool for_good = false;     // whoever keeps the records decides about each by itself
  // Days in London that must pass after the access; while an enquiry about the child lasts nothing
  // is told, and for so many days after the last one ended.
  std::optional<int> days_after_access;
  std::optional<int> days_after_enquiry;
  std::string ground;  // in law, for the officer
};

struct SubjectAccess {
  std::vector<SubjectRule> rules;
  std::string notice;  // what is said with every list for subjects
};

// Strict: an unknown key or value, a rule about nothing or without a time, two periods of one rule
// that overlap: each fails, naming file and line.
absl::StatusOr<SubjectAccess> LoadSubjectAccess(absl::string_view path);

// Ids of the rules in force at `now` that keep `entry` from `party` at that instant, in their
// order. `facts` are those of the child.
std::vector<std::string> KeptBackBy(const SubjectAccess& access, const audit::v1::AuditEntry& entry,
                                    const internal::v1::ChildFacts& facts,
                                    audit::v1::SubjectParty party, absl::Time now);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_SUBJECT_ACCESS_H_
