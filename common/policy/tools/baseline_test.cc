// What counts as sharing more, and that the text holds all of it.
#include "common/policy/tools/baseline.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/compiled_agreements.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr auto kPlan = options::v1::RECORD_KIND_PLAN;

CategorySet Needs(std::vector<Category> categories) {
  CategorySet set;
  for (const Category category : categories) set.Add(category);
  return set;
}

v1::Agreement Plans() {
  v1::Agreement agreement;
  agreement.set_id("plans");
  agreement.set_title("Plans");
  agreement.set_version("1.0");
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  *agreement.mutable_effective_from() = DateToProto(absl::CivilDay(2006, 4, 1));
  agreement.add_secret_categories(options::v1::CATEGORY_ADOPTION);
  v1::Item& item = *agreement.add_items();
  item.set_id("core-group");
  item.mutable_to()->add_agencies("agencies/uphall");
  item.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_SCHOOL);
  item.mutable_to()->add_roles(options::v1::ROLE_HEALTH_VISITOR);
  item.mutable_to()->add_roles(options::v1::ROLE_DESIGNATED_LEAD);
  item.add_purposes(options::v1::PURPOSE_CHILD_PROTECTION_PLANNING);
  item.add_relations(v1::RELATION_CORE_GROUP);
  item.add_records(kPlan);
  item.add_categories(options::v1::CATEGORY_OPERATIONAL);
  item.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  item.add_when(v1::CHILD_FLAG_PROTECTION_PLAN);
  item.set_consent(v1::CONSENT_RULE_NOT_REFUSED);
  item.mutable_from()->add_agency_kinds(directory::v1::AGENCY_KIND_COUNCIL);
  item.set_explanation("Why.");
  return agreement;
}

v1::Agreement Denies() {
  v1::Agreement agreement = Plans();
  agreement.set_id("never");
  v1::Item& item = *agreement.mutable_items(0);
  item.set_id("no-status");
  item.clear_categories();
  item.clear_consent();
  item.add_deny(options::v1::CATEGORY_PLAN_STATUS);
  return agreement;
}

Schema Fields() {
  Schema schema;
  schema.fields[kPlan]["Plan.kind"] =
      Needs({options::v1::CATEGORY_OPERATIONAL, options::v1::CATEGORY_PLAN_STATUS});
  schema.fields[kPlan]["Plan.outcome"] =
      Needs({options::v1::CATEGORY_OPERATIONAL, options::v1::CATEGORY_PLAN_CONTENT});
  schema.askable.insert(
      {options::v1::ROLE_DESIGNATED_LEAD, options::v1::PURPOSE_CHILD_PROTECTION_PLANNING, kPlan});
  return schema;
}

Baseline Of(std::vector<v1::Agreement> agreements, const Schema& schema = Fields()) {
  return BaselineOf(CompiledAgreements(std::move(agreements), "v"), schema);
}

std::string Widened(const Baseline& before, const Baseline& now) {
  std::string said;
  for (const Widening& each : WidenedUnsigned(before, now)) {
    absl::StrAppend(&said, each.agreement, " ", each.version, "\n", absl::StrJoin(each.rows, "\n"),
                    "\n");
  }
  return said;
}

TEST(BaselineTest, ReadsBackWhatItWrote) {
  const Baseline baseline = Of({Plans(), Denies()});
  const std::string text = BaselineText(baseline);
  const auto again = ParseBaseline(text);
  ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << text;
  EXPECT_EQ(BaselineText(*again), text);
  EXPECT_EQ(again->fields, baseline.fields);
  EXPECT_EQ(again->askable, baseline.askable);
  ASSERT_EQ(again->agreements.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again->agreements[i].SerializeAsString(), baseline.agreements[i].SerializeAsString());
  }
  EXPECT_TRUE(WidenedUnsigned(*again, baseline).empty());
}

TEST(BaselineTest, TheOrderOfListsAndWordsForPeopleAreOfNoEffect) {
  v1::Agreement other = Plans();
  other.set_title("Other words");
  other.mutable_items(0)->set_explanation("Other words.");
  other.mutable_items(0)->mutable_to()->mutable_roles()->SwapElements(0, 1);
  EXPECT_EQ(BaselineText(Of({Plans()})), BaselineText(Of({other})));
}

TEST(BaselineTest, WhatIsNoBaselineIsRefused) {
  EXPECT_FALSE(ParseBaseline("").ok());
  EXPECT_FALSE(ParseBaseline("# head\n---\nid: [\n---\n# fields\n").ok());
  EXPECT_FALSE(ParseBaseline("# head\n---\n# fields\nplan one\n---\n# askable\n").ok());
  EXPECT_FALSE(ParseBaseline("# head\n---\n# fields\n---\n# askable\nplan one\n").ok());
  const std::string text = BaselineText(Of({Plans()}));
  EXPECT_FALSE(ParseBaseline(text.substr(0, text.find("---\n# askable"))).ok());
  EXPECT_FALSE(ParseBaseline(text.substr(0, text.find("# fields"))).ok());
}

