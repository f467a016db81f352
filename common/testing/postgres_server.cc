#include "common/testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kBin[] = "/usr/lib/postgresql/15/bin/";
constexpr int kExitCannotRun = 127;
constexpr absl::Duration kStartLimit = absl::Seconds(60);
constexpr absl::Duration kStep = absl::Milliseconds(10);
constexpr int kPortAttempts = 5;
constexpr int kSocketPort = 5432;

// Whom the server runs as: PostgreSQL refuses root.
struct User {
  uid_t uid = getuid();
  gid_t gid = getgid();
};

const User& ServerUser() {
  static const User user = [] {
    User found;
    if (found.uid != 0) return found;
    for (const char* name : {"postgres", "nobody"}) {
      if (const passwd* entry = getpwnam(name);
          entry != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        found = {entry->pw_uid, entry->pw_gid};
        break;
      }
    }
    return found;
  }();
  return user;
}

// Only calls that are safe after fork, up to the new program.
[[noreturn]] void Become(const std::vector<char*>& argv, int output, int death_signal) {
  const User& user = ServerUser();
  if (getuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)) {
    _exit(kExitCannotRun);
  }
  // After the change of user, which would clear it.
  if (death_signal != 0) prctl(PR_SET_PDEATHSIG, death_signal);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (chdir("/") != 0) _exit(kExitCannotRun);
  execv(argv[0], argv.data());
  _exit(kExitCannotRun);
}

// Starts a program of PostgreSQL's as its user, with its output added to `log`.
pid_t Spawn(const std::vector<std::string>& command, const std::string& log, int death_signal) {
  std::vector<std::string> arguments = command;
  arguments[0] = kBin + arguments[0];
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ServerUser();
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t pid = fork();
  if (pid == 0) Become(argv, output, death_signal);
  close(output);
  return pid;
}

absl::Status RunTool(const std::vector<std::string>& command, const std::string& log) {
  const pid_t pid = Spawn(command, log, SIGKILL);
  int status = -1;
  if (pid > 0) waitpid(pid, &status, 0);
  if (status == 0) return absl::OkStatus();
  std::stringstream said;
  said << std::ifstream(log).rdbuf();
  return absl::InternalError(absl::StrCat(command[0], ": ", said.str()));
}

void GiveAway(const std::string& path) {
  if (getuid() != 0) return;
  if (chown(path.c_str(), ServerUser().uid, ServerUser().gid) != 0) std::abort();
}

