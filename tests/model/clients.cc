#include "tests/model/clients.h"

#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"

namespace trusthub::model {
namespace {

constexpr absl::Duration kAwayMax = absl::Seconds(20);

std::int64_t Nanos() { return absl::ToInt64Nanoseconds(MonotonicNow()); }

class Clients {
 public:
  explicit Clients(const ClientsOptions& options) : options_(options) {}

  History Run() {
    std::vector<std::thread> threads;
    for (int client = 1; client <= options_.clients; ++client) {
      threads.emplace_back([this, client] { Work(client); });
    }
    if (options_.fault) {
      {
        MutexLock lock(mutex_);
        while (begun_ < options_.clients * options_.operations / 2) changed_.Wait(mutex_);
      }
      options_.fault();
    }
    for (std::thread& thread : threads) thread.join();
    for (int record = 0; record < options_.records; ++record) {
      for (store::Store* store : options_.stores) Read(*store, NameOf(record), 0);
    }
    MutexLock lock(mutex_);
    return std::move(history_);
  }

 private:
  static std::string NameOf(int record) { return absl::StrCat("referrals/model", record); }

  void Work(int client) {
    std::mt19937_64 random(options_.seed * 1000 + static_cast<std::uint64_t>(client));
    for (int i = 0; i < options_.operations; ++i) {
      {
        MutexLock lock(mutex_);
        ++begun_;
        changed_.NotifyAll();
      }
      const std::size_t turn = static_cast<std::size_t>(client + i);
      store::Store& store = *options_.stores[turn % options_.stores.size()];
      const std::string name =
          NameOf(static_cast<int>(random() % static_cast<std::uint64_t>(options_.records)));
      std::optional<std::int64_t> version = Read(store, name, client);
      // As a client does whose server is away, for as long as it may be.
      const absl::Duration end = MonotonicNow() + kAwayMax;
      while (!version.has_value() && MonotonicNow() < end) version = Read(store, name, client);
      if (!version.has_value() || random() % 2 == 0) continue;
      Write(store, name, client, *version + 1, absl::StrCat(client, "-", i));
    }
  }

  absl::StatusOr<std::optional<store::StoredRecord>> Find(store::Store& store,
                                                          const std::string& name) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Snapshot> snapshot,
                              store.Open(RealClock().Now() + options_.read_limit));
    return snapshot->Find(name);
  }

  // The version that was found; nothing when the read failed.
  std::optional<std::int64_t> Read(store::Store& store, const std::string& name, int client) {
    Operation read;
    read.client = client;
    read.began = Nanos();
    const auto found = Find(store, name);
    read.ended = Nanos();
    MutexLock lock(mutex_);
    if (!found.ok()) {
      ++history_.refused;
      return std::nullopt;
    }
    if (found->has_value()) {
      read.version = (*found)->version;
      read.value = (*found)->bytes;
    }
    ++history_.reads;
    const std::int64_t version = read.version;
    history_.records[name].push_back(std::move(read));
    return version;
  }

  void Write(store::Store& store, const std::string& name, int client, std::int64_t version,
             const std::string& value) {
    Operation write;
    write.kind = Operation::Kind::kWrite;
    write.client = client;
    write.version = version;
    write.value = value;
    write.began = Nanos();
    const auto committed = store::CommitAndWait(store, testing::RecordSet(name, version, value));
    const std::int64_t ended = Nanos();
    MutexLock lock(mutex_);
    if (store::IsConflict(committed.status())) {
      ++history_.overtaken;
      return;
    }
    ++(committed.ok() ? history_.writes : history_.unknown);
    if (committed.ok()) write.ended = ended;
    history_.records[name].push_back(std::move(write));
  }

  const ClientsOptions& options_;
  Mutex mutex_;
  CondVar changed_;
  int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  History history_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

History RunClients(const ClientsOptions& options) { return Clients(options).Run(); }

absl::Status CheckLinearizable(const History& history) {
  for (const auto& [name, operations] : history.records) {
    if (absl::Status status = CheckLinearizable(operations); !status.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(name, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace trusthub::model
