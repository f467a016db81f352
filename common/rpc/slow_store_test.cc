// Calls over a disk that is slow: what comes in time is answered with it, what does not is answered
// in its stead, and nothing is done twice. (Disks that hang: pipeline_test.)
#include <atomic>
#include <thread>
#include <vector>

#include "common/error/error.h"
#include "common/rpc/pipeline_fixture.h"
#include "gtest/gtest.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::rpc {
namespace {

using referrals::v1::SubmitReferralRequest;

constexpr absl::Duration kInTime = absl::Milliseconds(250);
constexpr absl::Duration kTooLate = absl::Milliseconds(1500);
constexpr absl::Duration kNone = absl::ZeroDuration();
constexpr absl::Duration kAnswered = absl::Seconds(1);

class SlowStoreTest : public PipelineFixture {
 protected:
  // Answers of `count` calls at once, each within `kAnswered`.
  template <class MakeCall>
  std::vector<Answer> RunAtOnce(std::size_t count, MakeCall make) {
    std::vector<Answer> answers(count);
    std::vector<std::thread> callers;
    for (std::size_t i = 0; i < count; ++i) {
      callers.emplace_back([this, &answers, &make, i] {
        const absl::Duration began = MonotonicNow();
        answers[i] = Run(make(i));
        EXPECT_LT(MonotonicNow() - began, kAnswered);
      });
    }
    for (std::thread& caller : callers) caller.join();
    return answers;
  }
  std::unique_ptr<Incoming> SubmitNumber(std::size_t i) {
    SubmitReferralRequest request = GoodReferral();
    request.set_request_id(absl::StrCat("0d9b1c6e-3f0a-4c55-9a0e-33333333333", i));
    return NewCall("SubmitReferral", request.SerializeAsString());
  }
};

// Calls do not hold a thread while their commit is on its way: eight take as long as one.
TEST_F(SlowStoreTest, SlowCommitsAreWaitedFor) {
  slow_->TakeTime(kInTime, kNone);
  const absl::Duration began = MonotonicNow();
  for (const Answer& answer : RunAtOnce(8, [this](std::size_t i) { return SubmitNumber(i); })) {
    EXPECT_TRUE(answer.status.ok()) << answer.status;
  }
  EXPECT_GE(MonotonicNow() - began, kInTime);
  EXPECT_EQ(CountReferrals(), 8);
}

TEST_F(SlowStoreTest, CommitsThatAreTooSlowAreAnsweredInTheirStead) {
  const std::string get = GetOf(Submit().name()).SerializeAsString();
  slow_->TakeTime(kTooLate, kNone);
  const auto answers = RunAtOnce(
      8, [&](std::size_t i) { return i % 2 == 0 ? SubmitNumber(i) : NewCall("GetReferral", get); });
  for (const Answer& answer : answers) {
    const error::Reason reason = error::ReasonOf(answer.status);
    EXPECT_TRUE(reason == errors::v1::ERROR_REASON_STORE_UNAVAILABLE ||
                reason == errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE)
        << answer.status;
    EXPECT_TRUE(answer.bytes.empty());
  }
  slow_->TakeTime(kNone, kNone);
  // Until what was late has come back.
  while (!store_->Open(absl::InfiniteFuture()).ok()) std::this_thread::yield();
  for (const std::size_t i : {0u, 2u, 4u, 6u}) {
    const Answer again = Run(SubmitNumber(i));
    EXPECT_TRUE(again.status.ok()) << again.status;
  }
  EXPECT_EQ(CountReferrals(), 5) << "each is made once, whether it was applied at first or not";
}

TEST_F(SlowStoreTest, SlowReadsAreWaitedFor) {
  const std::string get = GetOf(Submit().name()).SerializeAsString();
  slow_->TakeTime(kNone, absl::Milliseconds(20));
  const auto answers = RunAtOnce(4, [&](std::size_t) { return NewCall("GetReferral", get); });
  for (const Answer& answer : answers) EXPECT_TRUE(answer.status.ok()) << answer.status;
}

TEST_F(SlowStoreTest, ReadsThatAreTooSlowAreAnsweredInTheirStead) {
  const std::string get = GetOf(Submit().name()).SerializeAsString();
  const std::size_t entries = Log().size();
  slow_->TakeTime(kNone, kTooLate);
  const auto answers = RunAtOnce(8, [&](std::size_t) { return NewCall("GetReferral", get); });
  for (const Answer& answer : answers) {
    EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
    EXPECT_TRUE(answer.bytes.empty());
  }
  slow_->TakeTime(kNone, kNone);
  while (store_->reads_hang()) std::this_thread::yield();
  EXPECT_EQ(Log().size(), entries) << "nothing was disclosed";
  EXPECT_TRUE(Run(NewCall("GetReferral", get)).status.ok());
}

}  // namespace
}  // namespace trusthub::rpc
