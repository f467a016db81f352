// File: stalling_relay.h
//
// A relay of TCP connections that a test may stall: what lies between two services then is a
// network that loses nothing and delivers nothing.
#ifndef TRUSTHUB_TESTS_INTEGRATION_STALLING_RELAY_H_
#define TRUSTHUB_TESTS_INTEGRATION_STALLING_RELAY_H_

#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"

namespace trusthub::testing {

// Thread-safe. One thread moves all bytes.
class StallingRelay {
 public:
  // Listens on a free port of 127.0.0.1 and passes connections on to `port` there.
  static absl::StatusOr<std::unique_ptr<StallingRelay>> To(int port);
  ~StallingRelay();
  StallingRelay(const StallingRelay&) = delete;
  StallingRelay& operator=(const StallingRelay&) = delete;

  // "127.0.0.1:38211".
  const std::string& address() const { return address_; }
  // From its return on, until Resume, no byte moves and no connection is made.
  void Stall();
  void Resume();

 private:
  // Two sockets of which each gets what comes from the other.
  struct Pair {
    int one = -1;
    int other = -1;
  };
  StallingRelay(int listener, int port);
  void Run();
  // Waits until something may be done, or another thread asks for something.
  void WaitForWork(bool stalled, std::vector<int>* readable);
  void Accept();
  // Whether both ends are still there.
  bool Pass(const Pair& pair, const std::vector<int>& readable) const;
  void Wake();
  void SetStalled(bool stalled);

  const int listener_;
  const int port_;
  std::string address_;
  int wake_[2] = {-1, -1};  // read end, write end
  std::list<Pair> pairs_;   // of the thread alone
  Mutex mutex_;
  CondVar changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool stall_asked_ ABSL_GUARDED_BY(mutex_) = false;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_STALLING_RELAY_H_
