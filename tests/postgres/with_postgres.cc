// Starts PostgreSQL in a folder of its own, as an unprivileged user, runs a command beside it and
// stops it: tests that the command runs share the server.
//
//   with-postgres ctest --preset ci
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "common/testing/postgres_server.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: with-postgres COMMAND [ARGUMENTS]\n");
    return 64;
  }
  const auto server = trusthub::testing::PostgresServer::Start();
  if (!server.ok()) {
    std::fprintf(stderr, "with-postgres: %s\n", server.status().ToString().c_str());
    return 1;
  }
  setenv(trusthub::testing::kSharedPostgres, (*server)->socket_folder().c_str(),
         1);  // NOLINT(concurrency-mt-unsafe)
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status = -1;
  if (child > 0) waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
