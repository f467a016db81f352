// File: alert.h
//
// Waits for one event on a Watch stream, no longer than told.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_ALERT_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_ALERT_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"

namespace trusthub::story {

// Reads a stream on a thread of its own until the first event that is looked for.
class Alert {
 public:
  struct Seen {
    events::v1::Event event;
    absl::Duration when;  // MonotonicNow() at its arrival
  };
  using LookFor = std::function<bool(const events::v1::Event&)>;

  Alert(std::unique_ptr<rpc::Client::Stream> stream, LookFor look_for);
  ~Alert();  // ends the stream

  // The event; DEADLINE_EXCEEDED after `limit`, or why the stream ended.
  absl::StatusOr<Seen> Wait(absl::Duration limit);

 private:
  void Read();
  void End(absl::StatusOr<Seen> result);

  const std::unique_ptr<rpc::Client::Stream> stream_;
  const LookFor look_for_;
  Mutex mutex_;
  CondVar ended_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusOr<Seen> result_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;
};

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_ALERT_H_
