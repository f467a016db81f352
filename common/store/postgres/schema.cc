#include "common/store/postgres/schema.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/store/postgres/fault.h"
#include "common/store/postgres/retry.h"
#include "common/time/clock.h"

namespace trusthub::store::postgres {
namespace {

constexpr char kBegin[] = "BEGIN ISOLATION LEVEL SERIALIZABLE";
constexpr char kNoTimeout[] = "SET LOCAL statement_timeout = 0";
constexpr char kCommit[] = "COMMIT";
constexpr int kHolderBytes = 16;

// The table of migrations is no migration: it is there before the first.
constexpr char kMakeVersions[] =
    "CREATE TABLE IF NOT EXISTS hub_schema (version BIGINT PRIMARY KEY)";
// Whose database it is comes with its first tables.
constexpr char kMakeCounter[] =
    "INSERT INTO counter (id, service, position, event, trees) VALUES (1, decode('",
               kMadeBy[] = "', 'hex'), 0, 0, 0)";
constexpr char kTables[] =
    "SELECT count(*), coalesce(sum(CASE WHEN tablename = 'hub_schema' THEN 1 ELSE 0 END), 0)"
    "::bigint FROM pg_catalog.pg_tables WHERE schemaname = current_schema()";
constexpr char kFirstHolder[] = "SELECT holder FROM tree ORDER BY id LIMIT 1";
constexpr char kVersion[] = "SELECT coalesce(max(version), 0) FROM hub_schema";

absl::Status Refused(absl::string_view why) { return absl::FailedPreconditionError(why); }

std::string Hex(absl::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

// A migration in one transaction with its verification and its number. Two processes that come to
// the same one meet at the number: the second is refused it, looks again and finds it done.
absl::Status Apply(const Migration& migration, absl::string_view service, Connection& connection,
                   absl::Duration deadline) {
  std::vector<Command> commands;
  commands.emplace_back(kBegin);
  commands.emplace_back(kNoTimeout);  // a large table takes its time
  commands.emplace_back(
      absl::StrCat("INSERT INTO hub_schema (version) VALUES (", migration.number, ")"));
  for (const absl::string_view statement :
       absl::StrSplit(migration.postgres.sql, ';', absl::SkipWhitespace())) {
    commands.emplace_back(std::string(statement));
  }
  if (migration.number == Migrations().front().number) {
    commands.emplace_back(absl::StrCat(kMakeCounter, Hex(service), kMadeBy));
  }
  commands.emplace_back(migration.postgres.verify);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                            connection.Run(commands, deadline - MonotonicNow()));
  if (results.back().IntAt(0, 0) != migration.postgres.holds) {
    return Refused(absl::StrCat("migration ", migration.number,
                                " did not do what it should; nothing was changed"));
  }
  return connection.Run({Command(kCommit)}, deadline - MonotonicNow()).status();
}

absl::StatusOr<std::int64_t> VersionOf(Connection& connection, bool create,
                                       absl::Duration deadline) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> tables,
                            connection.Run({Command(kTables)}, deadline - MonotonicNow()));
  const bool is_empty = tables[0].IntAt(0, 0) == 0;
  if (!is_empty && tables[0].IntAt(0, 1) == 0) return Refused("not a store of the hub");
  if (is_empty && !create) return Refused("is empty; restore it from a backup");
  if (is_empty) {
    TRUSTHUB_RETURN_IF_ERROR(
        connection.Run({Command(kMakeVersions)}, deadline - MonotonicNow()).status());
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> version,
                            connection.Run({Command(kVersion)}, deadline - MonotonicNow()));
  const std::int64_t found = version[0].IntAt(0, 0);
  if (found == 0 && !create) return Refused("is empty; restore it from a backup");
  return found;
}

