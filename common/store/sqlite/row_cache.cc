#include "common/store/sqlite/row_cache.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace trusthub::store::sqlite {
namespace {

// Larger rows are read each time: few of them would take the place of many.
constexpr std::size_t kRowBytesMax = 8UL * 1024;
// What an entry takes beside its key and its row's bytes.
constexpr std::size_t kEntryBytes = 300;

bool IsKept(const RowCache::Row& row) {
  return row == nullptr || row->bytes.size() <= kRowBytesMax;
}

}  // namespace

std::string RowCache::KeyOfRecord(absl::string_view name) { return absl::StrCat("r", name); }

std::string RowCache::KeyOfState(absl::string_view space, absl::string_view key) {
  return absl::StrCat("s", space, absl::string_view("\0", 1), key);
}

std::optional<RowCache::Row> RowCache::Find(absl::string_view key, std::int64_t floor) {
  if (half_of_shard_ == 0) return std::nullopt;
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  const Entry* entry = EntryOf(key, shard);
  if (entry == nullptr || !entry->known || entry->since > floor) return std::nullopt;
  return entry->row;
}

void RowCache::Fill(absl::string_view key, std::int64_t floor, Row row) {
  if (half_of_shard_ == 0 || !IsKept(row)) return;
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  if (shard.forgotten > floor) return;
  Entry filled{true, floor, 0, std::move(row)};
  if (const Entry* entry = EntryOf(key, shard); entry != nullptr) {
    if (entry->known || entry->marked > floor) return;
    filled.marked = entry->marked;
  }
  Put(key, std::move(filled), shard);
}

void RowCache::Begin(const std::vector<Change>& changes) {
  const std::int64_t commit = ended_ + 1;
  begun_ = commit;
  if (half_of_shard_ == 0) return;
  for (const Change& change : changes) {
    Shard& shard = ShardOf(change.key);
    MutexLock lock(shard.mutex);
    Put(change.key, Entry{false, commit, commit, nullptr}, shard);
  }
}

void RowCache::End(std::vector<Change> changes, bool committed) {
  const std::int64_t commit = ended_ + 1;
  if (committed && half_of_shard_ > 0) {
    // Of two changes of a row the last counts, whatever is known of it.
    for (Change& change : changes) {
      const bool known = change.row.has_value() && IsKept(*change.row);
      Shard& shard = ShardOf(change.key);
      MutexLock lock(shard.mutex);
      Put(change.key, Entry{known, commit, commit, known ? *std::move(change.row) : nullptr},
          shard);
    }
  }
  ended_ = commit;
}

RowCache::Shard& RowCache::ShardOf(absl::string_view key) {
  return shards_[absl::Hash<absl::string_view>()(key) % kShards];
}

RowCache::Entry* RowCache::EntryOf(absl::string_view key, Shard& shard) {
  const auto young = shard.young.entries.find(key);
  if (young != shard.young.entries.end()) return &young->second;
  const auto old = shard.old.entries.find(key);
  if (old == shard.old.entries.end()) return nullptr;
  Entry entry = std::move(old->second);
  shard.old.entries.erase(old);
  Put(key, std::move(entry), shard);
  return &shard.young.entries.find(key)->second;
}

void RowCache::Put(absl::string_view key, Entry entry, Shard& shard) {
  if (shard.young.bytes > half_of_shard_) {
    shard.forgotten = std::max(shard.forgotten, shard.old.marked);
    shard.old = std::exchange(shard.young, Generation());
  }
  const std::int64_t marked = entry.marked;
  const std::size_t bytes = BytesOf(key, entry);
  const auto [place, is_new] = shard.young.entries.try_emplace(key);
  if (!is_new) shard.young.bytes -= BytesOf(key, place->second);
  // What stood there is kept no longer: it may be what a child was destroyed with.
  if (is_new) shard.old.entries.erase(key);
  place->second = std::move(entry);
  shard.young.bytes += bytes;
  shard.young.marked = std::max(shard.young.marked, marked);
}

std::size_t RowCache::BytesOf(absl::string_view key, const Entry& entry) {
  return kEntryBytes + key.size() + (entry.row == nullptr ? 0 : entry.row->bytes.size());
}

}  // namespace trusthub::store::sqlite
