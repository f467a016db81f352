// File: call.h
//
// What a handler knows of its call. A handler is
//     absl::StatusOr<Response> Domain::Method(rpc::Call&, const Request&)
// and nothing else: it never sees gRPC, never logs, never asks who may see what, never commits.
#ifndef TRUSTHUB_COMMON_RPC_CALL_H_
#define TRUSTHUB_COMMON_RPC_CALL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/principal.h"
#include "common/policy/policy.h"
#include "common/proto/page_token.h"
#include "common/rpc/visibility.h"
#include "common/store/transaction.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::rpc {

struct Call {
  const auth::Principal& caller;
  options::v1::Purpose purpose;
  absl::string_view case_reference;
  absl::string_view trace_id;
  absl::Time now;       // the one domain instant of the call
  absl::Time deadline;  // on the real clock
  store::Transaction& tx;
  // The caller's credentials as received, for calls to other services on the user's behalf.
  absl::string_view authorization;
  const proto::PageTokens& page_tokens;  // for lists; see common/rpc/paging.h
  // How old the facts of children were when `tx` was opened; zero where they are the service's own.
  absl::Duration child_facts_age = absl::ZeroDuration();

  // Relations that the handler itself established, beside those of the record and the child: e.g.
  // policy::kPresenting once an attendance was checked.
  std::uint32_t relations = 0;
  // Child that the answer is about, when the request did not name it (found by NHS number).
  std::string child = {};
  // Null in tests of handlers alone, where everything exists.
  Visibility* visibility = nullptr;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_CALL_H_
