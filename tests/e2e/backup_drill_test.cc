// The drill: a hub is filled, backed up while clients write, destroyed and restored; every write
// that was acknowledged before the backup is there, every proof holds, and it goes on. And what a
// witness says of an old copy that is put back in silence, and of a restore that is told.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "common/time/clock.h"
#include "deploy/hubctl/loading.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/canaries.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/commands.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/writers.h"
#include "tests/e2e/writes.h"
#include "tests/fault/extent.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kService[] = "referrals";  // whose clients write all the time

class BackupDrillTest : public ::testing::Test, protected Commands {
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
  }

  std::string File(const std::string& name) const { return outside_.File(name); }
  std::string Repo() const { return File("repo"); }

  // A backup of all services; sums of its table.
  struct Backup {
    std::string name;
    std::int64_t kib = 0;
    std::int64_t new_kib = 0;
  };
  Backup BackUp(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--json", "backup", "run", Repo()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.output;
    Backup backup;
    for (const auto& row : ran.json()) {
      backup.name = row["backup"];
      backup.kib += std::stoll(row["KiB"].get<std::string>());
      backup.new_kib += std::stoll(row["new KiB"].get<std::string>());
    }
    return backup;
  }
  void KillAll() {
    for (const char* service : hubctl::kServices) {
      ASSERT_EQ(hub_->Kill(service, SIGKILL), -SIGKILL) << service;
    }
  }
  void RestartAll() {
    for (const char* service : hubctl::kServices) ASSERT_THAT(hub_->Restart(service), IsOk());
    ASSERT_EQ(Run({"wait"}).exit_code, 0) << Output();
  }

  std::unique_ptr<RunningHub> hub_;
  const TempFolder outside_;
};

