// File: projections.h
//
// Keeps this service's facts up to date from the streams of other services. One thread a source.
// Each answer of a stream is applied and its cursor moved in one transaction, so that a crash
// neither loses nor repeats an event. A projection knows its age: how long ago its source last said
// "complete up to here", which an answer says by carrying as_of.
//
// A stream that breaks is taken up again from the stored cursor after a wait of 0.1 to 5 s. An
// event that cannot be applied holds up its source, whose age then shows it; nothing is passed
// over. When a source no longer knows the cursor (its store was restored), its stream is read again
// from the beginning: only then is an event seen twice.
#ifndef TRUSTHUB_COMMON_EVENTS_PROJECTIONS_H_
#define TRUSTHUB_COMMON_EVENTS_PROJECTIONS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/store.h"
#include "common/store/transaction.h"
#include "common/time/clock.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::events {

// A stream of another service's events; implemented over gRPC by common/rpc, over a store in tests.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // Streams from `cursor` until `on_response` returns false, Stop is called or the stream breaks.
  virtual absl::Status Stream(const std::string& cursor,
                              const std::function<bool(const v1::WatchResponse&)>& on_response) = 0;
  // Makes a running Stream return soon, and any later one at once. Called from another thread,
  // once.
  virtual void Stop() = 0;
};

struct Subscription {
  std::string source;  // name of the service, e.g. "children"
  std::unique_ptr<EventSource> stream;
};

// What a service does with an event beyond ApplyFacts; run in the same transaction, again on
// conflict.
using ApplyEvent = std::function<absl::Status(store::Transaction&, const v1::Event&)>;
// What it does once the event is applied and on disk; run in the order of the events.
using AfterEvent = std::function<void(const v1::Event&)>;

// Thread-safe.
class Projections {
 public:
  virtual ~Projections() = default;  // stops
  virtual void Start() = 0;          // once
  virtual void Stop() = 0;           // waits for the threads; does nothing when called again
  // Time since `source` last confirmed completeness; infinite before the first. By the monotonic
  // clock from the receipt of the confirmation, or by the real clock from the instant that it
  // names, whichever is longer: what waited on its way is as old as it says.
  virtual absl::Duration AgeOf(absl::string_view source) const = 0;
  // PROJECTION_STALE naming the source when any is older than `limit`.
  virtual absl::Status CheckFresh(absl::Duration limit) const = 0;
};

// `store` and `clocks` outlive the projections. `apply` and `after` may be null.
std::unique_ptr<Projections> MakeProjections(store::Store* store, store::IndexHash hash,
                                             Clocks clocks, std::vector<Subscription> subscriptions,
                                             ApplyEvent apply, AfterEvent after = nullptr);

}  // namespace trusthub::events

#endif  // TRUSTHUB_COMMON_EVENTS_PROJECTIONS_H_
