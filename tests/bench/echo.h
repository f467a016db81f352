// File: echo.h
//
// The yardstick: a bare gRPC C++ callback server with the hub's TLS, that answers every call on the
// spot with as many bytes as the hub's answer has. It parses nothing, knows nobody, keeps nothing.
#ifndef TRUSTHUB_TESTS_BENCH_ECHO_H_
#define TRUSTHUB_TESTS_BENCH_ECHO_H_

#include <string>

namespace trusthub::bench {

inline constexpr char kEchoMethod[] = "/trusthub.bench.Echo/Echo";

// Serves until standard input closes, which ends with the process that started it. Prints the port
// on standard output. The request's first four bytes are the size of the answer, little-endian.
int ServeEcho(const std::string& certificate, const std::string& key, const std::string& client_ca);

}  // namespace trusthub::bench

#endif  // TRUSTHUB_TESTS_BENCH_ECHO_H_
