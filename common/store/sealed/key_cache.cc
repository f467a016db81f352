#include "common/store/sealed/key_cache.h"

#include <iterator>

namespace trusthub::store::sealed {

DataKeyPtr KeyCache::OfId(absl::string_view id) {
  MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  found->second->used = true;
  return found->second->key;
}

DataKeyPtr KeyCache::OfChild(absl::string_view child) {
  MutexLock lock(mutex_);
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return nullptr;
  found->second->used = true;
  return found->second->key;
}

void KeyCache::Learn(std::int64_t destructions) {
  MutexLock lock(mutex_);
  if (destructions <= destructions_) return;
  destructions_ = destructions;
  by_id_.clear();
  by_child_.clear();
  entries_.clear();
}

void KeyCache::Add(const DataKeyPtr& key, std::int64_t destructions) {
  MutexLock lock(mutex_);
  if (destructions < destructions_) return;
  if (destroyed_.contains(key->id) || by_child_.contains(key->child)) return;
  if (entries_.size() >= keys_max_) MakeRoom();
  entries_.push_back({key, false});
  const auto entry = std::prev(entries_.end());
  by_id_.emplace(key->id, entry);
  by_child_.emplace(key->child, entry);
}

// A key that was used since the hand last passed gets another turn.
void KeyCache::MakeRoom() {
  while (entries_.front().used) {
    entries_.front().used = false;
    entries_.splice(entries_.end(), entries_, entries_.begin());
  }
  by_id_.erase(entries_.front().key->id);
  by_child_.erase(entries_.front().key->child);
  entries_.pop_front();
}

void KeyCache::Destroy(absl::string_view id) {
  MutexLock lock(mutex_);
  destroyed_.emplace(id);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto entry = found->second;
  by_child_.erase(entry->key->child);
  by_id_.erase(found);
  entries_.erase(entry);
}

std::int64_t KeyCache::destructions() {
  MutexLock lock(mutex_);
  return destructions_;
}

std::size_t KeyCache::size() {
  MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace trusthub::store::sealed