void WriteSecret(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  GiveAway(path);
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

std::string Quoted(absl::string_view word) {
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

// `before` in a transaction of its own: some statements stand alone.
absl::StatusOr<std::string> Psql(const std::string& socket_folder, absl::string_view before,
                                 absl::string_view sql) {
  const std::string command = absl::StrCat(
      kBin, "psql -XAtq -v ON_ERROR_STOP=1 -h ", Quoted(socket_folder), " -p ", kSocketPort,
      " -U postgres -d postgres -c ", Quoted(before), " -c ", Quoted(sql), " 2>&1");
  FILE* const pipe = popen(command.c_str(), "re");  // NOLINT(cert-env33-c)
  if (pipe == nullptr) return absl::InternalError("psql cannot be started");
  std::string said;
  char buffer[4096];
  for (std::size_t got = 0; (got = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    said.append(buffer, got);
  }
  const int status = pclose(pipe);
  while (absl::EndsWith(said, "\n")) said.pop_back();
  if (status != 0) return absl::InternalError(absl::StrCat("psql: ", said));
  return said;
}

std::string Settings(const std::string& folder, bool tls) {
  return absl::StrCat("listen_addresses = '127.0.0.1'\nunix_socket_directories = '", folder,
                      "/socket'\nmax_connections = 300\nshared_buffers = 32MB\n"
                      "dynamic_shared_memory_type = mmap\nlogging_collector = off\n"
                      "wal_level = replica\nhot_standby = on\nmax_wal_senders = 4\n"
                      "max_wal_size = 256MB\n",
                      tls ? "ssl = on\nssl_ca_file = 'authority.pem'\n" : "");
}

// By the socket everybody is believed; over the network clients show a password or a certificate.
std::string Access(bool tls) {
  return absl::StrCat(
      "local all all trust\nlocal replication all trust\n",
      tls ? "hostssl all all 127.0.0.1/32 cert\n" : "host all all 127.0.0.1/32 scram-sha-256\n");
}

// Between two looks at a server that starts.
void Pause() {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  never.WaitFor(mutex, kStep);
}

// A folder of a server's, with one for its socket.
absl::StatusOr<std::string> MakeFolder() {
  std::string folder = (fs::temp_directory_path() / "trusthub-postgres-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return absl::InternalError("no temporary folder");
  GiveAway(folder);
  fs::create_directory(folder + "/socket");
  GiveAway(folder + "/socket");
  return folder;
}

}  // namespace

// --- A server -----------------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Start(const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string folder, MakeFolder());
  std::unique_ptr<PostgresServer> server(new PostgresServer(folder));
  TRUSTHUB_RETURN_IF_ERROR(server->Make(options));
  TRUSTHUB_RETURN_IF_ERROR(server->Run());
  TRUSTHUB_RETURN_IF_ERROR(
      Psql(server->socket_folder(), "", absl::StrCat("CREATE ROLE ", kPostgresRole, " LOGIN"))
          .status());
  return server;
}

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::StartStandby(
    PostgresServer& primary, const std::string& name, const std::string& by) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string folder, MakeFolder());
  std::unique_ptr<PostgresServer> server(new PostgresServer(folder));
  TRUSTHUB_RETURN_IF_ERROR(
      RunTool({"pg_basebackup", "-D", server->data_folder(), "-R", "--no-sync", "-c", "fast", "-d",
               absl::StrCat("host=", by.empty() ? primary.socket_folder() : by,
                            " port=", kSocketPort, " user=postgres application_name=", name)},
              folder + "/log"));
  server->AddSetting(absl::StrCat("unix_socket_directories = '", folder, "/socket'"));
  TRUSTHUB_RETURN_IF_ERROR(server->Run());
  return server;
}

absl::Status PostgresServer::Make(const Options& options) {
  TRUSTHUB_RETURN_IF_ERROR(
      RunTool({"initdb", "-D", data_folder(), "-U", "postgres", "-A", "trust", "-E", "UTF8",
               "--locale=C.UTF-8", "--data-checksums", "--no-sync", "--no-instructions"},
              folder_ + "/log"));
  const bool tls = !options.tls.certificate.empty();
  std::ofstream(data_folder() + "/postgresql.conf", std::ios::app) << Settings(folder_, tls);
  for (const std::string& setting : options.settings) AddSetting(setting);
  std::ofstream(data_folder() + "/pg_hba.conf") << Access(tls);
  if (tls) {
    WriteSecret(data_folder() + "/server.crt", options.tls.certificate);
    WriteSecret(data_folder() + "/server.key", options.tls.key);
    WriteSecret(data_folder() + "/authority.pem", options.tls.authority);
  }
  return absl::OkStatus();
}

absl::Status PostgresServer::Run() {
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    // The socket's file is named by the port: a link gives it the usual one.
    tcp_port_ = FreePort();
    std::error_code ignored;
    fs::remove(absl::StrCat(socket_folder(), "/.s.PGSQL.", kSocketPort), ignored);
    fs::create_symlink(absl::StrCat(".s.PGSQL.", tcp_port_),
                       absl::StrCat(socket_folder(), "/.s.PGSQL.", kSocketPort), ignored);
    pid_ = Spawn({"postgres", "-D", data_folder(), "-p", absl::StrCat(tcp_port_)}, folder_ + "/log",
                 SIGQUIT);
    const absl::Duration until = MonotonicNow() + kStartLimit;
    while (MonotonicNow() < until) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = 0;
        break;
      }
      // A standby takes readers and is as ready for these tests as it gets.
      if (Psql(socket_folder(), "", "SELECT 1").ok()) return absl::OkStatus();
      Pause();
    }
  }
  return absl::InternalError(absl::StrCat("postgres does not start: ", Log()));
}

