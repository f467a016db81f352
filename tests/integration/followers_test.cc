// What a busy service tells is taken up by those who follow it in few commits, and whole.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/testing/failing_store.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/integration/local_hub.h"
#include "trusthub/children/v1/children_service.pb.h"

namespace trusthub::testing {
namespace {

constexpr char kFollower[] = "plans";
constexpr int kChildren = 40;

// Commits of the follower that moved it on in the stream of children, and events that they took up.
struct TakenUp {
  std::int64_t commits = 0;
  std::int64_t events = 0;
};

TakenUp TakenUpBy(store::Store& follower) {
  TakenUp taken;
  const auto view = follower.Open(absl::InfiniteFuture());
  EXPECT_THAT(view, IsOk());
  taken.commits = (*view)->Sequence("projection/children").value();
  const auto progress = (*view)->FindState("projection", "children");
  EXPECT_THAT(progress, IsOk());
  EXPECT_TRUE(progress->has_value());
  taken.events = std::stoll(progress->value_or("0"));
  return taken;
}

TEST(FollowersTest, WhatArrivesWhileTheFollowerWritesIsTakenUpTogether) {
  FailingStore* failing = nullptr;
  LocalHubOptions options;
  options.wrap_store = [&failing](
                           absl::string_view service,
                           std::unique_ptr<store::Store> inner) -> std::unique_ptr<store::Store> {
    if (service != kFollower) return inner;
    auto made = std::make_unique<FailingStore>(std::move(inner));
    failing = made.get();
    return made;
  };
  const auto hub = LocalHub::Start(std::move(options));
  ASSERT_THAT(hub, IsOk());
  ASSERT_TRUE((*hub)->WaitForNews(absl::Seconds(30)));
  const TakenUp before = TakenUpBy((*hub)->host(kFollower).store());

  failing->HoldCommits();
  const auto desk = (*hub)->hub().DeskOf("uphall-lead-01");
  ASSERT_THAT(desk, IsOk());
  for (int number = 1; number <= kChildren; ++number) {
    ASSERT_THAT((*desk)->Call<children::v1::RegisterChildResponse>(
                    RegistrationOf(number, RandomUuid()), "safeguarding_referral",
                    absl::StrCat("CASE-", number)),
                IsOk());
  }
  failing->ReleaseCommits();
  ASSERT_TRUE((*hub)->WaitForNews(absl::Seconds(30)));

  const TakenUp after = TakenUpBy((*hub)->host(kFollower).store());
  EXPECT_GE(after.events - before.events, kChildren);
  // The one that was held, what was read ahead then, what waited at the source; bookmarks move it
  // once a second.
  EXPECT_LT(after.commits - before.commits, kChildren / 2);
}

}  // namespace
}  // namespace trusthub::testing
