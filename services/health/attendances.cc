#include "services/health/attendances.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/policy/policy.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "services/health/status_flags.h"
#include "trusthub/children/v1/children_service.pb.h"

namespace trusthub::health {
namespace {

// Index that holds each agency's own attendance ids, so that none counts twice.
constexpr char kAttendanceIdIndex[] = "attendances/agency_id";

// An agency's name holds no space, so agency and id cannot run into each other.
std::string AttendanceIdKey(const rpc::Call& call, const v1::Attendance& attendance) {
  return absl::StrCat(call.caller.agency, " ", attendance.attendance_id());
}

// Fails when the agency counted this attendance before.
absl::Status CheckFirst(const rpc::Call& call, absl::string_view key) {
  TRUSTHUB_ASSIGN_OR_RETURN(const store::Page<v1::Attendance> earlier,
                            call.tx.ListByIndex<v1::Attendance>(kAttendanceIdIndex, key, 0, 1));
  if (earlier.records.empty()) return absl::OkStatus();
  return error::RecordExists("attendance", "An agency registers each attendance_id once.");
}

// The council learns at once who saw the child and where; nothing clinical leaves with the event.
absl::Status TellAccess(rpc::Call& call, const v1::Attendance& attendance, bool status_found) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_ATTENDANCE_REGISTERED);
  event.set_child(attendance.child());
  event.set_record(attendance.name());
  event.set_owner_agency(attendance.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = attendance.occurred_at();
  events::v1::AccessFact& access = *event.mutable_access();
  access.set_agency(call.caller.agency);
  access.set_role(call.caller.role);
  access.set_site(attendance.site());
  *access.mutable_access_time() = attendance.occurred_at();
  access.set_status_found(status_found);
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

absl::StatusOr<v1::RegisterAttendanceResponse> Attendances::RegisterAttendance(
    rpc::Call& call, const v1::RegisterAttendanceRequest& request) {
  v1::RegisterAttendanceResponse response;
  v1::Attendance& attendance = *response.mutable_attendance();
  attendance = request.attendance();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, &attendance).status());
  // Before the question: a repeated id must not show the child's record as read once more.
  const std::string key = AttendanceIdKey(call, attendance);
  TRUSTHUB_RETURN_IF_ERROR(CheckFirst(call, key));

  children::v1::CheckChildRequest check;
  check.set_nhs_number(attendance.nhs_number());
  check.set_attendance_id(attendance.attendance_id());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto checked,
                            services_->Ask<children::v1::CheckChildResponse>(call, check));
  const children::v1::ChildStatus& status = checked.status();

  attendance.set_child(status.child());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&attendance, call.caller.agency, call.caller.agency,
                                          {{kAttendanceIdIndex, key, /*unique=*/true}}));
  if (!status.child().empty()) {
    TRUSTHUB_RETURN_IF_ERROR(TellAccess(call, attendance, !status.statuses().empty()));
  }
  *response.mutable_flags() = FlagsFrom(status);
  call.relations |= policy::kPresenting;
  call.child = status.child();
  return response;
}

absl::StatusOr<v1::GetAttendanceResponse> Attendances::GetAttendance(
    rpc::Call& call, const v1::GetAttendanceRequest& request) {
  v1::GetAttendanceResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_attendance(),
                            call.tx.Get<v1::Attendance>(request.name()));
  return response;
}

absl::StatusOr<v1::ListAttendancesResponse> Attendances::ListAttendances(
    rpc::Call& call, const v1::ListAttendancesRequest& request) {
  v1::ListAttendancesResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Attendance>(request.child(), after, size);
      },
      response.mutable_attendances(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::health
