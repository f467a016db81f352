// What hubctl says of an answer beside its content.
#include "deploy/hubctl/command/output.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DisclosureLinesTest, SayWhatWasWithheldAndOnWhatTermsTheRestWasGiven) {
  types::v1::Disclosure disclosure;
  EXPECT_THAT(DisclosureLines(disclosure), IsEmpty());
  types::v1::Withheld& withheld = *disclosure.add_withheld();
  withheld.set_category(options::v1::CATEGORY_PLAN_CONTENT);
  withheld.set_reason("The plan is for the core group.");
  withheld.set_what_would_change("Your agency would have to be in the core group.");
  withheld.set_released_by("agencies/redbridge-council");
  disclosure.add_withheld()->set_category(options::v1::CATEGORY_WORKER);
  types::v1::Terms& terms = *disclosure.add_terms();
  terms.set_rule("unscheduled-care/plan-dates");
  terms.add_categories(options::v1::CATEGORY_OPERATIONAL);
  terms.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  terms.set_onward(types::v1::ONWARD_SHARING_NOT_PERMITTED);
  terms.set_handling("For this visit.");
  types::v1::Terms& silent = *disclosure.add_terms();
  silent.set_rule("directory/agencies");
  silent.add_categories(options::v1::CATEGORY_OPERATIONAL);
  EXPECT_THAT(DisclosureLines(disclosure),
              ElementsAre("withheld: plan content: The plan is for the core group.",
                          "  > Your agency would have to be in the core group.",
                          "  can be released by agencies/redbridge-council", "withheld: worker",
                          "given by unscheduled-care/plan-dates: operational, plan status",
                          "  not to be passed on", "  For this visit.",
                          "given by directory/agencies: operational"));
}

}  // namespace
}  // namespace trusthub::hubctl
