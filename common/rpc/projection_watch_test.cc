#include "common/rpc/projection_watch.h"

#include <map>
#include <string>
#include <vector>

#include "common/rpc/pipeline_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// Ages that a test sets.
class SetAges final : public events::Projections {
 public:
  void Start() override {}
  void Stop() override {}
  absl::Duration AgeOf(absl::string_view source) const override {
    return ages.at(std::string(source));
  }
  absl::Status CheckFresh(absl::Duration) const override { return absl::OkStatus(); }

  std::map<std::string, absl::Duration> ages = {{"children", absl::InfiniteDuration()},
                                                {"plans", absl::Seconds(5)}};
};

class ProjectionWatchTest : public ::testing::Test {
 protected:
  SetAges projections_;
  KeptMetrics metrics_;
  std::vector<bool> told_;
  ProjectionWatch watch_{&projections_, {"children", "plans"}, &metrics_, [this](bool fresh) {
                           told_.push_back(fresh);
                         }};
};

TEST_F(ProjectionWatchTest, FreshIsWhenEverySourceIsAndEachChangeIsToldOnce) {
  watch_.Look();
  watch_.Look();
  EXPECT_THAT(told_, ElementsAre(false)) << "children never confirmed anything";
  projections_.ages["children"] = absl::Milliseconds(10);
  watch_.Look();
  watch_.Look();
  EXPECT_THAT(told_, ElementsAre(false, true));
  projections_.ages["plans"] = absl::Milliseconds(5001);
  watch_.Look();
  EXPECT_THAT(told_, ElementsAre(false, true, false));
  EXPECT_THAT(metrics_.counts(), UnorderedElementsAre(Pair("projection age of children", 5),
                                                      Pair("projection age of plans", 5)));
}

TEST_F(ProjectionWatchTest, LooksOnceBeforeStartReturns) {
  projections_.ages["children"] = absl::ZeroDuration();
  watch_.Start();
  watch_.Stop();
  EXPECT_THAT(told_, ElementsAre(true));
}

TEST(ProjectionWatchOfNoneTest, WhoFollowsNobodyIsFresh) {
  SetAges projections;
  KeptMetrics metrics;
  std::vector<bool> told;
  ProjectionWatch watch(&projections, {}, &metrics, [&](bool fresh) { told.push_back(fresh); });
  watch.Look();
  EXPECT_THAT(told, ElementsAre(true));
}

}  // namespace
}  // namespace trusthub::rpc
