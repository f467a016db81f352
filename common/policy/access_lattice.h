// File: access_lattice.h
//
// The questions that a set of agreements can tell apart. Everything a decision looks at (policy.h,
// Question) has far too many values to try; but rules tell apart only a few of them, so that one
// question of each class stands for all.
#ifndef TRUSTHUB_COMMON_POLICY_ACCESS_LATTICE_H_
#define TRUSTHUB_COMMON_POLICY_ACCESS_LATTICE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/base/relations.h"
#include "common/policy/policy.h"
#include "trusthub/directory/v1/directory.pb.h"
#include "trusthub/options/v1/options.pb.h"
#include "trusthub/policy/v1/agreement.pb.h"

namespace trusthub::policy {

// An agency; without a name any agency of the kind, without a kind one whose kind is not known.
struct AgencyAndKind {
  std::string agency;
  directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_UNSPECIFIED;

  friend auto operator<=>(const AgencyAndKind&, const AgencyAndKind&) = default;
};

// What rules are looked up by.
struct AccessCell {
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;

  friend auto operator<=>(const AccessCell&, const AccessCell&) = default;
};

// Of a provider: a name or kind that no item of the cell names, or that is not known (yet).
constexpr char kAnotherAgency[] = "another";
constexpr char kUnknownAgency[] = "unknown";
constexpr auto kAnotherKind = static_cast<directory::v1::AgencyKind>(31);
constexpr auto kUnknownKind = static_cast<directory::v1::AgencyKind>(30);

// An item of a signed agreement, and the days on which it is in force.
struct SignedItem {
  const v1::Agreement* agreement = nullptr;
  const v1::Item* item = nullptr;
  absl::CivilDay first_day;
  absl::CivilDay last_day;  // absl::CivilDay::max() when there is no end
};

// Signed items whatever their dates, in the order of the agreements. They point into `agreements`.
std::vector<SignedItem> SignedItems(const Agreements& agreements);

// The items of each cell, in the order given.
using ItemsOfCells = std::map<AccessCell, std::vector<const SignedItem*>>;
ItemsOfCells ByCell(const std::vector<SignedItem>& items);

// Kinds of agencies that are known by name, e.g. from a directory.
using KindsOfAgencies = std::map<std::string, directory::v1::AgencyKind>;

// What the items of one cell tell apart.
struct AccessAxes {
  // Any agency of each kind named, then agencies by name: with their kind where it is known, else
  // once without a kind and once with each.
  std::vector<AgencyAndKind> recipients;
  // Disjoint sets of Relation bits that no item tells apart: that one bit of a set holds says as
  // much as that another does. kBreakGlass is in a set of its own.
  std::vector<std::uint32_t> relations;
  std::vector<std::uint32_t> flags;       // the same of ChildFlag bits
  std::vector<ConsentStanding> consents;  // kNone alone when no item asks
  // Every name with every kind, known or not, that items which ask for a provider tell apart. Just
  // one name and kind when none asks.
  std::vector<AgencyAndKind> providers;
  std::vector<absl::CivilDay> days;  // first days of stretches of time, in order
};

AccessAxes AxesOf(const std::vector<const SignedItem*>& items, const KindsOfAgencies& kinds);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_ACCESS_LATTICE_H_
