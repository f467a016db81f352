#include "tests/e2e/case_path.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/identifiers/identifiers.h"
#include "common/time/civil_date.h"
#include "tests/e2e/eventually.h"

namespace trusthub::testing {
namespace {

constexpr char kCouncil[] = "agencies/redbridge-council";
constexpr char kPolice[] = "agencies/met-police";
constexpr char kHealth[] = "agencies/nhs-redbridge";
constexpr char kSchool[] = "agencies/uphall-primary";

// 999 numbers belong to no one. About one in eleven has no check digit: it is passed over.
std::string NhsNumberOf(int number) {
  for (int serial = number * 20;; ++serial) {
    for (char check = '0'; check <= '9'; ++check) {
      std::string candidate = absl::StrFormat("999%06d%c", serial, check);
      if (identifiers::IsNhsNumber(candidate)) return candidate;
    }
  }
}

std::string UpnOf(int number) {
  const std::string rest = absl::StrFormat("317200104%03d", number % 1000);
  return std::string(1, identifiers::UpnCheckLetter(rest)) + rest;
}

}  // namespace

absl::Time CaseStart() { return absl::FromCivil(absl::CivilHour(2010, 1, 11, 10), London()); }

children::v1::ChildDetails DetailsOf(int number) {
  children::v1::ChildDetails details;
  details.mutable_person_name()->set_given(absl::StrCat("Test", number));
  details.mutable_person_name()->set_family("Example");
  *details.mutable_birth_date() = DateToProto(absl::CivilDay(2003, 1, 1) + number % 1000);
  details.set_sex(number % 2 == 0 ? children::v1::SEX_FEMALE : children::v1::SEX_MALE);
  details.set_nhs_number(NhsNumberOf(number));
  details.set_upn(UpnOf(number));
  details.set_ethnicity("ABAN");
  details.set_first_language("bn");
  details.mutable_address()->add_lines("1 Example Road");
  details.mutable_address()->set_postcode("IG1 1DD");
  details.set_local_identifier(absl::StrCat("P-", number));
  return details;
}

children::v1::RegisterChildRequest RegistrationOf(int number, absl::string_view request_id) {
  children::v1::RegisterChildRequest request;
  request.set_request_id(std::string(request_id));
  *request.mutable_details() = DetailsOf(number);
  return request;
}

referrals::v1::SubmitReferralRequest ReferralOf(absl::string_view child,
                                                absl::string_view request_id) {
  referrals::v1::SubmitReferralRequest request;
  request.set_request_id(std::string(request_id));
  request.set_to_agency(kCouncil);
  request.mutable_referral()->set_child(std::string(child));
  request.mutable_referral()->set_source("2A");
  request.mutable_referral()->set_primary_need("N1");
  request.mutable_referral()->set_abuse_category("NEG");
  request.mutable_referral()->set_concern("Comes to school hungry and without a coat.");
  request.mutable_referral()->set_parent_informed(true);
  return request;
}

health::v1::RegisterAttendanceRequest AttendanceOf(int number, absl::string_view request_id) {
  health::v1::RegisterAttendanceRequest request;
  request.set_request_id(std::string(request_id));
  request.mutable_attendance()->set_attendance_id(absl::StrCat("KGH-", request_id));
  request.mutable_attendance()->set_nhs_number(NhsNumberOf(number));
  request.mutable_attendance()->set_setting("ED");
  request.mutable_attendance()->set_site("King George Hospital");
  request.mutable_attendance()->set_reason_class("INJURY");
  return request;
}

CasePath::CasePath(const hubctl::Hub* hub, int number, absl::CivilDay today)
    : hub_(hub), number_(number), today_(today) {}

hubctl::Desk& CasePath::At(absl::string_view worker) {
  std::unique_ptr<hubctl::Desk>& desk = desks_[std::string(worker)];
  if (desk == nullptr) {
    auto made = hub_->DeskOf(worker);
    if (!made.ok()) {
      std::fprintf(stderr, "%s\n", made.status().ToString().c_str());
      std::abort();
    }
    desk = *std::move(made);
  }
  return *desk;
}

template <class Response>
absl::StatusOr<Response> CasePath::Ask(absl::string_view worker,
                                       const google::protobuf::Message& request,
                                       absl::string_view purpose) {
  if (wait_) wait_();
  return OnceKnown<Response>(
      [&] { return At(worker).Call<Response>(request, purpose, absl::StrCat("CASE-", number_)); });
}

absl::Status CasePath::Register() {
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answer,
      Ask<children::v1::RegisterChildResponse>(
          "uphall-lead-01", RegistrationOf(number_, RandomUuid()), "safeguarding_referral"));
  child = answer.child();
  return absl::OkStatus();
}

