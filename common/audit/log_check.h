// File: log_check.h
//
// Checking a whole audit log with no trust in the hub but its published audit key: every leaf hash
// and every root is computed anew.
#ifndef TRUSTHUB_COMMON_AUDIT_LOG_CHECK_H_
#define TRUSTHUB_COMMON_AUDIT_LOG_CHECK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/audit/tiles.h"
#include "common/store/store.h"

namespace trusthub::audit {

// Gives entries from `first_index` on, in order, at most `limit`; none after the last.
using ReadLeaves = std::function<absl::StatusOr<std::vector<store::StoredLeaf>>(
    std::int64_t first_index, int limit)>;

// What is known of the log from elsewhere. More of it finds a fault more exactly: a root alone says
// that some entry was changed, not which.
struct Witness {
  // Signed heads of the tree, of any sizes; the largest says how long the log is. At least one.
  std::vector<store::SealedHead> heads;
  // Leaf hashes by index, e.g. of receipts that agencies kept.
  std::map<std::int64_t, std::string> leaf_hashes = {};
  // The tiles kept beside the entries, to be checked with them; null where they cannot be read.
  TileCheck::Read tiles = nullptr;
};

struct LogCheck {
  absl::Status status;          // OK, DATA_LOSS with what is wrong, or the reader's error
  std::int64_t checked = 0;     // entries that were read
  std::int64_t first_bad = -1;  // no entry before this one is bad; -1 when a head is, or none
  std::int64_t last_bad = -1;   // the fault lies in [first_bad, last_bad]
};

LogCheck VerifyLog(const ReadLeaves& read, const Witness& witness, absl::string_view public_key);
// Against one head: what `hubctl audit verify` does without further evidence.
LogCheck VerifyLog(const ReadLeaves& read, const store::SealedHead& head,
                   absl::string_view public_key);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_LOG_CHECK_H_
