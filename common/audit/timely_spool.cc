#include "common/audit/timely_spool.h"

#include <atomic>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/log/log.h"
#include "common/time/clock.h"

namespace trusthub::audit {
namespace {

class TimelySpool final : public Spool {
 public:
  TimelySpool(std::unique_ptr<Spool> inner, absl::Duration bound)
      : inner_(std::move(inner)),
        bound_(bound),
        inner_empty_(inner_->empty()),
        worker_([this] { Work(); }) {}

  ~TimelySpool() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    worker_.join();
  }

  absl::Status Add(absl::string_view leaf) override {
    auto entry = std::make_shared<Entry>(leaf);
    MutexLock lock(mutex_);
    if (waiting_.size() >= kSpoolWaitingMax) {
      return absl::ResourceExhaustedError("the disk of the audit spool does not answer");
    }
    // The first one that waits in vain shows that the disk hangs; those behind it need not.
    const bool hangs = hangs_;
    waiting_.push_back(entry);
    changed_.NotifyAll();
    const absl::Duration until = MonotonicNow() + bound_;
    while (!hangs && !entry->result.has_value() && MonotonicNow() < until) {
      changed_.WaitFor(mutex_, until - MonotonicNow());
    }
    if (entry->result.has_value()) return *entry->result;
    hangs_ = true;
    entry->forsaken = true;
    return absl::UnavailableError("the disk of the audit spool does not answer yet");
  }

  absl::Status Drain(store::Store& store) override {
    const absl::Status drained = inner_->Drain(store);
    inner_empty_ = inner_->empty();
    return drained;
  }

  bool empty() const override {
    MutexLock lock(mutex_);
    return waiting_.empty() && inner_empty_;
  }

 private:
  struct Entry {
    explicit Entry(absl::string_view bytes) : leaf(bytes) {}
    const std::string leaf;
    std::optional<absl::Status> result;
    bool forsaken = false;  // nobody waits for the result
  };

  void Work() {
    MutexLock lock(mutex_);
    while (true) {
      while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
      if (waiting_.empty()) return;
      const std::shared_ptr<Entry> entry = waiting_.front();
      mutex_.Unlock();
      absl::Status added = inner_->Add(entry->leaf);
      inner_empty_ = inner_->empty();
      mutex_.Lock();
      if (entry->forsaken && !added.ok()) {
        log::Error("refusal lost", {{"code", absl::StatusCodeToString(added.code())}});
      }
      entry->result = std::move(added);
      waiting_.pop_front();
      hangs_ = false;
      changed_.NotifyAll();
    }
  }

  const std::unique_ptr<Spool> inner_;
  const absl::Duration bound_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Entry>> waiting_ ABSL_GUARDED_BY(mutex_);  // the first is under way
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<bool> inner_empty_;
  std::thread worker_;
};

}  // namespace

std::unique_ptr<Spool> MakeTimelySpool(std::unique_ptr<Spool> inner, absl::Duration bound) {
  return std::make_unique<TimelySpool>(std::move(inner), bound);
}

}  // namespace trusthub::audit
