#include "common/store/postgres/postgres_store.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/store/file_lock.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/connection.h"
#include "common/store/postgres/group_writer.h"
#include "common/store/postgres/pool.h"
#include "common/store/postgres/schema.h"
#include "common/store/postgres/snapshot.h"

namespace trusthub::store {
namespace {

class PostgresStore final : public Store {
 public:
  PostgresStore(const PostgresOptions& options, std::unique_ptr<FileLock> lock,
                postgres::Address address, postgres::Holding holding,
                std::unique_ptr<postgres::Connection> connection)
      : lock_(std::move(lock)),
        tree_(holding.tree),
        read_limit_(options.read_limit),
        readers_(std::make_shared<postgres::ReaderPool>(
            postgres::ReaderPool::Options{address, options.clock, options.readers_max,
                                          options.waiting_readers_max, options.connect_limit})),
        writer_(options, std::move(address), std::move(holding), std::move(connection), readers_) {}
  ~PostgresStore() override { Close(); }

  absl::Status Start() { return writer_.Start(); }

  absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) override {
    return postgres::OpenSnapshot(readers_, tree_, deadline, read_limit_);
  }
  void Commit(WriteSet set, CommitCallback done) override {
    writer_.Commit(std::move(set), std::move(done));
  }
  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    writer_.SetEventListener(std::move(listener));
  }
  void Close() override { writer_.Stop(); }

 private:
  const std::unique_ptr<FileLock> lock_;  // null: none
  const std::int64_t tree_;
  const absl::Duration read_limit_;
  const std::shared_ptr<postgres::ReaderPool> readers_;
  postgres::GroupWriter writer_;
};

absl::StatusOr<std::unique_ptr<Store>> OpenAt(const PostgresOptions& options,
                                              const postgres::Address& address) {
  std::unique_ptr<FileLock> lock;
  if (!options.lock_file.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(lock, FileLock::Take(options.lock_file));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(
      std::unique_ptr<postgres::Connection> connection,
      postgres::OpenForWriting(address, options.allow_plain, options.connect_limit));
  TRUSTHUB_RETURN_IF_ERROR(postgres::PrepareSchema(*connection, options.service, options.create,
                                                   options.migration_limit));
  TRUSTHUB_ASSIGN_OR_RETURN(
      postgres::Holding holding,
      postgres::TakeTree(*connection, options.tree, options.create, options.start_limit));
  auto store = std::make_unique<PostgresStore>(options, std::move(lock), address,
                                               std::move(holding), std::move(connection));
  TRUSTHUB_RETURN_IF_ERROR(store->Start());
  return std::unique_ptr<Store>(std::move(store));
}

// What libpq says of a standby says nothing about what to do.
absl::Status ForStarter(const postgres::Address& address, const absl::Status& status) {
  absl::string_view why = status.message();
  if (absl::StartsWith(why, "store ")) return status;
  if (absl::StrContains(why, "session is read-only")) {
    why = "nothing can be written here, it is a standby or set read-only; name the primary";
  }
  return absl::Status(status.code(), absl::StrCat("store ", address.name, ": ", why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const PostgresOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      postgres::Address address,
      postgres::ParseAddress(options.url, options.folder, options.allow_plain));
  // Whoever looks at the server's sessions sees that the tree is in use (row_store.h).
  address.parameters["application_name"] = postgres::SessionName(options.tree);
  address.faults = options.statement_faults;
  absl::StatusOr<std::unique_ptr<Store>> opened = OpenAt(options, address);
  if (!opened.ok()) return ForStarter(address, opened.status());
  return opened;
}

}  // namespace trusthub::store
