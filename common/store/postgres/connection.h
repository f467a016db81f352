// File: connection.h
//
// The only place that talks to a server: connections of libpq that never block longer than they are
// told, statements prepared at first use, and batches: many statements, one round trip.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_CONNECTION_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_CONNECTION_H_

#include <libpq-fe.h>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/arguments.h"
#include "common/store/postgres/statement_faults.h"
#include "common/store/postgres/statements.h"

namespace trusthub::store::postgres {

// What a statement gave, in binary.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}

  int size() const { return PQntuples(result_.get()); }
  bool IsNullAt(int row, int column) const { return PQgetisnull(result_.get(), row, column) == 1; }
  std::int64_t IntAt(int row, int column) const { return IntOf(ViewAt(row, column)); }
  absl::string_view ViewAt(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::string StringAt(int row, int column) const { return std::string(ViewAt(row, column)); }
  // "COMMIT", "ROLLBACK", "INSERT 0 5".
  absl::string_view tag() const { return PQcmdStatus(result_.get()); }
  PGresult* get() const { return result_.get(); }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

// One statement of a batch: a prepared one, or, for what cannot be prepared or is not worth it, a
// text.
struct Command {
  Command(Sql statement, Arguments values) : sql(statement), arguments(std::move(values)) {}
  explicit Command(std::string words) : text(std::move(words)) {}
  Command(std::string words, Arguments values)
      : arguments(std::move(values)), text(std::move(words)) {}

  Sql sql = Sql::kCount;
  Arguments arguments;
  std::string text;
};

// The host that is tried first has not answered: somebody else may be the primary by now, and it
// would say that it still is.
void PreferNextHost(const Address& address);

// Used by one thread at a time. A connection that failed, or did not answer in time, is of no use
// any more: what still comes on it would be taken for the answer to something else.
class Connection {
 public:
  // Connects and sets up the session within `limit`. Of several hosts that take writes, the one
  // that served last is preferred; one that does not answer costs its share of the limit. An
  // error's message is one line without secrets.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Address& address,
                                                          absl::Duration limit);
  ~Connection() { PQfinish(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs `commands` in their order, gives the rows of each. At the first that fails the rest is
  // left out, and its Fault is returned (fault.h).
  absl::StatusOr<std::vector<Rows>> Run(const std::vector<Command>& commands, absl::Duration limit);
  // Ends the transaction, if there is one, without waiting for the server.
  void EndTransaction();

  // Whether it may be used, as far as can be told without asking the server.
  bool IsSound();
  bool in_transaction() const { return PQtransactionStatus(connection_) != PQTRANS_IDLE; }
  // Whether the server warned of something since the last call of this function.
  bool TakeWarning();
  bool is_encrypted() const { return PQsslInUse(connection_) != 0; }
  // Whether the server is reached by a socket of this machine.
  bool is_local() const;
  // Which of the address's hosts it is connected to.
  std::size_t host() const { return host_; }

 private:
  Connection(PGconn* connection, std::size_t host, StatementFaults* faults)
      : connection_(connection), host_(host), faults_(faults) {}

  static absl::StatusOr<std::unique_ptr<Connection>> OpenHost(const Address& address,
                                                              std::size_t host,
                                                              absl::Duration limit);
  absl::Status Connect(absl::Duration deadline);
  absl::Status Send(const Command& command);
  absl::Status SendWithFault(const Command& command, absl::Duration deadline);
  // Waits until the server has said or taken something; `wanted` is of poll().
  absl::Status Wait(int wanted, absl::Duration deadline);
  absl::Status AwaitResult(absl::Duration deadline);
  // Reads results until the end of a batch, the rows of what was not merely prepared into `rows`.
  absl::Status ReadBatch(absl::Duration deadline, std::vector<Rows>* rows);
  absl::Status Lost();
  static void OnNotice(void* self, const PGresult* notice);

  PGconn* const connection_;
  const std::size_t host_;
  StatementFaults* const faults_;  // null but in tests
  std::bitset<kSqlCount> prepared_;
  std::vector<Sql> preparing_;  // by the results still to come; kCount: an execution
  int unread_batches_ = 0;      // sent and not read yet
  bool broken_ = false;
  bool warned_ = false;
};

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_CONNECTION_H_
