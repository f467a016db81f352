#include "common/store/postgres/row_store.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/store/migrations.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/connection.h"
#include "common/store/postgres/fault.h"
#include "common/store/postgres/group_writer.h"
#include "common/store/postgres/retry.h"
#include "common/store/postgres/row_sql.h"
#include "common/store/postgres/schema.h"
#include "common/time/clock.h"

namespace trusthub::store {
namespace {

using copy::Progress;
using copy::RowBatch;
using postgres::Address;
using postgres::Arguments;
using postgres::Command;
using postgres::Connection;
using postgres::Fault;
using postgres::FaultOf;
using postgres::Retry;
using postgres::Rows;

constexpr char kBegin[] = "BEGIN ISOLATION LEVEL SERIALIZABLE";
constexpr char kBeginView[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr char kCommit[] = "COMMIT";
constexpr char kNoTimeout[] = "SET LOCAL statement_timeout = 0";
// Between two reads of a view the other side may write for a while.
constexpr char kStandStill[] = "SET idle_in_transaction_session_timeout = 0";
constexpr char kSchemaName[] = "SELECT convert_to(current_schema()::text, 'UTF8')";
constexpr int kRunnerBytes = 16;
// The server still tells of sessions for a moment after a service has ended.
constexpr absl::Duration kSessionsEnd = absl::Seconds(1);

constexpr char kLockCounter[] =
    "SELECT c.trees, (SELECT count(*) FROM tree) FROM counter c WHERE c.id = 1 FOR UPDATE";
constexpr char kLockTrees[] = "SELECT id, name, holder, commits FROM tree ORDER BY id FOR UPDATE";
constexpr char kTrees[] = "SELECT id, name, holder, commits FROM tree ORDER BY id";
constexpr char kCounter[] = "SELECT trees FROM counter WHERE id = 1";
constexpr char kHoldAll[] = "UPDATE tree SET holder = $1";
constexpr char kSetTrees[] = "UPDATE counter SET trees = $1 WHERE id = 1";
constexpr char kSessions[] =
    "SELECT count(*) FROM pg_catalog.pg_stat_activity"
    " WHERE convert_to(application_name, 'UTF8') = ANY($1::bytea[])";

constexpr char kHasProgress[] =
    "SELECT count(*) FROM pg_catalog.pg_tables"
    " WHERE schemaname = current_schema() AND tablename = 'hub_copy'";
constexpr char kMakeProgress[] =
    "CREATE TABLE hub_copy (id BIGINT PRIMARY KEY CHECK (id = 1), runner BYTEA NOT NULL,"
    " source BYTEA NOT NULL, step BIGINT NOT NULL, after BYTEA NOT NULL)";
constexpr char kAddProgress[] =
    "INSERT INTO hub_copy (id, runner, source, step, after)"
    " VALUES (1, $1, ''::bytea, 0, ''::bytea)";
constexpr char kTakeProgress[] =
    "UPDATE hub_copy SET runner = $1 WHERE id = 1 RETURNING source, step, after";
constexpr char kSetProgress[] =
    "UPDATE hub_copy SET source = $2, step = $3, after = $4 WHERE id = 1 AND runner = $1";
constexpr char kLockProgress[] =
    "SELECT (SELECT count(*) FROM tree) FROM hub_copy WHERE id = 1 AND runner = $1 FOR UPDATE";
constexpr char kDropProgress[] = "DROP TABLE hub_copy";

// What a database and a connection to it are called, for both sides.
class Place {
 public:
  Place(PostgresRowOptions options, Address address)
      : options_(std::move(options)), address_(std::move(address)), name_(address_.name) {}

  // Connects as a writer does and learns the schema's name.
  absl::StatusOr<std::unique_ptr<Connection>> Connect() {
    absl::StatusOr<std::unique_ptr<Connection>> opened =
        postgres::OpenForWriting(address_, options_.allow_plain, options_.connect_limit);
    if (!opened.ok()) return Named(opened.status());
    const auto rows = (*opened)->Run({Command(kSchemaName)}, limit());
    if (!rows.ok()) return Named(rows.status());
    name_ = absl::StrCat(address_.name, ", schema ", (*rows)[0].ViewAt(0, 0));
    return opened;
  }

  absl::Status Named(const absl::Status& status) const {
    if (status.ok() || absl::StartsWith(status.message(), "store ")) return status;
    return absl::Status(status.code(), absl::StrCat("store ", name_, ": ", status.message()));
  }
  absl::Status Refused(absl::string_view why) const {
    return absl::FailedPreconditionError(absl::StrCat("store ", name_, ": ", why));
  }

  // Runs `once` again while others overtake it.
  template <class Once>
  auto Again(Connection& connection, Once once) const {
    Retry retry(MonotonicNow() + options_.statement_limit);
    while (true) {
      auto done = once();
      connection.EndTransaction();
      const absl::Status status = StatusIn(done);
      if (FaultOf(status) != Fault::kOvertaken || !retry.Wait()) return done;
    }
  }

  const PostgresRowOptions& options() const { return options_; }
  const Address& address() const { return address_; }
  const std::string& name() const { return name_; }
  absl::Duration limit() const { return options_.statement_limit; }

 private:
  static absl::Status StatusIn(const absl::Status& status) { return status; }
  template <class Value>
  static absl::Status StatusIn(const absl::StatusOr<Value>& value) {
    return value.status();
  }

  const PostgresRowOptions options_;
  const Address address_;
  std::string name_;
};

absl::StatusOr<std::unique_ptr<Place>> PlaceOf(const PostgresRowOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      Address address, postgres::ParseAddress(options.url, options.folder, options.allow_plain));
  return std::make_unique<Place>(options, std::move(address));
}

// Commits with doubts count as failures: what is there is found by the next run.
absl::Status CheckCommit(Connection& connection, const std::vector<Rows>& done) {
  if (!connection.TakeWarning() && done.back().tag() == kCommit) return absl::OkStatus();
  return absl::UnavailableError("the server did not commit as it should");
}

// Rows by a connection of the view's own, or one that outlives it.
class PostgresRows final : public copy::RowView {
 public:
  PostgresRows(const Place* place, Connection* connection) : place_(*place), with_(connection) {}
  PostgresRows(const Place* place, std::unique_ptr<Connection> connection)
      : place_(*place), own_(std::move(connection)), with_(own_.get()) {}

