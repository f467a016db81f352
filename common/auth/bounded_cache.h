// File: bounded_cache.h
//
// A map from bytes to shared values that forgets what was not asked for lately.
#ifndef TRUSTHUB_COMMON_AUTH_BOUNDED_CACHE_H_
#define TRUSTHUB_COMMON_AUTH_BOUNDED_CACHE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"

namespace trusthub::auth {

// Two generations of half the capacity each: a full young one becomes the old one, and what was in
// the old one and was not found since is forgotten. Thread-safe.
template <class Value>
class BoundedCache {
 public:
  explicit BoundedCache(std::size_t capacity) : half_(capacity / 2) {}

  // Null when it is not there.
  std::shared_ptr<const Value> Find(absl::string_view key) {
    MutexLock lock(mutex_);
    if (const auto found = young_.find(key); found != young_.end()) return found->second;
    const auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    std::shared_ptr<const Value> value = found->second;
    InsertLocked(key, value);
    return value;
  }

  void Insert(absl::string_view key, std::shared_ptr<const Value> value) {
    MutexLock lock(mutex_);
    InsertLocked(key, std::move(value));
  }

  std::size_t size() const {
    MutexLock lock(mutex_);
    return young_.size() + old_.size();
  }

 private:
  using Map = absl::flat_hash_map<std::string, std::shared_ptr<const Value>>;

  void InsertLocked(absl::string_view key, std::shared_ptr<const Value> value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (young_.size() >= half_) {
      old_ = std::move(young_);
      young_ = Map();
    }
    young_.insert_or_assign(std::string(key), std::move(value));
  }

  const std::size_t half_;
  mutable Mutex mutex_;
  Map young_ ABSL_GUARDED_BY(mutex_);
  Map old_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_BOUNDED_CACHE_H_
