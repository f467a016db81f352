// File: postgres_store.h
//
// The store in a PostgreSQL database, for more than one machine serves: several processes
// (replicas) of a service write to one database. Each has one connection that writes, by one
// thread, many sets a transaction, and a pool of connections that read.
//
// Promises beyond store.h's. (1) Transactions are serialisable; one that another process overtakes
// is tried again, a bounded number of times. (2) When the connection breaks while a commit is on
// its way, the engine connects again and looks what became of it, so that the sets are answered
// with what is true; when it cannot find out in time they are answered UNAVAILABLE, and their
// callers send the same request_id again. (3) Event sequences become visible in their order, also
// those of other processes: who has seen one has seen all before it. (4) Each process appends to
// the audit tree that it is given by name; a second process that takes the same tree ends the
// first one's writing. Snapshots speak of that tree until they are turned to another. (5) No call
// waits for a server longer than its deadline, or the limits below.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_POSTGRES_STORE_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_POSTGRES_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store {

namespace postgres {
class StatementFaults;
}

struct PostgresOptions {
  // postgresql://... (address.h), and the folder that files named in it are relative to.
  std::string url;
  std::string folder;
  // Whose database it is: another service's is refused.
  std::string service;
  // Name of this process's audit tree.
  std::string tree;
  // A file that is held while the store is open, so that a second process on this machine that
  // would write to the same tree is refused; one elsewhere ends the first one's writing. Empty:
  // none.
  std::string lock_file;
  // Makes audit leaves part of commits. Not owned. Null: sets with leaves are refused.
  LeafSequencer* sequencer = nullptr;
  // The real clock, for deadlines and the expiry of answers. Not owned.
  const Clock* clock = &RealClock();
  // Whether tables are made in an empty database, and a tree that is not there is registered.
  bool create = true;
  // Whether a network without TLS is taken; for a sandbox.
  bool allow_plain = false;
  // Sets that may wait for the writer; the next one is refused.
  int queued_sets_max = 4096;
  // Sets applied in one transaction.
  int group_sets_max = 256;
  // Snapshots that may be open at a time; Open of one more waits until its deadline.
  int readers_max = 16;
  // Calls of Open that may wait; the next one is refused.
  int waiting_readers_max = 256;
  // How often a transaction is tried before its sets are refused, and how long at most.
  int attempts_max = 50;
  absl::Duration commit_limit = absl::Seconds(10);
  // Longest wait of a start, once connected, for migrations, its own or another process's, and for
  // the rest.
  absl::Duration migration_limit = absl::Minutes(30);
  absl::Duration start_limit = absl::Minutes(1);
  // Longest wait for a connection.
  absl::Duration connect_limit = absl::Seconds(5);
  // Longest wait for one read of a snapshot without deadline.
  absl::Duration read_limit = absl::Seconds(30);
  // How often other processes' events are looked for.
  absl::Duration look_interval = absl::Milliseconds(100);
  // What a test makes of statements (statement_faults.h). Not owned. Null: nothing.
  postgres::StatementFaults* statement_faults = nullptr;
};

// Opens or creates the store. Fails with one line that says what is wrong with which database: not
// reached, credentials, how the server is set up (server_checks.h), a standby, not a store of the
// hub, another service's, a newer version.
absl::StatusOr<std::unique_ptr<Store>> OpenPostgres(const PostgresOptions& options);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_POSTGRES_STORE_H_
