// A service whose disk is full, hangs, or loses the database (C-6): every call is refused with a
// typed error at once, nothing is disclosed, and the service works again by itself when the disk
// does. A real process on a real disk of its own.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/test_disk.h"
#include "tests/e2e/writes.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kService[] = "referrals";
constexpr int kConfiguration = 78;
// What is promised, and what a machine full of other work may add to a single call.
constexpr absl::Duration kAtOnce = absl::Seconds(1);
constexpr absl::Duration kNeverLonger = absl::Seconds(5);
constexpr absl::Duration kWorksAgainWithin = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Seconds(60);

class FailClosedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = RunningHub::Start({CaseStart()});
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_THAT(hub_->LoadDirectory(), IsOk());
  }

  // Moves the service to a disk of its own; `make` makes it.
  template <class Make>
  absl::Status MoveTo(Make make) {
    EXPECT_EQ(hub_->Kill(kService, SIGTERM), 0);
    const std::string folder = hub_->DataOf(kService);
    auto disk = make(folder);
    TRUSTHUB_RETURN_IF_ERROR(disk.status());
    disk_ = *std::move(disk);
    return hub_->Restart(kService);
  }
  void Prepare() {
    writes_ = MakeWrites(kService, &hub_->hub());
    ASSERT_THAT(writes_->Prepare(), IsOk());
    reader_ = hub_->DeskOf("lbr-screening-01");
  }

  // One call each; how long it took counts.
  absl::Status Write(const std::string& request_id = RandomUuid()) {
    const absl::Duration began = MonotonicNow();
    const auto written = writes_->Write(1, request_id);
    took_.push_back(MonotonicNow() - began);
    if (written.ok()) kept_.push_back(*written);
    return written.status();
  }
  absl::Status Read() {
    referrals::v1::GetReferralRequest request;
    request.set_name(kept_.front().record);
    const absl::Duration began = MonotonicNow();
    const auto read =
        reader_->Call<referrals::v1::GetReferralResponse>(request, "screening", "FAULT-1");
    took_.push_back(MonotonicNow() - began);
    return read.status();
  }

  static void ExpectTyped(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_NE(error::ReasonOf(status), errors::v1::ERROR_REASON_UNSPECIFIED) << status;
  }
  void ExpectRefusedAtOnce(const char* what) {
    took_.clear();
    for (int i = 0; i < 5; ++i) {
      ExpectTyped(Write());
      ExpectTyped(Read());
    }
    std::sort(took_.begin(), took_.end());
    std::printf("%s: refused within %s, at most %s\n", what,
                absl::FormatDuration(took_[took_.size() / 2]).c_str(),
                absl::FormatDuration(took_.back()).c_str());
    EXPECT_LT(took_[took_.size() / 2], kAtOnce);
    EXPECT_LT(took_.back(), kNeverLonger);
  }
  void ExpectWorksAgain() {
    const absl::Duration began = MonotonicNow();
    absl::Status last;
    EXPECT_TRUE(Within(kPatience, [&] {
      last = Write();
      if (last.ok()) last = Read();
      return last.ok();
    })) << last;
    const absl::Duration took = MonotonicNow() - began;
    std::printf("works again after %s\n", absl::FormatDuration(took).c_str());
    EXPECT_LT(took, kWorksAgainWithin);
  }
  // All that was acknowledged is there, and the log proves it.
  void ExpectEverythingKept() {
    std::vector<types::v1::Receipt> receipts;
    for (const Written& written : kept_) {
      EXPECT_THAT(writes_->Read(written.record), IsOk()) << written.record;
      receipts.push_back(written.receipt);
    }
    EXPECT_THAT(CheckAuditLog(hub_->hub(), kService, receipts), IsOk());
  }
  std::string StorePath() const { return hub_->DataOf(kService) + "/store.db"; }
  // What the service said last, when it does not start.
  std::string RefusalToStart() {
    EXPECT_FALSE(hub_->Restart(kService).ok());
    EXPECT_EQ(hub_->Wait(kService, absl::ZeroDuration()), kConfiguration);
    return absl::StrJoin(LinesOf(hub_->LogOf(kService)), "\n");
  }

  std::unique_ptr<RunningHub> hub_;
  std::unique_ptr<TestDisk> disk_;  // unmounted before the hub's folder goes
  std::unique_ptr<Writes> writes_;
  std::unique_ptr<hubctl::Desk> reader_;
  std::vector<Written> kept_;
  std::vector<absl::Duration> took_;
};

TEST_F(FailClosedTest, FullDisk) {
  const absl::Status moved = MoveTo(TestDisk::InMemory);
  if (disk_ == nullptr) GTEST_SKIP() << "NOT TESTED: a full disk; " << moved;
  ASSERT_THAT(moved, IsOk());
  Prepare();
  ASSERT_THAT(Write(), IsOk());
  disk_->Fill();
  // The log of the database may have some room left.
  ASSERT_TRUE(Within(kPatience, [&] { return !Write().ok() && !Read().ok(); }));
  ExpectRefusedAtOnce("full disk");
  disk_->FreeSpace();
  ExpectWorksAgain();
  ExpectEverythingKept();
}

TEST_F(FailClosedTest, DeletedDatabase) {
  Prepare();
  ASSERT_THAT(Write(), IsOk());
  ASSERT_TRUE(fs::remove(StorePath()));
  ExpectRefusedAtOnce("deleted database");
  hub_->Kill(kService, SIGKILL);
  EXPECT_THAT(RefusalToStart(), HasSubstr("store.db: does not exist; restore it from a backup"));
}

TEST_F(FailClosedTest, TruncatedDatabase) {
  Prepare();
  for (int i = 0; i < 30; ++i) ASSERT_THAT(Write(), IsOk());
  // Ended in order, so that the data is in the file that is cut.
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  ASSERT_TRUE(Within(kPatience, [&] { return Read().ok(); }));
  fs::resize_file(StorePath(), fs::file_size(StorePath()) / 2 / 4096 * 4096);
  took_.clear();
  int refused = 0;
  for (const Written& written : kept_) {
    referrals::v1::GetReferralRequest request;
    request.set_name(written.record);
    const absl::Duration began = MonotonicNow();
    const auto read =
        reader_->Call<referrals::v1::GetReferralResponse>(request, "screening", "FAULT-1");
    took_.push_back(MonotonicNow() - began);
    if (read.ok()) {
      EXPECT_EQ(read->referral().name(), written.record);
    } else {
      ExpectTyped(read.status());
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(*std::max_element(took_.begin(), took_.end()), kNeverLonger);
  hub_->Kill(kService, SIGKILL);
  EXPECT_THAT(RefusalToStart(), HasSubstr("store.db: damaged; restore it from a backup"));
}

}  // namespace
}  // namespace trusthub::testing