absl::Status BringUpToDate(Connection& connection, absl::string_view service, bool create,
                           absl::Duration deadline, const std::vector<Migration>& migrations) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t version, VersionOf(connection, create, deadline));
  const std::int64_t newest = migrations.back().number;
  if (version > newest || (version > 0 && version < migrations.front().number)) {
    return Refused(absl::StrCat("made by another version of the hub (schema ", version,
                                ", this one knows ", newest, ")"));
  }
  for (const Migration& migration : migrations) {
    if (migration.number <= version) continue;
    TRUSTHUB_RETURN_IF_ERROR(Apply(migration, service, connection, deadline));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> owner,
                            connection.Run({Command("SELECT service FROM counter WHERE id = 1")},
                                           deadline - MonotonicNow()));
  if (owner[0].size() != 1) return Refused("damaged: its counter is gone");
  if (owner[0].ViewAt(0, 0) == service) return absl::OkStatus();
  return Refused(absl::StrCat("is the database of the service ", owner[0].ViewAt(0, 0),
                              "; each service has a database of its own"));
}

// Of a store whose trees nobody may take; `holder` of its first one.
absl::Status WhyClosed(absl::string_view holder) {
  if (!absl::ConsumePrefix(&holder, kMovedTo)) {
    return Refused("is half copied; run hubctl store copy again, or drop its tables");
  }
  return Refused(absl::StrCat("was moved to ", holder, "; start the service over that"));
}

absl::StatusOr<Holding> TakeOnce(Connection& connection, absl::string_view name, bool create,
                                 absl::Duration deadline) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> found,
                            connection.Run({Command(kBegin), Command(Sql::kTreeCount, Arguments()),
                                            Command(Sql::kFindTree, Arguments().Bytes(name))},
                                           deadline - MonotonicNow()));
  const Rows& counts = found[1];
  const Rows& tree = found[2];
  if (counts.size() == 1 && counts.IntAt(0, 0) < 0) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> first,
                              connection.Run({Command(kFirstHolder)}, deadline - MonotonicNow()));
    return WhyClosed(first[0].size() == 0 ? "" : first[0].ViewAt(0, 0));
  }
  if (counts.size() != 1 || counts.IntAt(0, 0) != counts.IntAt(0, 1)) {
    return Refused("a registered audit tree is gone from it; restore it from a backup");
  }
  Holding holding;
  holding.holder = RandomBytes(kHolderBytes);
  holding.last_event = counts.IntAt(0, 3);
  std::vector<Command> commands;
  if (tree.size() == 1) {
    holding.tree = tree.IntAt(0, 0);
    commands.emplace_back(Sql::kHoldTree, Arguments().Int(holding.tree).Bytes(holding.holder));
  } else if (!create) {
    return Refused(absl::StrCat("does not hold ", name,
                                ", which this service has written; restore it from a backup"));
  } else {
    holding.tree = counts.IntAt(0, 0) + 1;
    commands.emplace_back(Sql::kAddTree,
                          Arguments().Int(holding.tree).Bytes(name).Bytes(holding.holder));
    commands.emplace_back(Sql::kCountTrees, Arguments().Int(holding.tree));
  }
  commands.emplace_back(kCommit);
  TRUSTHUB_RETURN_IF_ERROR(connection.Run(commands, deadline - MonotonicNow()).status());
  return holding;
}

}  // namespace

absl::Status PrepareSchema(Connection& connection, absl::string_view service, bool create,
                           absl::Duration limit, const std::vector<Migration>& migrations) {
  const absl::Duration deadline = MonotonicNow() + limit;
  Retry retry(deadline);
  while (true) {
    absl::Status done = BringUpToDate(connection, service, create, deadline, migrations);
    connection.EndTransaction();
    if (FaultOf(done) != Fault::kOvertaken || !retry.Wait()) return done;
  }
}

absl::StatusOr<Holding> TakeTree(Connection& connection, absl::string_view name, bool create,
                                 absl::Duration limit) {
  const absl::Duration deadline = MonotonicNow() + limit;
  Retry retry(deadline);
  while (true) {
    absl::StatusOr<Holding> taken = TakeOnce(connection, name, create, deadline);
    connection.EndTransaction();
    if (FaultOf(taken.status()) != Fault::kOvertaken || !retry.Wait()) return taken;
  }
}

}  // namespace trusthub::store::postgres