  absl::StatusOr<std::vector<copy::Row>> Read(copy::Table table, const copy::Row& after,
                                              int limit) override {
    const auto rows = with_->Run({postgres::ReadRows(table, after, limit)}, place_.limit());
    if (!rows.ok()) return place_.Named(rows.status());
    return postgres::RowsOf(table, (*rows)[0]);
  }

 private:
  const Place& place_;
  const std::unique_ptr<Connection> own_;
  Connection* const with_;
};

// --- From ---------------------------------------------------------------------------------------

class PostgresSource final : public copy::RowSource {
 public:
  explicit PostgresSource(std::unique_ptr<Place> place) : place_(std::move(place)) {}

  absl::Status Open() {
    TRUSTHUB_ASSIGN_OR_RETURN(connection_, place_->Connect());
    // Who reads a store changes nothing of it: an earlier version is refused like a later one.
    TRUSTHUB_RETURN_IF_ERROR(place_->Named(
        postgres::PrepareSchema(*connection_, place_->options().service, /*create=*/false,
                                place_->options().migration_limit, {Migrations().back()})));
    const auto found = connection_->Run({Command(kCounter), Command(kTrees)}, place_->limit());
    if (!found.ok()) return place_->Named(found.status());
    const Rows& trees = (*found)[1];
    const std::int64_t registered = (*found)[0].IntAt(0, 0);
    absl::string_view holder = trees.size() == 0 ? "" : trees.ViewAt(0, 2);
    if (registered < 0 && absl::ConsumePrefix(&holder, postgres::kMovedTo)) {
      retired_to_ = std::string(holder);
      return absl::OkStatus();
    }
    if (registered < 0) return place_->Refused("is half copied itself");
    if (registered == trees.size()) return absl::OkStatus();
    return place_->Refused("a registered audit tree is gone from it");
  }

  const std::string& name() const override { return place_->name(); }
  const std::string& retired_to() const override { return retired_to_; }

  absl::StatusOr<std::unique_ptr<copy::RowView>> View() override {
    absl::StatusOr<std::unique_ptr<Connection>> opened =
        Connection::Open(place_->address(), place_->options().connect_limit);
    if (!opened.ok()) return place_->Named(opened.status());
    // The first read fixes the view.
    const auto begun = (*opened)->Run(
        {Command(kStandStill), Command(kBeginView), Command(kCounter)}, place_->limit());
    if (!begun.ok()) return place_->Named(begun.status());
    return std::unique_ptr<copy::RowView>(
        std::make_unique<PostgresRows>(place_.get(), *std::move(opened)));
  }

