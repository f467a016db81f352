// File: writers.h
//
// Clients that write at the same time until they are stopped, and what they were told.
#ifndef TRUSTHUB_TESTS_E2E_WRITERS_H_
#define TRUSTHUB_TESTS_E2E_WRITERS_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "tests/e2e/writes.h"

namespace trusthub::testing {

struct Acknowledged {
  int number;
  std::string request_id;
  Written written;
};

// Four of them. A write whose outcome is unknown is sent again, with the same request id, until it
// is known.
class Writers {
 public:
  // Numbers of writes are taken from `next_number`, which outlives them as `writes` does.
  Writers(Writes* writes, int* next_number);
  ~Writers() { Stop(); }

  void Stop();
  // False when so many were not acknowledged in time.
  bool WaitFor(int count);
  int count();
  // What is acknowledged by now.
  std::vector<Acknowledged> SoFar();
  // After Stop.
  const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }
  const std::vector<absl::Status>& refused() const { return refused_; }
  int retried() const { return retried_; }

 private:
  void Work();

  Writes* const writes_;
  int* const next_number_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> retried_ = 0;
  Mutex mutex_;
  CondVar more_;
  std::vector<Acknowledged> acknowledged_;
  std::vector<absl::Status> refused_;
  std::vector<std::thread> threads_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_WRITERS_H_
