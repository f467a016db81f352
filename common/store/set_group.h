// File: set_group.h
//
// What every engine's writer does with the sets that it applies under one fsync, whatever it
// applies them to.
#ifndef TRUSTHUB_COMMON_STORE_SET_GROUP_H_
#define TRUSTHUB_COMMON_STORE_SET_GROUP_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/store/store.h"

namespace trusthub::store {

// A set that waits for its answer.
struct PendingSet {
  WriteSet set;
  CommitCallback done;
  absl::Status status;  // of applying it
  Committed result;
};
using SetGroup = std::vector<PendingSet>;

// Whether all that the set writes is entries of the log.
bool IsOnlyLeaves(const WriteSet& set);

// Why a set cannot be applied by an engine whatever the database holds; OK for any other.
// `sequencer` is null for an engine without a log.
absl::Status UnfitFor(const WriteSet& set, const LeafSequencer* sequencer);

// Gives every set that is still OK what its caller is told when the transaction failed of `cause`:
// a set that only records what was disclosed fails as the audit, any other as the store.
void FailGroup(SetGroup& group, const absl::Status& cause);

// The part of one transaction that is the log's. Ends the extension, as rejected, when it was not
// accepted.
class LogTurn {
 public:
  // Null: no set of the group has leaves.
  explicit LogTurn(LeafSequencer* sequencer) : sequencer_(sequencer) {}
  ~LogTurn() { Reject(); }
  LogTurn(const LogTurn&) = delete;
  LogTurn& operator=(const LogTurn&) = delete;

  // Places the leaves of the sets that are still OK. Without any, has_leaves() stays false.
  absl::Status Extend(const SetGroup& group);
  bool has_leaves() const { return !leaves_.empty(); }
  // In the order of extension().places; views into the group.
  const std::vector<const AppendLeaf*>& leaves() const { return leaves_; }
  const LeafSequencer::Extension& extension() const { return *extension_; }

  // After the commit: tells each set of `group` where its leaves went.
  void Accept(SetGroup& group);
  // After anything else.
  void Reject();

 private:
  LeafSequencer* const sequencer_;
  std::vector<const AppendLeaf*> leaves_;
  std::optional<LeafSequencer::Extension> extension_;  // waits for Accept or Reject
};

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_SET_GROUP_H_
