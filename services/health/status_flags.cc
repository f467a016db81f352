#include "services/health/status_flags.h"

#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace trusthub::health {

v1::AttendanceFlags FlagsFrom(const children::v1::ChildStatus& status) {
  v1::AttendanceFlags flags;
  for (const children::v1::Status& held : status.statuses()) {
    v1::StatusFlag& flag = *flags.add_flags();
    const std::string& kind = children::v1::StatusKind_Name(held.kind());
    flag.set_kind(std::string(absl::StripPrefix(kind, "STATUS_KIND_")));
    if (held.has_start_date()) *flag.mutable_start_date() = held.start_date();
    if (held.has_end_date()) *flag.mutable_end_date() = held.end_date();
    flag.set_responsible_agency(held.responsible_agency());
    flag.set_responsible_title(held.responsible_title());
    flag.set_office_telephone(held.office_telephone());
    flag.set_emergency_telephone(held.emergency_telephone());
  }
  return flags;
}

}  // namespace trusthub::health
