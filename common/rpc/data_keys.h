// File: data_keys.h
//
// DataKeysService, the same in every service: how far a change of its key ring has come.
#ifndef TRUSTHUB_COMMON_RPC_DATA_KEYS_H_
#define TRUSTHUB_COMMON_RPC_DATA_KEYS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/rpc/routes.h"
#include "common/store/sealed/sealed_store.h"
#include "trusthub/audit/v1/data_keys_service.pb.h"

namespace trusthub::rpc {

class DataKeyCounts {
 public:
  // `store` is not owned.
  explicit DataKeyCounts(store::SealedStore* store) : store_(*store) {}

  absl::StatusOr<audit::v1::CountDataKeysResponse> CountDataKeys(
      Call& call, const audit::v1::CountDataKeysRequest& request);

 private:
  store::SealedStore& store_;
};

Routes DataKeysRoutes(DataKeyCounts* counts);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DATA_KEYS_H_
