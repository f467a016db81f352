#include "common/store/timely_store.h"

#include <deque>
#include <functional>
#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/time/clock.h"

namespace trusthub::store {
namespace {

absl::Status Overdue() { return error::StoreUnavailable("it does not answer"); }

class TimelyStore final : public Store {
 public:
  TimelyStore(Store* inner, std::unique_ptr<Store> owned, absl::Duration bound,
              std::function<void()> recovered)
      : owned_(std::move(owned)),
        inner_(*inner),
        bound_(bound),
        recovered_(std::move(recovered)),
        watch_([this] { Watch(); }) {}

  ~TimelyStore() override {
    if (owned_ != nullptr) owned_->Close();
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    watch_.join();
  }

  absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) override {
    if (IsDown()) return Overdue();
    return inner_.Open(deadline);
  }

  void Commit(WriteSet set, CommitCallback done) override {
    auto ticket = std::make_shared<Ticket>();
    {
      MutexLock lock(mutex_);
      if (overdue_ == 0) {
        ticket->done = std::move(done);
        ticket->due = MonotonicNow() + bound_;
        under_way_.push_back(ticket);
        if (idle_) changed_.NotifyAll();
      }
    }
    if (done) return std::move(done)(Overdue());
    inner_.Commit(std::move(set), [this, ticket](absl::StatusOr<Committed> committed) {
      bool recovered = false;
      CommitCallback waiting = TakeBack(*ticket, &recovered);
      if (waiting) std::move(waiting)(std::move(committed));
      if (recovered && recovered_) recovered_();
    });
  }

  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    inner_.SetEventListener(std::move(listener));
  }
  void Close() override { inner_.Close(); }

 private:
  // A commit under way.
  struct Ticket {
    CommitCallback done;  // empty once it was called
    absl::Duration due;
    bool back = false;
  };

  bool IsDown() {
    MutexLock lock(mutex_);
    return overdue_ > 0;
  }

  // The callback, unless the commit comes too late for it.
  CommitCallback TakeBack(Ticket& ticket, bool* recovered) {
    MutexLock lock(mutex_);
    ticket.back = true;
    // They come back in their order, but for those that were refused at once.
    while (!under_way_.empty() && under_way_.front()->back) under_way_.pop_front();
    if (ticket.done) return std::exchange(ticket.done, nullptr);
    *recovered = --overdue_ == 0;
    if (*recovered) log::Info("store answers again");
    return nullptr;
  }

  void Watch() {
    MutexLock lock(mutex_);
    while (!stopping_) {
      if (under_way_.empty()) {
        idle_ = true;
        changed_.Wait(mutex_);
        idle_ = false;
        continue;
      }
      const absl::Duration left = under_way_.front()->due - MonotonicNow();
      if (left > absl::ZeroDuration()) {
        changed_.WaitFor(mutex_, left);
        continue;
      }
      const std::shared_ptr<Ticket> late = under_way_.front();
      under_way_.pop_front();
      if (!late->done) continue;
      if (++overdue_ == 1) log::Error("store does not answer in time: calls are refused");
      CommitCallback done = std::exchange(late->done, nullptr);
      mutex_.Unlock();
      std::move(done)(Overdue());
      mutex_.Lock();
    }
  }

  const std::unique_ptr<Store> owned_;
  Store& inner_;
  const absl::Duration bound_;
  const std::function<void()> recovered_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Ticket>> under_way_ ABSL_GUARDED_BY(mutex_);  // by due time
  int overdue_ ABSL_GUARDED_BY(mutex_) = 0;  // answered in the store's stead, and not back yet
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread watch_;
};

}  // namespace

std::unique_ptr<Store> MakeTimely(Store* inner, absl::Duration bound,
                                  std::function<void()> recovered) {
  return std::make_unique<TimelyStore>(inner, nullptr, bound, std::move(recovered));
}

std::unique_ptr<Store> MakeTimely(std::unique_ptr<Store> inner, absl::Duration bound) {
  Store* store = inner.get();
  return std::make_unique<TimelyStore>(store, std::move(inner), bound, nullptr);
}

}  // namespace trusthub::store
