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
#include "common/rpc/visibility.h"
#include "common/store/transaction.h"

namespace trusthub::rpc {

// What a request names.
struct Asked {
  absl::string_view name;  // of a record or child
  // The method is about the record itself, which is of this kind: then it exists only for those who
  // may know something of it. Unspecified: the method is about what there is of a child.
  policy::RecordKind itself = options::v1::RECORD_KIND_UNSPECIFIED;
};

struct Subject {
  // Child that it is about; empty when it is about none or does not exist.
  std::string child;
  // The record that was asked for, when there is one: told to the log alone.
  std::string record;
  // The worker must not see the child: told to the log alone.
  bool conflicted = false;
  // Relations that the record itself gives.
  std::uint32_t relations = 0;
};

// OK when the caller may know of what is asked for: by a relation to the child, as owner or author
// of the record, or because it was released to the caller's agency; of a record itself, as far as
// `visibility` lets it be known, which decides with Subject::relations. RECORD_NOT_FOUND otherwise,
// after the same reads, whether it exists or not. `fresh` says whether facts of children can be
// rested on; may be null. Fills `subject` even when it refuses.
absl::Status CheckSubject(store::Transaction& tx, const auth::Principal& caller, CallerFacts& facts,
                          const std::function<absl::Status()>& fresh, const Asked& asked,
                          Visibility& visibility, Subject* subject);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_SUBJECT_H_