absl::Status CasePath::Refer() {
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answer,
      Ask<referrals::v1::SubmitReferralResponse>("uphall-lead-01", ReferralOf(child, RandomUuid()),
                                                 "safeguarding_referral"));
  referral = answer.referral();
  return absl::OkStatus();
}

absl::Status CasePath::Decide() {
  referrals::v1::GetReferralRequest get;
  get.set_name(referral.name());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto found, Ask<referrals::v1::GetReferralResponse>(
                                                  "lbr-screening-01", get, "screening"));
  referrals::v1::DecideReferralRequest request;
  request.set_request_id(RandomUuid());
  request.set_name(referral.name());
  request.set_etag(found.referral().etag());
  request.set_decision(referrals::v1::REFERRAL_DECISION_STRATEGY_DISCUSSION);
  request.set_rationale("Neglect over months, and a younger sibling at home.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, Ask<referrals::v1::DecideReferralResponse>(
                                                   "lbr-screening-01", request, "screening"));
  referral = answer.referral();
  return absl::OkStatus();
}

absl::Status CasePath::StartAssessment() {
  assessments::v1::StartAssessmentRequest request;
  request.set_request_id(RandomUuid());
  request.mutable_assessment()->set_child(child);
  request.mutable_assessment()->set_kind(assessments::v1::ASSESSMENT_KIND_INITIAL);
  request.mutable_assessment()->set_referral(referral.name());
  request.mutable_assessment()->set_lead_worker("workers/lbr-sw-01");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, Ask<assessments::v1::StartAssessmentResponse>(
                                                   "lbr-screening-01", request, "screening"));
  assessment = answer.assessment();
  return absl::OkStatus();
}

absl::Status CasePath::Discuss() {
  assessments::v1::RecordStrategyDiscussionRequest request;
  request.set_request_id(RandomUuid());
  assessments::v1::StrategyDiscussion& record = *request.mutable_strategy_discussion();
  record.set_child(child);
  for (const char* agency : {kCouncil, kPolice, kHealth}) {
    record.add_participants()->set_agency(agency);
  }
  record.set_start_enquiry(true);
  record.set_joint_with_police(true);
  record.set_interim_safety("Stays with the grandmother until the home visit.");
  record.set_decision_reason("Repeated neglect and an unexplained injury.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<assessments::v1::RecordStrategyDiscussionResponse>(
                                "lbr-manager-01", request, "child_protection_enquiry"));
  discussion = answer.strategy_discussion();
  return absl::OkStatus();
}

absl::Status CasePath::StartEnquiry() {
  assessments::v1::StartEnquiryRequest request;
  request.set_request_id(RandomUuid());
  request.mutable_enquiry()->set_child(child);
  request.mutable_enquiry()->set_strategy_discussion(discussion.name());
  request.mutable_enquiry()->set_lead_worker("workers/lbr-sw-01");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<assessments::v1::StartEnquiryResponse>("lbr-manager-01", request,
                                                                       "child_protection_enquiry"));
  enquiry = answer.enquiry();
  return absl::OkStatus();
}

