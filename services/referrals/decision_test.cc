#include "services/referrals/decision.h"

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::referrals {
namespace {

using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

// Due on Wednesday 17 March 2010.
v1::Referral Received() {
  v1::Referral referral;
  referral.set_state(v1::REFERRAL_STATE_RECEIVED);
  *referral.mutable_decision_due_date() = DateToProto(absl::CivilDay(2010, 3, 17));
  return referral;
}

Decision At(absl::CivilSecond second) {
  return {.decision = v1::REFERRAL_DECISION_ASSESS,
          .decided_by = "workers/meera",
          .rationale = "Neglect over months",
          .late_reason = "",
          .time = absl::FromCivil(second, London())};
}

TEST(Decide, BecomesDecidedWithWhoWhenAndWhy) {
  v1::Referral referral = Received();
  ASSERT_THAT(Decide(At(absl::CivilSecond(2010, 3, 17, 9)), &referral), IsOk());
  EXPECT_EQ(referral.state(), v1::REFERRAL_STATE_DECIDED);
  EXPECT_EQ(referral.decision(), v1::REFERRAL_DECISION_ASSESS);
  EXPECT_EQ(referral.decided_by(), "workers/meera");
  EXPECT_EQ(referral.decision_rationale(), "Neglect over months");
  EXPECT_EQ(TimeFromProto(referral.decision_time()),
            absl::FromCivil(absl::CivilSecond(2010, 3, 17, 9), London()));
  EXPECT_FALSE(referral.decided_late());
}

TEST(Decide, DueDayLastsUntilMidnight) {
  v1::Referral referral = Received();
  EXPECT_THAT(Decide(At(absl::CivilSecond(2010, 3, 17, 23, 59, 59)), &referral), IsOk());
  EXPECT_FALSE(referral.decided_late());
}

TEST(Decide, LateWithoutReasonIsRefusedAndChangesNothing) {
  for (const char* reason : {"", " \n\t"}) {
    v1::Referral referral = Received();
    Decision late = At(absl::CivilSecond(2010, 3, 18, 0, 0, 0));
    late.late_reason = reason;
    EXPECT_THAT(Decide(late, &referral), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                  errors::v1::ERROR_REASON_LATE_REASON_MISSING));
    EXPECT_EQ(referral.SerializeAsString(), Received().SerializeAsString());
  }
}

TEST(Decide, LateWithReasonSaysSo) {
  v1::Referral referral = Received();
  Decision late = At(absl::CivilSecond(2010, 3, 18, 0, 0, 0));
  late.late_reason = "Office closed by flood";
  ASSERT_THAT(Decide(late, &referral), IsOk());
  EXPECT_TRUE(referral.decided_late());
  EXPECT_EQ(referral.late_reason(), "Office closed by flood");
}

TEST(Decide, OnlyOnce) {
  for (const v1::ReferralState state :
       {v1::REFERRAL_STATE_DECIDED, v1::REFERRAL_STATE_UNSPECIFIED}) {
    v1::Referral referral = Received();
    referral.set_state(state);
    EXPECT_THAT(
        Decide(At(absl::CivilSecond(2010, 3, 17, 9)), &referral),
        StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
  }
}

TEST(DecisionName, DropsThePrefix) {
  EXPECT_EQ(DecisionName(v1::REFERRAL_DECISION_NO_FURTHER_ACTION), "NO_FURTHER_ACTION");
  EXPECT_EQ(DecisionName(v1::REFERRAL_DECISION_UNSPECIFIED), "");
}

}  // namespace
}  // namespace trusthub::referrals
