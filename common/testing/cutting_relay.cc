#include "common/testing/cutting_relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace trusthub::testing {
namespace {

constexpr int kStepMillis = 50;
constexpr int kBacklog = 64;
constexpr std::size_t kChunk = 1 << 16;

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) std::abort();
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int ConnectTo(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = AddressOf(path);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

bool SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

CuttingRelay::CuttingRelay(const std::string& server, const std::string& name)
    : server_(server + "/" + name) {
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = AddressOf(folder_.File(name));
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, kBacklog) != 0) {
    std::abort();
  }
  acceptor_ = std::thread([this] { Accept(); });
}

CuttingRelay::~CuttingRelay() {
  stopping_ = true;
  acceptor_.join();
  close(listener_);
  std::vector<std::thread> relays;
  {
    MutexLock lock(mutex_);
    relays.swap(relays_);
  }
  for (std::thread& relay : relays) relay.join();
}

void CuttingRelay::CutAt(const std::string& word, Cut cut, bool stay_away) {
  MutexLock lock(mutex_);
  word_ = word;
  cut_ = cut;
  stay_away_ = stay_away;
}

void CuttingRelay::Accept() {
  while (!stopping_) {
    pollfd waiting = {listener_, POLLIN, 0};
    if (poll(&waiting, 1, kStepMillis) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = client < 0 || away_ ? -1 : ConnectTo(server_);
    if (server < 0) {
      if (client >= 0) close(client);
      continue;
    }
    MutexLock lock(mutex_);
    relays_.emplace_back([this, client, server] { Relay(client, server); });
  }
}

void CuttingRelay::Relay(int client, int server) {
  bool cut_at_answer = false;
  bool open = true;
  while (open && !stopping_) {
    if (held_) {
      poll(nullptr, 0, kStepMillis);
      continue;
    }
    pollfd sides[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(sides, 2, kStepMillis) <= 0 || held_) continue;
    if (sides[0].revents != 0) open = Pass(client, server, true, &cut_at_answer);
    if (open && sides[1].revents != 0) open = Pass(server, client, false, &cut_at_answer);
  }
  close(client);
  close(server);
}

bool CuttingRelay::Pass(int from, int to, bool from_client, bool* cut_at_answer) {
  std::string chunk(kChunk, '\0');
  const ssize_t got = recv(from, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  chunk.resize(static_cast<std::size_t>(got));
  if (!from_client) return !*cut_at_answer && SendAll(to, chunk);
  MutexLock lock(mutex_);
  if (word_.empty() || !absl::StrContains(chunk, word_)) return SendAll(to, chunk);
  word_.clear();
  ++cuts_;
  if (stay_away_) away_ = true;
  if (cut_ == Cut::kBeforeServer) return false;
  *cut_at_answer = true;
  return SendAll(to, chunk);
}

}  // namespace trusthub::testing
