// Steps 6 and 7: the night in the emergency department, and what nobody is given.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/audit/receipt.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/clock.h"
#include "deploy/hubctl/story/alert.h"
#include "deploy/hubctl/story/steps.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::story {
namespace {

using children::v1::GetChildRequest;
using children::v1::GetChildResponse;
using health::v1::GetAttendanceRequest;
using health::v1::RegisterAttendanceRequest;
using health::v1::RegisterAttendanceResponse;
using health::v1::StatusFlag;
using plans::v1::GetPlanRequest;
using plans::v1::GetPlanResponse;

constexpr char kAttendanceCase[] = "ED-2010-0422";
constexpr absl::Duration kAlertLimit = absl::Seconds(10);

RegisterAttendanceRequest TheAttendance(const Play& play, absl::string_view nhs_number) {
  RegisterAttendanceRequest request;
  request.mutable_attendance()->set_attendance_id(
      absl::StrCat("KG-", play.player.RequestId("attendance").substr(0, 8)));
  request.mutable_attendance()->set_nhs_number(std::string(nhs_number));
  request.mutable_attendance()->set_setting("ED");
  request.mutable_attendance()->set_site("King George Hospital");
  request.mutable_attendance()->set_reason_class("INJURY");
  request.mutable_attendance()->set_accompanied_by("grandmother");
  request.mutable_attendance()->set_clinical_note("Laceration of the left forearm, 4 cm, sutured.");
  return request;
}

void TellFlags(const RegisterAttendanceResponse& response, Facts& facts) {
  facts.emplace_back("attendance", response.attendance().name());
  for (const StatusFlag& flag : response.flags().flags()) {
    facts.emplace_back("flag", absl::StrReplaceAll(flag.kind(), {{"_", " "}}));
    facts.emplace_back("since", DayText(flag.start_date()));
    facts.emplace_back("council", flag.responsible_title());
    facts.emplace_back("office telephone", flag.office_telephone());
    facts.emplace_back("emergency telephone", flag.emergency_telephone());
  }
}

// The status that the plan made reaches the child index as an event.
absl::Status SeeTheStatus(Play& play) {
  GetChildRequest get;
  get.set_name(play.child);
  return play.player
      .Ask<GetChildResponse>(
          {.worker = kSocialWorker,
           .purpose = "child_protection_planning",
           .case_reference = "CPAT-2010-0330",
           .intent = "that unscheduled care would be told",
           .settle = true},
          get,
          [](const GetChildResponse& response, Facts& facts) {
            for (const children::v1::Status& status : response.child().statuses()) {
              facts.emplace_back(
                  "status",
                  absl::StrCat(absl::StripPrefix(children::v1::StatusKind_Name(status.kind()),
                                                 "STATUS_KIND_"),
                               " from ", DayText(status.start_date())));
            }
          },
          [](const GetChildResponse& response) { return response.child().statuses_size() > 0; })
      .status();
}

absl::StatusOr<std::unique_ptr<Alert>> WatchTheChild(Play& play) {
  TRUSTHUB_ASSIGN_OR_RETURN(hubctl::Desk* const desk, play.player.DeskOf(kSocialWorker));
  events::v1::WatchRequest request;
  request.set_child(play.child);
  request.add_kinds(events::v1::EVENT_KIND_STATUS_ACCESSED);
  TRUSTHUB_ASSIGN_OR_RETURN(
      auto stream, desk->Watch("children", request, "child_protection_planning", "CPAT-2010-0330"));
  return std::make_unique<Alert>(std::move(stream), [](const events::v1::Event& event) {
    return event.kind() == events::v1::EVENT_KIND_STATUS_ACCESSED;
  });
}

absl::Status TellAlert(Play& play, Alert& alert, absl::Duration answered) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Alert::Seen seen, alert.Wait(kAlertLimit));
  Entry entry;
  entry.call = "Watch";
  entry.purpose = "child_protection_planning";
  entry.intent = "the stream of this child's events, open since the conference";
  entry.facts.emplace_back("event", "STATUS_ACCESSED");
  entry.facts.emplace_back("child", seen.event.child() == play.child ? "the same" : "another");
  entry.facts.emplace_back("by", seen.event.access().agency());
  entry.facts.emplace_back(
      "role", absl::StrReplaceAll(
                  absl::StripPrefix(options::v1::Role_Name(seen.event.access().role()), "ROLE_"),
                  {{"_", " "}}));
  const absl::Duration after = seen.when - answered;
  entry.facts.emplace_back("arrived", after <= absl::ZeroDuration()
                                          ? "before the hospital had its answer"
                                          : absl::StrCat(absl::ToInt64Milliseconds(after),
                                                         " ms after the hospital had its answer"));
  return play.player.Note(kSocialWorker, std::move(entry));
}

