#include "tests/integration/family.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "tests/e2e/eventually.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/children/v1/allocations_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"

namespace trusthub::testing {
namespace {

// For news to cross between services on a machine that does other things as well.
constexpr absl::Duration kNewsTime = absl::Seconds(60);

std::string AgencyName(absl::string_view id) { return absl::StrCat("agencies/", id); }

referrals::v1::PoliceGrading Grading() {
  referrals::v1::PoliceGrading grading;
  grading.set_source_evaluation("B");
  grading.set_information_evaluation("2");
  grading.set_handling_code("3");
  return grading;
}

[[noreturn]] void Fail(absl::string_view what) {
  std::fprintf(stderr, "%s\n", std::string(what).c_str());
  std::abort();
}

}  // namespace

hubctl::Desk& Cast::At(absl::string_view worker) {
  auto found = desks_.find(worker);
  if (found != desks_.end()) return *found->second;
  auto desk = hub_->DeskOf(worker);
  if (!desk.ok()) Fail(desk.status().ToString());
  return *desks_.emplace(std::string(worker), *std::move(desk)).first->second;
}

Family::Family(const hubctl::Hub* hub, Cast* cast, int number, absl::CivilDay today)
    : cast_(cast), number_(number), today_(today), path_(hub, number, today) {}

template <class Response>
absl::StatusOr<Response> Family::Ask(absl::string_view worker,
                                     const google::protobuf::Message& request,
                                     absl::string_view purpose) {
  if (wait_) wait_();
  return OnceKnown<Response>([&] {
    return cast_->At(worker).Call<Response>(request, purpose, absl::StrCat("CASE-", number_));
  });
}

void Family::BeforeEachCall(std::function<void()> wait) {
  wait_ = wait;
  path_.BeforeEachCall(std::move(wait));
}

absl::Status Family::Hold(absl::string_view worker, absl::string_view purpose) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<children::v1::RegisterChildResponse>(
                                worker, RegistrationOf(number_, RandomUuid()), purpose));
  if (answer.child() == path_.child) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(worker, " registered another child"));
}

absl::Status Family::Register() {
  TRUSTHUB_RETURN_IF_ERROR(path_.Register());
  TRUSTHUB_RETURN_IF_ERROR(Hold("nhsr-visitor-01", "health_care"));
  TRUSTHUB_RETURN_IF_ERROR(Hold("nelft-camhs-01", "health_care"));
  TRUSTHUB_RETURN_IF_ERROR(Hold("housing-officer-01", "housing_support"));
  return Hold("met-cait-01", "police_protection");
}

absl::Status Family::Refer() {
  TRUSTHUB_RETURN_IF_ERROR(path_.Refer());
  TRUSTHUB_RETURN_IF_ERROR(path_.Decide());
  children::v1::AllocateWorkerRequest request;
  request.set_request_id(RandomUuid());
  request.mutable_allocation()->set_child(child());
  request.mutable_allocation()->set_worker("workers/lbr-sw-01");
  return Ask<children::v1::AllocateWorkerResponse>("lbr-manager-01", request, "assessment")
      .status();
}

absl::Status Family::ReferAs(absl::string_view worker) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto submitted, Ask<referrals::v1::SubmitReferralResponse>(
                                                      worker, ReferralOf(child(), RandomUuid()),
                                                      "safeguarding_referral"));
  const std::string& name = submitted.referral().name();
  referrals_[std::string(worker)] = name;
  referrals::v1::DecideReferralRequest request;
  request.set_request_id(RandomUuid());
  request.set_name(name);
  request.set_etag(submitted.referral().etag());
  request.set_decision(referrals::v1::REFERRAL_DECISION_STRATEGY_DISCUSSION);
  request.set_rationale("As the school's: neglect over months.");
  return Ask<referrals::v1::DecideReferralResponse>("lbr-screening-01", request, "screening")
      .status();
}

absl::Status Family::Report() {
  referrals::v1::SubmitContactRequest request;
  request.set_request_id(RandomUuid());
  request.set_to_agency("agencies/redbridge-council");
  referrals::v1::Contact& contact = *request.mutable_contact();
  contact.set_child(child());
  contact.set_kind(referrals::v1::CONTACT_KIND_POLICE_INCIDENT);
  contact.set_source("6");
  contact.set_agency_reference(absl::StrCat("MERLIN-", number_));
  contact.set_summary("Officers were called to shouting at night; the children were upstairs.");
  contact.set_domestic_violence(true);
  *contact.mutable_grading() = Grading();
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, Ask<referrals::v1::SubmitContactResponse>(
                                                   "met-cait-01", request, "police_protection"));
  contact_ = answer.contact();
  return absl::OkStatus();
}

