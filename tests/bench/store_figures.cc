// What the two engines of the store cost, side by side in one run: reads, writes and the delivery
// of events at 1, 16 and 64 in flight; pages of 100 of many records; bytes a record and an audit
// entry; the opening of a large store; replicas that write to one database. Real audit trees, not
// sealed (sealed_bench says what that costs).
//
//   store_figures [--records N] [--entries N] [--seconds S] [--engine sqlite|postgres] [--folder F]
//
// PostgreSQL is a server of the run's own, set up as deploy/postgres asks, both on the same disk.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/audit/tree.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/postgres_server.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"
#include "tests/bench/store_load.h"
#include "tests/fault/large_log.h"

namespace trusthub::bench {
namespace {

constexpr int kInFlight[] = {1, 16, 64};
constexpr int kReplicas[] = {1, 2, 4};
constexpr std::int64_t kRecordsASet = 500;
constexpr std::size_t kSmallBytes = 300;
constexpr int kPage = 100;
constexpr char kState[] = "trusthub.referrals.v1.Referral.state";
constexpr char kUpn[] = "trusthub.referrals.v1.Referral.upn";

struct Settings {
  std::int64_t records = 1'000'000;
  std::int64_t entries = 200'000;
  double seconds = 3;
  std::string engine;
  std::string folder;
};

std::string SmallName(std::int64_t number) { return absl::StrCat("referrals/small-", number); }

// kRecordsASet records that have nothing but themselves and two index entries: one that all share,
// one that none does.
store::WriteSet SmallRecords(std::int64_t set_number) {
  store::WriteSet set;
  for (std::int64_t i = 0; i < kRecordsASet; ++i) {
    const std::int64_t number = set_number * kRecordsASet + i;
    set.records.push_back(testing::RecordPut(SmallName(number), 1, RandomBytes(kSmallBytes),
                                             absl::StrCat("children/", number / 4)));
    set.records.back().index = {{kState, "1"}, {kUpn, RandomBytes(32)}};
  }
  return set;
}

// One engine with a place for data that nothing else is in.
class Engine {
 public:
  virtual ~Engine() = default;
  // Replica `number`, over a tree of its own.
  virtual absl::StatusOr<std::unique_ptr<store::Store>> Open(int number,
                                                             store::LeafSequencer* tree) = 0;
  // Bytes on disk; no store is open.
  virtual absl::StatusOr<std::int64_t> Size() = 0;
};

class SqliteEngine final : public Engine {
 public:
  absl::StatusOr<std::unique_ptr<store::Store>> Open(int, store::LeafSequencer* tree) override {
    store::SqliteOptions options;
    options.path = folder_.File("store.db");
    options.sequencer = tree;
    return store::OpenSqlite(options);
  }
  absl::StatusOr<std::int64_t> Size() override {
    return static_cast<std::int64_t>(std::filesystem::file_size(folder_.File("store.db")));
  }

 private:
  testing::TempFolder folder_;
};

class PostgresEngine final : public Engine {
 public:
  explicit PostgresEngine(const testing::PostgresServer& server)
      : database_(server.socket_folder()) {}

  absl::StatusOr<std::unique_ptr<store::Store>> Open(int number,
                                                     store::LeafSequencer* tree) override {
    store::PostgresOptions options;
    options.url = database_.url();
    options.service = "figures";
    options.tree = absl::StrCat("auditTrees/figures", number);
    options.sequencer = tree;
    return store::OpenPostgres(options);
  }
  absl::StatusOr<std::int64_t> Size() override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::string text,
        database_.Run(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
            " AND c.relkind = 'r'"));
    std::int64_t size = 0;
    if (!absl::SimpleAtoi(text, &size)) return absl::InternalError(text);
    return size;
  }

 private:
  testing::PostgresDatabase database_;
};

using MakeEngine = std::function<std::unique_ptr<Engine>()>;

// Stores of an engine and their trees.
struct Replicas {
  std::vector<std::unique_ptr<store::LeafSequencer>> trees;
  std::vector<std::unique_ptr<store::Store>> owned;
  std::vector<store::Store*> stores;
};

const crypto::SigningKey& Key() {
  static const auto& key = *crypto::SigningKey::Generate().release();
  return key;
}

