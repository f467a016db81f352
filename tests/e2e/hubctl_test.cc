// hubctl as people and scripts use it: the program itself against six real processes; what it
// prints and how it exits.
#include <signal.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/commands.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HubctlTest : public ::testing::Test, protected Commands {
 protected:
  using Commands::Run;  // not ::testing::Test::Run

  static void SetUpTestSuite() {
    RunningHub::Options options;
    options.domain_now = absl::FromCivil(absl::CivilMinute(2010, 1, 19, 9, 0), London());
    absl::StatusOr<std::unique_ptr<RunningHub>> started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    running_ = started->release();
  }
  static void TearDownTestSuite() {
    delete running_;
    running_ = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(running_, nullptr);
    UseHub(running_->hub().folder());
    ASSERT_EQ(Run({"wait"}).exit_code, 0);
    ASSERT_EQ(Run({"load", "directory"}).exit_code, 0);
  }

  Ran Refer() {
    return Run({"refer", "--as", "uphall-lead-01", "--given", "Test", "--family", "Person",
                "--birth-date", "2002-03-04", "--sex", "female", "--source", "2A", "--concern",
                "Comes hungry.", "--json"});
  }
  std::string Save(const nlohmann::json& json) {
    const std::string path = folder_.File("saved.json");
    std::ofstream(path) << json.dump();
    return path;
  }

  static RunningHub* running_;
  const TempFolder folder_;
};

RunningHub* HubctlTest::running_ = nullptr;

TEST_F(HubctlTest, WrongUsageIsToldApartFromRefusals) {
  EXPECT_EQ(Run({}).exit_code, kUsage);
  EXPECT_EQ(Run({"frobnicate"}).exit_code, kUsage);
  EXPECT_EQ(Run({"get", "children/abc"}).exit_code, kUsage) << "--as is required";
  EXPECT_EQ(Run({"--help"}).exit_code, 0);

  const Ran nobody = Run({"token", "--as", "nobody-01"});
  EXPECT_EQ(nobody.exit_code, kRefused);
  EXPECT_THAT(nobody.output, HasSubstr("hubctl workers"));
  const Ran nowhere = Run({"--hub", folder_.File("empty"), "status"});
  EXPECT_EQ(nowhere.exit_code, kRefused);
  EXPECT_THAT(nowhere.output, HasSubstr("deploy/demo"));
}

TEST_F(HubctlTest, ARefusalHasItsReasonAndTheNextStep) {
  const std::vector<std::string> get = {"get",       "children/3lp4oost201pjruaum091ghl8s",
                                        "--as",      "valentines-lead-01",
                                        "--purpose", "education_support"};
  const Ran told = Run(get);
  EXPECT_EQ(told.exit_code, kRefused);
  EXPECT_THAT(told.output, HasSubstr("RECORD_NOT_FOUND"));
  EXPECT_THAT(told.output, HasSubstr("\n  > "));
  std::vector<std::string> as_json = get;
  as_json.push_back("--json");
  const nlohmann::json json = Run(as_json).json();
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["reason"], "RECORD_NOT_FOUND");
  EXPECT_EQ(json["code"], "NOT_FOUND");
  EXPECT_FALSE(json["next"].empty());
}

TEST_F(HubctlTest, LoadsTheBoroughOnceHoweverOftenItIsAsked) {
  const nlohmann::json first = Run({"load", "all", "--json"}).json();
  ASSERT_TRUE(first.is_object());
  const nlohmann::json second = Run({"load", "all", "--threads", "3", "--json"}).json();
  EXPECT_GT(first["population"]["rows"], 400);
  EXPECT_EQ(first["population"]["children"], second["population"]["children"]);
  EXPECT_EQ(Run({"agencies", "--json"}).json().size(), running_->hub().directory().agencies.size());
  EXPECT_EQ(Run({"workers", "--json"}).json().size(), running_->hub().directory().workers.size());
  EXPECT_THAT(Run({"workers", "--agency", "met-police"}).output, HasSubstr("DC Paul Brennan"));
}

