// File: work_of_calls.h
//
// What the services of a LocalHub read of their stores to answer calls, exactly, and for how long
// they were at it.
#ifndef TRUSTHUB_TESTS_INTEGRATION_WORK_OF_CALLS_H_
#define TRUSTHUB_TESTS_INTEGRATION_WORK_OF_CALLS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/testing/counting_store.h"
#include "tests/integration/local_hub.h"

namespace trusthub::testing {

// Thread-safe. Outlives the hub.
class WorkOfCalls {
 public:
  // Makes the hub that is started with `options` tell of its work.
  void LookAt(LocalHubOptions* options);
  // What each call of `service` did with its snapshot that was answered since the last Take, in the
  // order of their ends. Streams are no calls. A call that was overtaken by another change counts
  // again.
  std::vector<Work> Take(absl::string_view service);
  // Makes every call that looks for the record `name` do so for this long; "" for none.
  void Plant(std::string name, absl::Duration time);

 private:
  void BeforeFind(absl::string_view name);

  Mutex mutex_;
  std::map<std::string, std::vector<Work>, std::less<>> calls_ ABSL_GUARDED_BY(mutex_);
  std::string planted_ ABSL_GUARDED_BY(mutex_);
  absl::Duration planted_time_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_WORK_OF_CALLS_H_
