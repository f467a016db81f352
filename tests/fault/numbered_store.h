// File: numbered_store.h
//
// A store with a real audit log that takes numbered sets: every row that set n makes says n, so
// that afterwards one look tells which sets are there, and whether any is there in part.
#ifndef TRUSTHUB_TESTS_FAULT_NUMBERED_STORE_H_
#define TRUSTHUB_TESTS_FAULT_NUMBERED_STORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/store/store.h"

namespace trusthub::testing {

// Two new records with index entries, a second version of a record of set `previous` where one is
// given, a state, an event, a remembered answer, a touched child, a guard that holds, an audit
// entry. Small and large values alternate.
store::WriteSet NumberedSet(std::int64_t number, std::optional<std::int64_t> previous);

// What `number`'s records hold: the first or second record, in its first or second version.
std::string NumberedText(std::int64_t number, absl::string_view which);

// The entry of a refusal that was spooled: one that no set made.
std::string SpooledLeaf(std::int64_t number);

// Opens an engine over the log that it is given.
using OpenEngine =
    std::function<absl::StatusOr<std::unique_ptr<store::Store>>(store::LeafSequencer*)>;

class NumberedStore {
 public:
  // In SQLite's file `path`. Engine options that a test may change before Open; path and sequencer
  // are set already.
  explicit NumberedStore(const std::string& path);
  // In whatever `open` opens.
  explicit NumberedStore(OpenEngine open);
  ~NumberedStore();

  store::SqliteOptions& options() { return options_; }
  absl::Status Open();
  void Close() { store_.reset(); }
  store::Store& store() { return *store_; }
  bool is_open() const { return store_ != nullptr; }

  // Commits set `number` and remembers what was acknowledged.
  absl::Status Commit(std::int64_t number, std::optional<std::int64_t> previous = std::nullopt);
  // The same without waiting; `done` runs on the store's thread and says whether an OK counts.
  void CommitLater(std::int64_t number, std::optional<std::int64_t> previous,
                   std::function<bool(const absl::Status&)> done);
  const std::map<std::int64_t, store::Committed>& acknowledged() const { return acknowledged_; }
  // What another one acknowledged must be here too: this one opens a copy of its files.
  void Expect(const NumberedStore& other) { acknowledged_ = other.acknowledged_; }
  // As acknowledged by a process that is gone.
  void Expect(std::int64_t number, store::Committed committed) {
    acknowledged_[number] = std::move(committed);
  }
  // Refusals that Check found in the log, each once.
  const std::set<std::int64_t>& spooled() const { return spooled_; }

  // Fails the test unless the open store holds every acknowledged set and no set in part, its
  // events and entries have no gaps and say the same, its audit log verifies from leaf to signed
  // head, tiles among it, and every acknowledged receipt fits it. Entries of refusals may stand
  // between those of sets. Returns the numbers of the sets found, of those below `end`.
  std::set<std::int64_t> Check(std::int64_t end);
  // The same for one set: whether it is there.
  bool IsThere(store::Snapshot& snapshot, std::int64_t number);

  static const crypto::SigningKey& Key();

 private:
  void CheckStreams(store::Snapshot& snapshot, const std::set<std::int64_t>& found);
  void CheckLog(store::Snapshot& snapshot);

  std::unique_ptr<store::LeafSequencer> tree_;
  const OpenEngine open_;  // null: SQLite
  store::SqliteOptions options_;
  std::unique_ptr<store::Store> store_;
  std::map<std::int64_t, store::Committed> acknowledged_;
  std::set<std::int64_t> spooled_;
};

// `PRAGMA integrity_check` of the database at `path`, which nobody has open: "ok", or what is
// wrong.
std::string IntegrityOf(const std::string& path);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_NUMBERED_STORE_H_
