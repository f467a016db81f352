#include "common/rpc/data_keys.h"

#include "common/base/status_macros.h"

namespace trusthub::rpc {

using audit::v1::CountDataKeysRequest;
using audit::v1::CountDataKeysResponse;

absl::StatusOr<CountDataKeysResponse> DataKeyCounts::CountDataKeys(Call&,
                                                                   const CountDataKeysRequest&) {
  TRUSTHUB_ASSIGN_OR_RETURN(const store::KeyUse use, store_.CountKeys());
  CountDataKeysResponse response;
  response.set_current_ring_key(use.current);
  for (const auto& [ring_key, count] : use.keys) {
    auto* row = response.add_counts();
    row->set_ring_key(ring_key);
    row->set_data_keys(count);
  }
  return response;
}

Routes DataKeysRoutes(DataKeyCounts* counts) {
  Routes routes(CountDataKeysRequest::descriptor()->file());
  routes.Add(&DataKeyCounts::CountDataKeys, counts);
  return routes;
}

}  // namespace trusthub::rpc
