// File: access_diff.h
//
// Every access that one set of agreements gives and another does not.
#ifndef TRUSTHUB_COMMON_POLICY_ACCESS_DIFF_H_
#define TRUSTHUB_COMMON_POLICY_ACCESS_DIFF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"

namespace trusthub::policy {

// Bits of AccessChange::consents, by ConsentStanding.
constexpr std::uint8_t kAnyConsent = 0x1f;

// The same change in one or more cells. It holds where a caller stands to the child at least so:
// where fewer relations or flags already bring the change, only those are said.
struct AccessChange {
  bool gained = true;  // or lost
  CategorySet categories;
  std::vector<AccessCell> cells;  // in order
  // Any agency of a kind; a named agency; a named agency of that kind. What is said of a kind is
  // not said again of agencies by name.
  AgencyAndKind recipient;
  std::vector<std::uint32_t> relations;  // each holds, which means any bit of it does
  std::vector<std::uint32_t> flags;      // the same
  bool opened = false;                   // and emergency access opened the categories
  std::uint8_t consents = kAnyConsent;   // any of these
  // Records of any of these; empty: of anyone. Without a name: every agency of the kind; without a
  // kind: the agency whatever its kind. May be kAnotherAgency, kUnknownKind and so on.
  std::vector<AgencyAndKind> providers;
  // Days on which it holds; no first or last day where there is no beginning or end.
  std::optional<absl::CivilDay> first_day;
  std::optional<absl::CivilDay> last_day;
  std::vector<std::string> rules;      // that give it now (gained), or gave it before (lost)
  std::vector<std::string> denied_by;  // of a loss: rules that now deny it
};

struct AccessDiff {
  // Cells of agency, role, purpose, kind of record, category and least child state.
  std::int64_t gained = 0;
  std::int64_t lost = 0;
  std::vector<AccessChange> rows;
  // Categories whose existence begins, or ceases, to be secret.
  CategorySet newly_secret;
  CategorySet no_longer_secret;
};

struct CompareOptions {
  // Agencies whose kind is known; without it named agencies are tried as each kind.
  KindsOfAgencies kinds;
  // Only that day; every day when absent.
  std::optional<absl::CivilDay> day;
};

// Complete: where the two sets answer any question differently, a row says so. Takes time in
// proportion to what differs.
AccessDiff CompareAccess(const Agreements& before, const Agreements& after,
                         const CompareOptions& options);
AccessDiff CompareAccess(const Agreements& before, const Agreements& after);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_ACCESS_DIFF_H_