  absl::StatusOr<bool> KeepWritersOut() override {
    if (!holder_.empty() || !retired_to_.empty()) return true;
    Retry sessions_end(MonotonicNow() + kSessionsEnd);
    while (true) {
      const absl::StatusOr<bool> in_use = IsInUse();
      if (!in_use.ok()) return place_->Named(in_use.status());
      if (!*in_use) break;
      if (!sessions_end.Wait()) return false;
    }
    const absl::Status taken = place_->Again(*connection_, [this] { return TakeTrees(); });
    if (!taken.ok()) return place_->Named(taken);
    return true;
  }

  absl::Status Retire(absl::string_view target) override {
    if (!retired_to_.empty()) return absl::OkStatus();
    if (holder_.empty()) return absl::InternalError("writers were not kept out");
    TRUSTHUB_RETURN_IF_ERROR(
        place_->Named(place_->Again(*connection_, [&] { return Close(target); })));
    retired_to_ = std::string(target);
    return absl::OkStatus();
  }

 private:
  // Whether a service's session is there. A server that does not tell its sessions does not know.
  absl::StatusOr<bool> IsInUse() {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> trees,
                              connection_->Run({Command(kTrees)}, place_->limit()));
    std::vector<std::string> names;
    for (int i = 0; i < trees[0].size(); ++i) {
      names.push_back(postgres::SessionName(trees[0].ViewAt(i, 1)));
    }
    const auto sessions = connection_->Run(
        {Command(kSessions, Arguments().BytesList({names.begin(), names.end()}))}, place_->limit());
    if (!sessions.ok()) {
      if (FaultOf(sessions.status()) == Fault::kRefused) return false;
      return sessions.status();
    }
    return (*sessions)[0].IntAt(0, 0) > 0;
  }

  // Waits for whatever a writer still does; what it does later is refused.
  absl::Status TakeTrees() {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> locked,
        connection_->Run({Command(kBegin), Command(kLockCounter), Command(kLockTrees)},
                         place_->limit()));
    if (locked[1].size() != 1 || locked[1].IntAt(0, 0) != locked[1].IntAt(0, 1)) {
      return place_->Refused("was closed, or lost an audit tree, meanwhile");
    }
    const std::string holder = RandomBytes(kRunnerBytes);
    connection_->TakeWarning();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> done,
                              connection_->Run({Command(kHoldAll, Arguments().Bytes(holder)),
                                                Command(kNoTimeout), Command(kCommit)},
                                               place_->limit()));
    TRUSTHUB_RETURN_IF_ERROR(CheckCommit(*connection_, done));
    holder_ = holder;
    commits_.clear();
    for (int i = 0; i < locked[2].size(); ++i) commits_.push_back(locked[2].IntAt(i, 3));
    return absl::OkStatus();
  }

  absl::Status Close(absl::string_view target) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> locked,
        connection_->Run({Command(kBegin), Command(kLockCounter), Command(kLockTrees)},
                         place_->limit()));
    const Rows& trees = locked[2];
    bool same = trees.size() == static_cast<int>(commits_.size());
    for (int i = 0; same && i < trees.size(); ++i) {
      same = trees.ViewAt(i, 2) == holder_ &&
             trees.IntAt(i, 3) == commits_[static_cast<std::size_t>(i)];
    }
    if (!same) {
      return place_->Refused(
          "a service was started over it, or wrote to it, while it was copied; stop that, and run "
          "this again");
    }
    connection_->TakeWarning();
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> done,
        connection_->Run(
            {Command(kHoldAll, Arguments().Bytes(absl::StrCat(postgres::kMovedTo, target))),
             Command(kSetTrees, Arguments().Int(-1)), Command(kNoTimeout), Command(kCommit)},
            place_->limit()));
    return CheckCommit(*connection_, done);
  }

  const std::unique_ptr<Place> place_;
  std::unique_ptr<Connection> connection_;
  std::string retired_to_;
  std::string holder_;                 // what its trees say since writers were kept out
  std::vector<std::int64_t> commits_;  // of each tree, then
};

// --- To -----------------------------------------------------------------------------------------

class PostgresTarget final : public copy::RowTarget {
 public:
  explicit PostgresTarget(std::unique_ptr<Place> place)
      : place_(std::move(place)), runner_(RandomBytes(kRunnerBytes)) {}

  absl::Status Open() {
    TRUSTHUB_ASSIGN_OR_RETURN(connection_, place_->Connect());
    TRUSTHUB_RETURN_IF_ERROR(
        place_->Named(postgres::PrepareSchema(*connection_, place_->options().service,
                                              /*create=*/true, place_->options().migration_limit)));
    TRUSTHUB_RETURN_IF_ERROR(
        place_->Named(place_->Again(*connection_, [this] { return Begin(); })));
    rows_ = std::make_unique<PostgresRows>(place_.get(), connection_.get());
    return absl::OkStatus();
  }

