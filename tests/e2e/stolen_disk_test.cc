// Whoever steals the disk of a hub learns nothing of a child: no name, number, address, telephone
// or narrative of a whole population stands in the stores, their logs, the spools, the services'
// logs or their metrics, and no process leaves its memory behind.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/crypto/keys/key_ring.h"
#include "common/identifiers/identifiers.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/loading.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/processes.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Rows read at a time.
constexpr int kRowsRead = 500;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Everything under `folder`, by path.
std::map<std::string, std::string> FilesUnder(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path().string()] = ReadAll(entry.path());
  }
  return files;
}

// --- What is searched for
// -------------------------------------------------------------------------

// A needle and, so that a failure tells where it comes from without telling it, its field.
using Needles = std::map<std::string, std::string>;

bool IsAboutPeople(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::field).category() !=
         options::v1::CATEGORY_OPERATIONAL;
}

// Short texts may stand anywhere by chance: of those, the bytes of the field as a message holds it.
void AddText(const FieldDescriptor* field, const std::string& text, Needles* needles) {
  constexpr std::size_t kShort = 6;
  constexpr std::size_t kTooShort = 3;
  constexpr std::size_t kWholeMax = 24;  // of a narrative a part is as bad
  if (text.size() < kTooShort || absl::StrContains(text, '/')) return;  // names of records
  if (text.size() >= kShort) {
    (*needles)[text.substr(0, kWholeMax)] = field->full_name();
    if (identifiers::IsNhsNumber(text)) {
      (*needles)[identifiers::FormatNhsNumber(text)] = field->full_name();
    }
    return;
  }
  if (field->number() > 15) return;
  const char tag = static_cast<char>(field->number() << 3 | 2);
  (*needles)[absl::StrCat(std::string(1, tag), std::string(1, static_cast<char>(text.size())),
                          text)] = field->full_name();
}

void AddTexts(const Message& message, bool about_people, Needles* needles) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool about = about_people || IsAboutPeople(field);
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto& of = *message.GetReflection();
      if (field->type() == FieldDescriptor::TYPE_STRING && about) {
        AddText(field,
                field->is_repeated() ? of.GetRepeatedString(message, field, i)
                                     : of.GetString(message, field),
                needles);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        AddTexts(field->is_repeated() ? of.GetRepeatedMessage(message, field, i)
                                      : of.GetMessage(message, field),
                 about && IsAboutPeople(field), needles);
      }
    }
  }
}

// The message of each kind of record, from the descriptors that this program links.
std::map<int, const Descriptor*> RecordTypes() {
  std::map<int, const Descriptor*> types;
  for (const google::protobuf::FileDescriptor* file :
       {children::v1::Child::descriptor()->file(), referrals::v1::Referral::descriptor()->file(),
        assessments::v1::Assessment::descriptor()->file(), plans::v1::Plan::descriptor()->file(),
        health::v1::Attendance::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto& rule = file->message_type(i)->options().GetExtension(options::v1::record);
      if (rule.kind() != 0) types[rule.kind()] = file->message_type(i);
    }
  }
  return types;
}

// --- Stores
// ---------------------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<store::Store>> OpenPlain(const std::string& path, bool create) {
  store::SqliteOptions options;
  options.path = path;
  options.create = create;
  return store::OpenSqlite(options);
}

// The store of a service that has stopped, with the keys that a thief does not have.
absl::StatusOr<std::unique_ptr<store::Store>> OpenWithKeys(const RunningHub& hub,
                                                           const std::string& service) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Config config, config::Load(hub.ConfigOf(service)));
  TRUSTHUB_ASSIGN_OR_RETURN(auto engine, OpenPlain(hub.DataOf(service) + "/store.db", false));
  store::SealedOptions options;
  options.service = service;
  TRUSTHUB_ASSIGN_OR_RETURN(options.ring, crypto::KeyRing::Load(config.data_keys));
  TRUSTHUB_ASSIGN_OR_RETURN(auto sealed,
                            store::SealedStore::Over(std::move(engine), std::move(options)));
  return std::unique_ptr<store::Store>(std::move(sealed));
}

// Collects the texts of every record of `service`, and writes the records into `plain` as they are.
absl::Status Collect(const RunningHub& hub, const std::string& service, store::Store& plain,
                     Needles* needles, int* records) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto store, OpenWithKeys(hub, service));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto view, store->Open(absl::InfiniteFuture()));
  google::protobuf::DynamicMessageFactory factory;
  for (const auto& [kind, type] : RecordTypes()) {
    std::int64_t after = 0;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(
          const auto rows,
          view->ListByKind(static_cast<store::RecordKind>(kind), after, kRowsRead));
      store::WriteSet copy;
      for (const store::StoredRecord& row : rows) {
        after = row.position;
        const std::unique_ptr<Message> record(factory.GetPrototype(type)->New());
        if (!record->ParseFromString(row.bytes)) return absl::DataLossError(type->full_name());
        AddTexts(*record, false, needles);
        ++*records;
        store::PutRecord put;
        put.head = row;
        put.head.version = 1;
        put.bytes = row.bytes;
        copy.records.push_back(std::move(put));
      }
      TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(plain, std::move(copy)).status());
      if (static_cast<int>(rows.size()) < kRowsRead) break;
    }
  }
  return absl::OkStatus();
}

