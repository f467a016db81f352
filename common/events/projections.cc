#include "common/events/projections.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/log/log.h"
#include "common/time/civil_date.h"

namespace trusthub::events {
namespace {

constexpr char kSpace[] = "projection";
// The first wait after a stream broke, doubled each time up to the last.
constexpr absl::Duration kBackoffFirst = absl::Milliseconds(100);
constexpr absl::Duration kBackoffLast = absl::Seconds(5);
// A bookmark moves the stored cursor at most this often: it saves only a little reading at restart.
constexpr absl::Duration kBookmarkEvery = absl::Seconds(1);

// How far the stream of a source was applied.
struct Progress {
  std::int64_t last_sequence = 0;  // events up to here were applied; a repeated one is passed over
  std::string cursor;
};

std::string Serialize(const Progress& progress) {
  return absl::StrCat(progress.last_sequence, " ", progress.cursor);
}

absl::StatusOr<Progress> Parse(const std::optional<std::string>& stored) {
  Progress progress;
  if (!stored.has_value()) return progress;
  const std::size_t space = stored->find(' ');
  if (space == std::string::npos ||
      !absl::SimpleAtoi(stored->substr(0, space), &progress.last_sequence)) {
    return absl::DataLossError("the stored progress of a projection does not parse");
  }
  progress.cursor = stored->substr(space + 1);
  return progress;
}

// What the followers of one service share.
struct Shared {
  store::Store* store;
  store::IndexHash hash;
  Clocks clocks;
  ApplyEvent apply;
  AfterEvent after;
};

// When a source said that its stream is complete, on both clocks.
struct Confirmation {
  absl::Duration received;  // monotonic
  absl::Time as_of;         // real, by the source's clock
};

// One source and its thread.
class Follower {
 public:
  Follower(const Shared* shared, Subscription subscription)
      : shared_(*shared),
        source_(std::move(subscription.source)),
        stream_(std::move(subscription.stream)),
        guard_(absl::StrCat("projection/", source_)) {}
  ~Follower() { Stop(); }

  const std::string& source() const { return source_; }

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }

  // Tells the thread to end, without waiting for it.
  void SignalStop() {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      stopping_ = true;
      changed_.NotifyAll();
    }
    stream_->Stop();
  }

