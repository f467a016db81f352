#include "tests/integration/work_of_calls.h"

#include <memory>
#include <string>
#include <utility>

#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

// Whether the next snapshot that this thread opens is a call's: it opens it in its step `snapshot`,
// at once. Streams, projections and other work beside the calls have no such step.
thread_local bool opens_for_call = false;

}  // namespace

void WorkOfCalls::LookAt(LocalHubOptions* options) {
  options->observer = [](absl::string_view, rpc::Step step) {
    if (step == rpc::Step::kSnapshot) opens_for_call = true;
  };
  options->wrap_store = [this](absl::string_view service, std::unique_ptr<store::Store> inner) {
    const auto who = [this, name = std::string(service)]() -> TakeWork {
      if (!std::exchange(opens_for_call, false)) return nullptr;
      return [this, name](Work work) {
        MutexLock lock(mutex_);
        calls_[name].push_back(std::move(work));
      };
    };
    return std::make_unique<CountingStore>(
        std::move(inner), who, [this](absl::string_view record) { BeforeFind(record); });
  };
}

std::vector<Work> WorkOfCalls::Take(absl::string_view service) {
  MutexLock lock(mutex_);
  const auto found = calls_.find(service);
  return found == calls_.end() ? std::vector<Work>() : std::exchange(found->second, {});
}

void WorkOfCalls::Plant(std::string name, absl::Duration time) {
  MutexLock lock(mutex_);
  planted_ = std::move(name);
  planted_time_ = time;
}

void WorkOfCalls::BeforeFind(absl::string_view name) {
  absl::Duration time;
  {
    MutexLock lock(mutex_);
    if (planted_ != name) return;
    time = planted_time_;
  }
  // Busy, as work would be; a sleep would end when the machine likes.
  const absl::Duration until = MonotonicNow() + time;
  while (MonotonicNow() < until) {
  }
}

}  // namespace trusthub::testing
