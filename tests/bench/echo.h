// File: echo.h
//
// The yardstick: a bare gRPC C++ callback server with the hub's TLS, that answers every call on the
// spot with as many bytes as the hub's answer has. It parses nothing, knows nobody, keeps nothing.
#ifndef TRUSTHUB_TESTS_BENCH_ECHO_H_
#define TRUSTHUB_TESTS_BENCH_ECHO_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/hubctl/hub_folder.h"

namespace trusthub::bench {

inline constexpr char kEchoMethod[] = "/trusthub.bench.Echo/Echo";

// Serves until standard input closes, which ends with the process that started it. Prints the port
// on standard output. The request's first four bytes are the size of the answer, little-endian.
int ServeEcho(const std::string& certificate, const std::string& key, const std::string& client_ca);

// The echo in a process of its own, as the hub's services are; ends with its owner.
class EchoProcess {
 public:
  // With the certificates of `hub`'s directory service.
  static absl::StatusOr<std::unique_ptr<EchoProcess>> Start(const hubctl::Hub& hub);
  ~EchoProcess();
  int port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int port_ = 0;
};

}  // namespace trusthub::bench

#endif  // TRUSTHUB_TESTS_BENCH_ECHO_H_
