// Witnesses as agencies run them: hubctl witness against real processes, what it prints and how it
// exits; and receipts that carry their cosignatures, before both verifiers.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/case_path.h"
#include "tests/e2e/commands.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

class WitnessCommandTest : public ::testing::Test {
 protected:
  // A hub whose settings register three witnesses, two of which are enough.
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    commands_ = new Commands;
    RunningHub::Options options;
    options.domain_now = CaseStart();
    auto started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    running_ = started->release();
    commands_->UseHub(running_->hub().folder());
    ASSERT_THAT(running_->LoadDirectory(), IsOk());
    const std::string settings = File("redbridge");
    fs::copy(testing::SourcePath("deploy/config/redbridge"), settings);  // files alone
    std::string rules = "needed: 2\nmax_age_minutes: 5\nstop_after_minutes: 0\nwitnesses:\n";
    std::string list;
    for (const auto& [name, agency, worker] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"council", "redbridge-council", "lbr-witness-01"},
             {"police", "met-police", "met-witness-01"},
             {"hospital", "bhrut", "bhrut-witness-01"}}) {
      ASSERT_EQ(Witness("init", name, {"--name", name, "--as", worker}).exit_code, 0);
      const auto made = Witness("key", name, {"--json"}).json();
      ASSERT_TRUE(made.is_object());
      const std::string key = made["key"];
      absl::StrAppend(&rules, "  - {name: ", name, ", agency: agencies/", agency, ", key: \"", key,
                      "\"}\n");
      absl::StrAppend(&list, key, " ", name, "\n");
    }
    std::ofstream(settings + "/witnesses.yaml", std::ios::trunc) << rules;
    std::ofstream(File("witnesses.txt")) << list;
    for (const char* service : hubctl::kServices) UseSettings(service, settings);
    ASSERT_EQ(Run({"wait"}).exit_code, 0);
  }
  static void TearDownTestSuite() {
    delete running_;
    delete commands_;
    delete folder_;
    running_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(running_, nullptr); }

  static std::string File(const std::string& name) { return folder_->File(name); }
  static void UseSettings(const std::string& service, const std::string& settings) {
    std::stringstream text;
    text << std::ifstream(running_->ConfigOf(service)).rdbuf();
    std::string config;
    for (std::string line; std::getline(text, line);) {
      if (absl::StartsWith(line, "settings_folder:")) line = "settings_folder: " + settings;
      absl::StrAppend(&config, line, "\n");
    }
    std::ofstream(running_->ConfigOf(service), std::ios::trunc) << config;
    ASSERT_EQ(running_->Kill(service, SIGTERM), 0);
    ASSERT_THAT(running_->Restart(service), IsOk());
  }

  static Ran Run(std::vector<std::string> arguments) {
    return commands_->Run(std::move(arguments));
  }
  static Ran Witness(const std::string& verb, const std::string& name,
                     std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"witness", verb, "--folder", File(name)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(std::move(arguments));
  }
  // hubctl receipt verify and deploy/verify-receipt say the same.
  int BothVerify(const std::string& file, int need) {
    const std::vector<std::string> trust = {
        "--keys", File("keys.txt"),   "--witnesses", File("witnesses.txt"),
        "--need", absl::StrCat(need), file};
    std::vector<std::string> ours = {"receipt", "verify"};
    ours.insert(ours.end(), trust.begin(), trust.end());
    std::vector<std::string> theirs = {"-B", testing::SourcePath("deploy/verify-receipt")};
    theirs.insert(theirs.end(), trust.begin(), trust.end());
    const Ran our = Run(ours);
    const Ran their = commands_->RunProgram("/usr/bin/python3", theirs);
    EXPECT_EQ(our.exit_code, their.exit_code) << our.output << "\n" << their.output;
    return our.exit_code;
  }

  static RunningHub* running_;
  static TempFolder* folder_;
  static Commands* commands_;
};

RunningHub* WitnessCommandTest::running_ = nullptr;
TempFolder* WitnessCommandTest::folder_ = nullptr;
Commands* WitnessCommandTest::commands_ = nullptr;