absl::StatusOr<Replicas> OpenReplicas(Engine& engine, int count) {
  Replicas replicas;
  for (int i = 0; i < count; ++i) {
    replicas.trees.push_back(
        audit::MakeTree(absl::StrCat("auditTrees/figures", i), &Key(), &RealClock()));
    TRUSTHUB_ASSIGN_OR_RETURN(auto store, engine.Open(i, replicas.trees.back().get()));
    replicas.stores.push_back(store.get());
    replicas.owned.push_back(std::move(store));
  }
  return replicas;
}

void Print(const std::string& engine, const std::string& what, const std::string& in_flight,
           const StoreRates& rates) {
  std::printf("| %s | %s | %s | %.0f | %.2f | %.2f |%s\n", what.c_str(), in_flight.c_str(),
              engine.c_str(), rates.per_second, rates.p50_ms, rates.p99_ms,
              rates.failed == 0 ? "" : absl::StrCat(" ", rates.failed, " FAILED").c_str());
  std::fflush(stdout);
}

// What is no rate.
void PrintValue(const std::string& engine, const std::string& what, const std::string& value) {
  std::printf("| %s | | %s | %s | | |\n", what.c_str(), engine.c_str(), value.c_str());
  std::fflush(stdout);
}

std::string Seconds(absl::Duration time) {
  return absl::StrCat(absl::ToInt64Milliseconds(time) / 1000.0, " s");
}

// --- Phases -------------------------------------------------------------------------------------

absl::Status MeasureCalls(const std::string& name, const MakeEngine& make,
                          const Settings& settings) {
  const auto engine = make();
  TRUSTHUB_ASSIGN_OR_RETURN(const Replicas replicas, OpenReplicas(*engine, 1));
  const absl::Duration duration = absl::Seconds(settings.seconds);
  TRUSTHUB_RETURN_IF_ERROR(testing::CommitAll(*replicas.stores[0], 40, SmallRecords));
  for (const int in_flight : kInFlight) {
    const std::string places = absl::StrCat(in_flight);
    Print(name, "read of a record", places,
          MeasureReads(replicas.stores, in_flight, duration,
                       [](store::Snapshot& view, std::int64_t n) {
                         return view.Find(SmallName(n * 7919 % (40 * kRecordsASet))).status();
                       }));
    Print(name, "audit entry of a read", places,
          MeasureCommits(replicas.stores, in_flight, duration, LeafOfARead));
    Print(name, "write", places, MeasureCommits(replicas.stores, in_flight, duration, FullSet));
  }
  return absl::OkStatus();
}

// From a commit to the listener of the same replica, or of another one.
absl::Status MeasureDeliveries(const std::string& name, const MakeEngine& make, int count,
                               const Settings& settings) {
  for (const int in_flight : kInFlight) {
    const auto engine = make();
    TRUSTHUB_ASSIGN_OR_RETURN(const Replicas replicas, OpenReplicas(*engine, count));
    Print(name, count == 1 ? "commit to listener" : "commit to another replica's listener",
          absl::StrCat(in_flight),
          MeasureDelivery(*replicas.stores.front(), *replicas.stores.back(), in_flight,
                          absl::Seconds(settings.seconds), FullSet));
  }
  return absl::OkStatus();
}

// On PostgreSQL alone: SQLite has one process.
absl::Status MeasureReplicas(const std::string& name, const MakeEngine& make,
                             const Settings& settings) {
  const absl::Duration duration = absl::Seconds(settings.seconds);
  for (const int count : kReplicas) {
    const auto engine = make();
    TRUSTHUB_ASSIGN_OR_RETURN(const Replicas replicas, OpenReplicas(*engine, count));
    Print(name, absl::StrCat("write, ", count, " replicas"), "64",
          MeasureCommits(replicas.stores, 64, duration, FullSet));
    Print(name, absl::StrCat("audit entry of a read, ", count, " replicas"), "64",
          MeasureCommits(replicas.stores, 64, duration, LeafOfARead));
  }
  return absl::OkStatus();
}