absl::Status CasePath::ConcludeEnquiry() {
  assessments::v1::ConcludeEnquiryRequest request;
  request.set_request_id(RandomUuid());
  request.set_name(enquiry.name());
  request.set_etag(enquiry.etag());
  request.set_outcome(assessments::v1::ENQUIRY_OUTCOME_SUBSTANTIATED_CONFERENCE);
  request.set_findings("Neglect; the home is cold and there is no food.");
  *request.mutable_child_seen_date() = DateToProto(today_);
  request.set_child_seen_alone(true);
  request.set_child_views("I want breakfast and my own bed.");
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answer, Ask<assessments::v1::ConcludeEnquiryResponse>("lbr-manager-01", request,
                                                                       "child_protection_enquiry"));
  enquiry = answer.enquiry();
  return absl::OkStatus();
}

absl::Status CasePath::HoldConference() {
  plans::v1::RecordConferenceRequest request;
  request.set_request_id(RandomUuid());
  plans::v1::Conference& record = *request.mutable_conference();
  record.set_child(child);
  record.set_kind(plans::v1::CONFERENCE_KIND_INITIAL);
  record.set_enquiry(enquiry.name());
  for (const char* agency : {kCouncil, kPolice, kSchool}) {
    plans::v1::ConferenceAttendance& present = *record.add_attendance();
    present.set_agency(agency);
    present.set_report_received(true);
    present.set_agrees(true);
  }
  record.set_plan_needed(true);
  record.set_abuse_category("NEG");
  record.set_decision_reason("Continuing risk of significant harm.");
  plans::v1::PlanAction& action = *request.add_actions();
  action.set_need("Regular meals");
  action.set_outcome("Breakfast every school day");
  action.set_measure("Register of the breakfast club");
  action.set_action("A place at the breakfast club");
  action.set_owner_agency(kSchool);
  action.set_owner("Designated lead");
  *action.mutable_due_date() = DateToProto(today_ + 7);
  request.set_key_worker("workers/lbr-sw-01");
  request.add_core_group(kCouncil);
  request.add_core_group(kSchool);
  request.set_contingency("Legal planning meeting within five working days.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<plans::v1::RecordConferenceResponse>("lbr-chair-01", request,
                                                                     "child_protection_planning"));
  conference = answer.conference();
  plan = answer.plan();
  return absl::OkStatus();
}

absl::Status CasePath::Attend() {
  TRUSTHUB_ASSIGN_OR_RETURN(
      attendance, Ask<health::v1::RegisterAttendanceResponse>(
                      "bhrut-nurse-01", AttendanceOf(number_, RandomUuid()), "unscheduled_care"));
  return absl::OkStatus();
}

absl::Status CasePath::Place() {
  plans::v1::RecordPlacementRequest request;
  request.set_request_id(RandomUuid());
  plans::v1::Placement& placed = *request.mutable_placement();
  placed.set_child(child);
  placed.set_kind(plans::v1::PLACEMENT_KIND_FOSTER_CARE);
  placed.set_area_authority("881");
  placed.mutable_address()->add_lines("12 Quiet Close");
  placed.mutable_address()->set_postcode("CM1 1AA");
  *placed.mutable_start_date() = DateToProto(today_);
  placed.set_approved_by("workers/lbr-manager-01");
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answer,
      Ask<plans::v1::RecordPlacementResponse>("lbr-placement-01", request, "looked_after_care"));
  placement = answer.placement();
  return absl::OkStatus();
}

absl::Status CasePath::ToPlan() {
  TRUSTHUB_RETURN_IF_ERROR(Register());
  TRUSTHUB_RETURN_IF_ERROR(Refer());
  TRUSTHUB_RETURN_IF_ERROR(Decide());
  TRUSTHUB_RETURN_IF_ERROR(StartAssessment());
  TRUSTHUB_RETURN_IF_ERROR(Discuss());
  TRUSTHUB_RETURN_IF_ERROR(StartEnquiry());
  TRUSTHUB_RETURN_IF_ERROR(ConcludeEnquiry());
  return HoldConference();
}

}  // namespace trusthub::testing
