// SIGTERM: calls under way are finished, new ones refused, the process ends with 0.
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/rpc/to_grpc.h"
#include "common/testing/matchers.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/e2e/health_probe.h"
#include "tests/e2e/hub_records.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/writes.h"

namespace trusthub::testing {
namespace {

constexpr int kCalls = 20;
constexpr char kRegister[] = "/trusthub.health.v1.HealthService/RegisterAttendance";
// run_service.cc allows 20 s; the calls here need less than one.
constexpr absl::Duration kDrainLimit = absl::Seconds(20);

// One call of RegisterAttendance that does not wait for its answer.
class Attendance {
 public:
  Attendance(grpc::GenericStub* stub, const std::string& token) {
    context_.AddMetadata("authorization", "Bearer " + token);
    context_.AddMetadata("x-trusthub-purpose", "unscheduled_care");
    context_.AddMetadata("x-trusthub-case-reference", "DRAIN-1");
    context_.set_deadline(absl::ToChronoTime(RealClock().Now() + absl::Seconds(30)));
    const std::string bytes = AttendanceOf(1, RandomUuid()).SerializeAsString();
    const grpc::Slice slice(bytes);
    request_ = grpc::ByteBuffer(&slice, 1);
    stub->UnaryCall(&context_, kRegister, grpc::StubOptions(), &request_, &response_,
                    [this](const grpc::Status& status) {
                      MutexLock lock(mutex_);
                      status_ = rpc::FromGrpc(status);
                      done_ = true;
                      changed_.NotifyAll();
                    });
  }
  ~Attendance() { Result().IgnoreError(); }  // the library uses it until the answer is there
  bool done() {
    MutexLock lock(mutex_);
    return done_;
  }
  absl::Status Result() {
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
    return status_;
  }

 private:
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

TEST(DrainTest, CallsUnderWayAreFinishedAndNewOnesRefused) {
  auto started = RunningHub::Start({CaseStart()});
  ASSERT_THAT(started, IsOk());
  RunningHub& hub = **started;
  ASSERT_THAT(hub.LoadDirectory(), IsOk());
  const auto nurse = hub.DeskOf("bhrut-nurse-01");
  const absl::StatusOr<std::string> token = nurse->Token();
  ASSERT_THAT(token, IsOk());
  const rpc::TlsFiles tls = hub.hub().TlsOf("agencies/bhrut");
  const auto channel = ChannelTo(hub.hub().addresses().at("health"), tls);
  grpc::GenericStub stub(channel);
  EXPECT_THAT(Attendance(&stub, *token).Result(), IsOk());
  HealthStream health(ChannelTo(hub.hub().addresses().at("health"), tls));
  ASSERT_EQ(health.Next(), Health::kServing);

  // The health service asks the child index for each attendance; while that stands still, the calls
  // stay under way. A health check on the same connection is answered after they were taken; many,
  // for the thread that took one may have been put aside by the machine.
  hub.Signal("children", SIGSTOP);
  std::vector<std::unique_ptr<Attendance>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(std::make_unique<Attendance>(&stub, *token));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(CheckHealth(*channel, absl::Seconds(20)), Health::kServing);
  }
  for (const auto& call : calls) EXPECT_FALSE(call->done());

  const absl::Duration signalled = MonotonicNow();
  hub.Signal("health", SIGTERM);
  EXPECT_EQ(health.Next(), Health::kNotServing) << "load balancers are told first";
  // Who asks now, on a connection that exists or a new one, is told to go elsewhere.
  const absl::Status late = Attendance(&stub, *token).Result();
  EXPECT_THAT(late,
              StatusIs(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVER_STOPPING));
  const absl::Status fresh = nurse
                                 ->Call<health::v1::RegisterAttendanceResponse>(
                                     AttendanceOf(1, RandomUuid()), "unscheduled_care", "DRAIN-1")
                                 .status();
  EXPECT_THAT(fresh,
              StatusIs(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVER_STOPPING));
  for (const auto& call : calls) EXPECT_FALSE(call->done());
  EXPECT_FALSE(hub.Wait("health", absl::ZeroDuration()).has_value());

  hub.Signal("children", SIGCONT);
  for (const auto& call : calls) EXPECT_THAT(call->Result(), IsOk());
  EXPECT_EQ(hub.Wait("health", kDrainLimit), 0);
  EXPECT_LT(MonotonicNow() - signalled, kDrainLimit);
  EXPECT_EQ(CheckHealth(*channel, absl::Milliseconds(200)), Health::kUnreachable);

  // What was answered is there.
  ASSERT_THAT(hub.Restart("health"), IsOk());
  EXPECT_THAT(CheckAuditLog(hub.hub(), "health", {}), IsOk());
  EXPECT_THAT(hub.Stop(), IsOk());
}

TEST(DrainTest, StreamsAreEndedAndIdleServicesStopAtOnce) {
  auto started = RunningHub::Start({CaseStart()});
  ASSERT_THAT(started, IsOk());
  RunningHub& hub = **started;
  const auto worker = hub.DeskOf("lbr-sw-01");
  auto stream =
      worker->Watch("children", events::v1::WatchRequest(), "child_protection_enquiry", "DRAIN-2");
  ASSERT_THAT(stream, IsOk());
  events::v1::WatchResponse response;
  ASSERT_THAT((*stream)->Read(&response), IsOk());
  const absl::Duration signalled = MonotonicNow();
  EXPECT_EQ(hub.Kill("children", SIGTERM), 0);
  EXPECT_LT(MonotonicNow() - signalled, absl::Seconds(10));
  absl::Status ended;
  while (ended.ok()) ended = (*stream)->Read(&response);
  EXPECT_THAT(ended,
              StatusIs(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_SERVER_STOPPING));
  EXPECT_THAT(hub.Stop(), IsOk());
}

}  // namespace
}  // namespace trusthub::testing
