#include "services/health/care_date.h"

#include <string>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/dates.h"

namespace trusthub::health {

absl::Status CheckCareDate(absl::string_view field, const types::v1::Date& date,
                           absl::CivilDay today) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay day, rpc::FullDay(field, date));
  if (day <= today) return absl::OkStatus();
  return error::RequestInvalid(
      {{std::string(field), "must not lie in the future; record care when it was given"}});
}

}  // namespace trusthub::health