TEST_F(BackupDrillTest, NothingAcknowledgedBeforeIsLostAndItGoesOn) {
  ASSERT_THAT(hubctl::LoadPopulation(hub_->hub(), 4, nullptr), IsOk());
  CasePath path(&hub_->hub(), 1, absl::CivilDay(2010, 1, 11));
  ASSERT_THAT(path.ToPlan(), IsOk());
  ASSERT_THAT(path.Attend(), IsOk());
  const std::string receipt = File("receipt.json");
  ASSERT_EQ(Run({"refer", "--as", "uphall-lead-01", "--given", "Test", "--family", "Person",
                 "--birth-date", "2002-03-04", "--source", "2A", "--concern", "Comes hungry.",
                 "--receipt", receipt})
                .exit_code,
            0)
      << Output();
  const Ran keys = Run({"audit", "keys"});
  ASSERT_EQ(keys.exit_code, 0);
  std::ofstream(File("keys.txt")) << keys.output << "\n";
  ASSERT_EQ(Run({"backup", "init", Repo()}).exit_code, 0) << Output();

  const std::unique_ptr<Writes> writes = MakeWrites(kService, &hub_->hub());
  ASSERT_THAT(writes->Prepare(), IsOk());
  int next_number = 0;
  Writers writers(writes.get(), &next_number);
  ASSERT_TRUE(writers.WaitFor(40));
  const Backup first = BackUp();
  ASSERT_TRUE(writers.WaitFor(writers.count() + 10)) << "clients went on";
  // The point: whatever is acknowledged by now must outlive the disk.
  const std::vector<Acknowledged> before = writers.SoFar();
  const auto cursor = CursorAtEnd(hub_->hub(), "directory");
  ASSERT_THAT(cursor, IsOk());
  ASSERT_THAT(FollowFrom(hub_->hub(), "directory", *cursor), IsOk());
  const absl::Duration began = MonotonicNow();
  const Backup second = BackUp();
  const absl::Duration took = MonotonicNow() - began;
  ASSERT_TRUE(writers.WaitFor(static_cast<int>(before.size()) + 20));
  writers.Stop();
  EXPECT_THAT(writers.refused(), IsEmpty());
  EXPECT_EQ(writers.retried(), 0) << "no writer was refused or held up for a backup";
  EXPECT_LT(second.new_kib, second.kib / 2) << "the second one is small";
  const Ran verified = Run({"backup", "verify", Repo()});
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  std::printf("%zu writes before the backup; first %lld KiB new of %lld, second %lld, in %s\n",
              before.size(), static_cast<long long>(first.new_kib),
              static_cast<long long>(first.kib), static_cast<long long>(second.new_kib),
              absl::FormatDuration(took).c_str());

  // A stolen repository names no child.
  KillAll();
  Needles needles;
  int records = 0;
  {
    const auto plain = OpenPlain(File("plain.db"), true);
    ASSERT_THAT(plain, IsOk());
    for (const char* service : hubctl::kServices) {
      if (service == std::string("directory")) continue;
      ASSERT_THAT(Collect(*hub_, service, **plain, &needles, &records), IsOk()) << service;
    }
  }
  EXPECT_GT(needles.size(), 1'000u);
  std::size_t searched = 0;
  for (const auto& [file, bytes] : FilesUnder(Repo())) {
    searched += bytes.size();
    EXPECT_THAT(FieldsIn(bytes, needles), IsEmpty()) << file;
  }
  EXPECT_GT(searched, std::size_t{1} << 20);
  std::string plain;
  for (const auto& [file, bytes] : FilesUnder(outside_.path())) {
    if (absl::StrContains(file, "plain.db")) plain += bytes;
  }
  EXPECT_GT(FieldsIn(plain, needles).size(), 20u) << "what is not sealed would have been found";
  std::printf("%zu texts of %d records looked for in %zu KiB of backups\n", needles.size(), records,
              searched / 1024);

  // The disk is gone.
  for (const char* service : hubctl::kServices) fs::remove_all(hub_->DataOf(service));
  const Ran refused = Run({"restore", Repo()});
  EXPECT_EQ(refused.exit_code, kRefused);
  EXPECT_THAT(refused.output, HasSubstr("--accept-loss"));
  const Ran restored = Run({"--json", "restore", Repo(), "--accept-loss", "--case", "DRILL-1"});
  ASSERT_EQ(restored.exit_code, 0) << restored.output;
  EXPECT_EQ(restored.json().size(), hubctl::kServices.size());
  ASSERT_EQ(restored.json()[0]["backup"], second.name);
  RestartAll();

  // Every write, by its name and by its request; every receipt, against the log; and both
  // verifiers.
  std::vector<types::v1::Receipt> receipts;
  for (const Acknowledged& write : before) {
    ASSERT_THAT(writes->Read(write.written.record), IsOk()) << write.written.record;
    const auto again =
        OnceKnown<Written>([&] { return writes->Write(write.number, write.request_id); });
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->record, write.written.record) << "the same request gives the same record";
    receipts.push_back(write.written.receipt);
    receipts.push_back(again->receipt);
  }
  // Followers must begin anew: other events may come to stand under the numbers that they know.
  EXPECT_EQ(error::ReasonOf(FollowFrom(hub_->hub(), "directory", *cursor)),
            errors::v1::ERROR_REASON_CURSOR_INVALID);
  std::map<std::string, int> told;
  const auto events = EventsOf(hub_->hub(), kService);
  ASSERT_THAT(events, IsOk());
  for (const events::v1::Event& event : *events) {
    if (event.kind() == writes->event()) ++told[event.record()];
  }
  for (const Acknowledged& write : before) EXPECT_EQ(told[write.written.record], 1);
  const auto entries = CheckAuditLog(hub_->hub(), kService, receipts);
  ASSERT_THAT(entries, IsOk());
  EXPECT_EQ(Run({"audit", "verify"}).exit_code, 0) << Output();
  EXPECT_EQ(Run({"receipt", "verify", "--keys", File("keys.txt"), receipt}).exit_code, 0)
      << Output();
  const auto population = hubctl::LoadPopulation(hub_->hub(), 4, nullptr);
  ASSERT_THAT(population, IsOk());
  EXPECT_GT(population->children, 250) << "each child is found by what it was registered with";

  // And on: new writes, also about the child of before, and the next backup.
  const auto status = OnceKnown<plans::v1::GetPlanResponse>([&] {
    plans::v1::GetPlanRequest request;
    request.set_name(path.plan.name());
    return path.At("lbr-sw-01")
        .Call<plans::v1::GetPlanResponse>(request, "child_protection_planning", "DRILL-1");
  });
  EXPECT_THAT(status, IsOk());
  Writers more(writes.get(), &next_number);
  ASSERT_TRUE(more.WaitFor(20));
  more.Stop();
  EXPECT_THAT(more.refused(), IsEmpty());
  const Backup third = BackUp();
  EXPECT_EQ(Run({"backup", "verify", Repo(), "--backup", third.name}).exit_code, 0) << Output();
  EXPECT_THAT(hub_->Stop(), IsOk());
}

