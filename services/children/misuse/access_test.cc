#include "services/children/misuse/access.h"

#include <string>
#include <utility>
#include <vector>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/misuse/misuse_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using testing::IsOk;

const absl::Time kMorning = testing::LondonTime(2010, 3, 16, 9);

// The access of `entry`, which stands in a log as its seventh.
Access Made(audit::v1::AuditEntry entry, std::vector<std::string> children = {}) {
  audit::v1::LoggedEntry logged;
  logged.set_index(7);
  logged.set_leaf_input(audit::SaltAndSerialize(entry));
  for (std::string& child : children) logged.add_children(std::move(child));
  const auto access = AccessOf("auditTrees/t", logged);
  EXPECT_THAT(access, IsOk());
  EXPECT_TRUE(access->has_value());
  return **access;
}
Circumstances With(ChildCircumstances child) {
  Circumstances circumstances;
  circumstances.children.push_back(std::move(child));
  return circumstances;
}
auto Shows(v1::MisusePattern pattern) { return Contains(Field(&Sign::pattern, pattern)); }

TEST(AccessTest, NamesItsEntry) {
  const Access access = Made(EntryOf("sw", "referrals.get", kMorning), {"children/c"});
  EXPECT_EQ(access.entry, "auditTrees/t/entries/7");
  EXPECT_EQ(access.time, kMorning);
  EXPECT_EQ(access.worker, "workers/sw");
  EXPECT_THAT(access.children, ElementsAre("children/c"));
}

TEST(AccessTest, CallsOfServicesAreNone) {
  audit::v1::AuditEntry entry = EntryOf("", "events.watch", kMorning);
  entry.clear_worker();
  audit::v1::LoggedEntry logged;
  logged.set_leaf_input(audit::SaltAndSerialize(entry));
  const auto access = AccessOf("auditTrees/t", logged);
  ASSERT_THAT(access, IsOk());
  EXPECT_FALSE(access->has_value());
  logged.set_leaf_input("no entry");
  EXPECT_FALSE(AccessOf("auditTrees/t", logged).ok());
}

TEST(SignsTest, AnOrdinaryReadShowsNothing) {
  EXPECT_THAT(
      SignsOf(SmallRules(), Made(EntryOf("sw", "referrals.get", kMorning), {"children/c"}),
              With({.child = "children/c", .allocated_in_team = true, .agency_involved = true})),
      IsEmpty());
}

TEST(SignsTest, Refusals) {
  const MisuseRules rules = SmallRules();
  EXPECT_THAT(SignsOf(rules, Made(RefusalOf("sw", "RECORD_NOT_FOUND", kMorning)), {}),
              ElementsAre(Sign{v1::MISUSE_PATTERN_REFUSALS, "auditTrees/t/entries/7",
                               "auditTrees/t/entries/7"}));
  EXPECT_THAT(SignsOf(rules, Made(RefusalOf("sw", "REQUEST_INVALID", kMorning)), {}), IsEmpty());
  const auto conflicted = SignsOf(rules, Made(RefusalOf("sw", "WORKER_CONFLICTED", kMorning)), {});
  EXPECT_THAT(conflicted, Shows(v1::MISUSE_PATTERN_CONFLICT));
  EXPECT_THAT(conflicted, Shows(v1::MISUSE_PATTERN_REFUSALS));
}

TEST(SignsTest, SameAddressOnceADay) {
  const Access access = Made(EntryOf("sw", "children.get", kMorning), {"children/c"});
  const Circumstances near =
      With({.child = "children/c", .at_workers_postcode = true, .allocated_in_team = true});
  EXPECT_THAT(
      SignsOf(SmallRules(), access, near),
      ElementsAre(Sign{v1::MISUSE_PATTERN_SAME_ADDRESS, "children/c 2010-03-16", "children/c"}));
}

