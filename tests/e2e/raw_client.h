// File: raw_client.h
//
// A client that sends what it is told, byte for byte: for what no honest client sends.
#ifndef TRUSTHUB_TESTS_E2E_RAW_CLIENT_H_
#define TRUSTHUB_TESTS_E2E_RAW_CLIENT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/rpc/channel.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace trusthub::testing {

// Thread-safe.
class RawClient {
 public:
  // `address`: host:port. A connection of its own, never shared.
  RawClient(const std::string& address, const rpc::TlsFiles& tls);
  ~RawClient();

  // Calls `path` ("/package.Service/Method") and returns how it ended, with the hub's details. A
  // stream is ended after its first answer. Waits up to 10 seconds.
  absl::Status Call(const std::string& path, const std::map<std::string, std::string>& metadata,
                    absl::string_view bytes) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_RAW_CLIENT_H_
