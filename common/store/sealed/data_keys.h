// File: data_keys.h
//
// The data keys of one store: where they stand in it (wrapped by the key ring), how they are found,
// made and destroyed. They are states of the engine, in spaces of their own:
//
//   sealing/key     id of a key (hex)   -> wrapped key and its child, sealed; or that it was
//   destroyed sealing/child   keyed hash of child -> id of its key; or that it was destroyed
//   sealing/service "key"               -> id of the key of what is about no child
//
// Sequences guard them: "sealing/child/{hash}" goes up when a child gets its key and when it loses
// it, "sealing/key/{id}" likewise. So no two keys are made for a child, nothing is written under a
// key that is gone, and a key that is being re-wrapped does not come back. kDestructions goes up
// with every key that is destroyed: where several processes share a store, each look-up asks for it
// first, so that no cached key outlives its destruction by another process in a newer view.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_DATA_KEYS_H_
#define TRUSTHUB_COMMON_STORE_SEALED_DATA_KEYS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/crypto/keys/key_ring.h"
#include "common/store/sealed/data_key.h"
#include "common/store/sealed/key_cache.h"
#include "common/store/store.h"

namespace trusthub::store::sealed {

// Spaces that start so are the store's own.
inline constexpr absl::string_view kOwnSpaces = "sealing/";
inline constexpr char kKeySpace[] = "sealing/key";
inline constexpr char kChildSpace[] = "sealing/child";
// Counts destroyed keys. Snapshots of the sealed store give it as the engine's do.
inline constexpr char kDestructions[] = "sealing/destructions";
// First byte of the rows of keys, and of children, whose key was destroyed.
inline constexpr char kDestroyedRow = 'D';
// Sequences that guard the rows of these spaces.
std::string SequenceOfRow(absl::string_view space, absl::string_view key);

// What the store knows of a child's key. `key` is null unless it has one.
struct KeyOfChild {
  DataKeyPtr key;
  bool destroyed = false;
};

// Thread-safe. Snapshots are the engine's, or those of the sealed store itself, which lets its own
// spaces through as they are.
class DataKeys {
 public:
  struct Options {
    // Part of how keys are wrapped: those of another service's store open nothing here.
    std::string service;
    std::shared_ptr<const crypto::KeyRing> ring;
    std::size_t cached_max = 0;
    std::function<void()> damaged;  // called for every value that does not open
    bool shared = false;            // other processes make and destroy keys too
  };
  explicit DataKeys(Options options);

  // Takes up the store's own key, or makes it in an empty store. FAILED_PRECONDITION when the store
  // holds anything and no such key, or when the ring lacks what its key is wrapped with.
  absl::Status Open(Store& engine);

  // The key of what is about no child.
  const DataKey& own() const { return *own_; }
  // Null: it was destroyed. DATA_LOSS when there is no such key or it was tampered with,
  // UNAVAILABLE when the key ring cannot open it now.
  absl::StatusOr<DataKeyPtr> OfId(absl::string_view id, Snapshot& view);
  absl::StatusOr<KeyOfChild> OfChild(absl::string_view child, Snapshot& view);
  // As far as was known a moment ago: what is written under a key must be guarded by it.
  DataKeyPtr Cached(absl::string_view child) { return cache_.OfChild(child); }
  std::int64_t destructions() { return cache_.destructions(); }

  // The key that `child` gets when it is written about for the first time: the same at every call
  // in the life of this process, unguessable to all others.
  DataKeyPtr Proposed(absl::string_view child) const;
  // Adds to `set` what makes that key last, wrapped by `ring`; the set conflicts when another key
  // was there first.
  absl::Status AddKey(const DataKey& proposed, const crypto::KeyRing& ring, WriteSet* set) const;
  // The set conflicts when `key` was destroyed.
  void GuardKey(const DataKey& key, WriteSet* set) const;
  // Adds to `set` that the child's key is no more; `key` may be null.
  void AddDestruction(absl::string_view child, const DataKey* key, WriteSet* set) const;

  // After the commit.
  // `destructions` as they were known before it.
  void Added(const DataKeyPtr& key, std::int64_t destructions) { cache_.Add(key, destructions); }
  void Destroyed(const DataKey& key) { cache_.Destroy(key.id); }

  // Keyed hashes that stand for index keys and sequences' names.
  std::string IndexOf(absl::string_view field, absl::string_view key) const;
  std::string SequenceOf(absl::string_view key) const;

  void SetRing(std::shared_ptr<const crypto::KeyRing> ring);
  std::shared_ptr<const crypto::KeyRing> ring() const;

  // The id of the ring's key that `row` of kKeySpace is wrapped with; empty: destroyed, or damaged.
  static std::string RingKeyOf(absl::string_view row);
  // Adds `row`, wrapped with the current key of the ring, to `set`, which then conflicts when the
  // key was destroyed. False when there is nothing to do.
  absl::StatusOr<bool> AddRewrapped(absl::string_view hex_id, absl::string_view row,
                                    WriteSet* set) const;

  // Tells of damage: a line in the log without data, a count, DATA_LOSS.
  absl::Status Damaged(absl::string_view what) const;

 private:
  absl::Status MakeOwn(Store& engine, Snapshot& view);
  // How many destructions `view` knows of, which the cache learns; 0 in a store of one process.
  absl::StatusOr<std::int64_t> Learn(Snapshot& view);
  // OfId in a view that was learnt from.
  absl::StatusOr<DataKeyPtr> Find(absl::string_view id, std::int64_t destructions, Snapshot& view);
  absl::Status TakeUpOwn(absl::string_view id, Snapshot& view);
  void TakeOwn(absl::string_view id, const crypto::Secret& root);
  std::string UseOf(absl::string_view id) const;
  absl::StatusOr<crypto::Secret> Unwrap(absl::string_view id, absl::string_view ring_key,
                                        absl::string_view wrapped) const;
  absl::StatusOr<std::string> Wrap(const crypto::KeyRing& ring, absl::string_view id,
                                   const crypto::Secret& root,
                                   absl::string_view sealed_child) const;
  crypto::Secret ProposedRoot(absl::string_view child) const;
  std::string HashOf(absl::string_view child) const;
  std::string Tombstone(absl::string_view of) const;
  bool IsTombstone(absl::string_view row, absl::string_view of) const;

  const std::string service_;
  const std::function<void()> damaged_;
  const bool shared_;
  KeyCache cache_;
  const crypto::Secret proposals_;  // what proposed keys are drawn from, new in each process
  DataKeyPtr own_;
  crypto::Secret index_key_, sequence_key_, child_key_;
  mutable Mutex mutex_;
  std::shared_ptr<const crypto::KeyRing> ring_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_DATA_KEYS_H_
