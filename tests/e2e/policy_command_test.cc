// `hubctl policy` as an information-governance lead uses it: the program itself, over folders and
// against six real processes.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/commands.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kShipped = testing::SourcePath("deploy/config/redbridge/agreements");

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

class PolicyCommandTest : public ::testing::Test, protected Commands {
 protected:
  using Commands::Run;  // not ::testing::Test::Run

  // A copy of the shipped set in which, in one file, one text stands for another.
  std::string Changed(const std::string& file, const std::string& from, const std::string& to) {
    const std::string folder = folder_.File(absl::StrCat("set", ++sets_));
    fs::create_directories(folder);
    for (const fs::directory_entry& each : fs::directory_iterator(kShipped)) {
      std::string text = ReadAll(each.path());
      if (each.path().filename() == file) {
        EXPECT_THAT(text, HasSubstr(from)) << file;
        text = absl::StrReplaceAll(text, {{from, to}});
      }
      std::ofstream(fs::path(folder) / each.path().filename(), std::ios::binary) << text;
    }
    return folder;
  }

  void StartHub() {
    RunningHub::Options options;
    options.domain_now = absl::FromCivil(absl::CivilMinute(2010, 1, 19, 9, 0), London());
    absl::StatusOr<std::unique_ptr<RunningHub>> started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    running_ = *std::move(started);
    UseHub(running_->hub().folder());
    ASSERT_EQ(Run({"wait"}).exit_code, 0);
    ASSERT_EQ(Run({"load", "directory"}).exit_code, 0);
  }

  const TempFolder folder_;
  std::unique_ptr<RunningHub> running_;
  int sets_ = 0;
};

TEST_F(PolicyCommandTest, ChecksAFolder) {
  const Ran sound = Run({"policy", "check", kShipped, "--today", "2010-04-01", "--json"});
  EXPECT_EQ(sound.exit_code, 0) << sound.output;
  EXPECT_EQ(sound.json()["errors"], 0);

  const std::string mistaken = Changed("unscheduled-care.yaml", "[presenting]", "[presentin]");
  const Ran told = Run({"policy", "check", mistaken});
  EXPECT_EQ(told.exit_code, kRefused);
  EXPECT_THAT(told.output, HasSubstr(absl::StrCat(mistaken, "/unscheduled-care.yaml:")));
  EXPECT_THAT(told.output, HasSubstr("unknown value `presentin`"));
  const Ran passed = Run({"policy", "check", kShipped, "--today", "2099-01-01"});
  EXPECT_EQ(passed.exit_code, kRefused);
  EXPECT_THAT(passed.output, HasSubstr("[review-passed]"));
  const Ran nowhere = Run({"policy", "check", folder_.File("nowhere")});
  EXPECT_EQ(nowhere.exit_code, kRefused);
  EXPECT_THAT(nowhere.output, HasSubstr("cannot be read"));
}

TEST_F(PolicyCommandTest, ComparesTwoFolders) {
  const Ran same = Run({"policy", "diff", kShipped, kShipped});
  EXPECT_EQ(same.exit_code, 0);
  EXPECT_EQ(same.output, "0 cells gained, 0 lost, 0 terms changed.");

  const std::string wider = Changed("unscheduled-care.yaml", "relations: [presenting]",
                                    "relations: [presenting, holding]");
  const Ran told = Run({"policy", "diff", kShipped, wider});
  EXPECT_EQ(told.exit_code, 0);
  EXPECT_THAT(told.output, HasSubstr("+ emergency nurse of any"));
  EXPECT_THAT(told.output, HasSubstr("(unscheduled-care/"));
  const nlohmann::json json = Run({"policy", "diff", kShipped, wider, "--json"}).json();
  ASSERT_TRUE(json.is_object());
  EXPECT_GT(json["gained"], 0);
  EXPECT_EQ(json["lost"], 0);
  EXPECT_EQ(json["access"][0]["change"], "gained");
  EXPECT_FALSE(json["terms"].empty());
}

TEST_F(PolicyCommandTest, MakesADocumentAndKeepsABaseline) {
  const std::string page = folder_.File("agreements.html");
  EXPECT_EQ(Run({"policy", "render", kShipped, "--html", "--out", page}).exit_code, 0);
  EXPECT_THAT(ReadAll(page), HasSubstr("London Borough of Redbridge"));
  EXPECT_EQ(Run({"policy", "render", kShipped, "--out", "/nowhere/page"}).exit_code, kRefused);

  const std::string file = folder_.File("baseline");
  EXPECT_EQ(Run({"policy", "baseline", kShipped, "--file", file}).exit_code, 0);
  const std::string kept = ReadAll(file);
  const std::string wider = Changed("unscheduled-care.yaml", "relations: [presenting]",
                                    "relations: [presenting, holding]");
  const Ran refused = Run({"policy", "baseline", wider, "--file", file});
  EXPECT_EQ(refused.exit_code, kRefused);
  EXPECT_THAT(refused.output, HasSubstr("unscheduled-care"));
  EXPECT_THAT(refused.output, HasSubstr("raise `version`"));
  EXPECT_EQ(ReadAll(file), kept);
}

