// How changes read: one line for what an item says in one.
#include "common/policy/tools/access_text.h"

#include <algorithm>
#include <string>
#include <vector>

#include "common/policy/compiled_agreements.h"
#include "common/policy/tools/terms.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr absl::CivilDay kToday(2010, 4, 1);

v1::Agreement PlanDates() {
  v1::Agreement agreement;
  agreement.set_id("unscheduled-care");
  agreement.set_title("Unscheduled care");
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  *agreement.mutable_effective_from() = DateToProto(absl::CivilDay(2006, 4, 1));
  v1::Item& item = *agreement.add_items();
  item.set_id("plan-dates");
  item.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_ACUTE_TRUST);
  item.mutable_to()->add_roles(options::v1::ROLE_EMERGENCY_NURSE);
  item.add_purposes(options::v1::PURPOSE_UNSCHEDULED_CARE);
  item.add_relations(v1::RELATION_PRESENTING);
  item.add_records(options::v1::RECORD_KIND_PLAN);
  item.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  return agreement;
}

std::vector<std::string> TextsOf(const v1::Agreement& before, const v1::Agreement& after) {
  const AccessDiff diff =
      CompareAccess(CompiledAgreements({before}, "1"), CompiledAgreements({after}, "2"));
  std::vector<std::string> texts;
  for (const AccessLine& line : LinesOf(diff.rows, kToday)) texts.push_back(line.Text());
  return texts;
}

using Texts = std::vector<std::string>;

TEST(AccessTextTest, AGain) {
  v1::Agreement after = PlanDates();
  after.mutable_items(0)->add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(TextsOf(PlanDates(), after),
            Texts({"+ emergency nurse of any acute trust, for unscheduled care, presenting there: "
                   "plan: plan content (unscheduled-care/plan-dates)"}));
  EXPECT_EQ(TextsOf(after, PlanDates()),
            Texts({"- emergency nurse of any acute trust, for unscheduled care, presenting there: "
                   "plan: plan content (unscheduled-care/plan-dates)"}));
}

TEST(AccessTextTest, OneLineForWhatAnItemLists) {
  v1::Agreement after = PlanDates();
  v1::Item& item = *after.mutable_items(0);
  item.mutable_to()->add_roles(options::v1::ROLE_HEALTH_VISITOR);
  item.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_COMMUNITY_HEALTH);
  item.add_purposes(options::v1::PURPOSE_HEALTH_CARE);
  item.add_relations(v1::RELATION_HOLDING);
  item.add_when(v1::CHILD_FLAG_LOOKED_AFTER);
  item.set_consent(v1::CONSENT_RULE_GIVEN);
  item.mutable_from()->add_agency_kinds(directory::v1::AGENCY_KIND_COUNCIL);
  *after.mutable_effective_to() = DateToProto(absl::CivilDay(2011, 3, 31));
  v1::Agreement before = PlanDates();
  before.clear_items();
  EXPECT_EQ(
      TextsOf(before, after),
      Texts({"+ emergency nurse or health visitor of any acute trust or community health, for "
             "unscheduled care or health care, holding a record of the child or presenting "
             "there and looked after, consent given or consent not required, records of any "
             "council, until 2011-03-31: plan: plan status (unscheduled-care/plan-dates)"}));
}

TEST(AccessTextTest, ALossSaysWhatDeniesItNow) {
  v1::Agreement after = PlanDates();
  v1::Item& deny = *after.add_items();
  deny = after.items(0);
  deny.set_id("never");
  deny.clear_categories();
  deny.add_deny(options::v1::CATEGORY_PLAN_STATUS);
  EXPECT_EQ(TextsOf(PlanDates(), after),
            Texts({"- emergency nurse of any acute trust, for unscheduled care, presenting there: "
                   "plan: plan status (unscheduled-care/plan-dates; now denied by "
                   "unscheduled-care/never)"}));
}

TEST(TermsTest, SaysWhatIsWrittenDifferently) {
  v1::Agreement before = PlanDates();
  before.mutable_items(0)->set_onward(types::v1::ONWARD_SHARING_NOT_PERMITTED);
  v1::Agreement after = PlanDates();
  after.set_version("1.1");
  *after.mutable_review_date() = DateToProto(absl::CivilDay(2011, 3, 31));
  v1::Signatory& signatory = *after.add_signatories();
  signatory.set_office("Director");
  signatory.set_agency("agencies/council");
  after.mutable_items(0)->set_onward(types::v1::ONWARD_SHARING_SAME_PURPOSE);
  after.mutable_arrangements()->set_breach_hours(24);
  *after.add_items() = after.items(0);
  after.mutable_items(1)->set_id("another");
  const CompiledAgreements one({before}, "1");
  const CompiledAgreements other({after}, "2");
  std::vector<std::string> said;
  for (const TermChange& each : CompareTerms(one, other)) {
    said.push_back(each.where + "|" + each.term + "|" + each.before + "|" + each.after);
  }
  EXPECT_EQ(said,
            Texts({"unscheduled-care|version||1.1", "unscheduled-care|review_date||2011-03-31",
                   "unscheduled-care|signatories|[]|[{office: Director, agency: "
                   "agencies/council}]",
                   "unscheduled-care|arrangements.breach_hours|0|24",
                   "unscheduled-care/another|||item added",
                   "unscheduled-care/plan-dates|onward|not_permitted|same_purpose"}));
  EXPECT_TRUE(CompareTerms(one, one).empty());
  ASSERT_EQ(CompareTerms(one, CompiledAgreements({}, "3")).size(), 1u);
}

}  // namespace
}  // namespace trusthub::policy