absl::Status Family::Enquire(const Tables& tables) {
  TRUSTHUB_RETURN_IF_ERROR(path_.StartAssessment());
  assessments::v1::RecordStrategyDiscussionRequest request;
  request.set_request_id(RandomUuid());
  assessments::v1::StrategyDiscussion& record = *request.mutable_strategy_discussion();
  record.set_child(child());
  for (const std::string& agency : tables.strategy) {
    record.add_participants()->set_agency(AgencyName(agency));
  }
  record.set_start_enquiry(true);
  record.set_joint_with_police(true);
  record.set_interim_safety("Stays with the grandmother until the home visit.");
  record.set_decision_reason("Repeated neglect and an unexplained injury.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<assessments::v1::RecordStrategyDiscussionResponse>(
                                "lbr-manager-01", request, "child_protection_enquiry"));
  path_.discussion = answer.strategy_discussion();
  // The worker's own answers are empty until the service knows of the allocation.
  assessments::v1::GetStrategyDiscussionRequest get;
  get.set_name(path_.discussion.name());
  if (wait_) wait_();
  const bool known = Within(kNewsTime, [&] {
    return cast_->At("lbr-sw-01")
        .Call<assessments::v1::GetStrategyDiscussionResponse>(get, "child_protection_enquiry",
                                                              "CASE-1")
        .ok();
  });
  if (!known) return absl::DeadlineExceededError("the allocation never reached assessments");
  return path_.StartEnquiry();
}

absl::Status Family::AskPolice() {
  assessments::v1::RequestCheckRequest request;
  request.set_request_id(RandomUuid());
  assessments::v1::Check& check = *request.mutable_check();
  check.set_child(child());
  check.set_kind(assessments::v1::CHECK_KIND_CO_OPERATION);
  check.set_enquiry(path_.enquiry.name());
  check.set_to_agency("agencies/met-police");
  check.set_question("What is known of the household?");
  *check.mutable_due_time() = TimeToProto(absl::FromCivil(today_ + 3, London()));
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto asked,
      Ask<assessments::v1::RequestCheckResponse>("lbr-sw-01", request, "child_protection_enquiry"));
  assessments::v1::AnswerCheckRequest answer;
  answer.set_request_id(RandomUuid());
  answer.set_name(asked.check().name());
  answer.set_etag(asked.check().etag());
  answer.set_answer("Two calls in the last year.");
  answer.mutable_intelligence()->set_summary("An associate of the father may be armed.");
  *answer.mutable_intelligence()->mutable_grading() = Grading();
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answered,
      Ask<assessments::v1::AnswerCheckResponse>("met-cait-01", answer, "child_protection_enquiry"));
  check_ = answered.check();
  return absl::OkStatus();
}

absl::Status Family::ConcludeEnquiry() { return path_.ConcludeEnquiry(); }

plans::v1::RecordConferenceRequest Family::ConferenceOf(const Tables& tables) const {
  plans::v1::RecordConferenceRequest request;
  request.set_request_id(RandomUuid());
  plans::v1::Conference& record = *request.mutable_conference();
  record.set_child(child());
  record.set_kind(plans::v1::CONFERENCE_KIND_INITIAL);
  record.set_enquiry(path_.enquiry.name());
  for (const std::string& agency : tables.conference) {
    plans::v1::ConferenceAttendance& present = *record.add_attendance();
    present.set_agency(AgencyName(agency));
    present.set_report_received(true);
    present.set_agrees(true);
  }
  record.set_plan_needed(true);
  record.set_abuse_category("NEG");
  record.set_decision_reason("Continuing risk of significant harm.");
  for (const std::string& agency : tables.action_owners) {
    plans::v1::PlanAction& action = *request.add_actions();
    action.set_need("Regular meals and a warm home");
    action.set_outcome("The child eats and sleeps well");
    action.set_measure("Weekly log");
    action.set_action(absl::StrCat("What ", agency, " does"));
    action.set_owner_agency(AgencyName(agency));
    action.set_owner("Named lead");
    *action.mutable_due_date() = DateToProto(today_ + 7);
  }
  request.set_key_worker("workers/lbr-sw-01");
  for (const std::string& agency : tables.core_group) {
    request.add_core_group(AgencyName(agency));
  }
  request.set_contingency("Legal planning meeting within five working days.");
  return request;
}

absl::Status Family::Confer(const Tables& tables) {
  TRUSTHUB_RETURN_IF_ERROR(ConcludeEnquiry());
  const plans::v1::RecordConferenceRequest request = ConferenceOf(tables);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<plans::v1::RecordConferenceResponse>("lbr-chair-01", request,
                                                                     "child_protection_planning"));
  path_.conference = answer.conference();
  path_.plan = answer.plan();
  return absl::OkStatus();
}

absl::Status Family::Treat() {
  health::v1::AddHealthRecordRequest request;
  request.set_request_id(RandomUuid());
  health::v1::HealthRecord& record = *request.mutable_health_record();
  record.set_child(child());
  record.set_kind(health::v1::HEALTH_RECORD_KIND_HEALTH_PLAN);
  *record.mutable_care_date() = DateToProto(today_);
  record.set_summary("Asthma, well controlled; weight low for height.");
  record.set_medical_needs("Inhaler before sport.");
  record.set_detail("Salbutamol 100 micrograms; dietitian in March.");
  record.set_mental_health("Sleeps badly; seen once by the clinic.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, Ask<health::v1::AddHealthRecordResponse>(
                                                   "nhsr-visitor-01", request, "health_care"));
  health_record_ = answer.health_record();
  return absl::OkStatus();
}

