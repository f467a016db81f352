// File: child_seen.h
//
// The child in the record: when they were seen, and what they said, wished and felt. No assessment
// or enquiry ends without both (domain.md 7 rows 19 and 20; Ofsted 2010 paragraphs 22 to 26).
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_CHILD_SEEN_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_CHILD_SEEN_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub::assessments {

// CHILD_VIEWS_MISSING when neither the views nor the reason why they are missing say anything.
absl::Status CheckChildViews(absl::string_view views, absl::string_view missing_reason);

// REQUEST_INVALID when `seen` is no full day; DATE_FORBIDDEN when it lies before `earliest` or
// after `today`.
absl::Status CheckChildSeen(const types::v1::Date& seen, absl::CivilDay earliest,
                            absl::CivilDay today);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_CHILD_SEEN_H_
