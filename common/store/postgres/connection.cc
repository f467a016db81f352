#include "common/store/postgres/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/store/postgres/fault.h"
#include "common/time/clock.h"

namespace trusthub::store::postgres {
namespace {

constexpr int kBinary = 1;

// A server ends by itself what nobody waits for any more, also when it did not hear that the
// connection broke. The planner goes by indexes whatever it believes of a table's size: plans are
// kept for the life of a connection, and tables grow.
constexpr const char* kSession[] = {"SET statement_timeout = '60s'",
                                    "SET idle_in_transaction_session_timeout = '60s'",
                                    "SET client_min_messages = 'warning'",
                                    "SET enable_seqscan = off",
                                    "SET enable_bitmapscan = off",
                                    "SET enable_hashjoin = off",
                                    "SET enable_mergejoin = off",
                                    "SET jit = off",
                                    "SET client_connection_check_interval = '1s'"};

// The server's words as one line.
std::string OneLine(absl::string_view text) {
  return absl::StrJoin(absl::StrSplit(text, '\n', absl::SkipWhitespace()), "; ");
}

absl::string_view FieldOf(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

// Some messages repeat values of a statement; those of operation do not.
absl::Status StatusOf(const PGresult* result) {
  const absl::string_view state = FieldOf(result, PG_DIAG_SQLSTATE);
  const Fault fault = FaultOfSqlState(state);
  std::string text = absl::StrCat("SQLSTATE ", state);
  if (fault != Fault::kRefused) {
    absl::StrAppend(&text, ": ", OneLine(FieldOf(result, PG_DIAG_MESSAGE_PRIMARY)));
  } else if (const absl::string_view on = FieldOf(result, PG_DIAG_CONSTRAINT_NAME); !on.empty()) {
    absl::StrAppend(&text, " on ", on);
  }
  return FaultStatus(fault, text);
}

// Entries of one of libpq's lists.
std::size_t CountOf(absl::string_view list) {
  return static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) + 1;
}

// The parameters for one of several hosts. libpq goes through them by itself, but waits for the
// first for ever when that one takes connections and says nothing.
std::map<std::string, std::string> OfHost(std::map<std::string, std::string> parameters,
                                          std::size_t host) {
  const std::size_t hosts = CountOf(parameters.at("host"));
  for (const char* name : {"host", "hostaddr", "port"}) {
    const auto found = parameters.find(name);
    // One port is every host's; what libpq refuses is left to it.
    if (found == parameters.end() || CountOf(found->second) != hosts) continue;
    const std::vector<std::string> each = absl::StrSplit(found->second, ',');
    found->second = each[host];
  }
  return parameters;
}

// Two hosts failed: a lost connection may be had again, whatever the other one does.
absl::Status Both(const absl::Status& one, const absl::Status& other) {
  const bool lost = FaultOf(one) == Fault::kLost || FaultOf(other) == Fault::kLost;
  return FaultStatus(lost ? Fault::kLost : FaultOf(other),
                     absl::StrCat(one.message(), "; ", other.message()));
}

}  // namespace

void PreferNextHost(const Address& address) {
  *address.serving = (*address.serving + 1) % CountOf(address.parameters.at("host"));
}

// --- Connecting ---------------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const Address& address,
                                                             absl::Duration limit) {
  const absl::Duration deadline = MonotonicNow() + limit;
  const std::size_t hosts = CountOf(address.parameters.at("host"));
  const std::size_t first = *address.serving;
  absl::Status failure;
  for (std::size_t i = 0; i < hosts; ++i) {
    const std::size_t host = (first + i) % hosts;
    const absl::Duration share = (deadline - MonotonicNow()) / static_cast<std::int64_t>(hosts - i);
    absl::StatusOr<std::unique_ptr<Connection>> opened = OpenHost(address, host, share);
    if (opened.ok()) {
      *address.serving = host;
      return opened;
    }
    failure = failure.ok() ? opened.status() : Both(failure, opened.status());
  }
  return failure;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::OpenHost(const Address& address,
                                                                 std::size_t host,
                                                                 absl::Duration limit) {
  const absl::Duration deadline = MonotonicNow() + limit;
  const std::map<std::string, std::string> parameters = OfHost(address.parameters, host);
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : parameters) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* const started = PQconnectStartParams(keys.data(), values.data(), /*expand_dbname=*/0);
  if (started == nullptr) return FaultStatus(Fault::kLost, "no memory for a connection");
  std::unique_ptr<Connection> connection(new Connection(started, host, address.faults));
  TRUSTHUB_RETURN_IF_ERROR(connection->Connect(deadline));
  std::vector<Command> session;
  for (const char* setting : kSession) session.emplace_back(setting);
  TRUSTHUB_RETURN_IF_ERROR(connection->Run(session, deadline - MonotonicNow()).status());
  return connection;
}

