// Which databases a store opens, and what it says of others: one line each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/schema.h"
#include "common/store/postgres/store_fixture.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/pki/certificates.h"

namespace trusthub::store {
namespace {

using ::testing::EndsWith;
using testing::ErrorOf;
using testing::FakeLeafSequencer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::OptionsFor;
using testing::PostgresDatabase;
using testing::PostgresServer;
using ::testing::StartsWith;
using testing::TempFolder;

class PostgresStartTest : public ::testing::Test {
 protected:
  PostgresOptions Options() { return OptionsFor(database_.url(), &sequencer_); }
  std::string Error() { return ErrorOf(Options()); }

  FakeLeafSequencer sequencer_;
  PostgresDatabase database_;
};

// --- What it holds ------------------------------------------------------------------------------

TEST_F(PostgresStartTest, RefusesANewerSchema) {
  ASSERT_EQ(Error(), "");
  ASSERT_TRUE(database_.Run("INSERT INTO hub_schema VALUES (99)").ok());
  EXPECT_THAT(Error(), StartsWith("store postgresql://"));
  EXPECT_THAT(Error(),
              EndsWith(": made by another version of the hub (schema 99, this one knows 3)"));
}

TEST_F(PostgresStartTest, RefusesOtherTables) {
  ASSERT_TRUE(database_.Run("CREATE TABLE theirs (x BIGINT)").ok());
  EXPECT_THAT(Error(), EndsWith(": not a store of the hub"));
}

TEST_F(PostgresStartTest, RefusesAnotherServicesDatabase) {
  ASSERT_EQ(Error(), "");
  PostgresOptions options = Options();
  options.service = "plans";
  EXPECT_THAT(ErrorOf(options), EndsWith("is the database of the service test; each service has a"
                                         " database of its own"));
}

TEST_F(PostgresStartTest, MissingStoreIsNotMadeUnlessAsked) {
  PostgresOptions options = Options();
  options.create = false;
  EXPECT_THAT(ErrorOf(options), EndsWith(": is empty; restore it from a backup"));
  ASSERT_EQ(Error(), "");
  EXPECT_EQ(ErrorOf(options), "");
  options.tree = "auditTrees/other";
  EXPECT_THAT(ErrorOf(options), EndsWith(": does not hold auditTrees/other, which this service has"
                                         " written; restore it from a backup"));
}

TEST_F(PostgresStartTest, ARegisteredTreeCannotVanish) {
  ASSERT_EQ(Error(), "");
  ASSERT_EQ(ErrorOf(OptionsFor(database_.url(), &sequencer_, "auditTrees/second")), "");
  ASSERT_TRUE(database_.Run("DELETE FROM tree WHERE id = 2").ok());
  EXPECT_THAT(Error(), EndsWith(": a registered audit tree is gone from it; restore it from a"
                                " backup"));
}

TEST_F(PostgresStartTest, LeavesThatDoNotFitTheirTreeAreRefused) {
  {
    auto store = OpenPostgres(Options());
    ASSERT_TRUE(CommitAndWait(**store, testing::LeafSet("one")).ok());
    ASSERT_TRUE(CommitAndWait(**store, testing::LeafSet("two")).ok());
  }
  ASSERT_TRUE(database_.Run("DELETE FROM leaf WHERE position = 1").ok());
  EXPECT_THAT(Error(), EndsWith(": the state does not fit the leaves"));
}

TEST_F(PostgresStartTest, ProcessesThatStartTogetherMakeOneStore) {
  constexpr std::size_t kProcesses = 4;
  std::vector<FakeLeafSequencer> sequencers(kProcesses);
  std::vector<std::string> errors(kProcesses);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&, i] {
      errors[i] = ErrorOf(OptionsFor(database_.url(), &sequencers[i], absl::StrCat("tree", i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors, std::vector<std::string>(kProcesses));
  EXPECT_EQ(database_.Run("SELECT count(*), max(id) FROM tree").value(), "4|4");
}

TEST_F(PostgresStartTest, SecondProcessOfThisMachineIsRefused) {
  TempFolder folder;
  PostgresOptions options = Options();
  options.lock_file = folder.File("store.lock");
  auto store = OpenPostgres(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT(ErrorOf(options), EndsWith("in use by another process; stop that one first"));
}

// --- Migrations ---------------------------------------------------------------------------------

class MigrationTest : public PostgresStartTest {
 protected:
  MigrationTest() {
    migrations_ = Migrations();
    const std::int64_t next = NewestSchema() + 1;
    migrations_.push_back({next,
                           {},
                           {"ALTER TABLE state ADD COLUMN added BIGINT;",
                            "SELECT count(*) FROM state WHERE added IS NOT NULL", 0}});
    migrations_.push_back(
        {next + 1,
         {},
         {"UPDATE state SET added = 7; CREATE INDEX state_added ON state (added);",
          "SELECT count(*) FROM state WHERE added = 7", 1}});
    auto address = postgres::ParseAddress(database_.url(), "", false);
    connection_ = postgres::Connection::Open(*address, absl::Seconds(10)).value();
  }

  absl::Status Prepare(const std::vector<Migration>& migrations) {
    return postgres::PrepareSchema(*connection_, "test", true, absl::Seconds(10), migrations);
  }
  std::string Version() { return database_.Run("SELECT max(version) FROM hub_schema").value(); }

  std::vector<Migration> migrations_;
  std::unique_ptr<postgres::Connection> connection_;
};

TEST_F(MigrationTest, EveryEarlierVersionIsBroughtToTheNewest) {
  for (std::size_t from = 1; from < migrations_.size(); ++from) {
    PostgresDatabase database;
    const auto address = postgres::ParseAddress(database.url(), "", false);
    connection_ = postgres::Connection::Open(*address, absl::Seconds(10)).value();
    const std::vector<Migration> earlier(migrations_.begin(),
                                         migrations_.begin() + static_cast<std::ptrdiff_t>(from));
    ASSERT_TRUE(Prepare(earlier).ok());
    ASSERT_TRUE(database.Run("INSERT INTO state (space, key, value) VALUES ('s', 'k', 'v')").ok());
    ASSERT_TRUE(Prepare(migrations_).ok()) << from;
    EXPECT_EQ(database.Run("SELECT string_agg(version::text, ' ' ORDER BY version) FROM hub_schema")
                  .value(),
              "2 3 4 5");
    EXPECT_EQ(database.Run("SELECT added FROM state").value(), "7");
  }
}

TEST_F(MigrationTest, OneThatDoesNotDoWhatItShouldChangesNothing) {
  ASSERT_TRUE(Prepare(Migrations()).ok());
  const absl::Status status = Prepare(migrations_);  // without a row the last one does not hold
  EXPECT_EQ(std::string(status.message()),
            "migration 5 did not do what it should; nothing was changed");
  EXPECT_EQ(Version(), "4");
  EXPECT_EQ(database_
                .Run("SELECT count(*) FROM pg_indexes WHERE indexname = 'state_added'"
                     " AND schemaname = current_schema()")
                .value(),
            "0");
  // A newer schema than the binary knows stops the start.
  EXPECT_THAT(Error(), EndsWith("(schema 4, this one knows 3)"));
}

// --- Addresses ----------------------------------------------------------------------------------

std::string AddressError(const std::string& url) {
  return std::string(postgres::ParseAddress(url, "/etc/hub", false).status().message());
}

TEST(PostgresAddressTest, NothingUnsafeIsTaken) {
  EXPECT_THAT(AddressError("mysql://host/db"), HasSubstr("must begin with postgresql://"));
  EXPECT_THAT(AddressError("postgresql://[host/db"), HasSubstr("is no URL that libpq takes"));
  EXPECT_THAT(AddressError("postgresql://host/"), HasSubstr("names no database"));
  EXPECT_THAT(AddressError("postgresql:///db"), HasSubstr("names no host"));
  EXPECT_THAT(AddressError("postgresql://u:hush@host/db"), HasSubstr("holds a password"));
  EXPECT_THAT(AddressError("postgresql://u:hush@host/db"), Not(HasSubstr("hush")));
  EXPECT_THAT(AddressError("postgresql://host/db?password=hush"), HasSubstr("holds a password"));
  EXPECT_THAT(AddressError("postgresql://host/db?sslmode=require"),
              HasSubstr("sslmode=require does not check who the server is"));
  EXPECT_THAT(AddressError("postgresql://host/db"), HasSubstr("sslrootcert is missing"));
  EXPECT_THAT(AddressError("postgresql:///db?host=/run,db.example"), HasSubstr("sslrootcert"));
  EXPECT_EQ(AddressError("postgresql:///db?host=/run/postgresql"), "");
}

TEST(PostgresAddressTest, FilesAreRelativeToTheFolder) {
  const auto address = postgres::ParseAddress(
      "postgresql://hub@db.example:5433/plans?sslrootcert=ca.pem&sslkey=/keys/k&passfile=p",
      "/etc/hub", false);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->parameters.at("sslrootcert"), "/etc/hub/ca.pem");
  EXPECT_EQ(address->parameters.at("sslkey"), "/keys/k");
  EXPECT_EQ(address->parameters.at("passfile"), "/etc/hub/p");
  EXPECT_EQ(address->parameters.at("sslmode"), "verify-full");
  EXPECT_EQ(address->name, "postgresql://db.example:5433/plans");
}

// --- How it is set up ---------------------------------------------------------------------------

// One server for all of them; each test leaves it as it was.
class PostgresSettingsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = PostgresServer::Start().value().release();
    database_ = new PostgresDatabase(server_->socket_folder());
  }
  static void TearDownTestSuite() {
    delete database_;
    delete server_;
  }

  std::string ErrorWith(const std::string& setting) {
    server_->Stop();
    server_->AddSetting(setting);
    EXPECT_TRUE(server_->StartAgain().ok());
    FakeLeafSequencer sequencer;
    return ErrorOf(OptionsFor(database_->url(), &sequencer));
  }

  static PostgresServer* server_;
  static PostgresDatabase* database_;
};
PostgresServer* PostgresSettingsTest::server_ = nullptr;
PostgresDatabase* PostgresSettingsTest::database_ = nullptr;

TEST_F(PostgresSettingsTest, AcknowledgedCouldMeanLost) {
  const std::pair<std::string, std::string> cases[] = {{"fsync", "off"},
                                                       {"full_page_writes", "off"},
                                                       {"data_sync_retry", "on"},
                                                       {"synchronous_commit", "off"},
                                                       {"ignore_checksum_failure", "on"},
                                                       {"zero_damaged_pages", "on"}};
  for (const auto& [setting, value] : cases) {
    EXPECT_THAT(ErrorWith(setting + " = " + value),
                HasSubstr(": the server has " + setting + " = " + value + " and must have "));
    server_->AddSetting(setting + (value == "on" ? " = off" : " = on"));
  }
  EXPECT_EQ(ErrorWith("synchronous_commit = local"), "") << "no standby could take over";
  EXPECT_THAT(ErrorWith("synchronous_standby_names = 'nobody'"),
              HasSubstr("synchronous_commit = local and must have on or remote_apply"));
  server_->AddSetting("synchronous_standby_names = ''");
  EXPECT_EQ(ErrorWith("synchronous_commit = remote_apply"), "");
  ErrorWith("synchronous_commit = on");
}

TEST_F(PostgresSettingsTest, ReadOnlyIsRefused) {
  EXPECT_THAT(ErrorWith("default_transaction_read_only = on"),
              EndsWith("nothing can be written here, it is a standby or set read-only; name the"
                       " primary"));
  EXPECT_EQ(ErrorWith("default_transaction_read_only = off"), "");
}

TEST_F(PostgresSettingsTest, StandbyIsRefused) {
  const auto standby = PostgresServer::StartStandby(*server_, "standby");
  ASSERT_TRUE(standby.ok()) << standby.status();
  FakeLeafSequencer sequencer;
  PostgresOptions options = OptionsFor(database_->url(), &sequencer);
  options.url = absl::StrCat("postgresql://hub@/postgres?host=", (*standby)->socket_folder());
  EXPECT_THAT(ErrorOf(options), EndsWith("name the primary"));
  // Of several hosts the one that takes writes is found.
  options.url =
      absl::StrCat("postgresql://hub@/postgres?host=", (*standby)->socket_folder(), ",",
                   server_->socket_folder(), "&options=-csearch_path%3D", database_->name());
  EXPECT_EQ(ErrorOf(options), "");
}

TEST_F(PostgresSettingsTest, DatabaseWithoutChecksumsIsRefused) {
  server_->Stop();
  ASSERT_TRUE(server_->Tool({"pg_checksums", "--disable", "-D", server_->data_folder()}).ok());
  EXPECT_THAT(ErrorWith(""), HasSubstr("the server has data_checksums = off and must have on"));
  server_->Stop();
  ASSERT_TRUE(server_->Tool({"pg_checksums", "--enable", "-D", server_->data_folder()}).ok());
  EXPECT_EQ(ErrorWith(""), "");
}

TEST_F(PostgresSettingsTest, ServerThatIsNotThere) {
  FakeLeafSequencer sequencer;
  TempFolder nowhere;
  const std::string error =
      ErrorOf(OptionsFor(absl::StrCat("postgresql://hub@/hub?host=", nowhere.path()), &sequencer));
  EXPECT_THAT(error, StartsWith("store postgresql://"));
  EXPECT_THAT(error, HasSubstr("No such file or directory"));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
}

TEST_F(PostgresSettingsTest, WrongCredentials) {
  ASSERT_TRUE(database_->Run("ALTER ROLE hub PASSWORD 'right'").ok());
  TempFolder folder;
  const auto error_with = [&](const std::string& password) {
    const std::string file = folder.File("pass");
    std::ofstream(file) << "*:*:*:*:" << password << "\n";
    EXPECT_EQ(chmod(file.c_str(), 0600), 0);
    FakeLeafSequencer sequencer;
    PostgresOptions options = OptionsFor(
        database_->tcp_url(server_->tcp_port(), "&passfile=pass&sslmode=disable"), &sequencer);
    options.folder = folder.path();
    options.allow_plain = true;
    return ErrorOf(options);
  };
  EXPECT_THAT(error_with("wrong"), HasSubstr("password authentication failed"));
  EXPECT_THAT(error_with("wrong"), Not(HasSubstr("\n")));
  EXPECT_EQ(error_with("right"), "");
}

// --- TLS ----------------------------------------------------------------------------------------

pki::LeafRequest Leaf(const std::string& name, const std::string& names, const char* usage) {
  pki::LeafRequest request;
  request.common_name = name;
  request.alternative_names = names;
  request.extended_key_usage = usage;
  const absl::Time now = RealClock().Now();
  request.validity = {now - absl::Hours(1), now + absl::Hours(1)};
  return request;
}

TEST(PostgresTlsTest, BothSidesProveWhoTheyAre) {
  const absl::Time now = RealClock().Now();
  const pki::Validity validity = {now - absl::Hours(1), now + absl::Hours(1)};
  const auto authority = pki::Ca::Make("authority", validity);
  const auto stranger = pki::Ca::Make("stranger", validity);
  const pki::KeyPair served = authority->IssueLeaf(Leaf("db", "IP:127.0.0.1", "serverAuth"));
  const pki::KeyPair client = authority->IssueLeaf(Leaf("hub", "DNS:hub", "clientAuth"));
  const pki::KeyPair other = authority->IssueLeaf(Leaf("other", "DNS:other", "clientAuth"));
  PostgresServer::Options server_options;
  server_options.tls = {served.certificate_pem, served.key_pem, authority->pair().certificate_pem};
  // With the settings that are shipped.
  std::ifstream shipped(testing::SourcePath("deploy/postgres/trusthub.conf"));
  for (std::string line; std::getline(shipped, line);) server_options.settings.push_back(line);
  ASSERT_GT(server_options.settings.size(), 10u);
  const auto server = PostgresServer::Start(server_options);
  ASSERT_TRUE(server.ok()) << server.status();
  const PostgresDatabase database((*server)->socket_folder());
  TempFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder.File(name)) << text;
    EXPECT_EQ(chmod(folder.File(name).c_str(), 0600), 0);
  };
  write("hub.pem", client.certificate_pem);
  write("hub.key", client.key_pem);
  write("other.pem", other.certificate_pem);
  write("other.key", other.key_pem);
  write("ca.pem", authority->pair().certificate_pem);
  write("stranger.pem", stranger->pair().certificate_pem);
  const auto error_with = [&](const std::string& parameters) {
    FakeLeafSequencer sequencer;
    PostgresOptions options =
        OptionsFor(database.tcp_url((*server)->tcp_port(), parameters), &sequencer);
    options.folder = folder.path();
    return ErrorOf(options);
  };
  EXPECT_EQ(error_with("&sslrootcert=ca.pem&sslcert=hub.pem&sslkey=hub.key"), "")
      << (*server)->Log();
  EXPECT_THAT(error_with("&sslrootcert=stranger.pem&sslcert=hub.pem&sslkey=hub.key"),
              HasSubstr("certificate verify failed"));
  EXPECT_THAT(error_with("&sslrootcert=ca.pem&sslcert=other.pem&sslkey=other.key"),
              HasSubstr("authentication failed"));
  EXPECT_THAT(error_with("&sslrootcert=ca.pem&sslcert=&sslkey="), HasSubstr("certificate"));
}

}  // namespace
}  // namespace trusthub::store
