// File: row_cache.h
//
// Rows that were read or written lately, as they stand in the file (a sealed store's are sealed),
// so that a call which reads what calls before it read need not ask SQLite. A view is never
// answered with anything but what it would read itself.
//
// How that is kept. Commits have numbers, in their order. A view knows the number of a commit that
// had ended before the view began: its floor. A row knows the number since which it stands. It is
// given to views whose floor is not below that. Before a commit takes effect, the rows that it may
// change are marked with its number, and what they held is forgotten; so what is still here was
// changed by no commit that the view could contain. What a view has read is taken up only when no
// later commit can have changed it: no mark above the view's floor stands at that row, or may have
// been forgotten.
//
// One process at a time has the file (sqlite_store.h), and all that it writes goes through one
// thread. Where several processes write, this would not hold.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_ROW_CACHE_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_ROW_CACHE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/store/store.h"

namespace trusthub::store::sqlite {

// Thread-safe; Begin and End are called by the thread that writes.
class RowCache {
 public:
  // A record, or a state's value as its `bytes`. Null: there is no such row.
  using Row = std::shared_ptr<const StoredRecord>;
  // A row that a commit may change.
  struct Change {
    std::string key;
    std::optional<Row> row;  // what it becomes, when that is known
  };

  // At most about so many bytes are kept. 0: none; commits are numbered all the same.
  explicit RowCache(std::size_t bytes_max) : half_of_shard_(bytes_max / 2 / kShards) {}

  static std::string KeyOfRecord(absl::string_view name);
  static std::string KeyOfState(absl::string_view space, absl::string_view key);

  // To be asked before a view begins.
  std::int64_t Floor() const { return ended_; }
  // The last commit that a view may contain which has begun by now.
  std::int64_t Ceiling() const { return begun_; }
  // What a view with that floor would read; nothing when that is not known.
  std::optional<Row> Find(absl::string_view key, std::int64_t floor);
  // What a view with that floor has read.
  void Fill(absl::string_view key, std::int64_t floor, Row row);

  // Before the commit, and after it. Every Begin is followed by an End with the same changes.
  void Begin(const std::vector<Change>& changes);
  void End(std::vector<Change> changes, bool committed);

 private:
  static constexpr std::size_t kShards = 8;

  struct Entry {
    bool known = false;       // whether `row` is what stands there since `since`
    std::int64_t since = 0;   // the number of a commit
    std::int64_t marked = 0;  // of the last commit that is known to have changed the row; or 0
    Row row;
  };
  // Two generations: a full young one becomes the old one, and what was in the old one and was not
  // asked for since is forgotten.
  struct Generation {
    absl::flat_hash_map<std::string, Entry> entries;
    std::size_t bytes = 0;
    std::int64_t marked = 0;  // the highest of its entries
  };
  struct Shard {
    Mutex mutex;
    Generation young ABSL_GUARDED_BY(mutex);
    Generation old ABSL_GUARDED_BY(mutex);
    std::int64_t forgotten ABSL_GUARDED_BY(mutex) = 0;  // the highest mark that was forgotten
  };

  Shard& ShardOf(absl::string_view key);
  // The entry of `key`, which becomes young; null when there is none.
  Entry* EntryOf(absl::string_view key, Shard& shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);
  void Put(absl::string_view key, Entry entry, Shard& shard)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);
  static std::size_t BytesOf(absl::string_view key, const Entry& entry);

  const std::size_t half_of_shard_;
  std::atomic<std::int64_t> begun_ = 0;
  std::atomic<std::int64_t> ended_ = 0;
  std::array<Shard, kShards> shards_;
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_ROW_CACHE_H_
