#include "deploy/hubctl/story/alert.h"

#include <utility>

#include "common/time/clock.h"

namespace trusthub::story {

Alert::Alert(std::unique_ptr<rpc::Client::Stream> stream, LookFor look_for)
    : stream_(std::move(stream)), look_for_(std::move(look_for)), reader_([this] { Read(); }) {}

Alert::~Alert() {
  stream_->Cancel();
  reader_.join();
}

void Alert::Read() {
  events::v1::WatchResponse response;
  for (;;) {
    if (absl::Status status = stream_->Read(&response); !status.ok()) return End(status);
    for (const events::v1::Event& event : response.events()) {
      if (look_for_(event)) return End(Seen{event, MonotonicNow()});
    }
  }
}

void Alert::End(absl::StatusOr<Seen> result) {
  MutexLock lock(mutex_);
  result_ = std::move(result);
  done_ = true;
  ended_.NotifyAll();
}

absl::StatusOr<Alert::Seen> Alert::Wait(absl::Duration limit) {
  const absl::Duration end = MonotonicNow() + limit;
  MutexLock lock(mutex_);
  while (!done_) {
    const absl::Duration left = end - MonotonicNow();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("the stream did not tell of it in time");
    }
    ended_.WaitFor(mutex_, left);
  }
  return result_;
}

}  // namespace trusthub::story