absl::Status Family::Present() {
  // One attendance, once the department would be shown the plan: the hub does not link an
  // attendance to a child about whom it has nothing to tell.
  children::v1::GetChildRequest get;
  get.set_name(child());
  if (wait_) wait_();
  const bool known = Within(kNewsTime, [&] {
    const auto answer =
        cast_->At("lbr-sw-01")
            .Call<children::v1::GetChildResponse>(get, "child_protection_planning", "CASE-1");
    return answer.ok() && !answer->child().statuses().empty();
  });
  if (!known) return absl::DeadlineExceededError("the plan never became a status of the child");
  // An id that says nothing of the run: two hubs with the same families hold the same.
  health::v1::RegisterAttendanceRequest request = AttendanceOf(number_, RandomUuid());
  request.mutable_attendance()->set_attendance_id(absl::StrCat("KGH-", number_));
  TRUSTHUB_ASSIGN_OR_RETURN(path_.attendance, Ask<health::v1::RegisterAttendanceResponse>(
                                                  "bhrut-nurse-01", request, "unscheduled_care"));
  return absl::OkStatus();
}

plans::v1::RecordPlacementRequest Family::PlacementOf(bool hidden, bool for_adoption) const {
  plans::v1::RecordPlacementRequest request;
  request.set_request_id(RandomUuid());
  plans::v1::Placement& placement = *request.mutable_placement();
  placement.set_child(child());
  placement.set_kind(plans::v1::PLACEMENT_KIND_FOSTER_CARE);
  placement.set_area_authority(hidden ? "CON" : "881");
  types::v1::Address& address =
      hidden ? *placement.mutable_confidential_address() : *placement.mutable_address();
  address.add_lines("12 Quiet Close");
  address.set_postcode("CM1 1AA");
  *placement.mutable_start_date() = DateToProto(today_);
  placement.set_approved_by("workers/lbr-manager-01");
  if (for_adoption) {
    placement.set_kind(plans::v1::PLACEMENT_KIND_ADOPTION);
    *placement.mutable_adoption()->mutable_placement_order_date() = DateToProto(today_ - 30);
    placement.mutable_adoption()->set_matching_panel("Panel of 9 December 2009");
  }
  return request;
}

absl::Status Family::Place(bool hidden, bool for_adoption) {
  const plans::v1::RecordPlacementRequest request = PlacementOf(hidden, for_adoption);
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answer,
      Ask<plans::v1::RecordPlacementResponse>("lbr-placement-01", request, "looked_after_care"));
  placement_ = answer.placement();
  return absl::OkStatus();
}

absl::Status Family::Allege() {
  assessments::v1::RecordAllegationRequest request;
  request.set_request_id(RandomUuid());
  request.mutable_allegation()->set_child(child());
  request.mutable_allegation()->set_position("Sports coach");
  request.mutable_allegation()->set_summary("Said to have hit a child in the changing room.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            Ask<assessments::v1::RecordAllegationResponse>(
                                "lbr-lado-01", request, "child_protection_enquiry"));
  allegation_ = answer.allegation();
  return absl::OkStatus();
}

absl::Status Family::Advise() {
  health::v1::RecordConsultationRequest request;
  request.set_request_id(RandomUuid());
  health::v1::Consultation& advice = *request.mutable_consultation();
  advice.set_child(child());
  *advice.mutable_care_date() = DateToProto(today_);
  advice.set_advice("Contraception discussed.");
  advice.set_competence("Understands the advice and cannot be persuaded to tell a parent.");
  advice.set_young_person_view("Wishes nobody to know.");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, Ask<health::v1::RecordConsultationResponse>(
                                                   "nhsr-school-nurse-01", request, "health_care"));
  consultation_ = answer.consultation();
  return absl::OkStatus();
}

absl::Status Family::Build(const Tables& tables) {
  TRUSTHUB_RETURN_IF_ERROR(Register());
  TRUSTHUB_RETURN_IF_ERROR(Refer());
  TRUSTHUB_RETURN_IF_ERROR(Report());
  TRUSTHUB_RETURN_IF_ERROR(Enquire(tables));
  TRUSTHUB_RETURN_IF_ERROR(AskPolice());
  TRUSTHUB_RETURN_IF_ERROR(Confer(tables));
  TRUSTHUB_RETURN_IF_ERROR(Treat());
  TRUSTHUB_RETURN_IF_ERROR(Present());
  TRUSTHUB_RETURN_IF_ERROR(Place(/*hidden=*/true, /*for_adoption=*/false));
  return Allege();
}

}  // namespace trusthub::testing
