// File: decision_name.h
//
// The name by which a decision can be asked about later: that of its audit entry.
#ifndef TRUSTHUB_COMMON_RPC_DECISION_NAME_H_
#define TRUSTHUB_COMMON_RPC_DECISION_NAME_H_

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/audit/answer.h"

namespace trusthub::rpc {

// "auditTrees/{id}/entries/{index}". `tree` is "auditTrees/{id}".
inline std::string DecisionName(absl::string_view tree, std::int64_t index) {
  return audit::EntryName(tree, index);
}

// The tree of a name that DecisionName gives; empty for a text without one.
inline absl::string_view TreeOfDecision(absl::string_view decision) {
  const std::size_t entries = decision.rfind("/entries/");
  return entries == absl::string_view::npos ? absl::string_view() : decision.substr(0, entries);
}

// The index of a name that DecisionName gives for `tree`; -1 for every other text.
inline std::int64_t EntryIndexOf(absl::string_view tree, absl::string_view decision) {
  std::int64_t index = -1;
  const std::size_t slash = decision.rfind('/');
  if (slash == absl::string_view::npos) return -1;
  if (!absl::SimpleAtoi(decision.substr(slash + 1), &index) || index < 0) return -1;
  return DecisionName(tree, index) == decision ? index : -1;
}

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DECISION_NAME_H_
