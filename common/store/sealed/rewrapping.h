// File: rewrapping.h
//
// Wraps every data key of a store with the current key of the ring, in the background, a few at a
// time beside the service's own writes. What it has done is in the rows themselves, so that it may
// end at any instant.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_REWRAPPING_H_
#define TRUSTHUB_COMMON_STORE_SEALED_REWRAPPING_H_

#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/store/sealed/data_keys.h"
#include "common/store/store.h"

namespace trusthub::store::sealed {

class Rewrapping {
 public:
  // Both are not owned, and outlive this.
  Rewrapping(Store* engine, DataKeys* keys) : engine_(*engine), keys_(*keys) {}
  ~Rewrapping() { Stop(); }

  // Once; looks at all keys at the start, for a run before may have been cut short.
  void Start();
  // The ring changed.
  void Wake();
  void Stop();

 private:
  void Run();
  // False when some key could not be wrapped anew; it is tried again.
  bool RewrapAll();
  // One page of keys after `after`, which is moved on; false at the end.
  absl::StatusOr<bool> RewrapPage(std::string* after);

  Store& engine_;
  DataKeys& keys_;
  Mutex mutex_;
  CondVar changed_;
  bool due_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_REWRAPPING_H_
