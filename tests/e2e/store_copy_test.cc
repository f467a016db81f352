// A service of a working hub is moved to PostgreSQL while its clients write, and back again: what
// was acknowledged is there, proofs made before still prove it, requests sent again are answered as
// before, cursors lead on, and the old store is not started over.
#include <signal.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/testing/matchers.h"
#include "common/testing/postgres_server.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/commands.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/writers.h"
#include "tests/e2e/writes.h"

namespace trusthub::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kService[] = "referrals";
constexpr absl::Duration kLimit = absl::Seconds(60);
// By so much a copy may go on longer than the one that was killed before it.
constexpr absl::Duration kKillSteps = absl::Milliseconds(15);

class StoreCopyTest : public ::testing::Test, protected Commands {
 protected:
  using Commands::Run;  // not ::testing::Test::Run

  void SetUp() override {
    RunningHub::Options options;
    options.domain_now = CaseStart();
    auto started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    UseHub(hub_->hub().folder());
    ASSERT_THAT(hub_->LoadDirectory(), IsOk());
    writes_ = MakeWrites(kService, &hub_->hub());
    ASSERT_THAT(writes_->Prepare(), IsOk());
  }

  std::string Files() const { return absl::StrCat("sqlite:", hub_->DataOf(kService)); }
  std::vector<std::string> Copy(const std::string& from, const std::string& to) const {
    return {"store", "copy", from, to, "--service", kService};
  }
  // Sets `store` in the service's configuration; empty: takes it out.
  void SetStore(const std::string& url) {
    std::string text;
    for (const std::string& line : LinesOf(hub_->ConfigOf(kService))) {
      if (!absl::StartsWith(line, "store:")) absl::StrAppend(&text, line, "\n");
    }
    if (!url.empty()) absl::StrAppend(&text, "store: ", url, "\n");
    std::ofstream(hub_->ConfigOf(kService)) << text;
  }
  // Whatever was acknowledged is answered again as it was, and can be read.
  void CheckAcknowledged(const std::vector<Acknowledged>& all) {
    for (const Acknowledged& one : all) {
      EXPECT_THAT(writes_->Read(one.written.record), IsOk());
      const auto again = writes_->Write(one.number, one.request_id);
      ASSERT_THAT(again, IsOk());
      EXPECT_EQ(again->record, one.written.record);
    }
    std::vector<types::v1::Receipt> receipts;
    for (const Acknowledged& one : all) receipts.push_back(one.written.receipt);
    EXPECT_THAT(CheckAuditLog(hub_->hub(), kService, receipts), IsOk());
  }

  std::unique_ptr<RunningHub> hub_;
  std::unique_ptr<Writes> writes_;
  const PostgresDatabase database_;
  const TempFolder outside_;
};

TEST_F(StoreCopyTest, ThereWhileClientsWriteAndBack) {
  const std::string receipt = outside_.File("receipt.json");
  ASSERT_EQ(Run({"refer", "--as", "uphall-lead-01", "--given", "Test", "--family", "Person",
                 "--birth-date", "2002-03-04", "--source", "2A", "--concern", "Comes hungry.",
                 "--receipt", receipt})
                .exit_code,
            0)
      << Output();
  const Ran keys = Run({"audit", "keys"});
  ASSERT_EQ(keys.exit_code, 0) << keys.output;
  std::ofstream(outside_.File("keys.txt")) << keys.output << "\n";
  const auto cursor = CursorAtEnd(hub_->hub(), kService);
  ASSERT_THAT(cursor, IsOk());

  int next_number = 0;
  Writers writers(writes_.get(), &next_number);
  ASSERT_TRUE(writers.WaitFor(20));
  const Ran refused = Run(Copy(Files(), database_.url()));
  EXPECT_EQ(refused.exit_code, kRefused) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("a service has it open"));

  std::vector<std::string> follow = Copy(Files(), database_.url());
  follow.emplace_back("--follow");
  const std::unique_ptr<ChildProcess> copy = Start(follow);
  ASSERT_TRUE(Within(kLimit, [&] { return absl::StrContains(Output(), "following: "); }))
      << Output();
  ASSERT_TRUE(writers.WaitFor(writers.count() + 20)) << "clients went on";
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  ASSERT_EQ(copy->Wait(kLimit), 0) << Output();
  EXPECT_THAT(Output(), HasSubstr("referrals moved to postgresql://"));
  std::printf("%s", Output().c_str());

  const absl::Status old = hub_->Restart(kService);
  EXPECT_THAT(std::string(old.message()), HasSubstr("was moved to postgresql://"));
  SetStore(database_.url());
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  ASSERT_TRUE(writers.WaitFor(writers.count() + 20)) << "clients go on by themselves";
  writers.Stop();
  EXPECT_THAT(writers.refused(), IsEmpty());
  CheckAcknowledged(writers.acknowledged());
  EXPECT_THAT(FollowFrom(hub_->hub(), kService, *cursor), IsOk());
  EXPECT_EQ(Run({"receipt", "verify", "--keys", outside_.File("keys.txt"), receipt}).exit_code, 0)
      << Output();

  // A database is checked and backed up like files.
  const Ran audited = Run({"audit", "verify", "--stopped", "--service", kService});
  EXPECT_EQ(audited.exit_code, 0) << audited.output;
  const std::string repository = outside_.File("repo");
  ASSERT_EQ(Run({"backup", "init", repository}).exit_code, 0) << Output();
  ASSERT_EQ(Run({"backup", "run", repository, "--service", kService}).exit_code, 0) << Output();
  ASSERT_EQ(Run({"backup", "verify", repository}).exit_code, 0) << Output();

  // Back; the copy is killed again and again on its way.
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  int kills = 0;
  std::optional<int> ended;
  for (absl::Duration after = absl::Milliseconds(40);; after += kKillSteps) {
    const std::unique_ptr<ChildProcess> killed = Start(Copy(database_.url(), Files()));
    ended = killed->Wait(after);
    if (ended.has_value()) break;
    killed->Signal(SIGKILL);
    killed->Wait(kLimit);
    ++kills;
  }
  ASSERT_EQ(ended, 0) << Output();
  EXPECT_GT(kills, 0);
  std::printf("killed %d times: %s\n", kills, Output().c_str());
  EXPECT_THAT(Output(), HasSubstr("referrals "));
  EXPECT_THAT(std::string(hub_->Restart(kService).message()), HasSubstr("would hide"));
  SetStore("");
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  ASSERT_EQ(Run({"wait"}).exit_code, 0) << Output();
  CheckAcknowledged(writers.acknowledged());
  EXPECT_THAT(FollowFrom(hub_->hub(), kService, *cursor), IsOk());
  EXPECT_EQ(Run({"receipt", "verify", "--keys", outside_.File("keys.txt"), receipt}).exit_code, 0)
      << Output();
  EXPECT_EQ(Run({"audit", "verify", "--service", kService}).exit_code, 0) << Output();
  EXPECT_THAT(writes_->Write(next_number, "7b0e5f0a-55a4-4c59-9c1e-0c6f2c3d1a01"), IsOk());
}

}  // namespace
}  // namespace trusthub::testing
