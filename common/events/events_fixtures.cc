#include "common/events/events_fixtures.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/events/feed.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::events {
namespace {

constexpr char kStoreId[] = "origin";

}  // namespace

using testing::IsOk;

void TestStore::Reopen() {
  store_.reset();
  auto store = factory_.Open(nullptr, 100);
  ASSERT_THAT(store, IsOk());
  store_ = *std::move(store);
}

store::Transaction TestStore::Begin() {
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_THAT(snapshot, IsOk());
  return store::Transaction(*std::move(snapshot), store::IndexHash(), clock_.Now());
}

absl::Status TestStore::Commit(store::Transaction& tx) {
  return store::CommitAndWait(*store_, tx.TakeWrites()).status();
}

void TestStore::Emit(const v1::Event& event) {
  store::Transaction tx = Begin();
  ASSERT_THAT(EmitAndApply(tx, event), IsOk());
  ASSERT_THAT(Commit(tx), IsOk());
}

std::optional<std::string> TestStore::State(absl::string_view space, absl::string_view key) {
  store::Transaction tx = Begin();
  auto state = tx.FindState(space, key);
  EXPECT_THAT(state, IsOk());
  return *std::move(state);
}

v1::Event InvolvementEvent(absl::string_view child, absl::string_view agency,
                           absl::string_view kind, absl::string_view basis,
                           std::optional<absl::Time> end) {
  v1::Event event;
  event.set_kind(v1::EVENT_KIND_INVOLVEMENT_CHANGED);
  event.set_child(std::string(child));
  v1::InvolvementFact* fact = event.mutable_involvement();
  fact->set_agency(std::string(agency));
  fact->set_kind(std::string(kind));
  fact->set_basis(std::string(basis));
  if (end.has_value()) *fact->mutable_end_time() = TimeToProto(*end);
  return event;
}

v1::Event StatusEvent(absl::string_view child, absl::string_view kind, absl::string_view basis,
                      absl::CivilDay start, std::optional<absl::CivilDay> end) {
  v1::Event event;
  event.set_kind(v1::EVENT_KIND_STATUS_CHANGED);
  event.set_child(std::string(child));
  v1::StatusFact* fact = event.mutable_status();
  fact->set_kind(std::string(kind));
  fact->set_basis(std::string(basis));
  *fact->mutable_start_date() = DateToProto(start);
  if (end.has_value()) *fact->mutable_end_date() = DateToProto(*end);
  return event;
}

v1::Event WorkerEvent(absl::string_view worker, absl::string_view agency) {
  v1::Event event;
  event.set_kind(v1::EVENT_KIND_WORKER_CHANGED);
  event.mutable_worker()->set_worker(std::string(worker));
  event.mutable_worker()->set_agency(std::string(agency));
  return event;
}

absl::Status StoreSource::Stream(const std::string& cursor,
                                 const std::function<bool(const v1::WatchResponse&)>& on_response) {
  {
    MutexLock lock(mutex_);
    cursors_.push_back(cursor);
    poked_ = true;  // a new stream begins with what there is
    taken_ = 0;
    changed_.NotifyAll();
  }
  std::int64_t after = 0;
  if (!cursor.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(after, DecodeCursor(kStoreId, cursor));
    after = std::max<std::int64_t>(0, after - faults_.rewind);
  }
  bool going = true;
  while (going) {
    {
      MutexLock lock(mutex_);
      while (!stopped_ && !poked_ && break_once_.ok() && break_always_.ok()) changed_.Wait(mutex_);
      if (stopped_) return absl::CancelledError("stopped");
      if (!break_always_.ok()) return break_always_;
      if (!break_once_.ok()) return std::exchange(break_once_, absl::OkStatus());
      poked_ = false;
    }
    TRUSTHUB_RETURN_IF_ERROR(Deliver(&after, on_response, &going));
  }
  return absl::OkStatus();
}

absl::Status StoreSource::Deliver(std::int64_t* after,
                                  const std::function<bool(const v1::WatchResponse&)>& on_response,
                                  bool* going) {
  bool more = true;
  while (more) {
    TRUSTHUB_ASSIGN_OR_RETURN(auto snapshot, origin_->get().Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(Batch batch, NextBatch(*snapshot, {}, *after, faults_.batch));
    more = batch.more;
    batch.response.set_cursor(EncodeCursor(kStoreId, batch.last_sequence));
    if (!more && faults_.knows_age) {
      *batch.response.mutable_as_of() = TimeToProto(RealClock().Now());
    }
    *going = on_response(batch.response);
    if (!*going) return absl::OkStatus();
    *after = batch.last_sequence;
    MutexLock lock(mutex_);
    taken_ = batch.last_sequence;
    changed_.NotifyAll();
    if (stopped_) return absl::CancelledError("stopped");
  }
  return absl::OkStatus();
}

void StoreSource::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

void StoreSource::Poke() {
  MutexLock lock(mutex_);
  poked_ = true;
  changed_.NotifyAll();
}

void StoreSource::Break(absl::Status status) {
  MutexLock lock(mutex_);
  break_once_ = std::move(status);
  changed_.NotifyAll();
}

void StoreSource::BreakAlways(absl::Status status) {
  MutexLock lock(mutex_);
  break_always_ = std::move(status);
  changed_.NotifyAll();
}

void StoreSource::WaitTaken(std::int64_t sequence) {
  MutexLock lock(mutex_);
  while (taken_ < sequence) changed_.Wait(mutex_);
}

void StoreSource::WaitStreams(int count) {
  MutexLock lock(mutex_);
  while (static_cast<int>(cursors_.size()) < count) changed_.Wait(mutex_);
}

std::vector<std::string> StoreSource::cursors() const {
  MutexLock lock(mutex_);
  return cursors_;
}

}  // namespace trusthub::events