TEST_F(BackupDrillTest, KilledCommandsLeaveNothingHalf) {
  std::mt19937 random(static_cast<std::uint32_t>(TestSeed()));
  ASSERT_THAT(hubctl::LoadPopulation(hub_->hub(), 4, nullptr), IsOk());
  ASSERT_EQ(Run({"backup", "init", Repo()}).exit_code, 0) << Output();
  const Backup good = BackUp();
  std::uniform_int_distribution<int> millis(5, 400);
  const int rounds = static_cast<int>(Extent(5, 40));
  int killed = 0;
  for (int round = 0; round < rounds; ++round) {
    auto running = Start({"backup", "run", Repo()});
    const auto ended = running->Wait(absl::Milliseconds(millis(random)));
    running->Signal(SIGKILL);
    if (!ended.has_value()) ++killed;
    running->Wait(kLimit);
  }
  EXPECT_EQ(Run({"backup", "verify", Repo(), "--from-end-to-end"}).exit_code, 0) << Output();
  const Ran running = Run({"restore", Repo(), "--accept-loss"});
  EXPECT_EQ(running.exit_code, kRefused) << "of services that run";
  EXPECT_THAT(running.output, HasSubstr("in use"));
  BackUp();

  KillAll();
  for (int round = 0; round < rounds; ++round) {
    auto restoring = Start({"restore", Repo(), "--accept-loss", "--backup", good.name});
    const auto ended = restoring->Wait(absl::Milliseconds(2 * millis(random)));
    restoring->Signal(SIGKILL);
    if (!ended.has_value()) ++killed;
    restoring->Wait(kLimit);
    EXPECT_EQ(Run({"audit", "verify", "--stopped"}).exit_code, 0) << Output();
  }
  std::printf("%d of %d commands were killed under way\n", killed, 2 * rounds);
  ASSERT_EQ(Run({"restore", Repo(), "--accept-loss", "--backup", good.name}).exit_code, 0)
      << Output();
  RestartAll();
  EXPECT_EQ(Run({"audit", "verify"}).exit_code, 0) << Output();
  const auto population = hubctl::LoadPopulation(hub_->hub(), 4, nullptr);
  ASSERT_THAT(population, IsOk());
  EXPECT_GT(population->children, 250);
}

