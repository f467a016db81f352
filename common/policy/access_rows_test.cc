// Who can see what of one child, checked row by row against single decisions.
#include "common/policy/access_rows.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_join.h"
#include "common/policy/compiled_agreements.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr absl::CivilDay kDay(2010, 4, 1);

v1::Agreement Plans() {
  v1::Agreement agreement;
  agreement.set_id("plans");
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  *agreement.mutable_effective_from() = DateToProto(absl::CivilDay(2006, 4, 1));
  v1::Item& core = *agreement.add_items();
  core.set_id("core-group");
  core.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_SCHOOL);
  core.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_COMMUNITY_HEALTH);
  core.mutable_to()->add_roles(options::v1::ROLE_DESIGNATED_LEAD);
  core.mutable_to()->add_roles(options::v1::ROLE_HEALTH_VISITOR);
  core.add_purposes(options::v1::PURPOSE_CHILD_PROTECTION_PLANNING);
  core.add_relations(v1::RELATION_CORE_GROUP);
  core.add_records(options::v1::RECORD_KIND_PLAN);
  core.add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  v1::Item& status = *agreement.add_items();
  status = core;
  status.set_id("status");
  status.clear_categories();
  status.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  status.add_relations(v1::RELATION_HOLDING);
  return agreement;
}

const AgencyAndKind kSchool{"agencies/uphall", directory::v1::AGENCY_KIND_SCHOOL};
const AgencyAndKind kHealth{"agencies/nhs", directory::v1::AGENCY_KIND_COMMUNITY_HEALTH};
const AgencyAndKind kHousing{"agencies/homes", directory::v1::AGENCY_KIND_HOUSING};

TEST(AccessRowsTest, EachAgencyAsItStandsToTheChild) {
  const CompiledAgreements agreements({Plans()}, "v");
  const auto standing = [](const AgencyAndKind& agency, options::v1::Role, Purpose) {
    Standing s;
    s.relations = agency == kSchool ? kHolding : kCoreGroup;
    return s;
  };
  const auto rows = AccessOf(agreements, {kSchool, kHousing, kHealth}, kDay, standing);
  // Two roles of two agencies; a kind that no item names has none.
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].agency, kHealth.agency);
  EXPECT_EQ(rows[0].role, options::v1::ROLE_DESIGNATED_LEAD);
  EXPECT_EQ(rows[0].record_kind, options::v1::RECORD_KIND_PLAN);
  EXPECT_TRUE(rows[0].categories.Has(options::v1::CATEGORY_PLAN_CONTENT));
  EXPECT_TRUE(rows[0].categories.Has(options::v1::CATEGORY_PLAN_STATUS));
  EXPECT_EQ(absl::StrJoin(rows[0].rules, ","), "plans/core-group,plans/status");
  EXPECT_EQ(rows[2].agency, kSchool.agency);
  EXPECT_FALSE(rows[2].categories.Has(options::v1::CATEGORY_PLAN_CONTENT));
  EXPECT_EQ(absl::StrJoin(rows[2].rules, ","), "plans/status");
}

TEST(AccessRowsTest, NothingWithoutRelationConflictedOrOutOfDate) {
  const CompiledAgreements agreements({Plans()}, "v");
  const auto none = [](const AgencyAndKind&, options::v1::Role, Purpose) { return Standing{}; };
  EXPECT_TRUE(AccessOf(agreements, {kSchool, kHealth}, kDay, none).empty());
  const auto conflicted = [](const AgencyAndKind&, options::v1::Role, Purpose) {
    Standing s;
    s.relations = kCoreGroup;
    s.conflicted = true;
    return s;
  };
  EXPECT_TRUE(AccessOf(agreements, {kSchool, kHealth}, kDay, conflicted).empty());
  const auto core = [](const AgencyAndKind&, options::v1::Role, Purpose) {
    Standing s;
    s.relations = kCoreGroup;
    return s;
  };
  EXPECT_FALSE(AccessOf(agreements, {kSchool}, kDay, core).empty());
  EXPECT_TRUE(AccessOf(agreements, {kSchool}, absl::CivilDay(2006, 3, 31), core).empty());
}

TEST(AccessRowsTest, AsksForAStandingOncePerRoleAndPurpose) {
  v1::Agreement plans = Plans();
  plans.mutable_items(0)->add_records(options::v1::RECORD_KIND_CONFERENCE);
  const CompiledAgreements agreements({plans}, "v");
  int asked = 0;
  AccessOf(agreements, {kSchool}, kDay, [&](const AgencyAndKind&, options::v1::Role, Purpose) {
    ++asked;
    return Standing{};
  });
  EXPECT_EQ(asked, 2);  // two roles, one purpose, two kinds of record
}

TEST(AccessRowsTest, TheHubsOwnServicesAreNobody) {
  v1::Agreement plans = Plans();
  plans.mutable_items(0)->mutable_to()->add_roles(options::v1::ROLE_HUB_SERVICE);
  const CompiledAgreements agreements({plans}, "v");
  const auto core = [](const AgencyAndKind&, options::v1::Role, Purpose) {
    Standing s;
    s.relations = kCoreGroup;
    return s;
  };
  for (const AccessRow& row : AccessOf(agreements, {kSchool}, kDay, core)) {
    EXPECT_NE(row.role, options::v1::ROLE_HUB_SERVICE);
  }
}

}  // namespace
}  // namespace trusthub::policy
