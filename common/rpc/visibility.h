// File: visibility.h
//
// What a handler may ask of the caller's rights: only whether something exists for the caller. What
// of it is given is decided after the handler, from its answer.
#ifndef TRUSTHUB_COMMON_RPC_VISIBILITY_H_
#define TRUSTHUB_COMMON_RPC_VISIBILITY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/policy/policy.h"

namespace trusthub::rpc {

// Not thread-safe; lives as long as the call.
class Visibility {
 public:
  virtual ~Visibility() = default;
  // Whether an answer may hold the record at all. A page is filled with such records alone, so that
  // its length and its token say nothing of others.
  virtual absl::StatusOr<bool> MayKnow(const policy::RecordFacts& record) = 0;
  // Whether the worker must not see the child: a handler that found it by other means than its name
  // goes on as if it had not.
  virtual absl::StatusOr<bool> IsConflicted(absl::string_view child) = 0;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_VISIBILITY_H_
