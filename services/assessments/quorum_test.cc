#include "services/assessments/quorum.h"

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::assessments {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

TEST(CheckQuorum, AnyHealthBodyWillDo) {
  for (const char* health : {"ACUTE_TRUST", "COMMUNITY_HEALTH", "MENTAL_HEALTH_TRUST"}) {
    EXPECT_THAT(CheckQuorum({"COUNCIL", "POLICE_FORCE", health}), IsOk());
    EXPECT_THAT(CheckQuorum({"COUNCIL", "POLICE_FORCE", health, "SCHOOL", "HOUSING"}), IsOk());
  }
}

TEST(CheckQuorum, NamesWhoLacks) {
  const absl::Status alone = CheckQuorum({"COUNCIL", "SCHOOL"});
  EXPECT_THAT(alone, StatusIs(absl::StatusCode::kFailedPrecondition,
                              errors::v1::ERROR_REASON_QUORUM_MISSING));
  EXPECT_THAT(error::Explain(alone), Contains(HasSubstr("police, health")));
  EXPECT_THAT(error::Explain(CheckQuorum({"POLICE_FORCE", "ACUTE_TRUST"})),
              Contains(HasSubstr("children's services")));
  EXPECT_THAT(
      CheckQuorum({"COUNCIL", "ACUTE_TRUST"}),
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_QUORUM_MISSING));
  EXPECT_THAT(CheckQuorum({}), StatusIs(absl::StatusCode::kFailedPrecondition,
                                        errors::v1::ERROR_REASON_QUORUM_MISSING));
}

}  // namespace
}  // namespace trusthub::assessments
