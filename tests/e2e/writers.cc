#include "tests/e2e/writers.h"

#include <utility>

#include "common/base/ids.h"
#include "tests/e2e/eventually.h"

namespace trusthub::testing {
namespace {

constexpr int kWriters = 4;
constexpr absl::Duration kPatience = absl::Seconds(60);

// Errors after which nobody knows whether the write was made: the same request is sent again.
bool OutcomeUnknown(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kAborted;
}

}  // namespace

Writers::Writers(Writes* writes, int* next_number) : writes_(writes), next_number_(next_number) {
  for (int i = 0; i < kWriters; ++i) threads_.emplace_back([this] { Work(); });
}

void Writers::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

bool Writers::WaitFor(int count) {
  MutexLock lock(mutex_);
  while (static_cast<int>(acknowledged_.size()) < count) {
    if (!more_.WaitFor(mutex_, kPatience)) return false;
  }
  return true;
}

int Writers::count() {
  MutexLock lock(mutex_);
  return static_cast<int>(acknowledged_.size());
}

std::vector<Acknowledged> Writers::SoFar() {
  MutexLock lock(mutex_);
  return acknowledged_;
}

void Writers::Work() {
  while (!stopping_) {
    Acknowledged write;
    {
      MutexLock lock(mutex_);
      write.number = (*next_number_)++;
    }
    write.request_id = RandomUuid();
    absl::StatusOr<Written> written;
    Within(kPatience, [&] {
      written = writes_->Write(write.number, write.request_id);
      if (!written.ok()) ++retried_;
      return written.ok() || !OutcomeUnknown(written.status());
    });
    MutexLock lock(mutex_);
    if (!written.ok()) {
      refused_.push_back(written.status());
      more_.NotifyAll();
      return;
    }
    write.written = *std::move(written);
    acknowledged_.push_back(std::move(write));
    more_.NotifyAll();
  }
}

}  // namespace trusthub::testing