PostgresServer::~PostgresServer() {
  Thaw();
  Kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<pid_t> PostgresServer::Processes() const {
  std::vector<pid_t> processes;
  if (pid_ == 0) return processes;
  processes.push_back(pid_);
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", ignored)) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    std::string stat;
    std::getline(std::ifstream(entry.path() / "stat"), stat);
    // "{pid} ({name}) {state} {parent} ..."
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) continue;
    const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
    if (fields.size() > 1 && fields[1] == absl::StrCat(pid_)) processes.push_back(pid);
  }
  return processes;
}

void PostgresServer::SignalAll(int signal) const {
  for (const pid_t pid : Processes()) kill(pid, signal);
}

void PostgresServer::WaitForEnd() {
  if (pid_ != 0) waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void PostgresServer::Kill() {
  // The first stops the making of more.
  if (pid_ != 0) kill(pid_, SIGSTOP);
  SignalAll(SIGKILL);
  WaitForEnd();
}

void PostgresServer::Stop() {
  if (pid_ != 0) kill(pid_, SIGINT);
  WaitForEnd();
}

absl::Status PostgresServer::StartAgain() { return Run(); }

absl::Status PostgresServer::Tool(const std::vector<std::string>& command) const {
  return RunTool(command, folder_ + "/tool.log");
}

std::string PostgresServer::Log() const {
  std::stringstream said;
  said << std::ifstream(folder_ + "/log").rdbuf();
  return said.str();
}

bool PostgresServer::KeepCopy() const {
  return std::system(absl::StrCat("cp -a ", data_folder(), " ", data_folder(), ".kept").c_str()) ==
         0;
}

bool PostgresServer::GoBackToCopy() const {
  std::error_code error;
  fs::remove_all(data_folder(), error);
  fs::rename(data_folder() + ".kept", data_folder(), error);
  return !error;
}

void PostgresServer::Own(const std::string& path) { GiveAway(path); }

void PostgresServer::Freeze() {
  if (pid_ != 0) kill(pid_, SIGSTOP);
  SignalAll(SIGSTOP);
}

void PostgresServer::Thaw() { SignalAll(SIGCONT); }

void PostgresServer::AddSetting(const std::string& line) {
  std::ofstream(data_folder() + "/postgresql.conf", std::ios::app) << line << "\n";
}

void PostgresServer::Reload() {
  if (pid_ != 0) kill(pid_, SIGHUP);
}

// --- Databases ----------------------------------------------------------------------------------

std::string SharedPostgresFolder() {
  if (const char* shared = std::getenv(kSharedPostgres); shared != nullptr)
    return shared;  // NOLINT(concurrency-mt-unsafe)
  static const auto server = [] {
    auto started = PostgresServer::Start();
    if (!started.ok()) {
      std::fprintf(stderr, "%s\n", started.status().ToString().c_str());
      std::abort();
    }
    return *std::move(started);
  }();
  return server->socket_folder();
}

PostgresDatabase::PostgresDatabase(std::string socket_folder)
    : socket_folder_(std::move(socket_folder)), name_(absl::StrCat("t", RandomId())) {
  const auto made = Run(absl::StrCat("CREATE SCHEMA ", name_, " AUTHORIZATION ", kPostgresRole));
  if (made.ok()) return;
  std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
  std::abort();
}

PostgresDatabase::~PostgresDatabase() {
  Run(absl::StrCat("SET client_min_messages = error; DROP SCHEMA IF EXISTS ", name_, " CASCADE"))
      .status()
      .IgnoreError();
}

std::string PostgresDatabase::url() const {
  return absl::StrCat("postgresql://", kPostgresRole, "@/postgres?host=", socket_folder_,
                      "&options=-csearch_path%3D", name_);
}

std::string PostgresDatabase::tcp_url(int port, absl::string_view parameters) const {
  return absl::StrCat("postgresql://", kPostgresRole, "@127.0.0.1:", port,
                      "/postgres?options=-csearch_path%3D", name_, parameters);
}

absl::StatusOr<std::string> PostgresDatabase::Run(absl::string_view sql) const {
  return Psql(socket_folder_, absl::StrCat("SET search_path = ", name_), sql);
}

}  // namespace trusthub::testing