absl::Status Connection::Connect(absl::Duration deadline) {
  PQsetNoticeReceiver(connection_, &Connection::OnNotice, this);
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED || PQstatus(connection_) == CONNECTION_BAD) return Lost();
    TRUSTHUB_RETURN_IF_ERROR(Wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline));
    state = PQconnectPoll(connection_);
  }
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) return Lost();
  return absl::OkStatus();
}

bool Connection::is_local() const {
  const char* host = PQhost(connection_);
  return host != nullptr && (*host == '/' || *host == '@');
}

// --- Batches ------------------------------------------------------------------------------------

absl::StatusOr<std::vector<Rows>> Connection::Run(const std::vector<Command>& commands,
                                                  absl::Duration limit) {
  const absl::Duration deadline = MonotonicNow() + limit;
  if (broken_) return FaultStatus(Fault::kLost, "the connection failed before");
  std::vector<Rows> rows;
  while (unread_batches_ > 0) {
    ReadBatch(deadline, &rows).IgnoreError();
    if (broken_) return FaultStatus(Fault::kLost, "the connection failed meanwhile");
    rows.clear();
  }
  for (const Command& command : commands) {
    TRUSTHUB_RETURN_IF_ERROR(faults_ == nullptr ? Send(command) : SendWithFault(command, deadline));
  }
  if (PQpipelineSync(connection_) != 1) return Lost();
  ++unread_batches_;
  TRUSTHUB_RETURN_IF_ERROR(ReadBatch(deadline, &rows));
  return rows;
}

absl::Status Connection::Send(const Command& command) {
  const Arguments& arguments = command.arguments;
  const std::vector<const char*> values = arguments.Values();
  const std::vector<int> lengths = arguments.Lengths();
  const std::vector<int> formats(values.size(), kBinary);
  if (command.sql == Sql::kCount) {
    preparing_.push_back(Sql::kCount);
    const int sent =
        PQsendQueryParams(connection_, command.text.c_str(), arguments.count(), arguments.types(),
                          values.data(), lengths.data(), formats.data(), kBinary);
    return sent == 1 ? absl::OkStatus() : Lost();
  }
  const auto number = static_cast<std::size_t>(command.sql);
  const std::string name = absl::StrCat("s", number);
  const bool known = prepared_[number] || std::find(preparing_.begin(), preparing_.end(),
                                                    command.sql) != preparing_.end();
  if (!known) {
    preparing_.push_back(command.sql);
    const int sent = PQsendPrepare(connection_, name.c_str(), TextOf(command.sql),
                                   arguments.count(), arguments.types());
    if (sent != 1) return Lost();
  }
  preparing_.push_back(Sql::kCount);
  const int sent = PQsendQueryPrepared(connection_, name.c_str(), arguments.count(), values.data(),
                                       lengths.data(), formats.data(), kBinary);
  return sent == 1 ? absl::OkStatus() : Lost();
}

absl::Status Connection::SendWithFault(const Command& command, absl::Duration deadline) {
  const bool is_text = command.sql == Sql::kCount;
  StatementFault fault = faults_->Next(is_text ? command.text : TextOf(command.sql));
  if (fault.kind == StatementFault::Kind::kInstead) return Send(Command(std::move(fault.instead)));
  if (fault.kind != StatementFault::Kind::kLostBefore) TRUSTHUB_RETURN_IF_ERROR(Send(command));
  if (fault.kind == StatementFault::Kind::kNone) return absl::OkStatus();
  // The server has done what it was sent, and nobody hears of it.
  if (PQpipelineSync(connection_) == 1) {
    ++unread_batches_;
    std::vector<Rows> unheard;
    ReadBatch(deadline, &unheard).IgnoreError();
  }
  shutdown(PQsocket(connection_), SHUT_RDWR);
  return Lost();
}

