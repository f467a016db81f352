// File: postgres_server.h
//
// PostgreSQL 15 for tests: a cluster in a temporary folder, run as an unprivileged user, that can
// be killed, frozen and started again; and databases in one.
#ifndef TRUSTHUB_COMMON_TESTING_POSTGRES_SERVER_H_
#define TRUSTHUB_COMMON_TESTING_POSTGRES_SERVER_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::testing {

// The environment variable with the socket folder of a server that tests share (tests/with-postgres
// sets it).
inline constexpr char kSharedPostgres[] = "TRUSTHUB_TEST_POSTGRES";
// The role that owns the databases of tests; it is no superuser.
inline constexpr char kPostgresRole[] = "hub";

// What a server listens with for TLS, as PEM. Clients need a certificate of `authority` with the
// common name of their role.
struct PostgresTls {
  std::string certificate;
  std::string key;
  std::string authority;
};

// Not thread-safe. Start it from a thread that lives as long as the server shall: the kernel stops
// it when that thread ends.
class PostgresServer {
 public:
  struct Options {
    std::vector<std::string> settings;  // lines of postgresql.conf, after what tests need
    PostgresTls tls;                    // empty: no TLS
  };
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Start(const Options& options = {});
  // A standby of `primary` that follows it, as `name`; by way of the socket in folder `by`, where
  // one is given.
  static absl::StatusOr<std::unique_ptr<PostgresServer>> StartStandby(PostgresServer& primary,
                                                                      const std::string& name,
                                                                      const std::string& by = "");
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // Its Unix socket; the socket's port is always 5432.
  std::string socket_folder() const { return folder_ + "/socket"; }
  int tcp_port() const { return tcp_port_; }
  std::string data_folder() const { return folder_ + "/data"; }

  // What a crash of the machine does to its processes.
  void Kill();
  // Stops it in good order, connections or not.
  void Stop();
  absl::Status StartAgain();
  // Nothing of it runs any more, and nothing ends, until Thaw.
  void Freeze();
  void Thaw();
  // Changes postgresql.conf for the next StartAgain or Reload.
  void AddSetting(const std::string& line);
  void Reload();
  // Its data as they are, and as they were then: both while it is stopped. False when cp fails.
  bool KeepCopy() const;
  bool GoBackToCopy() const;
  // What it logged.
  std::string Log() const;
  // Gives a folder to the server's user.
  static void Own(const std::string& path);
  // Makes a standby the one that takes writes.
  absl::Status Promote() const { return Tool({"pg_ctl", "promote", "-w", "-D", data_folder()}); }
  // Runs a program of PostgreSQL's as the server's user.
  absl::Status Tool(const std::vector<std::string>& command) const;

 private:
  explicit PostgresServer(std::string folder) : folder_(std::move(folder)) {}
  absl::Status Make(const Options& options);
  absl::Status Run();
  std::vector<pid_t> Processes() const;
  void SignalAll(int signal) const;
  void WaitForEnd();

  const std::string folder_;
  int tcp_port_ = 0;
  pid_t pid_ = 0;  // 0: not running
};

// Socket folder of the server that the tests of this process share: the one that the environment
// names, or one of its own, started at the first call. Aborts when none can be had.
std::string SharedPostgresFolder();

// An empty schema of its own, dropped at the end: what a database is to a store, and much faster to
// make.
class PostgresDatabase {
 public:
  // On the shared server, or on the one with this socket folder. Aborts when it cannot be made.
  explicit PostgresDatabase(std::string socket_folder = SharedPostgresFolder());
  ~PostgresDatabase();
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  const std::string& name() const { return name_; }
  // By the Unix socket, as kPostgresRole.
  std::string url() const;
  // The same over the network, with `parameters` ("&name=value"...).
  std::string tcp_url(int port, absl::string_view parameters) const;
  // What psql prints for `sql`, run as superuser in this schema.
  absl::StatusOr<std::string> Run(absl::string_view sql) const;

 private:
  const std::string socket_folder_;
  const std::string name_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_POSTGRES_SERVER_H_
