// File: store.h
//
// Where everything that is kept lives. One Store a service process; engines stand behind it
// (sqlite/, later postgres/) and no type of theirs leaks.
//
// How a call uses it:
//   1  Open() gives a Snapshot: a consistent view, read by one thread.
//   2  The handler reads the snapshot and collects what it wants written in a WriteSet. Nothing is
//      written and nothing is locked meanwhile.
//   3  Commit() applies write sets in one place, one after the other, many under one fsync (group
//      commit). A set whose guards or expected versions no longer hold is refused as a Conflict and
//      leaves no trace; the caller runs its handler again on a fresh snapshot.
//
// Promises. (1) A set is applied whole or not at all. (2) Its callback gets OK only after it is on
// disk. (3) Audit leaves of a set are in the same transaction as its records. (4) Callbacks run
// once, on the store's own thread, in the order of application, and must not block. (5) A failed
// fsync ends the process: what it left on disk is unknown, and recovery reads the log again. Any
// other failure of the disk refuses the sets it touched, at once, and the store works again when
// the disk does.
#ifndef TRUSTHUB_COMMON_STORE_STORE_H_
#define TRUSTHUB_COMMON_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::store {

using options::v1::RecordKind;

// What is known of a record without reading it; enough to decide whether a caller may know of it.
struct RecordHead {
  std::string name;
  RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  std::string child;         // "children/x", or empty
  std::string owner_agency;  // "agencies/x"
  std::string author_agency;
  std::int64_t version = 0;   // 1 for the first
  std::int64_t position = 0;  // order of creation within the store; the key of pages
};

struct StoredRecord : RecordHead {
  std::string bytes;  // newest version, serialised
};

struct StoredVersion {
  std::int64_t version;
  absl::Time written;
  std::string bytes;
};

struct StoredEvent {
  std::int64_t sequence;        // over the whole service, from 1, in order of commit
  std::int64_t child_sequence;  // among the child's events, from 1, without gaps; 0 without a child
  std::string bytes;            // serialised events.v1.Event without the two sequences
};

struct StoredAnswer {
  std::string request_digest;
  std::string response;
};

struct StoredLeaf {
  std::int64_t index;
  std::string bytes;
};

// Hashes of the log's tree, kept beside its leaves so that a proof need not read them all. What
// they are is the log's own (audit/tiles.h).
struct Tile {
  int level = 0;
  std::int64_t index = 0;
  std::string bytes;
};

// One entry of an index. `key` is opaque bytes: a value, or its keyed hash for identifiers.
struct IndexKey {
  std::string field;  // full name of the proto field, or a made-up name with a slash
  std::string key;
  bool unique = false;  // no two records may hold it
};

struct PutRecord {
  RecordHead head;  // head.version is the version being written
  std::string bytes;
  absl::Time written;
  std::vector<IndexKey> index;  // all of the record's index entries, replacing the earlier ones
};

struct AppendEvent {
  std::string child;
  std::string bytes;
};

struct PutAnswer {
  std::string key;  // digest of (caller, method, request_id)
  std::string request_digest;
  std::string response;
  absl::Time expires;
};

// Small facts beside records: projections, cursors. Absent value: removed.
struct PutState {
  std::string space;
  std::string key;
  std::optional<std::string> value;
};

// Holds when the sequence of `key` still is `seen`. A sequence counts the sets that touched its
// key.
struct Guard {
  std::string key;
  std::int64_t seen;
};

// A leaf of the log, and keys under which it is found again, e.g. pseudonyms of the children it is
// about. A key given twice counts once.
struct AppendLeaf {
  AppendLeaf(std::string leaf, std::vector<std::string> found_by = {})  // NOLINT: most have no keys
      : bytes(std::move(leaf)), keys(std::move(found_by)) {}

  std::string bytes;
  std::vector<std::string> keys;
};

struct WriteSet {
  std::vector<PutRecord> records;
  std::vector<AppendEvent> events;
  std::vector<PutState> states;
  std::optional<PutAnswer> answer;
  std::vector<Guard> guards;
  std::vector<std::string> touches;  // keys whose sequence goes up by one, e.g. children written
  std::vector<AppendLeaf> leaves;    // audit entries
  // Children that the leaves name by pseudonyms: they get a key with this set when they have none.
  std::vector<std::string> keys_of;
  // Children who are forgotten with this set: their keys are destroyed, and never made again. From
  // the commit on nothing that was written about them can be read, and their records answer as
  // records that do not exist. The set may write nothing about them itself. INTERNAL from a store
  // that is not sealed (sealed/): there is no key to destroy.
  std::vector<std::string> forgotten;
};

// Where a leaf went.
struct LeafPlace {
  std::int64_t index = 0;
  std::string leaf_hash;  // 32 bytes
  // Against the head of its commit: the hashes of 32 bytes one behind the other, leaf's sibling
  // first.
  std::string inclusion_proof;
};

// A signed head, as the log made it.
struct SealedHead {
  std::string tree;
  std::int64_t size = 0;
  std::string root;
  absl::Time sign_time;
  std::string signature;
};

struct Committed {
  std::vector<LeafPlace> leaves;           // in the order of WriteSet::leaves
  std::shared_ptr<const SealedHead> head;  // covers them
  std::int64_t last_event_sequence = 0;    // of this set; 0 without events
};

