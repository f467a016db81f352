// File: server_pair.h
//
// A PostgreSQL primary and its synchronous standby, for trials in which the primary fails.
#ifndef TRUSTHUB_TESTS_HA_SERVER_PAIR_H_
#define TRUSTHUB_TESTS_HA_SERVER_PAIR_H_

#include <memory>
#include <string>

#include "common/testing/cutting_relay.h"
#include "common/testing/postgres_server.h"

namespace trusthub::ha {

// Aborts when the servers cannot be started. Made by the thread that ends it.
class ServerPair {
 public:
  // Returns once the standby follows: from then on every commit waits for it.
  ServerPair();
  // The old primary would not let anything be dropped: that is a commit.
  ~ServerPair() { primary_->Kill(); }
  ServerPair(const ServerPair&) = delete;
  ServerPair& operator=(const ServerPair&) = delete;

  testing::PostgresServer& primary() { return *primary_; }
  testing::PostgresServer& standby() { return *standby_; }
  // What passes between the primary and everybody else.
  testing::CuttingRelay& relay() { return relay_; }
  // A database of the primary, and after a promotion of the standby.
  const testing::PostgresDatabase& database() const { return *database_; }
  // Where clients look for the one that takes writes: the primary, by the relay, and the standby.
  std::string hosts() const { return relay_.folder() + "," + standby_->socket_folder(); }
  // The setting `store` of a service whose database this is, at `hosts`.
  std::string UrlAt(const std::string& hosts) const;

  // Makes the standby the one that takes writes.
  void Promote();

 private:
  const std::unique_ptr<testing::PostgresServer> primary_;
  testing::CuttingRelay relay_;
  std::unique_ptr<testing::PostgresServer> standby_;
  std::unique_ptr<testing::PostgresDatabase> database_;
};

}  // namespace trusthub::ha

#endif  // TRUSTHUB_TESTS_HA_SERVER_PAIR_H_