  void Stop() {
    SignalStop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Duration Age() const {
    MutexLock lock(mutex_);
    if (!confirmed_.has_value()) return absl::InfiniteDuration();
    return std::max(MonotonicNow() - confirmed_->received,
                    shared_.clocks.real->Now() - confirmed_->as_of);
  }

 private:
  void Run() {
    absl::Duration backoff = kBackoffFirst;
    while (!stopping()) {
      progressed_ = false;
      const absl::Status status = FollowOnce();
      if (stopping()) return;
      if (progressed_) backoff = kBackoffFirst;
      log::Warning("projection_stream_ended",
                   {{"source", source_},
                    {"code", absl::StatusCodeToString(status.code())},
                    {"reason", error::ReasonName(error::ReasonOf(status))},
                    {"why", status.message()},
                    {"retry_in", backoff}});
      Wait(Jitter(backoff));
      backoff = std::min(backoff * 2, kBackoffLast);
    }
  }

  // Between half of `backoff` and all of it, so that services do not come back all at once.
  static absl::Duration Jitter(absl::Duration backoff) {
    const auto random = static_cast<unsigned char>(RandomBytes(1)[0]);
    return backoff / 2 + backoff / 2 * (random / 255.0);
  }

  // One stream from the stored cursor until it ends; why it ended.
  absl::Status FollowOnce() {
    TRUSTHUB_ASSIGN_OR_RETURN(const Progress progress, ReadProgress());
    absl::Status failure;
    absl::Status ended = stream_->Stream(progress.cursor, [&](const v1::WatchResponse& response) {
      if (stopping()) return false;
      const absl::Duration received = MonotonicNow();
      failure = Take(response);
      if (!failure.ok()) return false;
      progressed_ = true;
      // A source that knows of more to send says nothing about completeness.
      if (response.has_as_of()) Confirm({received, TimeFromProto(response.as_of())});
      return true;
    });
    if (!failure.ok()) return failure;
    if (error::ReasonOf(ended) == errors::v1::ERROR_REASON_CURSOR_INVALID) {
      return StartAnew(progress, ended);
    }
    return ended;
  }

  // A source that lost its store's newest events, or has another store, no longer knows the cursor.
  // Its stream is read again from the beginning.
  absl::Status StartAnew(const Progress& before, const absl::Status& why) {
    if (before.cursor.empty()) return why;
    log::Warning("projection_starts_anew", {{"source", source_}});
    store::WriteSet set;
    set.states.push_back({kSpace, source_, std::nullopt});
    set.touches.push_back(guard_);
    return store::CommitAndWait(*shared_.store, std::move(set)).status();
  }

  absl::Status Take(const v1::WatchResponse& response) {
    if (response.events().empty()) {
      const absl::Duration now = MonotonicNow();
      if (bookmarked_.has_value() && now - *bookmarked_ < kBookmarkEvery) return absl::OkStatus();
      bookmarked_ = now;
    }
    absl::Status status;
    for (int attempt = 0; attempt <= limits::kConflictRetriesMax; ++attempt) {
      status = ApplyOnce(response);
      if (!store::IsConflict(status)) return status;
    }
    return status;
  }

  absl::Status ApplyOnce(const v1::WatchResponse& response) {
    for (bool more = true; more;) {
      TRUSTHUB_ASSIGN_OR_RETURN(more, ApplySome(response));
    }
    return absl::OkStatus();
  }

  // The events that were not applied yet, what the service makes of them, and the cursor, in one
  // transaction. Another replica of this service may follow the same source: the guard lets one
  // win, and the other then finds the events applied. An event that has a child forgotten gets a
  // transaction of its own, which may write nothing else about the child: true when others are
  // left for the next.
  absl::StatusOr<bool> ApplySome(const v1::WatchResponse& response) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot, OpenSnapshot());
    store::Transaction tx(std::move(snapshot), shared_.hash, shared_.clocks.domain->Now());
    TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(guard_).status());
    TRUSTHUB_ASSIGN_OR_RETURN(const auto stored, tx.FindState(kSpace, source_));
    TRUSTHUB_ASSIGN_OR_RETURN(Progress progress, Parse(stored));
    std::vector<const v1::Event*> applied;
    bool more = false;
    for (const v1::Event& event : response.events()) {
      if (event.sequence() <= progress.last_sequence) continue;
      more = !applied.empty() && (event.has_destruction() || applied.back()->has_destruction());
      if (more) break;
      TRUSTHUB_RETURN_IF_ERROR(ApplyFacts(tx, event));
      if (shared_.apply) TRUSTHUB_RETURN_IF_ERROR(shared_.apply(tx, event));
      progress.last_sequence = event.sequence();
      applied.push_back(&event);
    }
    if (!more) progress.cursor = response.cursor();
    std::string value = Serialize(progress);
    if (stored == value) return false;
    tx.PutState(kSpace, source_, std::move(value));
    tx.Touch(guard_);
    TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(*shared_.store, tx.TakeWrites()).status());
    if (!shared_.after) return more;
    for (const v1::Event* event : applied) shared_.after(*event);
    return more;
  }

  absl::StatusOr<Progress> ReadProgress() {
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot, OpenSnapshot());
    TRUSTHUB_ASSIGN_OR_RETURN(const auto stored, snapshot->FindState(kSpace, source_));
    return Parse(stored);
  }

  absl::StatusOr<std::unique_ptr<store::Snapshot>> OpenSnapshot() {
    return shared_.store->Open(shared_.clocks.real->Now() +
                               absl::Milliseconds(limits::kCallMillisDefault));
  }

  void Confirm(const Confirmation& confirmation) {
    MutexLock lock(mutex_);
    confirmed_ = confirmation;
  }

  bool stopping() const {
    MutexLock lock(mutex_);
    return stopping_;
  }

  void Wait(absl::Duration limit) {
    const absl::Duration end = MonotonicNow() + limit;
    MutexLock lock(mutex_);
    while (!stopping_) {
      const absl::Duration left = end - MonotonicNow();
      if (left <= absl::ZeroDuration()) return;
      changed_.WaitFor(mutex_, left);
    }
  }

  const Shared& shared_;
  const std::string source_;
  const std::unique_ptr<EventSource> stream_;
  const std::string guard_;
  std::thread thread_;
  // Of the thread alone.
  bool progressed_ = false;
  std::optional<absl::Duration> bookmarked_;

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Confirmation> confirmed_ ABSL_GUARDED_BY(mutex_);
};

class ThreadedProjections final : public Projections {
 public:
  ThreadedProjections(Shared shared, std::vector<Subscription> subscriptions)
      : shared_(std::move(shared)) {
    for (Subscription& subscription : subscriptions) {
      followers_.push_back(std::make_unique<Follower>(&shared_, std::move(subscription)));
    }
  }
  ~ThreadedProjections() override { Stop(); }

  void Start() override {
    for (const auto& follower : followers_) follower->Start();
  }

  void Stop() override {
    MutexLock lock(stopping_);
    for (const auto& follower : followers_) follower->SignalStop();
    for (const auto& follower : followers_) follower->Stop();
  }

  absl::Duration AgeOf(absl::string_view source) const override {
    for (const auto& follower : followers_) {
      if (follower->source() == source) return follower->Age();
    }
    return absl::InfiniteDuration();
  }

  absl::Status CheckFresh(absl::Duration limit) const override {
    for (const auto& follower : followers_) {
      if (follower->Age() > limit) return error::ProjectionStale(follower->source());
    }
    return absl::OkStatus();
  }

 private:
  const Shared shared_;
  std::vector<std::unique_ptr<Follower>> followers_;
  Mutex stopping_;  // one Stop at a time
};

}  // namespace

std::unique_ptr<Projections> MakeProjections(store::Store* store, store::IndexHash hash,
                                             Clocks clocks, std::vector<Subscription> subscriptions,
                                             ApplyEvent apply, AfterEvent after) {
  return std::make_unique<ThreadedProjections>(
      Shared{store, std::move(hash), clocks, std::move(apply), std::move(after)},
      std::move(subscriptions));
}

}  // namespace trusthub::events
