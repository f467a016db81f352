#include "common/store/store.h"

#include <utility>

#include "absl/strings/cord.h"
#include "common/base/mutex.h"

namespace trusthub::store {
namespace {

constexpr char kConflictUrl[] = "trusthub/store/conflict";

}  // namespace

absl::Status Conflict() {
  absl::Status status = absl::AbortedError("another write set came first");
  status.SetPayload(kConflictUrl, absl::Cord());
  return status;
}

bool IsConflict(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAborted && status.GetPayload(kConflictUrl).has_value();
}

absl::StatusOr<Committed> CommitAndWait(Store& store, WriteSet set) {
  Mutex mutex;
  CondVar arrived;
  std::optional<absl::StatusOr<Committed>> result;
  store.Commit(std::move(set), [&](absl::StatusOr<Committed> outcome) {
    MutexLock lock(mutex);
    result = std::move(outcome);
    arrived.NotifyOne();
  });
  MutexLock lock(mutex);
  while (!result.has_value()) arrived.Wait(mutex);
  return *std::move(result);
}

}  // namespace trusthub::store