TEST(SignsTest, NoAllocationIsAboutReadsOfSomeRolesForSomePurposes) {
  const MisuseRules rules = SmallRules();
  const Circumstances nobodys = With({.child = "children/c"});
  audit::v1::AuditEntry read = EntryOf("sw", "referrals.get", kMorning);
  EXPECT_THAT(SignsOf(rules, Made(read, {"children/c"}), nobodys),
              Shows(v1::MISUSE_PATTERN_NO_ALLOCATION));
  EXPECT_THAT(SignsOf(rules, Made(read, {"children/c"}),
                      With({.child = "children/c", .allocated_in_team = true})),
              IsEmpty());
  audit::v1::AuditEntry change = read;
  change.set_decision(audit::v1::AUDIT_DECISION_RECORDED);
  EXPECT_THAT(SignsOf(rules, Made(change, {"children/c"}), nobodys), IsEmpty());
  audit::v1::AuditEntry screening = read;
  screening.set_purpose(options::v1::PURPOSE_SCREENING);
  EXPECT_THAT(SignsOf(rules, Made(screening, {"children/c"}), nobodys), IsEmpty());
  audit::v1::AuditEntry manager = read;
  manager.set_role(options::v1::ROLE_TEAM_MANAGER);
  EXPECT_THAT(SignsOf(rules, Made(manager, {"children/c"}), nobodys), IsEmpty());
}

TEST(SignsTest, AnEmergencyAccessCountsByItsRecord) {
  audit::v1::AuditEntry open = WorkOf("nurse", "break_glass.open", kMorning);
  open.add_records("breakGlasses/b");
  EXPECT_THAT(
      SignsOf(SmallRules(), Made(open), {}),
      ElementsAre(Sign{v1::MISUSE_PATTERN_BREAK_GLASS_HABIT, "breakGlasses/b", "breakGlasses/b"}));
  open.set_decision(audit::v1::AUDIT_DECISION_REFUSED);
  EXPECT_THAT(SignsOf(SmallRules(), Made(open), {}), IsEmpty());
}

TEST(SignsTest, TheLastDayIsStillService) {
  Circumstances left;
  left.leave_date = absl::CivilDay(2010, 3, 16);
  EXPECT_THAT(SignsOf(SmallRules(), Made(EntryOf("sw", "referrals.get", kMorning)), left),
              IsEmpty());
  left.leave_date = absl::CivilDay(2010, 3, 15);
  EXPECT_THAT(SignsOf(SmallRules(), Made(EntryOf("sw", "referrals.get", kMorning)), left),
              Shows(v1::MISUSE_PATTERN_LEAVER));
  EXPECT_THAT(SignsOf(SmallRules(), Made(RefusalOf("sw", "TOKEN_EXPIRED", kMorning)), left),
              Shows(v1::MISUSE_PATTERN_LEAVER))
      << "trying is enough";
}

TEST(SearchTest, LooksUpAChildThatTheAgencyIsNotInvolvedWith) {
  const SearchRules rules = SmallRules().searches;
  const Access get = Made(EntryOf("sw", "children.get", kMorning), {"children/c"});
  EXPECT_TRUE(IsSearch(rules, get, {.child = "children/c"}));
  EXPECT_FALSE(IsSearch(rules, get, {.child = "children/c", .agency_involved = true}));
  EXPECT_FALSE(IsSearch(rules, Made(EntryOf("sw", "referrals.get", kMorning)), {}));
  audit::v1::AuditEntry nurse = EntryOf("sw", "children.get", kMorning);
  nurse.set_role(options::v1::ROLE_SCHOOL_NURSE);
  EXPECT_FALSE(IsSearch(rules, Made(nurse), {}));
  audit::v1::AuditEntry refused = RefusalOf("sw", "RECORD_NOT_FOUND", kMorning);
  refused.set_action("children.get");
  EXPECT_FALSE(IsSearch(rules, Made(refused), {}));
}

TEST(SearchTest, WorkIsWhatWasRecordedAndIsNoSearch) {
  const SearchRules rules = SmallRules().searches;
  EXPECT_TRUE(IsWork(rules, Made(WorkOf("sw", "referrals.submit", kMorning))));
  EXPECT_FALSE(IsWork(rules, Made(WorkOf("sw", "children.register", kMorning))));
  EXPECT_FALSE(IsWork(rules, Made(WorkOf("sw", "break_glass.open", kMorning))));
  EXPECT_FALSE(IsWork(rules, Made(EntryOf("sw", "referrals.get", kMorning))));
}

}  // namespace
}  // namespace trusthub::children
