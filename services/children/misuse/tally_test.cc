#include "services/children/misuse/tally.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::children {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

absl::Time At(int minute) { return absl::FromUnixSeconds(1268733600) + absl::Minutes(minute); }

Moment MomentAt(int minute, const std::string& subject) {
  const std::string name = absl::StrCat(subject, "@", minute);
  return {At(minute), name, name, subject};
}

std::vector<Moment> Kept(const std::vector<Moment>& moments) {
  std::vector<Moment> kept;
  for (const Moment& moment : moments) Keep(moment, &kept);
  return kept;
}

constexpr MisuseThreshold kThreeInAnHour = {3, absl::Minutes(60)};

TEST(BurstTest, EnoughWithinTheWindow) {
  EXPECT_FALSE(HasBurst(kThreeInAnHour, Kept({})));
  EXPECT_FALSE(HasBurst(kThreeInAnHour, Kept({MomentAt(0, "a"), MomentAt(1, "b")})));
  EXPECT_TRUE(
      HasBurst(kThreeInAnHour, Kept({MomentAt(0, "a"), MomentAt(1, "b"), MomentAt(59, "c")})));
  EXPECT_FALSE(
      HasBurst(kThreeInAnHour, Kept({MomentAt(0, "a"), MomentAt(1, "b"), MomentAt(60, "c")})))
      << "an hour apart is not within an hour";
  EXPECT_TRUE(HasBurst(kThreeInAnHour, Kept({MomentAt(0, "a"), MomentAt(90, "b"),
                                             MomentAt(100, "c"), MomentAt(149, "d")})));
}

TEST(BurstTest, OneSubjectCountsOnce) {
  EXPECT_FALSE(HasBurst(kThreeInAnHour, Kept({MomentAt(0, "a"), MomentAt(1, "a"), MomentAt(2, "a"),
                                              MomentAt(3, "b")})));
  // The first of a leaves the window; the second still stands for it.
  EXPECT_TRUE(HasBurst(kThreeInAnHour, Kept({MomentAt(0, "a"), MomentAt(30, "a"), MomentAt(50, "b"),
                                             MomentAt(80, "c")})));
}

TEST(BurstTest, WhatAReviewCountsIsNoNews) {
  std::vector<Moment> moments = Kept({MomentAt(0, "a"), MomentAt(1, "b"), MomentAt(2, "c")});
  EXPECT_THAT(TakeAll(&moments), SizeIs(3));
  EXPECT_FALSE(HasBurst(kThreeInAnHour, moments));
  EXPECT_THAT(TakeAll(&moments), IsEmpty());
  Keep(MomentAt(3, "d"), &moments);
  Keep(MomentAt(4, "e"), &moments);
  EXPECT_FALSE(HasBurst(kThreeInAnHour, moments));
  Keep(MomentAt(5, "f"), &moments);
  EXPECT_TRUE(HasBurst(kThreeInAnHour, moments));
}

TEST(KeepTest, OneKeyIsOneMomentAtItsEarliest) {
  Moment later = MomentAt(10, "a");
  Moment earlier = MomentAt(5, "a");
  later.key = earlier.key = "a on Tuesday";
  EXPECT_EQ(Kept({later, earlier}), Kept({earlier, later}));
  EXPECT_THAT(Kept({later, earlier}), ElementsAre(earlier));
  std::vector<Moment> moments = {later};
  moments[0].counted = true;
  Keep(earlier, &moments);
  EXPECT_THAT(moments, SizeIs(1)) << "what a review counts stays as it is";
}

TEST(KeepTest, OrderMakesNoDifference) {
  std::mt19937 random(static_cast<unsigned>(testing::TestSeed()));
  for (int round = 0; round < 200; ++round) {
    std::vector<Moment> moments;
    for (int i = 0; i < 12; ++i) {
      Moment moment =
          MomentAt(static_cast<int>(random() % 100), std::string(1, 'a' + random() % 4));
      if (random() % 2 == 0) moment.key = absl::StrCat(moment.subject, " daily");
      moments.push_back(moment);
    }
    const std::vector<Moment> once = Kept(moments);
    std::shuffle(moments.begin(), moments.end(), random);
    ASSERT_EQ(Kept(moments), once);
  }
}

TEST(ForgetTest, OldOnesAndTooManyGo) {
  std::vector<Moment> moments = Kept({MomentAt(0, "a"), MomentAt(1, "b")});
  Forget(At(1), &moments);
  EXPECT_THAT(moments, ElementsAre(MomentAt(1, "b")));
  moments.clear();
  for (int i = 0; i < kMomentsMax + 5; ++i) moments.push_back(MomentAt(i, absl::StrCat(i)));
  Forget(absl::InfinitePast(), &moments);
  ASSERT_THAT(moments, SizeIs(kMomentsMax));
  EXPECT_EQ(moments.front().time, At(5));
}

WorkerBreadth Saw(const std::string& worker, int children,
                  options::v1::Role role = options::v1::ROLE_SOCIAL_WORKER) {
  return {worker, role, children};
}

TEST(BreadthTest, FarAboveTheMedianOfTheRole) {
  const BreadthRules rules = {10, 4};
  // Others of the role: 2, 3, 5; their median is 3.
  const std::vector<WorkerBreadth> others = {Saw("a", 2), Saw("b", 3), Saw("c", 5)};
  const auto with = [&](WorkerBreadth one) {
    std::vector<WorkerBreadth> day = others;
    day.push_back(std::move(one));
    return StandingOut(rules, day);
  };
  EXPECT_THAT(with(Saw("x", 11)), IsEmpty());
  EXPECT_THAT(with(Saw("x", 12)), ElementsAre("x"));
  // Another role is no measure; without others the least number decides.
  EXPECT_THAT(with(Saw("x", 9, options::v1::ROLE_TEAM_MANAGER)), IsEmpty());
  EXPECT_THAT(with(Saw("x", 10, options::v1::ROLE_TEAM_MANAGER)), ElementsAre("x"));
}

TEST(BreadthTest, AnEvenNumberOfOthers) {
  const BreadthRules rules = {1, 4};
  // The median of 2 and 3 is two and a half, four times of which is 10.
  EXPECT_THAT(StandingOut(rules, {Saw("a", 2), Saw("b", 3), Saw("x", 9)}), IsEmpty());
  EXPECT_THAT(StandingOut(rules, {Saw("a", 2), Saw("b", 3), Saw("x", 10)}), ElementsAre("x"));
}

TEST(BreadthTest, ABusyDayOfAllIsNoFinding) {
  const BreadthRules rules = {10, 4};
  EXPECT_THAT(StandingOut(rules, {Saw("a", 30), Saw("b", 40), Saw("c", 35)}), IsEmpty());
}

}  // namespace
}  // namespace trusthub::children
