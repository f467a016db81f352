// File: told_of.h
//
// What a worker is told by events, as it stands by now.
#ifndef TRUSTHUB_TESTS_INTEGRATION_TOLD_OF_H_
#define TRUSTHUB_TESTS_INTEGRATION_TOLD_OF_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/hubctl/hub_folder.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::testing {

// Every event that `desk` is told of by a stream of `service` from its beginning, up to now: the
// stream is read until it says that it is complete past the moment of this call.
absl::StatusOr<std::vector<events::v1::Event>> ToldOf(hubctl::Desk& desk, absl::string_view service,
                                                      const events::v1::WatchRequest& request,
                                                      absl::string_view purpose);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_TOLD_OF_H_
