// File: key_cache.h
//
// Data keys that were unwrapped before, a bounded number of them: a read need not ask the key ring.
// A key that was destroyed leaves at once and does not come back, even when a view from before its
// destruction finds it again. Of keys that another process destroyed only the number is known: when
// it has gone up, every key is looked up anew.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_KEY_CACHE_H_
#define TRUSTHUB_COMMON_STORE_SEALED_KEY_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/store/sealed/data_key.h"

namespace trusthub::store::sealed {

// Thread-safe.
class KeyCache {
 public:
  explicit KeyCache(std::size_t keys_max) : keys_max_(keys_max) {}

  // Null when it is not here.
  DataKeyPtr OfId(absl::string_view id);
  DataKeyPtr OfChild(absl::string_view child);
  // A key of a child, found in a view that knew of `destructions`, which counts for nothing when
  // more are known of; the one that was used longest ago makes room.
  void Add(const DataKeyPtr& key, std::int64_t destructions);
  void Destroy(absl::string_view id);
  // A view knows of so many destructions, by whatever process: forgets all keys when that is news.
  void Learn(std::int64_t destructions);
  // The largest number that was learnt.
  std::int64_t destructions();
  std::size_t size();

 private:
  struct Entry {
    DataKeyPtr key;
    bool used = false;  // since it was last passed over
  };

  void MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::size_t keys_max_;
  Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // longest here first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_child_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> destroyed_ ABSL_GUARDED_BY(mutex_);
  std::int64_t destructions_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_KEY_CACHE_H_
