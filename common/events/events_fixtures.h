// File: events_fixtures.h
//
// Stores with events, and streams over them, for the tests of this room.
#ifndef TRUSTHUB_COMMON_EVENTS_EVENTS_FIXTURES_H_
#define TRUSTHUB_COMMON_EVENTS_EVENTS_FIXTURES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/events/projections.h"
#include "common/store/sqlite/sqlite_factory.h"
#include "common/store/transaction.h"
#include "common/testing/fake_clock.h"

namespace trusthub::events {

// A store of its own that may be closed and opened again, as by a restart of its service.
class TestStore {
 public:
  TestStore() { Reopen(); }
  void Reopen();
  store::Store& get() { return *store_; }
  store::Transaction Begin();
  absl::Status Commit(store::Transaction& tx);
  // Emits `event` and applies its facts in one commit; fails the test when that fails.
  void Emit(const v1::Event& event);
  std::optional<std::string> State(absl::string_view space, absl::string_view key);

 private:
  testing::SqliteFactory factory_;
  testing::FakeClock clock_;
  std::unique_ptr<store::Store> store_;
};

v1::Event InvolvementEvent(absl::string_view child, absl::string_view agency,
                           absl::string_view kind, absl::string_view basis,
                           std::optional<absl::Time> end = std::nullopt);
v1::Event StatusEvent(absl::string_view child, absl::string_view kind, absl::string_view basis,
                      absl::CivilDay start, std::optional<absl::CivilDay> end = std::nullopt);
v1::Event WorkerEvent(absl::string_view worker, absl::string_view agency);

// Streams the events of a store as the service of that store does, with faults on demand.
class StoreSource final : public EventSource {
 public:
  struct Faults {
    int batch = 100;          // events of an answer
    std::int64_t rewind = 0;  // delivers this many events again when a stream starts
    bool knows_age = true;    // whether answers carry as_of
  };

  explicit StoreSource(TestStore* origin) : StoreSource(origin, Faults()) {}
  StoreSource(TestStore* origin, Faults faults) : origin_(origin), faults_(faults) {}

  absl::Status Stream(const std::string& cursor,
                      const std::function<bool(const v1::WatchResponse&)>& on_response) override;
  void Stop() override;

  // Looks for new events and sends a bookmark when there are none.
  void Poke();
  // Ends the running stream, or the next one, with `status`.
  void Break(absl::Status status);
  // Ends every stream with `status` as soon as it starts.
  void BreakAlways(absl::Status status);
  // Waits until the running stream's answers up to `sequence` were taken.
  void WaitTaken(std::int64_t sequence);
  // Waits until `count` streams were started.
  void WaitStreams(int count);
  // The cursors with which streams were started.
  std::vector<std::string> cursors() const;

 private:
  absl::Status Deliver(std::int64_t* after,
                       const std::function<bool(const v1::WatchResponse&)>& on_response,
                       bool* going);

  TestStore* const origin_;
  const Faults faults_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool poked_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Status break_once_ ABSL_GUARDED_BY(mutex_);
  absl::Status break_always_ ABSL_GUARDED_BY(mutex_);
  std::int64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> cursors_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::events

#endif  // TRUSTHUB_COMMON_EVENTS_EVENTS_FIXTURES_H_
