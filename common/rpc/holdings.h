// File: holdings.h
//
// HoldingsService, the same in every service: what the service keeps of a child, as far as
// retention schedules tell records apart. For the children service alone; never content.
#ifndef TRUSTHUB_COMMON_RPC_HOLDINGS_H_
#define TRUSTHUB_COMMON_RPC_HOLDINGS_H_

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/call.h"
#include "common/rpc/record_types.h"
#include "common/rpc/routes.h"
#include "common/store/store.h"
#include "trusthub/retention/v1/holdings_service.pb.h"

namespace trusthub::rpc {

// Every record about `child` in `snapshot`, those alike counted together. Marks are the single
// enums of a record and whether it has each of its single messages that are no values; a kind that
// is not in `types` has none.
absl::StatusOr<retention::v1::GetHoldingsResponse> HoldingsOf(store::Snapshot& snapshot,
                                                              absl::string_view child,
                                                              const RecordTypes& types);

class Holdings {
 public:
  explicit Holdings(RecordTypes types) : types_(std::move(types)) {}
  absl::StatusOr<retention::v1::GetHoldingsResponse> GetHoldings(
      Call& call, const retention::v1::GetHoldingsRequest& request);

 private:
  const RecordTypes types_;
};

Routes HoldingsRoutes(Holdings* holdings);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_HOLDINGS_H_