// One hub for all that asks one: it takes longest to start.
TEST_F(PolicyCommandTest, AsksAHub) {
  StartHub();
  const nlohmann::json referred =
      Run({"refer", "--as", "uphall-lead-01", "--given", "Test", "--family", "Person",
           "--birth-date", "2002-03-04", "--sex", "female", "--source", "2A", "--concern",
           "Comes hungry.", "--json"})
          .json();
  ASSERT_TRUE(referred.is_object());
  const std::string child = referred["referral"]["child"];
  const std::string decision = referred["disclosure"]["decision"];

  // Who can see what of her.
  const Ran who = Run({"policy", "who-can-see", child, "--json"});
  ASSERT_EQ(who.exit_code, 0) << who.output;
  const nlohmann::json rows = who.json();
  const auto sees = [&rows](const char* agency, const char* role) {
    return std::any_of(rows.begin(), rows.end(), [&](const nlohmann::json& row) {
      return row["agency"] == agency && row["role"] == role;
    });
  };
  EXPECT_TRUE(sees("agencies/uphall-primary", "ROLE_DESIGNATED_LEAD"));
  EXPECT_FALSE(sees("agencies/valentines-high", "ROLE_DESIGNATED_LEAD"));
  const Ran identity = Run({"policy", "who-can-see", child, "--category", "identity"});
  EXPECT_THAT(identity.output, HasSubstr("agencies/uphall-primary"));
  EXPECT_THAT(Run({"policy", "who-can-see", child, "--category", "everything"}).output,
              HasSubstr("use one of"));
  const Ran nurse = Run({"policy", "what-can-they-see", "bhrut/emergency_nurse", child, "--json"});
  EXPECT_EQ(nurse.exit_code, 0) << nurse.output;
  for (const nlohmann::json& row : nurse.json()) EXPECT_EQ(row["agency"], "agencies/bhrut");
  EXPECT_EQ(Run({"policy", "what-can-they-see", "bhrut", child}).exit_code, kRefused);
  EXPECT_EQ(Run({"policy", "what-can-they-see", "nobody/emergency_nurse", child}).exit_code,
            kRefused);
  const Ran why = Run({"policy", "explain", child});
  EXPECT_EQ(why.exit_code, 0) << why.output;
  EXPECT_THAT(why.output, HasSubstr("agencies/uphall-primary"));
  EXPECT_THAT(why.output, Not(HasSubstr("Person")));

  // Why the school saw what it saw.
  const Ran explained = Run({"policy", "explain-decision", decision, "--as", "uphall-lead-01",
                             "--purpose", "safeguarding_referral"});
  EXPECT_EQ(explained.exit_code, 0) << explained.output;
  EXPECT_THAT(explained.output, HasSubstr("comes out the same"));
  EXPECT_THAT(explained.output, HasSubstr("referral concern: given"));
  EXPECT_EQ(Run({"policy", "explain-decision", "auditTrees/none/entries/1"}).exit_code, kRefused);

  // What a narrower set would have decided.
  const std::string narrower = Changed("referrals.yaml", "      - referral_concern\n", "");
  const Ran replayed = Run({"policy", "replay", "--days", "1", "--against", narrower, "--json"});
  ASSERT_EQ(replayed.exit_code, 0) << replayed.output;
  const nlohmann::json report = replayed.json();
  ASSERT_FALSE(report["changes"].empty()) << replayed.output;
  EXPECT_EQ(report["changes"][0]["change"], "lost");
  EXPECT_EQ(report["changes"][0]["category"], "referral concern");
  EXPECT_EQ(report["changes"][0]["role"], "designated lead");
  const nlohmann::json unchanged =
      Run({"policy", "replay", "--days", "1", "--against", kShipped, "--json"}).json();
  EXPECT_GT(unchanged["decisions"], 0);
  EXPECT_EQ(unchanged["changed"], 0) << unchanged.dump(2);
  EXPECT_THAT(replayed.output, Not(HasSubstr("Person")));

  // A set on its way into force.
  const std::string renewed =
      Changed("referrals.yaml", "review_date: 20", "review_date: 2026-12-31 # 20");
  const Ran proposed =
      Run({"policy", "propose", renewed, "--note", "Reviewed a little later.", "--json"});
  ASSERT_EQ(proposed.exit_code, 0) << proposed.output;
  const std::string set = proposed.json()["name"];
  EXPECT_EQ(Run({"policy", "activate", set}).exit_code, kRefused) << "one signature is not enough";
  EXPECT_EQ(Run({"policy", "sign", set}).exit_code, kRefused) << "the same agency signs twice";
  EXPECT_EQ(Run({"policy", "sign", set, "--as", "met-ig-01"}).exit_code, 0);
  const Ran activated = Run({"policy", "activate", set});
  EXPECT_EQ(activated.exit_code, 0) << activated.output;
  EXPECT_THAT(activated.output, HasSubstr("active"));
  EXPECT_THAT(Run({"policy", "sets"}).output, HasSubstr("Reviewed a little later."));
  EXPECT_EQ(Run({"policy", "explain", child}).exit_code, 0) << "by the set that is in force now";
}

}  // namespace
}  // namespace trusthub::testing
