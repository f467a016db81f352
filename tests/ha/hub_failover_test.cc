// The primary under a service of a whole hub is killed while partners call: they are refused with a
// delay, within the bound of every call, and go on where the standby took over; nothing that they
// were told is lost or done twice.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/ha/server_pair.h"
#include "tests/integration/local_hub.h"

namespace trusthub::ha {
namespace {

using testing::CasePath;
using testing::IsOk;
using testing::LocalHub;

constexpr char kService[] = "referrals";
constexpr char kReference[] = "FAILOVER-1";
// A call is answered within a second; on a busy machine.
constexpr absl::Duration kAnswerMax = absl::Seconds(3);
constexpr absl::Duration kRecoveryMax = absl::Seconds(60);

// Partners who send referrals one after the other, each again until it is answered.
class Referrers {
 public:
  Referrers(const hubctl::Hub& hub, std::string child, int count) : child_(std::move(child)) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this, &hub] { Work(hub); });
  }
  ~Referrers() { Stop(); }
  void Stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // Until `more` referrals are answered and, if asked for, some call was refused.
  bool Await(std::size_t more, bool refused) {
    const absl::Duration end = MonotonicNow() + kRecoveryMax;
    MutexLock lock(mutex_);
    const std::size_t wanted = names_.size() + more;
    while (names_.size() < wanted || (refused && refused_ == 0)) {
      const absl::Duration left = end - MonotonicNow();
      if (left <= absl::ZeroDuration()) return false;
      changed_.WaitFor(mutex_, left);
    }
    return true;
  }
  // Name of the referral by its request. After Stop.
  const std::map<std::string, std::string>& names() const { return names_; }
  int refused() const { return refused_; }
  absl::Duration longest() const { return longest_; }

 private:
  void Work(const hubctl::Hub& hub) {
    const auto desk = hub.DeskOf("uphall-lead-01");
    ASSERT_THAT(desk, IsOk());
    std::string id = RandomUuid();
    for (const absl::Duration limit = MonotonicNow() + 3 * kRecoveryMax; !stopping_;) {
      ASSERT_LT(MonotonicNow(), limit) << "a referral is never answered";
      const absl::Duration began = MonotonicNow();
      const auto answer = (*desk)->Call<referrals::v1::SubmitReferralResponse>(
          testing::ReferralOf(child_, id), "safeguarding_referral", kReference);
      const absl::Duration took = MonotonicNow() - began;
      MutexLock lock(mutex_);
      longest_ = std::max(longest_, took);
      if (answer.ok()) {
        names_[id] = answer->referral().name();
        id = RandomUuid();
      } else {
        ++refused_;
        EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << answer.status();
        EXPECT_TRUE(answer.status().GetPayload(error::kRetryInfoUrl).has_value())
            << answer.status();
      }
      changed_.NotifyAll();
    }
  }

  const std::string child_;
  std::atomic<bool> stopping_{false};
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::string> names_;
  int refused_ = 0;
  absl::Duration longest_;
  std::vector<std::thread> threads_;
};

std::set<std::string> ReferralsOf(const hubctl::Hub& hub, const std::string& child) {
  std::set<std::string> names;
  const auto desk = hub.DeskOf("lbr-screening-01");
  EXPECT_THAT(desk, IsOk());
  referrals::v1::ListReferralsRequest request;
  request.set_child(child);
  request.set_page_size(100);
  do {
    const auto page =
        (*desk)->Call<referrals::v1::ListReferralsResponse>(request, "screening", kReference);
    EXPECT_THAT(page, IsOk());
    if (!page.ok()) break;
    for (const auto& referral : page->referrals()) names.insert(referral.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return names;
}

TEST(HubFailoverTest, CallsAreRefusedWithADelayUntilTheStandbyTakesOver) {
  ServerPair servers;
  testing::LocalHubOptions options;
  options.adjust = [&servers](absl::string_view service, config::Config* config) {
    if (service == kService) config->store = servers.UrlAt(servers.hosts());
  };
  const auto hub = LocalHub::Start(std::move(options));
  ASSERT_THAT(hub, IsOk());
  CasePath path(&(*hub)->hub(), 1, LondonDay((*hub)->clock().Now()));
  ASSERT_THAT(path.Register(), IsOk());
  ASSERT_THAT(path.Refer(), IsOk());

  Referrers referrers((*hub)->hub(), path.child, 4);
  ASSERT_TRUE(referrers.Await(20, /*refused=*/false));
  servers.primary().Kill();
  const absl::Duration killed = MonotonicNow();
  ASSERT_TRUE(referrers.Await(0, /*refused=*/true)) << "nobody was refused: the test is in vain";
  servers.Promote();
  ASSERT_TRUE(referrers.Await(20, /*refused=*/true)) << "the service does not go on";
  const absl::Duration recovered = MonotonicNow();
  referrers.Stop();

  EXPECT_LT(referrers.longest(), kAnswerMax);
  const std::set<std::string> there = ReferralsOf((*hub)->hub(), path.child);
  std::set<std::string> told = {path.referral.name()};
  for (const auto& [id, name] : referrers.names()) {
    EXPECT_TRUE(told.insert(name).second) << "two requests made one referral";
    EXPECT_EQ(there.count(name), 1U) << "lost: " << name;
  }
  // Each of the partners may have stopped with one whose answer it never had.
  EXPECT_LE(there.size(), told.size() + 4);
  std::printf("%zu referrals, %d calls refused, longest %s; 20 more answered %s after the kill\n",
              told.size(), referrers.refused(), absl::FormatDuration(referrers.longest()).c_str(),
              absl::FormatDuration(recovered - killed).c_str());
}

}  // namespace
}  // namespace trusthub::ha
