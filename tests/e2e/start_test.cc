// A service that cannot start as it should says why in one line, ends with an error, and leaves
// everything on disk as it was.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

// The service that is started; the others stay away, which is no reason not to start.
constexpr char kService[] = "health";
constexpr int kUsage = 64;
constexpr int kConfiguration = 78;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  ASSERT_TRUE(file.flush().good()) << path;
}

// Replaces the one occurrence of `from` in a file.
void Edit(const std::string& path, const std::string& from, const std::string& to) {
  const std::string text = ReadAll(path);
  ASSERT_TRUE(absl::StrContains(text, from)) << path << " lacks " << from;
  WriteAll(path, absl::StrReplaceAll(text, {{from, to}}));
}

// Path -> mode and content of every file of a folder.
std::map<std::string, std::string> ContentOf(const std::string& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat info {};
    stat(entry.path().c_str(), &info);
    content[entry.path().string()] = absl::StrCat(
        info.st_mode, "\n", entry.is_regular_file() ? ReadAll(entry.path().string()) : "");
  }
  return content;
}

class StartTest : public ::testing::Test {
 protected:
  // A hub whose one service ran before: there is data to lose.
  void SetUp() override {
    RunningHub::Options options;
    options.services = {kService};
    auto started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_THAT(hub_->Stop(), IsOk());
    config_ = hub_->ConfigOf(kService);
  }

  // Runs the service, which must not serve, and returns its one line.
  std::string Refusal(int exit_code = kConfiguration, std::vector<std::string> environment = {},
                      std::vector<std::string> arguments = {}) {
    const auto before = ContentOf(hub_->hub().folder());
    const std::string output = outside_.File(absl::StrCat("output-", ++runs_));
    ChildProcess::Options options;
    options.program = ServiceBinary(kService);
    options.arguments =
        arguments.empty() ? std::vector<std::string>{"--config", config_} : std::move(arguments);
    options.environment = std::move(environment);
    options.output = output;
    auto process = ChildProcess::Start(options);
    EXPECT_THAT(process, IsOk());
    if (!process.ok()) return "";
    EXPECT_EQ((*process)->Wait(absl::Seconds(20)), exit_code);
    const auto after = ContentOf(hub_->hub().folder());
    for (const auto& [path, content] : before) {
      const auto found = after.find(path);
      EXPECT_NE(found, after.end()) << path << " is gone";
      EXPECT_TRUE(found == after.end() || found->second == content) << path << " was changed";
    }
    for (const auto& [path, content] : after) {
      EXPECT_EQ(before.count(path), 1u) << path << " was made";
    }
    // Beside lines of the log, which are JSON: which page of a store is damaged, for whoever mends.
    std::vector<std::string> lines = LinesOf(output);
    std::erase_if(lines, [](const std::string& line) { return absl::StartsWith(line, "{"); });
    EXPECT_EQ(lines.size(), 1u) << ReadAll(output);
    if (lines.empty()) return "";
    EXPECT_TRUE(absl::StartsWith(lines.back(), "trusthub-health: ")) << lines.back();
    std::printf("  %s\n", lines.back().c_str());
    return lines.back();
  }

  std::string KeyOf(const std::string& name) const {
    return absl::StrCat(hub_->hub().folder(), "/pki/services/", kService, "/", name);
  }
  std::string Database() const { return hub_->DataOf(kService) + "/store.db"; }

  TempFolder outside_;
  std::unique_ptr<RunningHub> hub_;
  std::string config_;
  int runs_ = 0;
};

TEST_F(StartTest, StartsAgainWhenNothingIsWrong) {
  EXPECT_THAT(hub_->Restart(kService), IsOk());
  EXPECT_EQ(hub_->Kill(kService, SIGTERM), 0);
}

TEST_F(StartTest, WrongArgumentsShowTheUsage) {
  EXPECT_THAT(Refusal(kUsage, {}, {"--port", "7"}), HasSubstr("usage: trusthub-health --config"));
}

