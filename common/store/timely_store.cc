#include "common/store/timely_store.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/store/timely_snapshot.h"
#include "common/time/clock.h"

namespace trusthub::store {
namespace {

// Made once: every view is opened with it at hand.
const absl::Status& Overdue() {
  static const auto* const overdue =
      new absl::Status(error::StoreUnavailable("it does not answer"));
  return *overdue;
}

class TimelyStoreImpl final : public TimelyStore {
 public:
  TimelyStoreImpl(Store* inner, std::unique_ptr<Store> owned, absl::Duration bound, Hooks hooks)
      : owned_(std::move(owned)),
        inner_(*inner),
        bound_(bound),
        look_every_(bound / 7),
        hooks_(std::move(hooks)),
        watch_([this] { Watch(); }) {}

  ~TimelyStoreImpl() override {
    if (owned_ != nullptr) owned_->Close();
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    watch_.join();
  }

  absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) override {
    std::list<ReadTimer> one(1);
    const Reader reader = one.begin();
    {
      MutexLock lock(mutex_);
      if (overdue_ > 0) return Overdue();
      readers_.splice(readers_.end(), one);
      if (idle_) changed_.NotifyAll();
    }
    reader->Begin();
    auto opened = inner_.Open(deadline);
    const bool late = reader->End();
    if (late || !opened.ok()) {
      opened = late ? Overdue() : opened.status();
      if (late) ReadIsBack();
      Forget(reader);
      return opened;
    }
    return MakeTimely(*std::move(opened), {&*reader, [this] { ReadIsBack(); },
                                           [this, reader] { Forget(reader); }, Overdue()});
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
      if (recovered && hooks_.recovered) hooks_.recovered();
    });
  }

  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    inner_.SetEventListener(std::move(listener));
  }
  void Close() override { inner_.Close(); }
  bool reads_hang() const override { return overdue_reads_ > 0; }

 private:
  using Reader = std::list<ReadTimer>::iterator;

  // A commit under way.
  struct Ticket {
    CommitCallback done;  // empty once it was called
    absl::Duration due;
    bool back = false;
  };

  // The callback, unless the commit comes too late for it.
  CommitCallback TakeBack(Ticket& ticket, bool* recovered) {
    MutexLock lock(mutex_);
    ticket.back = true;
    // They come back in their order, but for those that were refused at once.
    while (!under_way_.empty() && under_way_.front()->back) under_way_.pop_front();
    if (ticket.done) return std::exchange(ticket.done, nullptr);
    *recovered = IsBack();
    return nullptr;
  }

  void ReadIsBack() {
    bool recovered = false;
    {
      MutexLock lock(mutex_);
      --overdue_reads_;
      recovered = IsBack();
    }
    if (recovered && hooks_.recovered) hooks_.recovered();
  }

  // One that was overdue came back; true when it was the last.
  bool IsBack() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (--overdue_ > 0) return false;
    log::Info("store answers again");
    return true;
  }

  void IsLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (++overdue_ == 1) log::Error("store does not answer in time: calls are refused");
  }

  void Forget(Reader reader) {
    std::list<ReadTimer> one;  // freed without the lock
    MutexLock lock(mutex_);
    one.splice(one.end(), readers_, reader);
  }

  void Watch() {
    MutexLock lock(mutex_);
    while (!stopping_) {
      if (under_way_.empty() && readers_.empty()) {
        idle_ = true;
        changed_.Wait(mutex_);
        idle_ = false;
        continue;
      }
      AnswerLateCommits();
      FindLateReads();
      if (stopping_) return;
      absl::Duration pause = look_every_;
      if (!under_way_.empty()) pause = std::min(pause, under_way_.front()->due - MonotonicNow());
      if (pause > absl::ZeroDuration()) changed_.WaitFor(mutex_, pause);
    }
  }

  void AnswerLateCommits() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (!under_way_.empty() && under_way_.front()->due <= MonotonicNow()) {
      const std::shared_ptr<Ticket> late = under_way_.front();
      under_way_.pop_front();
      if (!late->done) continue;
      IsLate();
      CommitCallback done = std::exchange(late->done, nullptr);
      mutex_.Unlock();
      std::move(done)(Overdue());
      mutex_.Lock();
    }
  }

  void FindLateReads() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bool found = false;
    for (ReadTimer& reader : readers_) {
      if (!reader.FindOverdue(bound_)) continue;
      found = true;
      ++overdue_reads_;
      IsLate();
    }
    if (!found || !hooks_.reads_hang) return;
    mutex_.Unlock();
    hooks_.reads_hang(Overdue());
    mutex_.Lock();
  }

  const std::unique_ptr<Store> owned_;
  Store& inner_;
  const absl::Duration bound_;
  const absl::Duration look_every_;  // at the reads
  const Hooks hooks_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Ticket>> under_way_ ABSL_GUARDED_BY(mutex_);  // by due time
  std::list<ReadTimer> readers_ ABSL_GUARDED_BY(mutex_);                   // of open snapshots
  int overdue_ ABSL_GUARDED_BY(mutex_) = 0;  // not back yet: commits answered meanwhile, and reads
  std::atomic<int> overdue_reads_ = 0;       // the reads among them; changed under the lock
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread watch_;
};

}  // namespace

std::unique_ptr<TimelyStore> MakeTimely(Store* inner, absl::Duration bound,
                                        TimelyStore::Hooks hooks) {
  return std::make_unique<TimelyStoreImpl>(inner, nullptr, bound, std::move(hooks));
}

std::unique_ptr<TimelyStore> MakeTimely(std::unique_ptr<Store> inner, absl::Duration bound,
                                        TimelyStore::Hooks hooks) {
  Store* store = inner.get();
  return std::make_unique<TimelyStoreImpl>(store, std::move(inner), bound, std::move(hooks));
}

}  // namespace trusthub::store
