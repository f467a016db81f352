// The door of a real service: TLS 1.3 or nothing, and certificates that are replaced while calls
// and streams go on.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/rpc/channel.h"
#include "common/testing/matchers.h"
#include "common/time/clock.h"
#include "deploy/hubctl/pki/certificates.h"
#include "deploy/hubctl/pki/development.h"
#include "gmock/gmock.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/health_probe.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kService[] = "health";
constexpr absl::Duration kSoon = absl::Seconds(20);

class TlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RunningHub::Options options;
    options.services = {kService};
    auto started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = started->release();
  }
  static void TearDownTestSuite() {
    delete hub_;
    hub_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(hub_, nullptr); }

  static const std::string& Address() { return hub_->hub().addresses().at(kService); }
  static rpc::TlsFiles Caller() { return hub_->hub().TlsOf("agencies/bhrut"); }
  static std::string FileOf(absl::string_view name) {
    return absl::StrCat(hub_->hub().folder(), "/pki/services/", kService, "/", name);
  }

  // What `openssl s_client` with these options says of the door.
  std::string Handshake(const std::vector<std::string>& options) {
    const std::string output = folder_.File(absl::StrCat("s_client-", ++handshakes_));
    const rpc::TlsFiles tls = Caller();
    ChildProcess::Options command;
    command.program = "/bin/sh";
    command.arguments = {
        "-c", absl::StrCat("exec openssl s_client -connect ", Address(), " -CAfile ", tls.server_ca,
                           " -cert ", tls.certificate, " -key ", tls.key, " ",
                           absl::StrJoin(options, " "), " </dev/null")};
    command.output = output;
    auto process = ChildProcess::Start(command);
    EXPECT_THAT(process, IsOk());
    if (!process.ok()) return "";
    EXPECT_TRUE((*process)->Wait(kSoon).has_value());
    return absl::StrJoin(LinesOf(output), "\n");
  }

  // The certificate that a new connection meets, in PEM.
  std::string Served() {
    const std::string said = Handshake({"-tls1_3", "-alpn", "h2"});
    const auto from = said.find("-----BEGIN CERTIFICATE-----");
    const auto to = said.find("-----END CERTIFICATE-----");
    return from == std::string::npos || to == std::string::npos ? "" : said.substr(from, to - from);
  }
  // As Served() gives it.
  static std::string Trimmed(const std::string& pem) {
    return pem.substr(0, pem.find("-----END CERTIFICATE-----"));
  }

  static pki::KeyPair NewLeaf() {
    const std::string base = hub_->hub().folder() + "/pki/agencies/trust-hub/ca";
    const auto text = [](const std::string& path) {
      return absl::StrCat(absl::StrJoin(LinesOf(path), "\n"), "\n");
    };
    const auto ca = pki::Ca::Load({text(base + ".pem"), text(base + ".key")});
    EXPECT_THAT(ca, IsOk());
    pki::LeafRequest request;
    const std::string uri = pki::CertificateUri(text(FileOf("tls.pem")));
    request.alternative_names = absl::StrCat("URI:", uri, ",DNS:localhost,IP:127.0.0.1");
    request.extended_key_usage = "clientAuth,serverAuth";
    const absl::Time now = RealClock().Now();
    request.validity = {now - absl::Hours(1), now + absl::Hours(24 * 60)};
    return (*ca)->IssueLeaf(request);
  }

  static RunningHub* hub_;
  TempFolder folder_;
  int handshakes_ = 0;
};

RunningHub* TlsTest::hub_ = nullptr;

TEST_F(TlsTest, OnlyTls13IsSpoken) {
  EXPECT_THAT(Handshake({"-tls1_3", "-alpn", "h2"}), HasSubstr("New, TLSv1.3"));
  for (const char* old : {"-tls1_2", "-tls1_1", "-tls1"}) {
    const std::string said = Handshake({old, "-cipher", "ALL:@SECLEVEL=0"});
    EXPECT_THAT(said, HasSubstr("(NONE)")) << old;
    EXPECT_THAT(said, Not(HasSubstr("BEGIN CERTIFICATE"))) << old;
  }
}

TEST_F(TlsTest, PlainTextGetsNoByteOfHttp) {
  int port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(Address().substr(Address().rfind(':') + 1), &port));
  const int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(plain, 0);
  const timeval limit{10, 0};
  setsockopt(plain, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(plain, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::string preface =
      std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + std::string(9, '\0');
  ASSERT_EQ(send(plain, preface.data(), preface.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(preface.size()));
  std::string answer;
  char block[256];
  for (ssize_t got = 0; (got = recv(plain, block, sizeof(block), 0)) > 0;) {
    answer.append(block, static_cast<std::size_t>(got));
  }
  close(plain);
  // Nothing, or an alert of TLS: record type 21.
  EXPECT_TRUE(answer.empty() || answer[0] == 21) << answer.size() << " bytes";
}

TEST_F(TlsTest, CertificatesAreReplacedWhileStreamsGoOn) {
  HealthStream stream(ChannelTo(Address(), Caller()));
  ASSERT_EQ(stream.Next(), Health::kServing);
  const std::string first = Served();
  ASSERT_FALSE(first.empty());

  const pki::KeyPair good = NewLeaf();
  ASSERT_THAT(pki::WriteFile(FileOf("tls.key"), good.key_pem, /*secret=*/true), IsOk());
  // Half done: the key is not the certificate's. New connections meet what was there.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Served(), first);
  ASSERT_THAT(pki::WriteFile(FileOf("tls.pem"), good.certificate_pem, /*secret=*/false), IsOk());
  EXPECT_TRUE(Within(kSoon, [&] { return Served() == Trimmed(good.certificate_pem); }));

  // A bad one is never met, and calls on new connections go on.
  const pki::KeyPair other = NewLeaf();
  ASSERT_THAT(pki::WriteFile(FileOf("tls.pem"), other.certificate_pem, /*secret=*/false), IsOk());
  ASSERT_TRUE(Within(kSoon, [&] {
    EXPECT_EQ(Served(), Trimmed(good.certificate_pem));
    return absl::StrContains(absl::StrJoin(LinesOf(hub_->LogOf(kService)), "\n"), "tls.refused");
  }));
  EXPECT_EQ(CheckHealth(*ChannelTo(Address(), Caller()), kSoon), Health::kServing);
  fs::remove(FileOf("tls.key"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Served(), Trimmed(good.certificate_pem));
  ASSERT_THAT(pki::WriteFile(FileOf("tls.key"), other.key_pem, /*secret=*/true), IsOk());
  EXPECT_TRUE(Within(kSoon, [&] { return Served() == Trimmed(other.certificate_pem); }));

  // The stream of the beginning lived through all of it: it sees the service end.
  hub_->Signal(kService, SIGTERM);
  EXPECT_EQ(stream.Next(), Health::kNotServing);
  EXPECT_EQ(hub_->Wait(kService, absl::Seconds(30)), 0);
}

}  // namespace
}  // namespace trusthub::testing