TEST_F(StartTest, ConfigurationErrorsNameFileAndKey) {
  const std::string good = ReadAll(config_);
  EXPECT_THAT(Refusal(kConfiguration, {}, {"--config", config_ + ".missing"}),
              HasSubstr("health.yaml.missing"));
  WriteAll(config_, good + "colour: blue\n");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("health.yaml"), HasSubstr("colour")));
  WriteAll(config_, absl::StrReplaceAll(good, {{"audience:", "# audience:"}}));
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("health.yaml"), HasSubstr("audience")));
  WriteAll(config_, absl::StrReplaceAll(good, {{"sandbox: true", "sandbox: perhaps"}}));
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("health.yaml"), HasSubstr("sandbox")));
  WriteAll(config_, absl::StrReplaceAll(good, {{"sandbox: true", "sandbox: false"}}));
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("health.yaml"), HasSubstr("sandbox")));
  WriteAll(config_, absl::StrReplaceAll(good, {{"service: health", "service: plans"}}));
  EXPECT_THAT(Refusal(), HasSubstr("is the configuration of plans"));
  WriteAll(config_, good.substr(0, good.size() / 2) + "\n\t: [");
  EXPECT_THAT(Refusal(), HasSubstr("health.yaml"));
  WriteAll(config_, absl::StrReplaceAll(good, {{"  children:", "  # children:"}}));
  EXPECT_THAT(Refusal(), HasSubstr("services.children"));
}

TEST_F(StartTest, SecretsMustBeThereAndForTheirOwnerAlone) {
  const std::vector<std::pair<std::string, std::string>> secrets = {{"master_key", "master.key"},
                                                                    {"audit_key", "audit.key"},
                                                                    {"key", "tls.key"},
                                                                    {"data_keys", "kek-1.key"}};
  for (const auto& [setting, name] : secrets) {
    const std::string path = KeyOf(name);
    fs::permissions(path, fs::perms::others_read, fs::perm_options::add);
    EXPECT_THAT(Refusal(), AllOf(HasSubstr(setting + ":"), HasSubstr(name), HasSubstr("owner")));
    fs::permissions(path, fs::perms::others_read, fs::perm_options::remove);
    fs::rename(path, outside_.File(name));
    EXPECT_THAT(Refusal(), AllOf(HasSubstr(setting + ":"), HasSubstr(name)));
    WriteAll(path, "no key\n");
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_THAT(Refusal(), AllOf(HasSubstr(setting + ":"), HasSubstr(name)));
    fs::remove(path);
    fs::rename(outside_.File(name), path);
  }
}

TEST_F(StartTest, CertificatesMustBeThere) {
  fs::rename(KeyOf("tls.pem"), outside_.File("tls.pem"));
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("certificate:"), HasSubstr("tls.pem")));
  WriteAll(KeyOf("tls.pem"), "no certificate\n");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("certificate:"), HasSubstr("tls.pem")));
}

TEST_F(StartTest, NobodyIsBelievedWithoutACa) {
  const std::string good = ReadAll(config_);
  const auto with = [&](const std::string& setting, const std::string& path) {
    WriteAll(config_,
             absl::StrReplaceAll(good, {{absl::StrCat("\n", setting, ": "),
                                         absl::StrCat("\n", setting, ": ", path, " # ")}}));
    return Refusal();
  };
  WriteAll(outside_.File("no-ca.pem"), "no certificate\n");
  for (const char* setting : {"client_ca", "server_ca", "trust_file"}) {
    const auto named = HasSubstr(absl::StrCat(setting, ":"));
    EXPECT_THAT(with(setting, outside_.File("away.pem")), AllOf(named, HasSubstr("away.pem")));
    EXPECT_THAT(with(setting, outside_.File("no-ca.pem")), AllOf(named, HasSubstr("no-ca.pem")));
    WriteAll(config_, absl::StrReplaceAll(good, {{absl::StrCat("\n", setting, ":"),
                                                  absl::StrCat("\n# ", setting, ":")}}));
    EXPECT_THAT(Refusal(), HasSubstr(absl::StrCat("setting ", setting, " is missing")));
  }
  WriteAll(config_, good);
  // Of one agency alone, as the trust file names it.
  const std::string ca = hub_->hub().folder() + "/pki/agencies/met-police/ca.pem";
  fs::rename(ca, outside_.File("ca.pem"));
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("trust_file:"), HasSubstr("met-police/ca.pem")));
}

TEST_F(StartTest, AnAudienceOfNothingIsNone) {
  const std::string good = ReadAll(config_);
  for (const char* nothing :
       {"audience: #", "audience: '' #", "audience: \"\" #", "audience: ~ #"}) {
    WriteAll(config_, absl::StrReplaceAll(good, {{"audience:", nothing}}));
    EXPECT_THAT(Refusal(), AllOf(HasSubstr("health.yaml"), HasSubstr("audience is empty")));
  }
}

