#include "tests/integration/scrape.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace trusthub::testing {
namespace {

constexpr absl::string_view kRequest = "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n";

absl::Status Failed(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("metrics: cannot ", what));
}

// The whole answer, head and body.
absl::StatusOr<std::string> Fetch(int port) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return Failed("make a socket");
  const auto close = absl::MakeCleanup([connection] { ::close(connection); });
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failed("connect");
  }
  if (::send(connection, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kRequest.size())) {
    return Failed("ask");
  }
  std::string answer;
  char buffer[4096];
  ssize_t read = 0;
  while ((read = ::recv(connection, buffer, sizeof(buffer), 0)) > 0) {
    answer.append(buffer, static_cast<std::size_t>(read));
  }
  if (read < 0 || !absl::StrContains(answer, " 200 OK")) return Failed("read");
  return answer;
}

}  // namespace

absl::StatusOr<std::map<std::string, double>> Scrape(int port) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string answer, Fetch(port));
  const std::size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) return Failed("find the body");
  std::map<std::string, double> series;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(answer).substr(body + 4), '\n', absl::SkipWhitespace())) {
    if (absl::StartsWith(line, "#")) continue;
    const std::size_t space = line.rfind(' ');
    double value = 0;
    if (space == absl::string_view::npos || !absl::SimpleAtod(line.substr(space + 1), &value)) {
      return Failed("read a line of it");
    }
    series[std::string(line.substr(0, space))] = value;
  }
  return series;
}

}  // namespace trusthub::testing
