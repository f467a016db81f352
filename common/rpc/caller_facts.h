// File: caller_facts.h
//
// What the facts of other services say of one caller, in one transaction: how the caller stands to
// the children of an answer, of what kind the providers of records are. Each fact is read when it
// is asked for, and once.
#ifndef TRUSTHUB_COMMON_RPC_CALLER_FACTS_H_
#define TRUSTHUB_COMMON_RPC_CALLER_FACTS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/principal.h"
#include "common/base/relations.h"
#include "common/events/facts.h"
#include "common/store/transaction.h"

namespace trusthub::rpc {

// Not thread-safe; everything it was given outlives it.
class CallerFacts {
 public:
  CallerFacts(store::Transaction* tx, const auth::Principal* caller, options::v1::Purpose purpose,
              const events::StandingRules* rules)
      : tx_(*tx), caller_(*caller), purpose_(purpose), rules_(*rules) {}

  // No relation to a child that is not known, nor to none ("").
  absl::StatusOr<policy::Standing> StandingWith(absl::string_view child);
  // Whether a conflict stood between the caller and the child before this transaction wrote.
  absl::StatusOr<bool> WasConflicted(absl::string_view child);
  // UNSPECIFIED for an agency that is not known here (yet).
  absl::StatusOr<directory::v1::AgencyKind> KindOf(absl::string_view agency);
  // Whether the worker's last day lies before today. A worker who is not known here has not left:
  // the directory's news may not have come yet.
  absl::StatusOr<bool> HasLeft();

  // Reads children's facts again: the transaction wrote since.
  void Forget() { standings_.clear(); }
  store::Snapshot& snapshot() const { return tx_.snapshot(); }
  // Children asked for so far.
  const std::vector<std::pair<std::string, policy::Standing>>& standings() const {
    return standings_;
  }

 private:
  policy::Standing StandingBy(const internal::v1::ChildFacts& facts) const;

  store::Transaction& tx_;
  const auth::Principal& caller_;
  const options::v1::Purpose purpose_;
  const events::StandingRules& rules_;
  std::vector<std::pair<std::string, policy::Standing>> standings_;
  std::vector<std::pair<std::string, directory::v1::AgencyKind>> kinds_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_CALLER_FACTS_H_