  const std::string& name() const override { return place_->name(); }
  State state() const override { return state_; }
  const Progress& progress() const override { return progress_; }
  copy::RowView& rows() override { return *rows_; }

  absl::Status Write(const RowBatch& batch, const Progress& progress) override {
    const absl::Status written = WriteOnce(batch, progress);
    connection_->EndTransaction();
    return place_->Named(written);
  }

  absl::Status Finish() override {
    return place_->Named(place_->Again(*connection_, [this] { return FinishOnce(); }));
  }

 private:
  // Closes an empty store, or takes over where an earlier copy ended.
  absl::Status Begin() {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> found,
        connection_->Run({Command(kBegin), Command(kLockCounter), Command(kHasProgress)},
                         place_->limit()));
    const std::int64_t registered = found[1].IntAt(0, 0);
    const bool has_progress = found[2].IntAt(0, 0) > 0;
    if (registered > 0 || (registered < 0 && !has_progress)) {
      state_ = State::kWhole;
      return absl::OkStatus();
    }
    std::vector<Command> commands;
    if (registered == 0) {
      commands.emplace_back(kSetTrees, Arguments().Int(-1));
      commands.emplace_back(kMakeProgress);
      commands.emplace_back(kAddProgress, Arguments().Bytes(runner_));
    }
    const std::size_t taken = commands.size();
    commands.emplace_back(kTakeProgress, Arguments().Bytes(runner_));
    commands.emplace_back(kCommit);
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> done,
                              connection_->Run(commands, place_->limit()));
    const Rows& row = done[taken];
    if (row.size() != 1) return place_->Refused("what it says of its copy is damaged");
    progress_ = copy::ProgressOf(row.ViewAt(0, 0), row.IntAt(0, 1), row.ViewAt(0, 2));
    state_ = progress_.source.empty() ? State::kEmpty : State::kHalf;
    return absl::OkStatus();
  }

  // The mark is set first: its row says whether the copy is still this one's, and holds up another.
  absl::Status WriteOnce(const RowBatch& batch, const Progress& progress) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> marked,
        connection_->Run(
            {Command("BEGIN"), Command(kSetProgress, Arguments()
                                                         .Bytes(runner_)
                                                         .Bytes(progress.source)
                                                         .Int(progress.table)
                                                         .Bytes(copy::PackKey(progress.after)))},
            place_->limit()));
    if (marked[1].tag() != "UPDATE 1") return OtherCopy();
    std::vector<Command> commands;
    commands.emplace_back(kNoTimeout);
    postgres::AddBatch(batch, &commands);
    commands.emplace_back(kCommit);
    connection_->TakeWarning();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> done,
                              connection_->Run(commands, place_->limit()));
    return CheckCommit(*connection_, done);
  }

  absl::Status FinishOnce() {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> mine,
        connection_->Run({Command(kBegin), Command(kLockProgress, Arguments().Bytes(runner_))},
                         place_->limit()));
    if (mine[1].size() != 1) return OtherCopy();
    connection_->TakeWarning();
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> done,
        connection_->Run({Command(kSetTrees, Arguments().Int(mine[1].IntAt(0, 0))),
                          Command(kDropProgress), Command(kNoTimeout), Command(kCommit)},
                         place_->limit()));
    return CheckCommit(*connection_, done);
  }

  absl::Status OtherCopy() const { return place_->Refused("another copy to it has begun"); }

  const std::unique_ptr<Place> place_;
  const std::string runner_;  // by which a copy knows that no other one took over
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<PostgresRows> rows_;
  State state_ = State::kEmpty;
  Progress progress_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<copy::RowSource>> OpenPostgresRows(
    const PostgresRowOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Place> place, PlaceOf(options));
  auto source = std::make_unique<PostgresSource>(std::move(place));
  TRUSTHUB_RETURN_IF_ERROR(source->Open());
  return std::unique_ptr<copy::RowSource>(std::move(source));
}

absl::StatusOr<std::unique_ptr<copy::RowTarget>> OpenPostgresRowTarget(
    const PostgresRowOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Place> place, PlaceOf(options));
  auto target = std::make_unique<PostgresTarget>(std::move(place));
  TRUSTHUB_RETURN_IF_ERROR(target->Open());
  return std::unique_ptr<copy::RowTarget>(std::move(target));
}

}  // namespace trusthub::store
