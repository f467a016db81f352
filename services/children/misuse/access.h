// File: access.h
//
// An access as the search for misuse sees it, and what it shows. Pure functions: what the facts say
// is handed in.
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_ACCESS_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_ACCESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/children/misuse/misuse_rules.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::children {

struct Access {
  std::string entry;  // "auditTrees/{id}/entries/{index}"
  absl::Time time;    // on the domain clock
  std::string worker;
  std::string agency;
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  std::string action;  // "referrals.get"
  audit::v1::AuditDecision decision = audit::v1::AUDIT_DECISION_UNSPECIFIED;
  std::string reason;                 // of a refusal
  std::vector<std::string> records;   // that the answer carries
  std::vector<std::string> children;  // that it is about, each once

  bool was_refused() const { return decision == audit::v1::AUDIT_DECISION_REFUSED; }
};

// The access that an entry of log `tree` tells of; nothing for calls that no worker made. DATA_LOSS
// when it is no entry.
absl::StatusOr<std::optional<Access>> AccessOf(absl::string_view tree,
                                               const audit::v1::LoggedEntry& logged);

// What is known of one child of an access, at the time of the access.
struct ChildCircumstances {
  std::string child;
  bool at_workers_postcode = false;
  bool allocated_in_team = false;
  bool agency_involved = false;  // in any way but holding the child
};

struct Circumstances {
  std::optional<absl::CivilDay> leave_date;  // the worker's last day
  std::vector<ChildCircumstances> children;
};

// One sign of a pattern. Signs of one key are one sign; signs of one subject count once towards a
// threshold.
struct Sign {
  v1::MisusePattern pattern = v1::MISUSE_PATTERN_UNSPECIFIED;
  std::string key;
  std::string subject;

  friend bool operator==(const Sign&, const Sign&) = default;
};

// What an access shows by itself: every pattern but BREADTH and SEARCH_THEN_NOTHING, which are seen
// when a day is looked back on.
std::vector<Sign> SignsOf(const MisuseRules& rules, const Access& access,
                          const Circumstances& circumstances);

// Whether the access looks up `child`, so that something should come of it.
bool IsSearch(const SearchRules& rules, const Access& access, const ChildCircumstances& child);
// Whether the access is work on the children it is about.
bool IsWork(const SearchRules& rules, const Access& access);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_ACCESS_H_