void Connection::EndTransaction() {
  if (broken_ || unread_batches_ > 0 || !in_transaction()) return;
  if (faults_ != nullptr && faults_->Next("ROLLBACK").kind != StatementFault::Kind::kNone) {
    shutdown(PQsocket(connection_), SHUT_RDWR);  // it cannot fail but by the loss of everything
  }
  if (!Send(Command("ROLLBACK")).ok() || PQpipelineSync(connection_) != 1 ||
      PQflush(connection_) < 0) {
    broken_ = true;
    return;
  }
  ++unread_batches_;
}

absl::Status Connection::ReadBatch(absl::Duration deadline, std::vector<Rows>* rows) {
  absl::Status first_failure;
  std::size_t next = 0;
  while (true) {
    TRUSTHUB_RETURN_IF_ERROR(AwaitResult(deadline));
    Rows result(PQgetResult(connection_));
    const ExecStatusType status = PQresultStatus(result.get());
    if (result.get() == nullptr) {  // between two statements, or at the end of everything
      if (PQstatus(connection_) == CONNECTION_BAD) return Lost();
      continue;
    }
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_FATAL_ERROR || status == PGRES_NONFATAL_ERROR) {
      if (first_failure.ok()) first_failure = StatusOf(result.get());
      if (PQstatus(connection_) == CONNECTION_BAD) {
        broken_ = true;
        return FaultOf(first_failure) == Fault::kLost ? first_failure : Lost();
      }
    }
    const Sql prepared = next < preparing_.size() ? preparing_[next] : Sql::kCount;
    ++next;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) continue;
    if (prepared != Sql::kCount) {
      prepared_.set(static_cast<std::size_t>(prepared));
    } else {
      rows->push_back(std::move(result));
    }
  }
  // What is left belongs to batches that were sent behind this one.
  preparing_.erase(preparing_.begin(), preparing_.begin() + static_cast<std::ptrdiff_t>(
                                                                std::min(next, preparing_.size())));
  --unread_batches_;
  return first_failure;
}

absl::Status Connection::AwaitResult(absl::Duration deadline) {
  while (PQisBusy(connection_) == 1) {
    const int flushed = PQflush(connection_);
    if (flushed < 0) return Lost();
    TRUSTHUB_RETURN_IF_ERROR(Wait(flushed == 1 ? POLLIN | POLLOUT : POLLIN, deadline));
    if (PQconsumeInput(connection_) != 1) return Lost();
  }
  return absl::OkStatus();
}

absl::Status Connection::Wait(int wanted, absl::Duration deadline) {
  pollfd descriptor = {PQsocket(connection_), static_cast<std::int16_t>(wanted), 0};
  while (true) {
    const absl::Duration left = deadline - MonotonicNow();
    const auto millis = left == absl::InfiniteDuration()
                            ? -1
                            : static_cast<int>(std::max<std::int64_t>(
                                  absl::ToInt64Milliseconds(left + absl::Microseconds(999)), 0));
    const int ready = poll(&descriptor, 1, millis);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno == EINTR) continue;
    broken_ = true;
    return FaultStatus(Fault::kLate, "no answer of the server in time");
  }
}

// --- Health -------------------------------------------------------------------------------------

absl::Status Connection::Lost() {
  broken_ = true;
  std::string text = OneLine(PQerrorMessage(connection_));
  if (text.empty()) text = "the connection was closed";
  return FaultStatus(Fault::kLost, text);
}

bool Connection::IsSound() {
  if (broken_) return false;
  // A server that ended says so, or closes the socket.
  if (PQconsumeInput(connection_) != 1 || PQstatus(connection_) != CONNECTION_OK) broken_ = true;
  return !broken_;
}

bool Connection::TakeWarning() { return std::exchange(warned_, false); }

void Connection::OnNotice(void* self, const PGresult* notice) {
  static_cast<Connection*>(self)->warned_ = true;
}

}  // namespace trusthub::store::postgres
