#include "tests/bench/store_load.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"
#include "tests/fault/large_log.h"

namespace trusthub::bench {
namespace {

// Of a service's referral, as it is stored.
constexpr std::size_t kRecordBytes = 600;
constexpr std::size_t kEventBytes = 250;
constexpr std::size_t kResponseBytes = 700;

// Times of operations that end on any thread, and places for those in flight.
class Times {
 public:
  explicit Times(int in_flight) : in_flight_(in_flight), free_(in_flight) {}

  void Take() {
    MutexLock lock(mutex_);
    while (free_ == 0) freed_.Wait(mutex_);
    --free_;
  }
  void Done(absl::Duration took, bool good) {
    MutexLock lock(mutex_);
    if (good) {
      took_.push_back(took);
    } else {
      ++failed_;
    }
    ++free_;
    freed_.NotifyOne();
  }
  // Waits for all that is in flight.
  StoreRates Rates(absl::Duration began) {
    for (int i = 0; i < in_flight_; ++i) Take();
    const absl::Duration lasted = MonotonicNow() - began;
    MutexLock lock(mutex_);
    StoreRates rates;
    rates.done = static_cast<std::int64_t>(took_.size());
    rates.failed = failed_;
    if (took_.empty()) return rates;
    std::sort(took_.begin(), took_.end());
    rates.per_second = static_cast<double>(took_.size()) / absl::ToDoubleSeconds(lasted);
    rates.p50_ms = absl::ToDoubleMilliseconds(took_[took_.size() / 2]);
    rates.p99_ms = absl::ToDoubleMilliseconds(took_[took_.size() * 99 / 100]);
    return rates;
  }

 private:
  const int in_flight_;
  Mutex mutex_;
  CondVar freed_;
  int free_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> took_ ABSL_GUARDED_BY(mutex_);
  std::int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Sets that are committed and not heard of yet. A listener may hear of one before its callback.
class Unheard {
 public:
  explicit Unheard(Times* times) : times_(times) {}

  void Committed(std::int64_t sequence, absl::Duration began) {
    MutexLock lock(mutex_);
    if (sequence <= heard_) {
      times_->Done(MonotonicNow() - began, true);
    } else {
      waiting_.push_back({sequence, began});
    }
  }
  void Heard(std::int64_t last) {
    const absl::Duration now = MonotonicNow();
    MutexLock lock(mutex_);
    heard_ = std::max(heard_, last);
    while (!waiting_.empty() && waiting_.front().sequence <= heard_) {
      times_->Done(now - waiting_.front().began, true);
      waiting_.pop_front();
    }
  }

 private:
  struct Waiting {
    std::int64_t sequence;
    absl::Duration began;
  };
  Times* const times_;
  Mutex mutex_;
  std::int64_t heard_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);  // by sequence: callbacks run in order
};

}  // namespace

StoreRates MeasureReads(
    const std::vector<store::Store*>& stores, int in_flight, absl::Duration duration,
    const std::function<absl::Status(store::Snapshot& view, std::int64_t n)>& read) {
  Times times(in_flight);
  std::atomic<std::int64_t> next{0};
  const absl::Duration began = MonotonicNow();
  std::vector<std::thread> threads;
  for (int t = 0; t < in_flight; ++t) {
    threads.emplace_back([&] {
      while (MonotonicNow() - began < duration) {
        const std::int64_t n = next++;
        times.Take();
        const absl::Duration start = MonotonicNow();
        const auto view =
            stores[static_cast<std::size_t>(n) % stores.size()]->Open(absl::InfiniteFuture());
        const bool good = view.ok() && read(**view, n).ok();
        times.Done(MonotonicNow() - start, good);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return times.Rates(began);
}

StoreRates MeasureCommits(const std::vector<store::Store*>& stores, int in_flight,
                          absl::Duration duration,
                          const std::function<store::WriteSet(std::int64_t n)>& make) {
  Times times(in_flight);
  const absl::Duration began = MonotonicNow();
  for (std::int64_t n = 0; MonotonicNow() - began < duration; ++n) {
    store::WriteSet set = make(n);
    times.Take();
    const absl::Duration start = MonotonicNow();
    stores[static_cast<std::size_t>(n) % stores.size()]->Commit(
        std::move(set), [&times, start](absl::StatusOr<store::Committed> done) {
          times.Done(MonotonicNow() - start, done.ok());
        });
  }
  return times.Rates(began);
}

StoreRates MeasureDelivery(store::Store& from, store::Store& to, int in_flight,
                           absl::Duration duration,
                           const std::function<store::WriteSet(std::int64_t n)>& make) {
  // The listener may be called as long as the store lives.
  auto times = std::make_shared<Times>(in_flight);
  auto unheard = std::make_shared<Unheard>(times.get());
  to.SetEventListener([times, unheard](std::int64_t last) { unheard->Heard(last); });
  const absl::Duration began = MonotonicNow();
  for (std::int64_t n = 0; MonotonicNow() - began < duration; ++n) {
    store::WriteSet set = make(n);
    times->Take();
    const absl::Duration start = MonotonicNow();
    from.Commit(std::move(set), [times, unheard, start](absl::StatusOr<store::Committed> done) {
      if (!done.ok()) return times->Done(absl::ZeroDuration(), false);
      unheard->Committed(done->last_event_sequence, start);
    });
  }
  return times->Rates(began);
}

store::WriteSet FullSet(std::int64_t number) {
  const std::string child = NewName("children");
  store::WriteSet set =
      testing::RecordSet(NewName("referrals"), 1, RandomBytes(kRecordBytes), child);
  set.records[0].index = {{"trusthub.referrals.v1.Referral.state", "1"},
                          {"trusthub.referrals.v1.Referral.upn", RandomBytes(32)}};
  set.events.push_back({child, RandomBytes(kEventBytes)});
  set.leaves.push_back(testing::EntryOfARead(number));
  set.guards.push_back({child, 0});
  set.touches.push_back(child);
  set.answer = store::PutAnswer{RandomBytes(32), RandomBytes(32), RandomBytes(kResponseBytes),
                                RealClock().Now() + absl::Hours(168)};
  return set;
}

store::WriteSet LeafOfARead(std::int64_t number) {
  store::WriteSet set;
  set.leaves.push_back(testing::EntryOfARead(number));
  return set;
}

}  // namespace trusthub::bench
