// File: subject.h
//
// Step `subject`: whether the record or child that a request names exists for the caller.
#ifndef TRUSTHUB_COMMON_RPC_SUBJECT_H_
#define TRUSTHUB_COMMON_RPC_SUBJECT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/auth/principal.h"
#include "common/rpc/caller_facts.h"
#include "common/store/transaction.h"

namespace trusthub::rpc {

struct Subject {
  // Child that it is about; empty when it is about none or does not exist.
  std::string child;
  // The record that was asked for, when there is one: told to the log alone.
  std::string record;
  // The worker must not see the child: told to the log alone.
  bool conflicted = false;
};

// OK when the caller may know of `name`, a child or a record: by a relation to the child, as owner
// or author of the record, or because it was released to the caller's agency; RECORD_NOT_FOUND
// otherwise, after the same work, whether it exists or not. `fresh` says whether facts of children
// can be rested on; may be null. Fills `subject` even when it refuses.
absl::Status CheckSubject(store::Transaction& tx, const auth::Principal& caller, CallerFacts& facts,
                          const std::function<absl::Status()>& fresh, absl::string_view name,
                          Subject* subject);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_SUBJECT_H_