using CommitCallback = absl::AnyInvocable<void(absl::StatusOr<Committed>)>;

class Snapshot;

// Makes audit leaves part of a commit; implemented by audit::Tree. Used by the store's writer only.
class LeafSequencer {
 public:
  virtual ~LeafSequencer() = default;
  struct Extension {
    std::vector<LeafPlace> places;  // one a leaf
    std::vector<Tile> tiles;        // to be kept with the leaves; each replaces its former version
    std::string state;              // to be kept with the leaves, handed back by Restore
    std::shared_ptr<const SealedHead> head;
  };
  // Takes up the state of the last commit, empty in a new store, over the leaves and tiles that
  // `log` gives. Fails when they do not fit together.
  virtual absl::Status Restore(absl::string_view state, Snapshot& log) = 0;
  // Places `leaves` after those accepted so far. Followed by exactly one Accept or Reject.
  virtual absl::StatusOr<Extension> Extend(const std::vector<absl::string_view>& leaves) = 0;
  virtual void Accept() = 0;
  virtual void Reject() = 0;
};

// The status with which Commit refuses a set that another one overtook. Never reaches a client.
absl::Status Conflict();
bool IsConflict(const absl::Status& status);
// The status for a unique index key or an answer key that exists already; also a Conflict.

// A consistent view. One thread at a time. Every read fails with UNAVAILABLE STORE_UNAVAILABLE when
// the disk does, and DEADLINE_EXCEEDED past the deadline given to Open.
//
// A store may be written to by several processes (replicas of a service), each with an audit tree
// of its own. What a view says of leaves, tiles and heads is of this process's tree, until TurnTo.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual absl::StatusOr<std::optional<StoredRecord>> Find(absl::string_view name) = 0;
  // Pages by position, ascending, at most `limit` after `after_position` (0: from the beginning).
  virtual absl::StatusOr<std::vector<StoredRecord>> ListByIndex(RecordKind kind,
                                                                absl::string_view field,
                                                                absl::string_view key,
                                                                std::int64_t after_position,
                                                                int limit) = 0;
  virtual absl::StatusOr<std::vector<StoredRecord>> ListByChild(RecordKind kind,
                                                                absl::string_view child,
                                                                std::int64_t after_position,
                                                                int limit) = 0;
  virtual absl::StatusOr<std::vector<StoredRecord>> ListByKind(RecordKind kind,
                                                               std::int64_t after_position,
                                                               int limit) = 0;
  // All versions of a record, oldest first.
  virtual absl::StatusOr<std::vector<StoredVersion>> Versions(absl::string_view name) = 0;
  // 0 when no set touched `key` yet.
  virtual absl::StatusOr<std::int64_t> Sequence(absl::string_view key) = 0;
  virtual absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view key,
                                                                 absl::Time now) = 0;
  virtual absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                               absl::string_view key) = 0;
  // Every (key, value) of a space, in key order, `limit` after `after_key`.
  virtual absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) = 0;
  virtual absl::StatusOr<std::vector<StoredEvent>> ReadEvents(std::int64_t after_sequence,
                                                              int limit) = 0;
  virtual absl::StatusOr<std::int64_t> LastEventSequence() = 0;
  virtual absl::StatusOr<std::vector<StoredLeaf>> ReadLeaves(std::int64_t first_index,
                                                             int limit) = 0;
  virtual absl::StatusOr<std::int64_t> LeafCount() = 0;
  // Leaves that were given `key`, in order, at most `limit` from `first_index` on.
  virtual absl::StatusOr<std::vector<StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                                  std::int64_t first_index,
                                                                  int limit) = 0;
  // Tiles of a level, in order, at most `limit` from `first_index` on.
  virtual absl::StatusOr<std::vector<Tile>> ReadTiles(int level, std::int64_t first_index,
                                                      int limit) = 0;
  // The newest head; null in a new store. Kept with the leaves.
  virtual absl::StatusOr<std::shared_ptr<const SealedHead>> Head() = 0;
  // Names of the audit trees that the store holds, in the order in which they were registered: the
  // first stays the first. Empty in a store that no process with a log has written to.
  virtual absl::StatusOr<std::vector<std::string>> Trees() = 0;
  // From now on leaves, tiles and heads are those of `tree`. NOT_FOUND without such a tree, and
  // nothing changed.
  virtual absl::Status TurnTo(absl::string_view tree) = 0;
};

// Thread-safe.
class Store {
 public:
  virtual ~Store() = default;  // drains as Close does
  virtual absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) = 0;
  // Never blocks for the disk. When too many sets wait, the callback gets UNAVAILABLE at once.
  virtual void Commit(WriteSet set, CommitCallback done) = 0;
  // `listener` is called on the store's thread after each commit that added events, with the last
  // sequence. Must not block. One listener; set before the first Commit.
  virtual void SetEventListener(std::function<void(std::int64_t)> listener) = 0;
  // Applies what waits, then refuses all else. Callbacks of what waited have run when it returns.
  virtual void Close() = 0;
};

// Commit and wait; for start-up, imports and tests.
absl::StatusOr<Committed> CommitAndWait(Store& store, WriteSet set);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_STORE_H_
