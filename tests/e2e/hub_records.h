// File: hub_records.h
//
// What a hub says of itself afterwards: every event of a service, and its whole audit log.
#ifndef TRUSTHUB_TESTS_E2E_HUB_RECORDS_H_
#define TRUSTHUB_TESTS_E2E_HUB_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/hubctl/hub_folder.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::testing {

// Every event that `service` holds now, in order, as another service of the hub reads them.
absl::StatusOr<std::vector<events::v1::Event>> EventsOf(const hubctl::Hub& hub,
                                                        absl::string_view service);

// The cursor behind the last of them.
absl::StatusOr<std::string> CursorAtEnd(const hubctl::Hub& hub, absl::string_view service);
// How `service` answers a follower who comes back with `cursor`.
absl::Status FollowFrom(const hubctl::Hub& hub, absl::string_view service,
                        const std::string& cursor);

// Reads the whole audit logs of `service` as the auditor and checks each against its newest signed
// head, the published key, and receipts that callers kept. Returns the number of entries.
absl::StatusOr<std::int64_t> CheckAuditLog(const hubctl::Hub& hub, absl::string_view service,
                                           const std::vector<types::v1::Receipt>& kept);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_HUB_RECORDS_H_