absl::Status MeasureLarge(const std::string& name, const MakeEngine& make,
                          const Settings& settings) {
  const auto engine = make();
  const std::int64_t sets = std::max<std::int64_t>(settings.records / kRecordsASet, 1);
  const std::int64_t records = sets * kRecordsASet;
  absl::Duration began = MonotonicNow();
  {
    TRUSTHUB_ASSIGN_OR_RETURN(const Replicas replicas, OpenReplicas(*engine, 1));
    TRUSTHUB_RETURN_IF_ERROR(testing::CommitAll(*replicas.stores[0], sets, SmallRecords));
  }
  PrintValue(name, absl::StrCat("loading ", records, " records of ", kSmallBytes, " bytes"),
             Seconds(MonotonicNow() - began));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t size, engine->Size());
  PrintValue(name,
             absl::StrCat("stored a record of ", kSmallBytes, " bytes with two index entries"),
             absl::StrCat(size / records, " bytes"));
  began = MonotonicNow();
  TRUSTHUB_ASSIGN_OR_RETURN(const Replicas replicas, OpenReplicas(*engine, 1));
  PrintValue(name, absl::StrCat("opening a store of ", records, " records"),
             Seconds(MonotonicNow() - began));
  for (const int in_flight : kInFlight) {
    Print(name, absl::StrCat("page of ", kPage, " of ", records), absl::StrCat(in_flight),
          MeasureReads(replicas.stores, in_flight, absl::Seconds(settings.seconds),
                       [&](store::Snapshot& view, std::int64_t n) {
                         const auto page = view.ListByIndex(testing::kTestKind, kState, "1",
                                                            n * 7919 % (records - kPage), kPage);
                         if (!page.ok()) return page.status();
                         return page->size() == kPage ? absl::OkStatus()
                                                      : absl::DataLossError("a short page");
                       }));
  }
  return absl::OkStatus();
}

absl::Status MeasureEntries(const std::string& name, const MakeEngine& make,
                            const Settings& settings) {
  const auto engine = make();
  absl::Duration began = MonotonicNow();
  {
    TRUSTHUB_ASSIGN_OR_RETURN(const Replicas replicas, OpenReplicas(*engine, 1));
    TRUSTHUB_RETURN_IF_ERROR(testing::GrowLog(*replicas.stores[0], settings.entries));
  }
  PrintValue(name, absl::StrCat("loading ", settings.entries, " audit entries"),
             Seconds(MonotonicNow() - began));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t size, engine->Size());
  PrintValue(
      name,
      absl::StrCat("stored an audit entry of ", testing::EntryOfARead(1).bytes.size(), " bytes"),
      absl::StrCat(size / settings.entries, " bytes"));
  return absl::OkStatus();
}

absl::Status MeasureEngine(const std::string& name, const MakeEngine& make,
                           const Settings& settings) {
  TRUSTHUB_RETURN_IF_ERROR(MeasureCalls(name, make, settings));
  TRUSTHUB_RETURN_IF_ERROR(MeasureDeliveries(name, make, 1, settings));
  if (name == "postgres") {
    TRUSTHUB_RETURN_IF_ERROR(MeasureDeliveries(name, make, 2, settings));
    TRUSTHUB_RETURN_IF_ERROR(MeasureReplicas(name, make, settings));
  }
  TRUSTHUB_RETURN_IF_ERROR(MeasureEntries(name, make, settings));
  return MeasureLarge(name, make, settings);
}

absl::Status Run(const Settings& settings) {
  std::printf(
      "| what | in flight | engine | a second | p50 ms | p99 ms |\n|---|---|---|---|---|---|\n");
  if (settings.engine != "postgres") {
    TRUSTHUB_RETURN_IF_ERROR(MeasureEngine(
        "sqlite", [] { return std::make_unique<SqliteEngine>(); }, settings));
  }
  if (settings.engine != "sqlite") {
    testing::PostgresServer::Options options;
    options.settings = {"shared_buffers = 512MB", "max_wal_size = 2GB"};
    TRUSTHUB_ASSIGN_OR_RETURN(const auto server, testing::PostgresServer::Start(options));
    TRUSTHUB_RETURN_IF_ERROR(MeasureEngine(
        "postgres", [&] { return std::make_unique<PostgresEngine>(*server); }, settings));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace trusthub::bench

int main(int argc, char** argv) {
  trusthub::bench::Settings settings;
  CLI::App app("Measures the two engines of the store side by side");
  app.add_option("--records", settings.records, "Records of the large store");
  app.add_option("--entries", settings.entries, "Audit entries whose bytes are counted");
  app.add_option("--seconds", settings.seconds, "Seconds of each measurement");
  app.add_option("--engine", settings.engine, "Only sqlite or postgres");
  app.add_option("--folder", settings.folder, "Where data go; the temporary folder when not said");
  CLI11_PARSE(app, argc, argv);
  if (!settings.folder.empty()) setenv("TMPDIR", settings.folder.c_str(), 1);
  const absl::Status status = trusthub::bench::Run(settings);
  if (status.ok()) return 0;
  std::fprintf(stderr, "store_figures: %s\n", status.ToString().c_str());
  return 1;
}
