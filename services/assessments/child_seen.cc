#include "services/assessments/child_seen.h"

#include "absl/strings/ascii.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/dates.h"

namespace trusthub::assessments {

absl::Status CheckChildViews(absl::string_view views, absl::string_view missing_reason) {
  if (!absl::StripAsciiWhitespace(views).empty() ||
      !absl::StripAsciiWhitespace(missing_reason).empty()) {
    return absl::OkStatus();
  }
  return error::RuleBroken(errors::v1::ERROR_REASON_CHILD_VIEWS_MISSING,
                           "Work with a child ends with the child's views, or why there are none.",
                           "Record child_views, verbatim where possible, or say in "
                           "child_views_missing_reason why they are missing.");
}

absl::Status CheckChildSeen(const types::v1::Date& seen, absl::CivilDay earliest,
                            absl::CivilDay today) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay day, rpc::FullDay("child_seen_date", seen));
  if (day > today) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "child_seen_date may not lie in the future.",
                             "See the child, then record the day on which they were seen.");
  }
  if (day < earliest) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "child_seen_date may not lie before the work that it belongs to.",
                             "Record a day on which the child was seen for this work.");
  }
  return absl::OkStatus();
}

}  // namespace trusthub::assessments