TEST_F(HubctlTest, RefersReadsAndChecksTheReceipt) {
  const Ran referred = Refer();
  ASSERT_EQ(referred.exit_code, 0) << referred.output;
  const nlohmann::json answer = referred.json();
  const std::string name = answer["referral"]["name"];
  const Ran read = Run({"get", name, "--as", "uphall-lead-01", "--purpose", "safeguarding_referral",
                        "--case", "X-1"});
  EXPECT_EQ(read.exit_code, 0);
  EXPECT_THAT(read.output, HasSubstr("Comes hungry."));
  EXPECT_THAT(read.output, HasSubstr("given by referrals/own-referral: "));
  EXPECT_THAT(read.output, HasSubstr("\n  not to be passed on\n"));

  EXPECT_EQ(Run({"receipt", "verify", Save(answer)}).exit_code, 0);
  nlohmann::json altered = answer;
  const std::string index = altered["disclosure"]["receipt"].value("entry_index", "0");
  altered["disclosure"]["receipt"]["entry_index"] = index == "1" ? "2" : "1";
  const Ran refused = Run({"receipt", "verify", Save(altered)});
  EXPECT_EQ(refused.exit_code, kRefused);
  EXPECT_THAT(refused.output, Not(HasSubstr("Genuine")));
  EXPECT_EQ(Run({"receipt", "verify", Save({{"no", "receipt"}})}).exit_code, kRefused);
}

TEST_F(HubctlTest, VerifiesEveryAuditLog) {
  ASSERT_EQ(Refer().exit_code, 0);
  const Ran verified = Run({"audit", "verify", "--json"});
  ASSERT_EQ(verified.exit_code, 0) << verified.output;
  const nlohmann::json rows = verified.json();
  ASSERT_EQ(rows.size(), hubctl::kServices.size());
  for (const nlohmann::json& row : rows) EXPECT_EQ(row["result"], "verified") << row.dump();
}

TEST_F(HubctlTest, WatchesAsAWorkerMay) {
  ASSERT_EQ(Refer().exit_code, 0);
  const Ran council = Run({"watch", "--as", "lbr-sw-01", "--count", "1"});
  EXPECT_EQ(council.exit_code, 0);
  EXPECT_THAT(council.output, HasSubstr("CHILD_REGISTERED"));
  const Ran housing = Run({"watch", "--as", "housing-officer-01", "--count", "1"});
  EXPECT_EQ(housing.exit_code, kRefused);
  EXPECT_THAT(housing.output, HasSubstr("METHOD_NOT_PERMITTED"));
}

TEST_F(HubctlTest, SetsAndShowsTheClock) {
  EXPECT_THAT(Run({"clock", "set", "2010-03-30T08:40"}).output,
              HasSubstr("Tuesday 2010-03-30 08:40"));
  EXPECT_THAT(Run({"clock", "show", "--json"}).json()["domain_time"].get<std::string>(),
              HasSubstr("2010-03-30T08:4"));
  EXPECT_EQ(Run({"clock", "set", "yesterday"}).exit_code, kRefused);
  EXPECT_EQ(Run({"clock", "set", "2010-01-19"}).exit_code, 0);
}

TEST_F(HubctlTest, HealthFollowsTheProcess) {
  EXPECT_EQ(Run({"health"}).exit_code, 0);
  EXPECT_EQ(Run({"health", "--config", running_->ConfigOf("plans")}).exit_code, 0);
  running_->Kill("plans", SIGKILL);
  EXPECT_EQ(Run({"health", "--config", running_->ConfigOf("plans")}).exit_code, kRefused);
  EXPECT_EQ(Run({"health", "--service", "plans"}).exit_code, kRefused);
  EXPECT_EQ(Run({"health"}).exit_code, kRefused);
  EXPECT_EQ(Run({"health", "--service", "health"}).exit_code, 0);
  EXPECT_THAT(Run({"status"}).output, HasSubstr("1 of 6 services do not serve"));
  EXPECT_THAT(running_->Restart("plans"), IsOk());
  EXPECT_EQ(Run({"wait"}).exit_code, 0);
}

}  // namespace
}  // namespace trusthub::testing
