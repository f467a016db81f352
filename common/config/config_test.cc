#include "common/config/config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace trusthub::config {
namespace {

constexpr char kGood[] =
    "service: referrals\n"
    "listen: 127.0.0.1:0\n"
    "data_folder: data\n"
    "rules_folder: /etc/trusthub\n"
    "agreements_folder: agreements\n"
    "settings_folder: settings\n"
    "certificate: tls/leaf.pem\n"
    "key: tls/leaf.key\n"
    "client_ca: tls/clients.pem\n"
    "server_ca: tls/hub.pem\n"
    "trust_file: trust.yaml\n"
    "audience: hub\n"
    "audit_key: keys/audit.pem\n"
    "master_key: keys/master.hex\n"
    "data_keys: keys/ring.yaml\n"
    "services:\n"
    "  children: 127.0.0.1:7402\n";

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "trusthub-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<Config> LoadText(const std::string& text) {
    const std::string path = folder_ + "/service.yaml";
    std::ofstream(path) << text;
    return Load(path);
  }

  std::string folder_;
};

TEST_F(ConfigTest, LoadsAndResolvesPathsFromTheFile) {
  const auto config = LoadText(kGood);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->service, "referrals");
  EXPECT_EQ(config->data_folder, folder_ + "/data");
  EXPECT_EQ(config->rules_folder, "/etc/trusthub");
  EXPECT_EQ(config->services.at("children"), "127.0.0.1:7402");
}

TEST_F(ConfigTest, EveryMistakeNamesItsLine) {
  const std::string good = kGood;
  const struct {
    std::string text;
    const char* expected;
  } cases[] = {
      {absl::StrCat(good, "lisen: x\n"), ":18: unknown setting lisen"},
      {absl::StrCat(good, "service: other\n"), ":18: service is given twice"},
      {absl::StrCat(good, "threads: many\n"), ":18: threads has the wrong type"},
      {absl::StrCat(good, "threads: 257\n"), "threads must lie in 0 to 256"},
      {absl::StrCat(good, "store: mysql://db\n"), "store must begin with postgresql://"},
      {absl::StrCat(good, "reflection: true\n"), "are for a sandbox"},
      {absl::StrCat(good, "clock_file: clock\n"), "are for a sandbox"},
      {absl::StrReplaceAll(good, {{"audience: hub\n", ""}}), "setting audience is missing"},
      {absl::StrReplaceAll(good, {{"audience: hub", "audience:"}}), ":12: audience is empty"},
      {absl::StrReplaceAll(good, {{"audience: hub", "audience: ''"}}), ":12: audience is empty"},
      {absl::StrReplaceAll(good, {{": tls/clients.pem", ":"}}), ":9: client_ca is empty"},
      {absl::StrReplaceAll(good, {{"127.0.0.1:7402", "7402"}}), "services.children must be host"},
      {absl::StrReplaceAll(good, {{"127.0.0.1:7402", "a:1, b:2"}}), "with commas between"},
      {absl::StrCat(good, "  - x: [\n"), "is not well-formed YAML"},
      {"just text\n", "must be a YAML map"},
  };
  for (const auto& c : cases) {
    const auto config = LoadText(c.text);
    ASSERT_FALSE(config.ok()) << c.expected;
    EXPECT_TRUE(absl::StrContains(config.status().message(), c.expected)) << config.status();
  }
}

TEST_F(ConfigTest, DumpHidesSecrets) {
  const auto config = LoadText(kGood);
  ASSERT_TRUE(config.ok());
  const std::string dump = Dump(*config);
  EXPECT_TRUE(absl::StrContains(dump, "master_key: (secret)"));
  EXPECT_FALSE(absl::StrContains(dump, "master.hex"));
  EXPECT_TRUE(absl::StrContains(dump, "listen: 127.0.0.1:0"));
}

TEST_F(ConfigTest, StoreIsDumpedWithoutWhoAndHow) {
  const auto config = LoadText(absl::StrCat(
      kGood, "store: postgresql://hub:hush@db.example:5432/referrals?passfile=/keys/pass\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->folder, folder_);
  const std::string dump = Dump(*config);
  EXPECT_TRUE(absl::StrContains(dump, "store: postgresql://db.example:5432/referrals\n")) << dump;
}

}  // namespace
}  // namespace trusthub::config
