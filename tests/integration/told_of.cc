#include "tests/integration/told_of.h"

#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"

namespace trusthub::testing {

absl::StatusOr<std::vector<events::v1::Event>> ToldOf(hubctl::Desk& desk, absl::string_view service,
                                                      const events::v1::WatchRequest& request,
                                                      absl::string_view purpose) {
  const absl::Time now = RealClock().Now();
  TRUSTHUB_ASSIGN_OR_RETURN(const auto stream, desk.Watch(service, request, purpose, "CASE-1"));
  std::vector<events::v1::Event> told;
  while (true) {
    events::v1::WatchResponse response;
    TRUSTHUB_RETURN_IF_ERROR(stream->Read(&response));
    told.insert(told.end(), response.events().begin(), response.events().end());
    if (response.has_as_of() && TimeFromProto(response.as_of()) > now) break;
  }
  stream->Cancel();
  return told;
}

}  // namespace trusthub::testing