TEST(WideningTest, NeedsANewVersion) {
  v1::Agreement wider = Plans();
  wider.mutable_items(0)->add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  const std::string said = Widened(Of({Plans()}), Of({wider}));
  EXPECT_TRUE(absl::StrContains(said, "plans 1.0\n+ ")) << said;
  EXPECT_TRUE(absl::StrContains(said, "plan content (plans/core-group)")) << said;
  wider.set_version("1.1");
  EXPECT_EQ(Widened(Of({Plans()}), Of({wider})), "");
}

TEST(WideningTest, NarrowingNeedsNone) {
  v1::Agreement wider = Plans();
  wider.mutable_items(0)->add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(Widened(Of({wider}), Of({Plans()})), "");
}

TEST(WideningTest, ALiftedDenyWidens) {
  v1::Agreement lifted = Denies();
  lifted.mutable_items(0)->clear_deny();
  lifted.mutable_items(0)->add_deny(options::v1::CATEGORY_LEGAL);
  EXPECT_TRUE(
      absl::StartsWith(Widened(Of({Plans(), Denies()}), Of({Plans(), lifted})), "never 1.0\n+ "));
  lifted.set_version("1.1");
  EXPECT_EQ(Widened(Of({Plans(), Denies()}), Of({Plans(), lifted})), "");
}

TEST(WideningTest, AnAgreementThatIsGoneTakesItsDeniesAlong) {
  EXPECT_TRUE(absl::StartsWith(Widened(Of({Plans(), Denies()}), Of({Plans()})), "never 1.0\n+ "));
  EXPECT_EQ(Widened(Of({Plans(), Denies()}), Of({Denies()})), "");
}

// What one agreement adds unsigned shows although another, signed anew, is what makes it visible.
TEST(WideningTest, ShowsBehindANewVersionOfAnother) {
  v1::Agreement wider = Plans();
  wider.mutable_items(0)->add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  v1::Agreement guard = Denies();
  guard.mutable_items(0)->add_deny(options::v1::CATEGORY_PLAN_CONTENT);
  v1::Agreement lifted = Denies();
  lifted.set_version("1.1");
  EXPECT_TRUE(
      absl::StartsWith(Widened(Of({Plans(), guard}), Of({wider, lifted})), "plans 1.0\n+ "));
}

TEST(WideningTest, ASecretToldWidens) {
  v1::Agreement told = Plans();
  told.clear_secret_categories();
  EXPECT_TRUE(
      absl::StrContains(Widened(Of({Plans()}), Of({told})), "adoption is no longer secret"));
}

TEST(WideningTest, AFieldThatIsAddedOrLessProtectedWidens) {
  Schema added = Fields();
  added.fields[kPlan]["Plan.nickname"] = Needs({options::v1::CATEGORY_PLAN_STATUS});
  EXPECT_TRUE(absl::StrContains(Widened(Of({Plans()}), Of({Plans()}, added)),
                                "+ field Plan.nickname of plan, new"));
  Schema moved = Fields();
  moved.fields[kPlan]["Plan.outcome"] =
      Needs({options::v1::CATEGORY_OPERATIONAL, options::v1::CATEGORY_PLAN_STATUS});
  EXPECT_TRUE(absl::StrContains(Widened(Of({Plans()}), Of({Plans()}, moved)),
                                "+ field Plan.outcome of plan, was operational and plan content"));
  moved.fields[kPlan]["Plan.outcome"] = Needs({options::v1::CATEGORY_OPERATIONAL});
  EXPECT_NE(Widened(Of({Plans()}), Of({Plans()}, moved)), "");
  v1::Agreement newer = Plans();
  newer.set_version("1.1");
  EXPECT_EQ(Widened(Of({Plans()}), Of({newer}, moved)), "");
}

TEST(WideningTest, AFieldMoreProtectedOrGoneOrGivenToNobodyDoesNot) {
  Schema schema = Fields();
  schema.fields[kPlan]["Plan.kind"].Add(options::v1::CATEGORY_LEGAL);
  schema.fields[kPlan].erase("Plan.outcome");
  schema.fields[kPlan]["Plan.advice"] = Needs({options::v1::CATEGORY_LEGAL});
  EXPECT_EQ(Widened(Of({Plans()}), Of({Plans()}, schema)), "");
}

TEST(WideningTest, AMethodThatLetsMorePeopleAskWidens) {
  Schema more = Fields();
  more.askable.insert(
      {options::v1::ROLE_HEALTH_VISITOR, options::v1::PURPOSE_CHILD_PROTECTION_PLANNING, kPlan});
  EXPECT_EQ(Widened(Of({Plans()}), Of({Plans()}, more)),
            "plans 1.0\n+ a method lets health visitor ask for plan for child protection planning "
            "(core-group)\n");
  v1::Agreement newer = Plans();
  newer.set_version("1.1");
  EXPECT_EQ(Widened(Of({Plans()}), Of({newer}, more)), "");
  EXPECT_EQ(Widened(Of({Plans()}, more), Of({Plans()})), "") << "fewer may ask";
  Schema nobodys = Fields();
  nobodys.askable.insert(
      {options::v1::ROLE_INSPECTOR, options::v1::PURPOSE_CHILD_PROTECTION_PLANNING, kPlan});
  EXPECT_EQ(Widened(Of({Plans()}), Of({Plans()}, nobodys)), "") << "no item gives them anything";
}

}  // namespace
}  // namespace trusthub::policy
