// File: tree_check.h
//
// Checking the audit trees of a store from its rows: of a copy, before it is served, or of a
// database, without a service.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_MOVING_TREE_CHECK_H_
#define TRUSTHUB_DEPLOY_HUBCTL_MOVING_TREE_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/copy/rows.h"
#include "common/store/store.h"

namespace trusthub::hubctl {

struct CheckedTree {
  std::string name;
  store::SealedHead head;  // empty of a log without entries
  absl::Status status;     // OK, DATA_LOSS with what is wrong, or the reader's error
  std::int64_t entries = 0;
};

// Every entry and every tile of each tree is computed anew, up to its signed head, by `public_key`.
absl::StatusOr<std::vector<CheckedTree>> CheckTrees(store::copy::RowView& rows,
                                                    absl::string_view public_key);
// The first that is not OK, by its tree's name.
absl::Status WorstOf(const std::vector<CheckedTree>& trees);
// Of all.
std::int64_t EntriesOf(const std::vector<CheckedTree>& trees);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_MOVING_TREE_CHECK_H_
