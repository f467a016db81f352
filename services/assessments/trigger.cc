#include "services/assessments/trigger.h"

#include <algorithm>

namespace trusthub::assessments {

absl::string_view TimescaleOf(v1::AssessmentKind kind) {
  return kind == v1::ASSESSMENT_KIND_CORE ? "ASSESS.CORE" : "ASSESS.INITIAL";
}

absl::CivilDay CoreTrigger(const std::vector<absl::CivilDay>& events, absl::CivilDay since,
                           absl::CivilDay start) {
  absl::CivilDay trigger = start;
  for (const absl::CivilDay day : events) {
    if (day >= since) trigger = std::min(trigger, day);
  }
  return trigger;
}

}  // namespace trusthub::assessments
