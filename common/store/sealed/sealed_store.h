// File: sealed_store.h
//
// A store whose engine sees nothing of substance. It stands between the services and any engine and
// seals all that is kept: versions of records, events, remembered answers and states, each under
// the key of the child it is about or, about no child, under a key of the store's own; index keys
// and names of sequences become keyed hashes, names of children aliases. What the engine still
// sees: other records' names (random), kinds, agencies, times, sizes, spaces and keys of states,
// and the audit log, which holds no personal data by itself (audit/entry.h).
//
// The keys are made at first use, wrapped by a key ring (crypto/keys/key_ring.h), and kept in the
// same store, in the transaction of what they seal first. See data_keys.h.
//
// Promises. (1) Whatever does not open, because it was changed, moved or cut short, is DATA_LOSS:
// it is never served, nor passed over. (2) WriteSet::forgotten destroys children's keys: afterwards
// their records answer as records that do not exist, in lists and by name, no index finds them,
// nobody can make their pseudonyms, and the audit log still verifies. (3) When the key ring gets a
// new current key, all data keys are wrapped with it while the store works; a crash meanwhile costs
// nothing. (4) A key that cannot be had now is UNAVAILABLE.
//
// Order: ListState goes by key as ever, but for keys that name children: among those it goes by
// their aliases. Pages fit together in any case.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_SEALED_STORE_H_
#define TRUSTHUB_COMMON_STORE_SEALED_SEALED_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/keys/key_ring.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store {

struct SealedOptions {
  std::string service;  // part of how keys are wrapped: another service's rows open nothing
  std::shared_ptr<const crypto::KeyRing> ring;
  // Unwrapped keys kept in locked memory, 64 bytes each.
  std::size_t cached_keys_max = 16'384;
  // Called for every value that does not open; must not block.
  std::function<void()> damaged;
  // Whether other processes seal in the same engine, with the same ring.
  bool shared = false;
  const Clock* clock = &RealClock();  // not owned
};

// What the data keys of a store are wrapped with.
struct KeyUse {
  std::string current;                       // id of the ring's current key
  std::map<std::string, std::int64_t> keys;  // number of data keys by id of the ring's key
  std::int64_t destroyed = 0;
};

class SealedStore : public Store {
 public:
  // Takes over `engine`. FAILED_PRECONDITION when it holds data that are not sealed, or whose key
  // the ring lacks; the message goes after the store's name.
  static absl::StatusOr<std::unique_ptr<SealedStore>> Over(std::unique_ptr<Store> engine,
                                                           SealedOptions options);

  // The pseudonym of `child` in audit entries; 32 bytes. Of a child without a key it is that of the
  // key which the next set that names it in keys_of makes last; in a shared store, where another
  // process may make another one first, a key is made now. NOT_FOUND: the key was destroyed.
  virtual absl::StatusOr<std::string> PseudonymOf(absl::string_view child, Snapshot& view) = 0;

  // The ring in force from now on. Data keys that another key than its current one wraps are
  // wrapped anew in the background.
  virtual void SetRing(std::shared_ptr<const crypto::KeyRing> ring) = 0;
  // Counts in a view of its own, keys included that are being made. So a key of the ring that wraps
  // none and is not the current one will wrap none again.
  virtual absl::StatusOr<KeyUse> CountKeys() = 0;
};

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_SEALED_SEALED_STORE_H_