// --- The hub
// --------------------------------------------------------------------------------------

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// What a scraper of Prometheus is told.
std::string MetricsAt(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  EXPECT_EQ(send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return text;
}

std::string LineOf(const std::string& path, const std::string& start) {
  for (const std::string& line : LinesOf(path)) {
    if (absl::StartsWith(line, start)) return line;
  }
  return "";
}

// The fields whose texts stand in `bytes`.
std::set<std::string> FieldsIn(const std::string& bytes, const Needles& needles) {
  std::set<std::string> fields;
  for (const auto& [needle, field] : needles) {
    if (absl::StrContains(bytes, needle)) fields.insert(field);
  }
  return fields;
}

TEST(StolenDiskTest, NamesNoChild) {
  RunningHub::Options options;
  options.domain_now = CaseStart();
  auto started = RunningHub::Start(options);
  ASSERT_THAT(started, IsOk());
  RunningHub& hub = **started;
  ASSERT_THAT(hub.LoadDirectory(), IsOk());
  const int port = FreePort();
  {
    std::ofstream config(hub.ConfigOf("children"), std::ios::app);
    config << "metrics: 127.0.0.1:" << port << "\n";
  }
  ASSERT_EQ(hub.Kill("children", SIGTERM), 0);
  ASSERT_THAT(hub.Restart("children"), IsOk());
  ASSERT_THAT(hubctl::LoadPopulation(hub.hub(), 4, nullptr), IsOk());
  CasePath path(&hub.hub(), 1, absl::CivilDay(2010, 1, 11));
  ASSERT_THAT(path.ToPlan(), IsOk());
  ASSERT_THAT(path.Attend(), IsOk());
  // A refusal and an error, which are logged.
  const auto bad = path.At("uphall-lead-01")
                       .Call<referrals::v1::SubmitReferralResponse>(
                           ReferralOf("Test1 Example, 9434765919", "no request id"),
                           "safeguarding_referral", "CASE-1");
  EXPECT_FALSE(bad.ok());

  // While it runs: no memory is left behind, and keys stand in memory that is never swapped.
  for (const char* service : hubctl::kServices) {
    const std::string proc = absl::StrCat("/proc/", hub.PidOf(service));
    const std::string limits = LineOf(proc + "/limits", "Max core file size");
    EXPECT_THAT(limits, ::testing::ContainsRegex("size +0 +0 ")) << service;
    const std::string locked = LineOf(proc + "/status", "VmLck:");
    EXPECT_THAT(locked, ::testing::ContainsRegex("[1-9][0-9]* kB")) << service;
  }
  std::map<std::string, std::string> stolen = FilesUnder(hub.hub().folder() + "/data");
  for (auto& [file, bytes] : FilesUnder(hub.hub().folder() + "/log")) stolen[file] = bytes;
  stolen["metrics"] = MetricsAt(port);
  EXPECT_TRUE(absl::StrContains(stolen["metrics"], "trusthub_calls_total"));
  EXPECT_TRUE(std::any_of(stolen.begin(), stolen.end(), [](const auto& file) {
    return absl::EndsWith(file.first, "store.db-wal") && file.second.size() > 4096;
  })) << "stores are looked at with their logs";

  // And what a stopped hub leaves.
  ASSERT_THAT(hub.Stop(), IsOk());
  for (auto& [file, bytes] : FilesUnder(hub.hub().folder() + "/data")) {
    stolen[file + " (stopped)"] = bytes;
  }
  const TempFolder outside;
  Needles needles;
  int records = 0;
  {
    const auto plain = OpenPlain(outside.File("plain.db"), true);
    ASSERT_THAT(plain, IsOk());
    for (const char* service : hubctl::kServices) {
      if (service == std::string("directory")) continue;
      ASSERT_THAT(Collect(hub, service, **plain, &needles, &records), IsOk()) << service;
    }
  }
  std::size_t searched = 0;
  for (const auto& [file, bytes] : stolen) {
    searched += bytes.size();
    EXPECT_THAT(FieldsIn(bytes, needles), ::testing::IsEmpty()) << file;
    EXPECT_FALSE(absl::StrContains(bytes, "9434765919")) << file << " echoes a refused request";
  }
  std::printf("%zu texts of %d records looked for in %zu files of %zu KiB\n", needles.size(),
              records, stolen.size(), searched / 1024);
  EXPECT_GT(needles.size(), 1'000u);
  EXPECT_GT(records, 300);

  // A store that is not sealed would have told every one of them.
  std::string plain;
  for (const auto& [file, bytes] : FilesUnder(outside.path())) plain += bytes;
  for (const auto& [needle, field] : needles) {
    // NHS numbers as people write them stand in no record.
    const bool is_spaced = identifiers::IsNhsNumber(absl::StrReplaceAll(needle, {{" ", ""}})) &&
                           absl::StrContains(needle, ' ');
    EXPECT_TRUE(is_spaced || absl::StrContains(plain, needle)) << "never found: " << field;
  }
}

}  // namespace
}  // namespace trusthub::testing
