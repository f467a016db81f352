// hubctl keys against real processes: rotation while the service is killed, rotation whose command
// is killed, and what a service reads when the old key is gone.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/keys/key_ring.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/loading.h"
#include "deploy/hubctl/text_file.h"
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

constexpr char kService[] = "children";

class KeysCommandTest : public ::testing::Test, protected Commands {
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
    ASSERT_THAT(hubctl::LoadPopulation(hub_->hub(), 4, nullptr), IsOk());
  }

  std::string KeyFile(const std::string& name) const {
    return absl::StrCat(hub_->hub().folder(), "/pki/services/", kService, "/", name);
  }
  std::vector<std::string> RingIds() const {
    const std::string path = KeyFile("data_keys.yaml");
    const auto text = hubctl::ReadTextFile(path);
    std::vector<std::string> ids;
    if (!text.ok()) return ids;
    const auto places = crypto::ParseKeyRing(*text, path);
    for (const auto& place : *places) ids.push_back(place.id);
    return ids;
  }
  bool AwaitTwoKeys() {
    return Within(absl::Seconds(30), [&] { return RingIds().size() == 2; });
  }
  // Every child is found by what it was registered with.
  void ExpectAllReadable() {
    const auto again = hubctl::LoadPopulation(hub_->hub(), 4, nullptr);
    ASSERT_THAT(again, IsOk());
    EXPECT_GT(again->children, 250);
  }

  std::unique_ptr<RunningHub> hub_;
};

TEST_F(KeysCommandTest, RotatesOnlineAndSurvivesEveryKill) {
  ASSERT_EQ(Run({"--json", "keys", "status", "--service", kService}).exit_code, 0) << Output();
  const auto before = nlohmann::json::parse(Output());
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(before[0]["key"], "kek-1");
  const std::string keys = before[0]["wraps data keys"];
  EXPECT_GT(std::stoi(keys), 250);

  // The service is killed while it wraps its keys anew.
  auto rotating = Start({"keys", "rotate", "--service", kService});
  ASSERT_TRUE(AwaitTwoKeys());
  EXPECT_EQ(hub_->Kill(kService, SIGKILL), -SIGKILL);
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  EXPECT_EQ(rotating->Wait(kLimit), 0) << Output();
  EXPECT_THAT(RingIds(), ::testing::ElementsAre("kek-2"));
  ExpectAllReadable();

  // The command is killed; run again it goes on with the key that it had made.
  rotating = Start({"keys", "rotate", "--service", kService});
  ASSERT_TRUE(AwaitTwoKeys());
  rotating->Signal(SIGKILL);
  EXPECT_EQ(rotating->Wait(kLimit), -SIGKILL);
  EXPECT_EQ(Run({"keys", "rotate", "--service", kService, "--destroy-old"}).exit_code, 0)
      << Output();
  EXPECT_THAT(RingIds(), ::testing::ElementsAre("kek-3"));
  EXPECT_TRUE(fs::exists(KeyFile("kek-1.key.retired"))) << "backups made before may need it";
  EXPECT_FALSE(fs::exists(KeyFile("kek-2.key")));
  ASSERT_EQ(Run({"--json", "keys", "status", "--service", kService}).exit_code, 0) << Output();
  const auto after = nlohmann::json::parse(Output());
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0]["key"], "kek-3");
  EXPECT_EQ(after[0]["wraps data keys"], keys) << "no key was lost or made twice";

  // No old key is needed any more, also not by a service that starts.
  fs::remove(KeyFile("kek-1.key.retired"));
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  ExpectAllReadable();
}

TEST_F(KeysCommandTest, AFlawedRingIsNotTakenAndTheServiceGoesOn) {
  const std::string path = KeyFile("data_keys.yaml");
  const std::string good = hubctl::ReadTextFile(path).value();
  const auto put = [&](const std::string& text) {
    std::ofstream(path + ".new") << text;
    fs::rename(path + ".new", path);
  };
  put(absl::StrCat(good, "nonsense: 1\n"));
  EXPECT_TRUE(Within(absl::Seconds(20), [&] {
    return absl::StrContains(hubctl::ReadTextFile(hub_->LogOf(kService)).value_or(""),
                             "key ring not taken");
  }));
  ExpectAllReadable();
  put(good);
  EXPECT_EQ(Run({"keys", "status", "--service", kService}).exit_code, 0) << Output();
  // A store whose key the ring lacks is not opened.
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  fs::rename(KeyFile("kek-1.key"), KeyFile("kek-9.key"));
  put("version: 1\nkeys:\n  - {id: kek-9, file: kek-9.key}\n");
  const absl::Status refused = hub_->Restart(kService);
  EXPECT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.message()), HasSubstr("kek-1"));
}

}  // namespace
}  // namespace trusthub::testing
