#include "common/store/sealed/rewrapping.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/log/log.h"

namespace trusthub::store::sealed {
namespace {

// Keys read at a time, and keys wrapped in one set: a set must not hold up the service's writes.
constexpr int kKeysRead = 256;
constexpr std::size_t kKeysOfSet = 32;
// Between two tries when a key could not be wrapped anew.
constexpr absl::Duration kTryAgain = absl::Seconds(5);

}  // namespace

void Rewrapping::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Rewrapping::Wake() {
  MutexLock lock(mutex_);
  due_ = true;
  changed_.NotifyOne();
}

void Rewrapping::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void Rewrapping::Run() {
  bool complete = true;
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!due_ && !stopping_) {
        if (complete) {
          changed_.Wait(mutex_);
        } else if (!changed_.WaitFor(mutex_, kTryAgain)) {
          break;
        }
      }
      if (stopping_) return;
      due_ = false;
    }
    complete = RewrapAll();
  }
}

bool Rewrapping::RewrapAll() {
  std::string after;
  while (true) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return true;
    }
    const absl::StatusOr<bool> more = RewrapPage(&after);
    // A conflict: a key of the page was destroyed meanwhile. The others wait for the next round.
    if (!more.ok()) {
      log::Warning("data keys not wrapped anew",
                   {{"code", static_cast<int>(more.status().code())}});
      return false;
    }
    if (!*more) return true;
  }
}

absl::StatusOr<bool> Rewrapping::RewrapPage(std::string* after) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                            engine_.Open(absl::InfiniteFuture()));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, view->ListState(kKeySpace, *after, kKeysRead));
  WriteSet set;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    TRUSTHUB_RETURN_IF_ERROR(keys_.AddRewrapped(rows[i].first, rows[i].second, &set).status());
    const bool last = i + 1 == rows.size();
    if (set.states.size() < kKeysOfSet && (!last || set.states.empty())) continue;
    TRUSTHUB_RETURN_IF_ERROR(CommitAndWait(engine_, std::exchange(set, {})).status());
  }
  if (static_cast<int>(rows.size()) < kKeysRead) return false;
  *after = rows.back().first;
  return true;
}

}  // namespace trusthub::store::sealed
