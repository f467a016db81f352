// A peer whose name is not known yet is met soon after it is: containers of a hub start one after
// the other, and a service that waits for the name of the next must not wait for minutes.
#include "common/rpc/channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/testing/temp_folder.h"
#include "common/time/clock.h"
#include "deploy/hubctl/pki/certificates.h"
#include "gtest/gtest.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::rpc {
namespace {

// A socket on a free port of the loopback address.
class Loopback {
 public:
  explicit Loopback(int type) : fd_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    EXPECT_EQ(bind(fd_, address, size), 0);
    EXPECT_EQ(getsockname(fd_, address, &size), 0);
  }
  ~Loopback() { close(fd_); }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  int fd() const { return fd_; }
  int port() const { return ntohs(address_.sin_port); }
  bool ReadableWithin(absl::Duration limit) const {
    pollfd one{fd_, POLLIN, 0};
    return poll(&one, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) == 1;
  }

 private:
  const int fd_;
  sockaddr_in address_{};
};

// A name server (RFC 1035) of one name, which it learns when it is told.
class NameServer {
 public:
  enum class Mood { kUnknown, kSilent, kKnown };

  explicit NameServer(Mood mood) : mood_(mood), thread_([this] { Run(); }) {}
  ~NameServer() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    thread_.join();
  }

  int port() const { return socket_.port(); }
  void Learn() {
    MutexLock lock(mutex_);
    mood_ = Mood::kKnown;
  }
  // Whether addresses were asked for `count` times within `limit`.
  bool WasAsked(int count, absl::Duration limit) {
    const absl::Duration end = MonotonicNow() + limit;
    MutexLock lock(mutex_);
    while (asked_ < count && MonotonicNow() < end) {
      changed_.WaitFor(mutex_, end - MonotonicNow());
    }
    return asked_ >= count;
  }

 private:
  void Run() {
    while (true) {
      const bool asked = socket_.ReadableWithin(absl::Milliseconds(50));
      MutexLock lock(mutex_);
      if (stopping_) return;
      if (asked) Answer();
    }
  }

  void Answer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    char bytes[512];
    sockaddr_in peer{};
    socklen_t peer_size = sizeof(peer);
    const ssize_t size = recvfrom(socket_.fd(), bytes, sizeof(bytes), 0,
                                  reinterpret_cast<sockaddr*>(&peer), &peer_size);
    if (size < 17) return;
    std::string answer(bytes, static_cast<std::size_t>(size));
    // The header is 12 bytes; one question follows: labels, a zero, the type, the class.
    const std::size_t question_end = answer.find('\0', 12) + 5;
    const bool ipv4 = answer[question_end - 3] == 1;
    if (ipv4) {
      ++asked_;
      changed_.NotifyAll();
    }
    if (mood_ == Mood::kSilent) return;
    answer.resize(question_end);
    const bool known = mood_ == Mood::kKnown;
    answer[2] = '\x81';                       // an answer; recursion was desired
    answer[3] = known ? '\x80' : '\x83';      // no error, or no such name
    answer[7] = known && ipv4 ? '\1' : '\0';  // answers
    std::memset(&answer[8], 0, 4);            // no authorities, nothing additional
    // The name by pointer to the question, type A, class IN, 1 s to live, four bytes.
    if (known && ipv4) answer.append("\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1", 16);
    sendto(socket_.fd(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer),
           peer_size);
  }

  const Loopback socket_{SOCK_DGRAM};
  Mutex mutex_;
  CondVar changed_;
  Mood mood_ ABSL_GUARDED_BY(mutex_);
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    const absl::Time now = RealClock().Now();
    const auto ca = pki::Ca::Make("test", {now - absl::Hours(1), now + absl::Hours(1)});
    pki::LeafRequest request;
    request.validity = {now - absl::Hours(1), now + absl::Hours(1)};
    const pki::KeyPair leaf = ca->IssueLeaf(request);
    Write("tls.pem", leaf.certificate_pem);
    Write("tls.key", leaf.key_pem);
    Write("ca.pem", ca->pair().certificate_pem);
    EXPECT_EQ(listen(peer_.fd(), 8), 0);
  }

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_.File(name), std::ios::binary) << bytes;
  }
  std::unique_ptr<Client> ClientOf(const NameServer& names) {
    Client::Options options;
    options.addresses["referrals"] =
        absl::StrCat("dns://127.0.0.1:", names.port(), "/referrals.test:", peer_.port());
    options.tls = {folder_.File("tls.pem"), folder_.File("tls.key"), folder_.File("ca.pem")};
    return std::make_unique<Client>(std::move(options));
  }
  static absl::Status Call(Client& client) {
    referrals::v1::GetReferralRequest request;
    CallContext context;
    context.timeout = absl::Seconds(3);
    return client.Call<referrals::v1::GetReferralResponse>(request, context).status();
  }

  const testing::TempFolder folder_;
  const Loopback peer_{SOCK_STREAM};
};

TEST_F(ChannelTest, APeerIsMetSoonAfterItsNameIsKnown) {
  NameServer names(NameServer::Mood::kUnknown);
  const std::unique_ptr<Client> client = ClientOf(names);
  EXPECT_TRUE(absl::IsUnavailable(Call(*client)));
  // gRPC by itself asks for the sixth time after 16 s, for the seventh after 26 s.
  ASSERT_TRUE(names.WasAsked(6, absl::Seconds(9)));
  names.Learn();
  EXPECT_TRUE(peer_.ReadableWithin(absl::Seconds(4))) << "no connection came";
}

TEST_F(ChannelTest, ANameServerThatDoesNotAnswerHoldsNothingUpForLong) {
  NameServer names(NameServer::Mood::kSilent);
  const std::unique_ptr<Client> client = ClientOf(names);
  const absl::Duration began = MonotonicNow();
  EXPECT_TRUE(absl::IsUnavailable(Call(*client)));
  EXPECT_LT(MonotonicNow() - began, absl::Milliseconds(2900)) << "not by its own deadline";
  ASSERT_TRUE(names.WasAsked(3, absl::Seconds(9)));
  names.Learn();
  EXPECT_TRUE(peer_.ReadableWithin(absl::Seconds(4))) << "no connection came";
}

}  // namespace
}  // namespace trusthub::rpc
