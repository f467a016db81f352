// File: copying.h
//
// Copies a whole store from one engine to another, while its service works or not, and shows that
// the copy is the store.
//
// How. Everything is done by one walk over both sides in the order of their keys, which finds the
// rows that differ:
//   fill     puts them into the target, batch by batch, each in one transaction with a mark of how
//            far it is. A copy that was killed begins at the mark.
//   follow   the same from the first row again: what changed, or went, since. Marks mean nothing to
//            it, so whatever a kill, an earlier view or a mark left behind is put right.
//   verify   finds nothing, or the copy fails and names the first row.
// Without following, writers are kept out of the source first; a fill from the first row is then
// all there is to write. One that went on from a mark read its first part in an earlier view, so
// it is followed once: nothing needs to be known of what changed meanwhile. When following, the
// source is walked again and again until its service is gone; then writers are kept out and it is
// followed for the last time.
//
// Only when writers are out, the target verified and the source ended for good (RowSource::Retire)
// does the target become a store: at no moment can services be started over both, and at none is
// the store in neither: killed in between, the same command finishes.
#ifndef TRUSTHUB_COMMON_STORE_COPY_COPYING_H_
#define TRUSTHUB_COMMON_STORE_COPY_COPYING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/copy/rows.h"

namespace trusthub::store::copy {

struct CopyStep {
  const char* what;   // "filling", "following", "verifying"
  const char* table;  // name of the table under work
  std::int64_t rows;  // of the source, of this walk so far
};

struct CopyOptions {
  // Whether the source's service may work meanwhile.
  bool follow = false;
  // Called now and then.
  std::function<void(const CopyStep&)> progress;
  // Looks at the copy before anything is ended; an error leaves both sides as they are.
  std::function<absl::Status(RowView& copied)> check;
  // What goes along, outside the stores; called when writers are out and all is verified.
  std::function<absl::Status()> bring_along;
  // Waits a little before the source is looked at again; for following.
  std::function<void()> pause;
};

struct TableSum {
  std::string table;
  std::int64_t rows = 0;
  std::string digest;  // SHA-256 over the digests of the rows, in order
};

struct CopyResult {
  bool was_done = false;  // by an earlier run; nothing else is said then
  bool resumed = false;
  int walks = 0;                 // that wrote
  std::vector<TableSum> tables;  // of both sides
};

// FAILED_PRECONDITION: a service has the source open (and `follow` is not set), the source was
// moved elsewhere, the target holds a store or a part of another one, or something was written to
// the source behind our back. DATA_LOSS: the copy is not what the source is. What was copied stays
// for the next run, which goes on with it.
absl::StatusOr<CopyResult> CopyStore(RowSource& source, RowTarget& target,
                                     const CopyOptions& options);

// Keeps writers out of the source; FAILED_PRECONDITION while a service has it open. What CopyStore
// begins with unless it follows: for who has more to make ready that a refused copy should not
// leave.
absl::Status KeepOut(RowSource& source);

// The same of one view, which does not change: fills and verifies. The target is finished; nothing
// is said of, or done to, where the view is from.
absl::StatusOr<CopyResult> CopyView(RowView& view, RowTarget& target, const CopyOptions& options);

// Names of the audit trees, in the order of their numbers.
absl::StatusOr<std::vector<std::string>> TreeNames(RowView& view);

// The rows that differ, in order: one of the two is null where a side has none. `each` is called
// with every row of `a`. From behind `after` on.
absl::Status ForEachDifference(
    RowView& a, RowView& b, const Shape& shape, const Row& after,
    absl::FunctionRef<absl::Status(const Row* of_a, const Row* of_b)> differs,
    absl::FunctionRef<void(const Row& of_a)> each);

// Sums of both sides when they are the same; DATA_LOSS naming the first row that is not.
absl::StatusOr<std::vector<TableSum>> VerifyCopy(RowView& source, RowView& copied,
                                                 const CopyOptions& options);

}  // namespace trusthub::store::copy

#endif  // TRUSTHUB_COMMON_STORE_COPY_COPYING_H_