TEST_F(BackupDrillTest, WitnessesFindASilentRollbackAndAcceptARestoreThatIsTold) {
  const auto witness = [&](const std::string& verb, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"witness", verb, "--folder", File("police")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(std::move(arguments));
  };
  ASSERT_EQ(witness("init", {"--name", "police", "--as", "met-witness-01"}).exit_code, 0);
  const std::string key = witness("key", {"--json"}).json()["key"];
  const std::string settings = File("redbridge");
  fs::copy(testing::SourcePath("deploy/config/redbridge"), settings, fs::copy_options::recursive);
  std::ofstream(settings + "/witnesses.yaml", std::ios::trunc)
      << "needed: 1\nmax_age_minutes: 5\nstop_after_minutes: 0\nwitnesses:\n"
      << "  - {name: police, agency: agencies/met-police, key: \"" << key << "\"}\n";
  for (const char* service : hubctl::kServices) {
    std::stringstream text;
    text << std::ifstream(hub_->ConfigOf(service)).rdbuf();
    std::string config;
    for (std::string line; std::getline(text, line);) {
      if (absl::StartsWith(line, "settings_folder:")) line = "settings_folder: " + settings;
      absl::StrAppend(&config, line, "\n");
    }
    std::ofstream(hub_->ConfigOf(service), std::ios::trunc) << config;
    ASSERT_EQ(hub_->Kill(service, SIGTERM), 0);
    ASSERT_THAT(hub_->Restart(service), IsOk());
  }
  ASSERT_EQ(Run({"wait"}).exit_code, 0);
  ASSERT_EQ(Run({"backup", "init", Repo()}).exit_code, 0) << Output();
  ASSERT_EQ(witness("check").exit_code, 0) << Output();
  const Backup old = BackUp();
  for (int round = 0; round < 2; ++round) ASSERT_EQ(witness("check").exit_code, 0) << Output();

  // In silence: the files of an old backup are put back with nothing said in the log. The store in
  // a repository cannot be had without hubctl, so it is a copy of the folder of that time.
  const std::string health = hub_->DataOf("health");
  ASSERT_EQ(hub_->Kill("health", SIGTERM), 0);
  fs::copy(health, File("health-copy"), fs::copy_options::recursive);
  ASSERT_THAT(hub_->Restart("health"), IsOk());
  for (int round = 0; round < 2; ++round) ASSERT_EQ(witness("check").exit_code, 0) << Output();
  ASSERT_EQ(hub_->Kill("health", SIGKILL), -SIGKILL);
  fs::remove_all(health);
  fs::copy(File("health-copy"), health, fs::copy_options::recursive);
  ASSERT_THAT(hub_->Restart("health"), IsOk());
  const Ran silent = witness("check");
  EXPECT_EQ(silent.exit_code, kTwoHistories) << silent.output;
  EXPECT_THAT(silent.output, HasSubstr("audit log of health."));

  // Told: the log itself says so, and the hub's statement proves it.
  ASSERT_EQ(hub_->Kill("plans", SIGTERM), 0);
  const Ran refused = Run({"restore", Repo(), "--service", "plans", "--backup", old.name});
  EXPECT_EQ(refused.exit_code, kRefused);
  EXPECT_THAT(refused.output, HasSubstr("entries of its audit log"));
  const Ran restored = Run(
      {"--json", "restore", Repo(), "--service", "plans", "--backup", old.name, "--accept-loss"});
  ASSERT_EQ(restored.exit_code, 0) << restored.output;
  EXPECT_GT(std::stoi(restored.json()[0]["lost"].get<std::string>()), 0);
  const std::string statement = restored.json()[0]["statement"];
  ASSERT_THAT(hub_->Restart("plans"), IsOk());
  ASSERT_EQ(Run({"wait"}).exit_code, 0) << Output();
  const Ran found = witness("check");
  EXPECT_EQ(found.exit_code, kTwoHistories) << "a restore that is not accepted is a rollback";
  EXPECT_THAT(found.output, HasSubstr("audit log of plans health."));

  const Ran accepted = witness("accept", {statement});
  EXPECT_EQ(accepted.exit_code, 0) << accepted.output;
  const Ran after = witness("check");
  EXPECT_EQ(after.exit_code, kTwoHistories);
  EXPECT_THAT(after.output, HasSubstr("audit log of health.")) << "no more than what was told";
  const Ran again = witness("accept", {statement});
  EXPECT_EQ(again.exit_code, kRefused) << again.output;

  // The statement does for no other log, and for no later loss.
  std::string forged = absl::StrJoin(LinesOf(statement), "\n");
  forged.replace(forged.find("\"plans\""), 7, "\"health\"");
  std::ofstream(File("forged.json")) << forged;
  EXPECT_EQ(witness("accept", {File("forged.json")}).exit_code, kRefused);
  EXPECT_EQ(witness("check").exit_code, kTwoHistories);
  ASSERT_EQ(hub_->Kill("plans", SIGTERM), 0);
  std::vector<std::string> statements;
  for (int round = 0; round < 2; ++round) {
    const Ran again_restored = Run(
        {"--json", "restore", Repo(), "--service", "plans", "--backup", old.name, "--accept-loss"});
    ASSERT_EQ(again_restored.exit_code, 0) << again_restored.output;
    statements.push_back(again_restored.json()[0]["statement"]);
  }
  ASSERT_THAT(hub_->Restart("plans"), IsOk());
  ASSERT_EQ(Run({"wait"}).exit_code, 0) << Output();
  EXPECT_THAT(witness("check").output, HasSubstr("audit log of plans health."));
  EXPECT_EQ(witness("accept", {statement}).exit_code, kRefused) << Output();
  const Ran overtaken = witness("accept", {statements[0]});
  EXPECT_EQ(overtaken.exit_code, kRefused) << "another restore came after that one";
  EXPECT_THAT(overtaken.output, HasSubstr("is not the one that the statement tells of"));
  EXPECT_EQ(witness("accept", {statements[1]}).exit_code, 0) << Output();
  EXPECT_THAT(witness("check").output, HasSubstr("audit log of health."));
}

}  // namespace
}  // namespace trusthub::testing
