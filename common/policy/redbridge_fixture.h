// File: redbridge_fixture.h
//
// Cells of the access matrix, for tests: who asks what about which record, standing how, and the
// exact categories that the agreements shipped for Redbridge give.
#ifndef TRUSTHUB_COMMON_POLICY_REDBRIDGE_FIXTURE_H_
#define TRUSTHUB_COMMON_POLICY_REDBRIDGE_FIXTURE_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/policy/policy.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"

namespace trusthub::policy {

constexpr absl::CivilDay kInspectionDay(2010, 3, 16);
constexpr std::uint32_t kEveryRelation = (1u << 14) - 1;
constexpr std::uint32_t kEveryFlag = kProtectionPlan | kLookedAfter | kLiveEnquiry;

// Names are as agreement files spell them.
struct Cell {
  const char* agency_kind;
  const char* role;
  const char* purpose;
  const char* record;
  std::uint32_t relations;
  const char* expected;  // exactly these: every other category is denied
  std::uint32_t flags = 0;
  ConsentStanding consent = ConsentStanding::kNone;
  const char* opened = "";    // by emergency access
  const char* provider = "";  // kind of the record's owner; "" for who keeps such records
};
std::ostream& operator<<(std::ostream& out, const Cell& cell);

// One question by numbers, for loops over all of them.
struct Asked {
  int agency_kind = 0;
  int role = 0;
  int purpose = 0;
  int record = 0;
  std::uint32_t relations = kEveryRelation;
  std::uint32_t flags = kEveryFlag;
  ConsentStanding consent = ConsentStanding::kGiven;
  CategorySet opened = CategorySet(~std::uint64_t{0});
  absl::CivilDay day = kInspectionDay;
};

// The set that ships. Fails the test when it does not load.
const Agreements& Redbridge();
// What `agreements` give for `asked`, whoever provides the record.
CategorySet GivenByAnyone(const Agreements& agreements, const Asked& asked);
// The same, of a record whose owner is of this kind.
CategorySet GivenFrom(const Agreements& agreements, const Asked& asked, int provider_kind);
// What the shipped agreements give in `cell`.
CategorySet GivenIn(const Cell& cell);

// The value that agreement files spell `name`; fails the test when there is none.
int Named(const google::protobuf::EnumDescriptor* values, absl::string_view name);
CategorySet SetNamed(absl::string_view names);
std::string NamesOf(CategorySet set);

// Instantiate it with the cells of one row of the matrix.
class RedbridgeMatrix : public testing::TestWithParam<Cell> {};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_REDBRIDGE_FIXTURE_H_
