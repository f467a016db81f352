#include "tests/integration/stalling_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace trusthub::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* Generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (fd >= 0 && connect(fd, Generic(address), sizeof(address)) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

// All of it; loopback buffers hold more than HTTP/2 lets a peer send unread.
bool SendAll(int fd, const char* bytes, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= sent;
  }
  return true;
}

bool PassOn(int from, int to) {
  char buffer[16 * 1024];
  const ssize_t got = recv(from, buffer, sizeof(buffer), 0);
  if (got < 0 && errno == EINTR) return true;
  return got > 0 && SendAll(to, buffer, got);
}

}  // namespace

absl::StatusOr<std::unique_ptr<StallingRelay>> StallingRelay::To(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in any = Loopback(0);
  if (listener < 0 || bind(listener, Generic(any), sizeof(any)) != 0 || listen(listener, 16) != 0) {
    if (listener >= 0) close(listener);
    return absl::UnavailableError("the relay cannot listen on loopback");
  }
  return std::unique_ptr<StallingRelay>(new StallingRelay(listener, port));
}

StallingRelay::StallingRelay(int listener, int port) : listener_(listener), port_(port) {
  sockaddr_in bound{};
  socklen_t size = sizeof(bound);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &size);
  address_ = absl::StrCat("127.0.0.1:", ntohs(bound.sin_port));
  if (pipe(wake_) != 0) std::abort();
  thread_ = std::thread([this] { Run(); });
}

StallingRelay::~StallingRelay() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  Wake();
  thread_.join();
  for (const Pair& pair : pairs_) {
    close(pair.one);
    close(pair.other);
  }
  for (const int fd : {listener_, wake_[0], wake_[1]}) close(fd);
}

void StallingRelay::Stall() { SetStalled(true); }

void StallingRelay::Resume() { SetStalled(false); }

void StallingRelay::SetStalled(bool stalled) {
  MutexLock lock(mutex_);
  stall_asked_ = stalled;
  Wake();
  while (stalled_ != stalled && !stop_) changed_.Wait(mutex_);
}

void StallingRelay::Wake() {
  const char byte = 0;
  // A pipe that is full wakes as well.
  [[maybe_unused]] const ssize_t written = write(wake_[1], &byte, 1);
}

void StallingRelay::Run() {
  while (true) {
    bool stalled = false;
    {
      MutexLock lock(mutex_);
      if (stop_) return;
      stalled_ = stall_asked_;
      stalled = stalled_;
      changed_.NotifyAll();
    }
    std::vector<int> readable;
    WaitForWork(stalled, &readable);
    if (std::count(readable.begin(), readable.end(), wake_[0]) > 0) {
      char bytes[64];
      [[maybe_unused]] const ssize_t got = read(wake_[0], bytes, sizeof(bytes));
      continue;  // what was asked comes before any byte
    }
    if (std::count(readable.begin(), readable.end(), listener_) > 0) Accept();
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      if (Pass(*pair, readable)) {
        ++pair;
        continue;
      }
      close(pair->one);
      close(pair->other);
      pair = pairs_.erase(pair);
    }
  }
}

void StallingRelay::WaitForWork(bool stalled, std::vector<int>* readable) {
  std::vector<pollfd> all = {{wake_[0], POLLIN, 0}};
  if (!stalled) {
    all.push_back({listener_, POLLIN, 0});
    for (const Pair& pair : pairs_) {
      all.push_back({pair.one, POLLIN, 0});
      all.push_back({pair.other, POLLIN, 0});
    }
  }
  if (poll(all.data(), all.size(), -1) < 0) return;  // interrupted
  for (const pollfd& entry : all) {
    if (entry.revents != 0) readable->push_back(entry.fd);
  }
}

void StallingRelay::Accept() {
  const int one = accept(listener_, nullptr, nullptr);
  if (one < 0) return;
  const int other = Connect(port_);
  if (other < 0) {
    close(one);  // as the service would that does not listen
    return;
  }
  pairs_.push_back({one, other});
}

bool StallingRelay::Pass(const Pair& pair, const std::vector<int>& readable) const {
  const auto can_read = [&](int fd) {
    return std::count(readable.begin(), readable.end(), fd) > 0;
  };
  return (!can_read(pair.one) || PassOn(pair.one, pair.other)) &&
         (!can_read(pair.other) || PassOn(pair.other, pair.one));
}

}  // namespace trusthub::testing