TEST_F(WitnessCommandTest, ReceiptsAndLogsCanAskForWitnesses) {
  const std::string receipt = File("receipt.json");
  ASSERT_EQ(Run({"refer", "--as", "uphall-lead-01", "--given", "Test", "--family", "Person",
                 "--birth-date", "2002-03-04", "--source", "2A", "--concern", "Comes hungry.",
                 "--receipt", receipt})
                .exit_code,
            0);
  const Ran keys = Run({"audit", "keys"});
  ASSERT_EQ(keys.exit_code, 0) << keys.output;
  std::ofstream(File("keys.txt")) << keys.output << "\n";
  EXPECT_EQ(BothVerify(receipt, 1), kRefused) << "no witness came yet";
  EXPECT_EQ(Run({"receipt", "witness", receipt}).exit_code, kRefused);

  const Ran first = Witness("check", "hospital");
  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_EQ(Run({"receipt", "witness", receipt}).exit_code, kRefused) << "one is not enough";
  const Ran second = Witness("check", "council");
  EXPECT_EQ(second.exit_code, 0) << second.output;
  EXPECT_THAT(second.output, HasSubstr("cosigned"));
  const Ran added = Run({"receipt", "witness", receipt, "--as", "met-witness-01"});
  ASSERT_EQ(added.exit_code, 0) << added.output;
  EXPECT_EQ(BothVerify(receipt, 2), 0);
  EXPECT_EQ(BothVerify(receipt, 3), kRefused);

  // Altered in each of its parts.
  std::stringstream text;
  text << std::ifstream(receipt).rdbuf();
  const auto right = nlohmann::ordered_json::parse(text.str());
  const auto refused = [&](const std::string& what, const nlohmann::ordered_json& altered) {
    const std::string path = File("altered.json");
    std::ofstream(path, std::ios::trunc) << altered.dump();
    EXPECT_EQ(BothVerify(path, 2), kRefused) << what;
  };
  auto altered = right;
  altered["witnessed"]["tree_size"] = right["witnessed"]["tree_size"].get<int>() + 1;
  refused("size", altered);
  altered = right;
  altered["witnessed"]["root_hash"] = std::string(64, '0');
  refused("root", altered);
  altered = right;
  altered["witnessed"]["inclusion_proof"].erase(0);
  refused("proof", altered);
  altered = right;
  altered["witnessed"]["cosignatures"][1] = right["witnessed"]["cosignatures"][0];
  refused("one witness twice", altered);
  altered = right;
  altered["witnessed"]["cosignatures"][0]["witness"] = "police";
  refused("another witness's name", altered);
  altered = right;
  altered["witnessed"]["cosignatures"][0]["time"] =
      right["witnessed"]["cosignatures"][0]["time"].get<std::int64_t>() + 1;
  refused("time", altered);

  const std::vector<std::string> verify = {"audit", "verify", "--witnesses", File("witnesses.txt"),
                                           "--need"};
  std::vector<std::string> two = verify;
  two.push_back("2");
  const Ran verified = Run(two);
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  std::vector<std::string> three = verify;
  three.push_back("3");
  EXPECT_EQ(Run(three).exit_code, kRefused);
}

TEST_F(WitnessCommandTest, TwoHistoriesHaveAnExitCodeOfTheirOwn) {
  ASSERT_EQ(Witness("check", "police").exit_code, 0);
  const std::string data = running_->DataOf("plans");
  ASSERT_EQ(running_->Kill("plans", SIGTERM), 0);
  fs::copy(data, File("copy"));
  ASSERT_THAT(running_->Restart("plans"), IsOk());
  for (int round = 0; round < 2; ++round) ASSERT_EQ(Witness("check", "police").exit_code, 0);
  ASSERT_EQ(running_->Kill("plans", SIGKILL), -SIGKILL);
  fs::remove_all(data);
  fs::copy(File("copy"), data);
  ASSERT_THAT(running_->Restart("plans"), IsOk());

  const Ran found = Witness("check", "police");
  EXPECT_EQ(found.exit_code, kTwoHistories) << found.output;
  EXPECT_THAT(found.output, HasSubstr("TWO HISTORIES"));
  EXPECT_THAT(found.output, HasSubstr("audit log of plans."));
  EXPECT_FALSE(fs::is_empty(File("police") + "/evidence"));
  EXPECT_EQ(Witness("check", "police").exit_code, kTwoHistories) << "again and again";
  EXPECT_EQ(Witness("run", "police").exit_code, kTwoHistories) << "run ends with it";
  EXPECT_THAT(Witness("status", "police").output, HasSubstr("evidence/plans-"));
  // Who saw nothing before has nothing to compare.
  EXPECT_EQ(Witness("check", "hospital").exit_code, 0);
}

TEST_F(WitnessCommandTest, RunsUntilItIsStopped) {
  auto running = commands_->Start({"witness", "run", "--folder", File("hospital"), "--every", "1"});
  EXPECT_TRUE(Within(Commands::kLimit, [&] {
    int tables = 0;
    for (const absl::string_view line : absl::StrSplit(commands_->Output(), '\n')) {
      tables += absl::StartsWith(line, "service ") ? 1 : 0;
    }
    return tables >= 3;
  }));
  running->Signal(SIGTERM);
  EXPECT_EQ(running->Wait(Commands::kLimit), 0);
  EXPECT_THAT(Witness("status", "hospital").output, HasSubstr("auditTrees/"));
}

TEST_F(WitnessCommandTest, MistakesSayWhatToDo) {
  EXPECT_EQ(Run({"witness", "check"}).exit_code, kUsage);
  const Ran none = Witness("check", "nobody");
  EXPECT_EQ(none.exit_code, kRefused);
  EXPECT_THAT(none.output, HasSubstr("hubctl witness init"));
  EXPECT_EQ(Witness("init", "police", {"--name", "police", "--as", "met-witness-01"}).exit_code,
            kRefused)
      << "a key is not made anew over an old one";
  EXPECT_THAT(Witness("init", "half", {"--name", "half"}).output, HasSubstr("--address"));
  EXPECT_EQ(Run({"receipt", "verify", "x", "--need", "2"}).exit_code, kUsage);
}

}  // namespace
}  // namespace trusthub::testing
