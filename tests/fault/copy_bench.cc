// What moving a store costs: from SQLite files to an empty database and back, with what each step
// takes. Run by hand:
//
//   with-postgres copy_bench [entries] [records] [folder]
//
// The store holds an audit log of so many entries, and so many records of 1 KiB.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/tree.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/postgres_server.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"
#include "deploy/hubctl/moving/moving.h"
#include "tests/fault/large_log.h"
#include "tests/fault/stopwatch.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kTree[] = "auditTrees/bench";
constexpr int kRecordsPerSet = 100;
constexpr std::size_t kRecordBytes = 1024;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::printf("%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

void Fill(const std::string& data, const crypto::SigningKey& key, std::int64_t entries,
          std::int64_t records) {
  const auto tree = audit::MakeTree(kTree, &key, &RealClock());
  store::SqliteOptions options;
  options.path = data + "/store.db";
  options.sequencer = tree.get();
  auto store = store::OpenSqlite(options);
  Check(store.status());
  Check(GrowLog(**store, entries));
  for (std::int64_t first = 0; first < records; first += kRecordsPerSet) {
    store::WriteSet set;
    for (std::int64_t n = first; n < first + kRecordsPerSet; ++n) {
      store::PutRecord put =
          RecordPut(absl::StrCat("referrals/", n), 1, std::string(kRecordBytes, 'x'));
      put.index = {{"bench.number", absl::StrCat(n), /*unique=*/true}};
      set.records.push_back(std::move(put));
    }
    Check(store::CommitAndWait(**store, std::move(set)).status());
  }
  std::ofstream(data + "/audit-tree") << kTree << "\n";
}

// Moves it and prints each walk, and the whole.
void Move(const char* what, const hubctl::StorePlace& from, const hubctl::StorePlace& to,
          const crypto::SigningKey& key) {
  hubctl::MoveOptions options;
  options.service = "referrals";
  options.from = from;
  options.to = to;
  options.audit_key = key.public_key();
  std::string walk;
  std::optional<Stopwatch> of_walk;
  std::int64_t rows = 0;
  options.progress = [&](const store::copy::CopyStep& step) {
    if (walk != step.what) {
      if (of_walk.has_value()) of_walk->Print(absl::StrCat("  ", walk).c_str(), rows);
      walk = step.what;
      of_walk.emplace();
    }
    rows = step.rows;
  };
  const Stopwatch watch;
  const auto moved = hubctl::MoveStore(options);
  Check(moved.status());
  of_walk->Print(absl::StrCat("  ", walk, ", log, end").c_str(), rows);
  watch.Print(what, rows);
}

int Main(std::int64_t entries, std::int64_t records, const std::string& folder) {
  const std::string data = absl::StrCat(folder, "/copy_bench-", getpid());
  fs::create_directories(data);
  const auto key = crypto::SigningKey::Generate();
  {
    const PostgresDatabase database;
    Fill(data, *key, entries, records);
    std::printf("store.db: %.1f MiB\n",
                static_cast<double>(fs::file_size(data + "/store.db")) / (1 << 20));
    Move("SQLite to PostgreSQL, rows", {"", data}, {database.url(), data}, *key);
    Move("PostgreSQL to SQLite, rows", {database.url(), data}, {"", data}, *key);
  }
  fs::remove_all(data);
  return 0;
}

}  // namespace
}  // namespace trusthub::testing

int main(int argc, char** argv) {
  return trusthub::testing::Main(
      argc > 1 ? std::atoll(argv[1]) : 100'000, argc > 2 ? std::atoll(argv[2]) : 20'000,
      argc > 3 ? argv[3] : std::filesystem::temp_directory_path().string());
}
