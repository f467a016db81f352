#include "tests/e2e/port_block.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

namespace trusthub::testing {
namespace {

constexpr int kLowest = 20000;
constexpr int kPorts = 8;
constexpr int kBlocks = 1500;

// A name in the abstract space of unix sockets is a lock that ends with its process and leaves no
// file; its namespace is the network's, as that of the ports is.
bool Claim(int socket, int block) {
  const std::string name = absl::StrCat("trusthub-test-ports-", block);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path + 1);  // a leading zero: abstract
  const std::size_t size = offsetof(sockaddr_un, sun_path) + 1 + name.size();
  return bind(socket, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) ==
         0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PortBlock>> PortBlock::Take() {
  static int next = static_cast<int>(getpid() % kBlocks);
  const int claim = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (claim < 0) return absl::UnavailableError("no unix socket for a block of ports");
  for (int tries = 0; tries < kBlocks; ++tries) {
    const int block = next++ % kBlocks;
    if (Claim(claim, block)) {
      return std::unique_ptr<PortBlock>(new PortBlock(claim, kLowest + block * kPorts));
    }
  }
  close(claim);
  return absl::ResourceExhaustedError("every block of ports is taken by other tests");
}

PortBlock::~PortBlock() { close(claim_); }

}  // namespace trusthub::testing
