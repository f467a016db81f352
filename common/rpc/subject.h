// File: subject.h
//
// Step `subject`: whether the record or child that a request names exists for the caller.
#ifndef TRUSTHUB_COMMON_RPC_SUBJECT_H_
#define TRUSTHUB_COMMON_RPC_SUBJECT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/auth/principal.h"
#include "common/rpc/caller_facts.h"
#include "common/rpc/visibility.h"
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

// OK when `name`, a child or a record, exists for the caller: by a relation to the child, as owner
// or author of the record, or because it was released to the caller's agency, which then is added
// to `relations`. With `itself` set the call is about this very record, and the agreements must let
// the caller know of it as well. RECORD_NOT_FOUND otherwise, after the same reads of the store and
// before any handler runs, whether there is such a record or not. `fresh` says whether facts of
// children can be rested on; may be null. `granting` decides by `relations` and what it adds to
// them. Fills `subject` even when it refuses.
absl::Status CheckSubject(store::Transaction& tx, const auth::Principal& caller, CallerFacts& facts,
                          Visibility& granting, std::uint32_t* relations,
                          const std::function<absl::Status()>& fresh, absl::string_view name,
                          bool itself, Subject* subject);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_SUBJECT_H_