absl::Status ReadThePlanAtTheHospital(Play& play) {
  GetPlanRequest plan;
  plan.set_name(play.plan);
  return play.player
      .Ask<GetPlanResponse>(
          {.worker = kNurse,
           .purpose = "unscheduled_care",
           .case_reference = kAttendanceCase,
           .intent = "the text of the plan",
           .settle = true},
          plan,
          [](const GetPlanResponse& response, Facts& facts) {
            facts.emplace_back("starts", DayText(response.plan().start_date()));
            facts.emplace_back("actions told", absl::StrCat(response.plan().actions_size()));
            facts.emplace_back("contingency told",
                               response.plan().contingency().empty() ? "no" : "yes");
          })
      .status();
}

absl::Status AskForStrangers(Play& play) {
  Player& player = play.player;
  Telling telling{.worker = kOtherSchoolLead,
                  .purpose = "education_support",
                  .case_reference = "PASTORAL-1",
                  .intent = "a child who exists, at another school",
                  .refusal = errors::v1::ERROR_REASON_RECORD_NOT_FOUND};
  GetChildRequest get;
  get.set_name(play.child);
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Status unrelated, player.AskInVain(telling, get));
  telling.intent = "a child who does not exist";
  get.set_name(absl::StrCat("children/", RandomId()));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Status missing, player.AskInVain(telling, get));
  // As they came over the wire: code, message and details, but for the numbers of their audit
  // entries.
  if (error::WireDetails(error::WithDecision(unrelated, "")) !=
      error::WireDetails(error::WithDecision(missing, ""))) {
    return absl::FailedPreconditionError("the two refusals can be told apart");
  }
  player.Remark(absl::StrCat("The two answers are the same, byte by byte (",
                             error::WireDetails(missing).size(), " bytes)."));
  return absl::OkStatus();
}

}  // namespace

absl::Status AttendAtNight(Play& play) {
  Player& player = play.player;
  player.Step(6, "That night at King George: the flag, and the social worker is told at once");
  TRUSTHUB_RETURN_IF_ERROR(SeeTheStatus(play));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Alert> alert, WatchTheChild(play));
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 4, 22, 22, 40)));
  RegisterAttendanceRequest request = TheAttendance(play, play.cast.at_health.nhs_number());
  request.set_request_id(player.RequestId("attend"));
  absl::Duration answered;
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto registered,
      player.Ask<RegisterAttendanceResponse>(
          {.worker = kNurse,
           .purpose = "unscheduled_care",
           .case_reference = kAttendanceCase,
           .intent = "a girl with a cut arm, known by her NHS number alone",
           .settle = true},
          request, [&answered](const RegisterAttendanceResponse& response, Facts& facts) {
            answered = MonotonicNow();
            TellFlags(response, facts);
          }));
  play.attendance = registered.attendance().name();
  return TellAlert(play, *alert, answered);
}

absl::Status TryTheForbidden(Play& play) {
  Player& player = play.player;
  player.Step(7, "What must be refused is tried, and refused");
  TRUSTHUB_RETURN_IF_ERROR(ReadThePlanAtTheHospital(play));

  GetAttendanceRequest attendance;
  attendance.set_name(play.attendance);
  TRUSTHUB_RETURN_IF_ERROR(
      player
          .AskInVain({.worker = kHousing,
                      .purpose = "housing_support",
                      .case_reference = "TENANCY-1",
                      .intent = "why the tenant's daughter was in hospital",
                      .refusal = errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED},
                     attendance)
          .status());

  referrals::v1::GetReferralRequest referral;
  referral.set_name(play.referral);
  TRUSTHUB_RETURN_IF_ERROR(
      player
          .AskWithTokenOf(kSchoolLead,
                          {.worker = kHousing,
                           .purpose = "safeguarding_referral",
                           .case_reference = "TENANCY-1",
                           .intent = "the school's referral, with a token stolen from the school",
                           .refusal = errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH},
                          referral)
          .status());
  TRUSTHUB_RETURN_IF_ERROR(AskForStrangers(play));

  RegisterAttendanceRequest wrong =
      TheAttendance(play, WithWrongCheckDigit(play.cast.at_health.nhs_number()));
  wrong.set_request_id(player.RequestId("attend wrongly"));
  return player
      .AskInVain({.worker = kNurse,
                  .purpose = "unscheduled_care",
                  .case_reference = kAttendanceCase,
                  .intent = "an attendance with one digit of the NHS number wrong",
                  .refusal = errors::v1::ERROR_REASON_REQUEST_INVALID},
                 wrong)
      .status();
}

absl::Status CheckTheReceipt(Play& play) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, play.player.hub().AuditKeyOf("referrals"));
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyReceipt(play.receipt, key));
  types::v1::Receipt forged = play.receipt;
  forged.set_entry_index(forged.entry_index() + 1);
  Entry entry;
  entry.call = "VerifyReceipt";
  entry.purpose = "audit_review";
  entry.intent = "the receipt of the first answer, offline, with the hub's published key";
  entry.facts.emplace_back("receipt", absl::StrCat("entry ", play.receipt.entry_index(), " of ",
                                                   play.receipt.tree(), ": genuine"));
  entry.facts.emplace_back(
      "altered by one", audit::VerifyReceipt(forged, key).ok() ? "taken for genuine" : "refused");
  return play.player.Note(kSchoolLead, std::move(entry));
}

}  // namespace trusthub::story
