// File: configured_store.h
//
// Where a service of a hub's folder keeps its store, by its configuration.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_MOVING_CONFIGURED_STORE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_MOVING_CONFIGURED_STORE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/postgres/row_store.h"

namespace trusthub::hubctl {

// The database of the service, as {hub}/config/{service}.yaml names it; without a URL when it names
// none or is not there: then its store is in files of its data folder.
absl::StatusOr<store::PostgresRowOptions> DatabaseOf(const std::string& hub_folder,
                                                     absl::string_view service);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_MOVING_CONFIGURED_STORE_H_