TEST_F(StartTest, DoorsForDataInTheEnvironmentAreRefused) {
  EXPECT_THAT(Refusal(kConfiguration, {"GRPC_TRACE=all"}), HasSubstr("GRPC_TRACE"));
  EXPECT_THAT(Refusal(kConfiguration, {absl::StrCat("SSLKEYLOGFILE=", outside_.File("keys"))}),
              HasSubstr("SSLKEYLOGFILE"));
  EXPECT_FALSE(fs::exists(outside_.File("keys")));
}

TEST_F(StartTest, CorruptDatabasesAreRefused) {
  const std::string good = ReadAll(Database());
  ASSERT_GT(good.size(), 8192u);
  std::string bad = good;
  std::fill_n(bad.begin(), 512, 'x');
  WriteAll(Database(), bad);
  EXPECT_THAT(Refusal(), HasSubstr("store.db"));
  bad = good;
  std::fill(bad.begin() + 4096, bad.end(), 'x');
  WriteAll(Database(), bad);
  EXPECT_THAT(Refusal(), HasSubstr("store.db"));
  WriteAll(Database(), good.substr(0, good.size() / 2));
  EXPECT_THAT(Refusal(), HasSubstr("store.db"));
  WriteAll(Database(), good);
  EXPECT_THAT(hub_->Restart(kService), IsOk()) << "the good file is good";
}

TEST_F(StartTest, BrokenAgreementsAreRefused) {
  const std::string copy = outside_.File("agreements");
  const std::string original = testing::SourcePath("deploy/config/redbridge/agreements");
  fs::copy(original, copy);
  Edit(config_, "agreements_folder: " + original, "agreements_folder: " + copy);
  Edit(copy + "/hub-operation.yaml", "purposes: [hub_operation]", "purposes: [curiosity]");
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("hub-operation.yaml"), HasSubstr("curiosity")));
  fs::remove_all(copy);
  EXPECT_THAT(Refusal(), HasSubstr(copy));
  fs::create_directory(copy);
  EXPECT_THAT(Refusal(), HasSubstr(copy));
}

TEST_F(StartTest, OneProcessAtATime) {
  const std::string good = ReadAll(config_);
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  // The same configuration: the data is found in use before the port is.
  const std::string second = outside_.File("second.yaml");
  WriteAll(second, absl::StrReplaceAll(good, {{"../", hub_->hub().folder() + "/"},
                                              {"listen: 127.0.0.1:", "listen: 127.0.0.1:0 # "}}));
  std::string line;
  {
    ChildProcess::Options options;
    options.program = ServiceBinary(kService);
    options.arguments = {"--config", second};
    options.output = outside_.File("second");
    auto process = ChildProcess::Start(options);
    ASSERT_THAT(process, IsOk());
    EXPECT_EQ((*process)->Wait(absl::Seconds(60)), kConfiguration);
    const std::vector<std::string> lines = LinesOf(options.output);
    ASSERT_EQ(lines.size(), 1u) << ReadAll(options.output);
    std::printf("  %s\n", lines[0].c_str());
    EXPECT_THAT(lines[0], AllOf(HasSubstr("data/health"), HasSubstr("use")));
  }
  EXPECT_EQ(hub_->Kill(kService, SIGTERM), 0) << "the first process did not notice";
}

TEST_F(StartTest, TakenPortsAreNamed) {
  // The same port for another service, with data of its own.
  ASSERT_THAT(hub_->Restart(kService), IsOk());
  const std::string other = outside_.File("other.yaml");
  WriteAll(other, absl::StrReplaceAll(ReadAll(config_), {{"../data/health", outside_.File("data")},
                                                         {"../", hub_->hub().folder() + "/"}}));
  ChildProcess::Options options;
  options.program = ServiceBinary(kService);
  options.arguments = {"--config", other};
  options.output = outside_.File("other");
  auto process = ChildProcess::Start(options);
  ASSERT_THAT(process, IsOk());
  EXPECT_EQ((*process)->Wait(absl::Seconds(60)), kConfiguration);
  const std::vector<std::string> lines = LinesOf(options.output);
  ASSERT_EQ(lines.size(), 1u) << ReadAll(options.output);
  std::printf("  %s\n", lines[0].c_str());
  EXPECT_THAT(lines[0], HasSubstr(hub_->hub().addresses().at(kService)));
  EXPECT_EQ(hub_->Kill(kService, SIGTERM), 0);
}

}  // namespace
}  // namespace trusthub::testing
