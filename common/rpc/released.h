// File: released.h
//
// Records that were released to agencies by name. Such an agency may ask for the record however it
// stands to the child by then: a relation that ends takes no notice back that was given. What it
// sees of the record is up to the agreements, for relation `released`.
#ifndef TRUSTHUB_COMMON_RPC_RELEASED_H_
#define TRUSTHUB_COMMON_RPC_RELEASED_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/transaction.h"

namespace trusthub::rpc {

// From this commit on, for good.
void ReleaseTo(store::Transaction& tx, absl::string_view record, absl::string_view agency);

// The same work for records that do not exist.
absl::StatusOr<bool> IsReleasedTo(store::Transaction& tx, absl::string_view record,
                                  absl::string_view agency);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_RELEASED_H_
