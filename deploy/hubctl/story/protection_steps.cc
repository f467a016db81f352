// Steps 4 and 5: from a police incident to a child protection plan.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/story/steps.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::story {
namespace {

using assessments::v1::ConcludeEnquiryRequest;
using assessments::v1::ConcludeEnquiryResponse;
using assessments::v1::Enquiry;
using assessments::v1::RecordStrategyDiscussionRequest;
using assessments::v1::RecordStrategyDiscussionResponse;
using assessments::v1::StartAssessmentRequest;
using assessments::v1::StartAssessmentResponse;
using assessments::v1::StartEnquiryRequest;
using assessments::v1::StartEnquiryResponse;
using assessments::v1::StrategyDiscussion;
using children::v1::RegisterChildRequest;
using children::v1::RegisterChildResponse;
using plans::v1::Conference;
using plans::v1::GetPlanRequest;
using plans::v1::GetPlanResponse;
using plans::v1::PlanAction;
using plans::v1::RecordConferenceRequest;
using plans::v1::RecordConferenceResponse;
using referrals::v1::Contact;
using referrals::v1::DecideReferralRequest;
using referrals::v1::DecideReferralResponse;
using referrals::v1::SubmitContactRequest;
using referrals::v1::SubmitContactResponse;
using referrals::v1::SubmitReferralRequest;
using referrals::v1::SubmitReferralResponse;

constexpr char kEnquiryCase[] = "CPAT-2010-0330";

absl::Status AddIncident(Play& play) {
  SubmitContactRequest request;
  request.set_request_id(play.player.RequestId("contact"));
  request.set_to_agency(kCouncil);
  Contact& contact = *request.mutable_contact();
  contact.set_child(play.child);
  contact.set_kind(referrals::v1::CONTACT_KIND_POLICE_INCIDENT);
  contact.set_source("6");
  contact.set_agency_reference(play.cast.at_police.local_identifier());
  contact.set_summary(
      "Called to a disturbance at 02:15; the mother was hurt, both children awake.");
  contact.set_domestic_violence(true);
  contact.mutable_grading()->set_source_evaluation("A");
  contact.mutable_grading()->set_information_evaluation("1");
  contact.mutable_grading()->set_handling_code("3");
  return play.player
      .Ask<SubmitContactResponse>({.worker = kOfficer,
                                   .purpose = "police_protection",
                                   .case_reference = "MERLIN-2",
                                   .intent = "an incident of the night, graded A-1-3",
                                   .settle = true},
                                  request,
                                  [](const SubmitContactResponse& response, Facts& facts) {
                                    facts.emplace_back("contact", response.contact().name());
                                  })
      .status();
}

// The same time limits under the guidance of 2010, for the girl's small brother.
absl::Status ReferTheBrother(Play& play) {
  Player& player = play.player;
  RegisterChildRequest add;
  add.set_request_id(player.RequestId("register brother"));
  *add.mutable_details() = play.cast.brother;
  Telling visitor{.worker = kHealthVisitor,
                  .purpose = "safeguarding_referral",
                  .case_reference = "HV-2",
                  .intent = "her small brother"};
  TRUSTHUB_ASSIGN_OR_RETURN(const auto brother, player.Ask<RegisterChildResponse>(visitor, add));

  SubmitReferralRequest refer;
  refer.set_request_id(player.RequestId("refer brother"));
  refer.set_to_agency(kCouncil);
  refer.mutable_referral()->set_child(brother.child());
  refer.mutable_referral()->set_source("3B");
  refer.mutable_referral()->set_primary_need("N1");
  refer.mutable_referral()->set_abuse_category("EMO");
  refer.mutable_referral()->set_concern("Two years old, silent and watchful; saw the violence.");
  refer.mutable_referral()->set_no_consent_reason(
      "Asking the parents might put the mother at risk.");
  visitor.intent = "the brother, too; a new referral";
  visitor.settle = true;
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto referral,
      player.Ask<SubmitReferralResponse>(
          visitor, refer, [](const SubmitReferralResponse& response, Facts& facts) {
            facts.emplace_back("decision due", DayText(response.referral().decision_due_date()));
          }));
  DecideReferralRequest decide;
  decide.set_request_id(player.RequestId("decide brother"));
  decide.set_name(referral.referral().name());
  decide.set_etag(referral.referral().etag());
  decide.set_decision(referrals::v1::REFERRAL_DECISION_ASSESS);
  decide.set_rationale("Violence at home, a very young child.");
  TRUSTHUB_RETURN_IF_ERROR(player
                               .Ask<DecideReferralResponse>({.worker = kScreening,
                                                             .purpose = "screening",
                                                             .case_reference = kEnquiryCase,
                                                             .intent = "an initial assessment",
                                                             .settle = true},
                                                            decide)
                               .status());
  StartAssessmentRequest start;
  start.set_request_id(player.RequestId("assess brother"));
  start.mutable_assessment()->set_child(brother.child());
  start.mutable_assessment()->set_kind(assessments::v1::ASSESSMENT_KIND_INITIAL);
  start.mutable_assessment()->set_referral(referral.referral().name());
  start.mutable_assessment()->set_lead_worker(absl::StrCat("workers/", kSocialWorker));
  TRUSTHUB_RETURN_IF_ERROR(
      player
          .Ask<StartAssessmentResponse>({.worker = kSocialWorker,
                                         .purpose = "assessment",
                                         .case_reference = kEnquiryCase,
                                         .intent = "an initial assessment of the brother",
                                         .settle = true},
                                        start,
                                        [](const StartAssessmentResponse& response, Facts& facts) {
                                          facts.emplace_back(
                                              "due", DayText(response.assessment().due_date()));
                                          facts.emplace_back("rule", response.assessment().rule());
                                        })
          .status());
  player.Remark(
      "Ten working days under the guidance of March 2010; Good Friday and Easter Monday do not "
      "count.");
  return absl::OkStatus();
}

void AddParticipant(absl::string_view agency, absl::string_view worker, absl::string_view shared,
                    StrategyDiscussion& discussion) {
  assessments::v1::Participant& participant = *discussion.add_participants();
  participant.set_agency(std::string(agency));
  participant.set_worker(absl::StrCat("workers/", worker));
  participant.set_information_shared(std::string(shared));
}

absl::Status Discuss(Play& play) {
  RecordStrategyDiscussionRequest request;
  request.set_request_id(play.player.RequestId("discuss"));
  StrategyDiscussion& discussion = *request.mutable_strategy_discussion();
  discussion.set_child(play.child);
  AddParticipant(kCouncil, kManager, "The assessment of January.", discussion);
  AddParticipant(kPolice, kOfficer, "The incident of the night.", discussion);
  AddParticipant(kHealth, kHealthVisitor, "Missed appointments since November.", discussion);
  AddParticipant(kSchool, kSchoolLead, "Eleven days missed, hungry.", discussion);
  discussion.set_start_enquiry(true);
  discussion.set_joint_with_police(true);
  discussion.set_interim_safety("The children stay with their grandmother until the conference.");
  discussion.set_decision_reason("Likely significant harm: violence at home and neglect.");
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto recorded,
      play.player.Ask<RecordStrategyDiscussionResponse>(
          {.worker = kManager,
           .purpose = "child_protection_enquiry",
           .case_reference = kEnquiryCase,
           .intent = "council, police, health and school decide on section 47 enquiries",
           .settle = true},
          request, [](const RecordStrategyDiscussionResponse& response, Facts& facts) {
            facts.emplace_back("discussion", response.strategy_discussion().name());
            facts.emplace_back("conference due",
                               DayText(response.strategy_discussion().conference_due_date()));
          }));
  play.discussion = recorded.strategy_discussion().name();
  return absl::OkStatus();
}

absl::StatusOr<Enquiry> StartEnquiry(Play& play) {
  Player& player = play.player;
  StartEnquiryRequest request;
  request.set_request_id(player.RequestId("enquire unqualified"));
  request.mutable_enquiry()->set_child(play.child);
  request.mutable_enquiry()->set_strategy_discussion(play.discussion);
  request.mutable_enquiry()->set_lead_worker(absl::StrCat("workers/", kUnqualifiedWorker));
  Telling telling{.worker = kManager,
                  .purpose = "child_protection_enquiry",
                  .case_reference = kEnquiryCase,
                  .intent = "a section 47 enquiry, led by a worker without the qualification",
                  .refusal = errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED};
  TRUSTHUB_RETURN_IF_ERROR(player.AskInVain(telling, request).status());
  request.set_request_id(player.RequestId("enquire"));
  request.mutable_enquiry()->set_lead_worker(absl::StrCat("workers/", kSocialWorker));
  telling.intent = "the enquiry, led by a qualified social worker";
  telling.refusal = errors::v1::ERROR_REASON_UNSPECIFIED;
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto started,
      player.Ask<StartEnquiryResponse>(
          telling, request, [](const StartEnquiryResponse& response, Facts& facts) {
            facts.emplace_back("enquiry", response.enquiry().name());
            facts.emplace_back("conference due", DayText(response.enquiry().conference_due_date()));
          }));
  play.enquiry = started.enquiry().name();
  return started.enquiry();
}

// The minutes are for the worker of the case; a colleague asks that worker.
absl::Status ReadTheMinutes(Play& play) {
  assessments::v1::GetStrategyDiscussionRequest get;
  get.set_name(play.discussion);
  Telling telling{.worker = kSocialWorker,
                  .purpose = "child_protection_enquiry",
                  .case_reference = kEnquiryCase,
                  .intent = "the minutes of the strategy discussion, by the allocated worker",
                  .settle = true};
  TRUSTHUB_RETURN_IF_ERROR(
      play.player
          .Ask<assessments::v1::GetStrategyDiscussionResponse>(
              telling, get,
              [](const assessments::v1::GetStrategyDiscussionResponse& response, Facts& facts) {
                facts.emplace_back("interim safety",
                                   response.strategy_discussion().interim_safety());
              })
          .status());
  telling.worker = kColleague;
  telling.intent = "the same minutes, by a social worker of another team";
  telling.refusal = errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
  telling.settle = false;
  return play.player.AskInVain(telling, get).status();
}

absl::Status Conclude(Play& play, const Enquiry& enquiry) {
  ConcludeEnquiryRequest request;
  request.set_request_id(play.player.RequestId("conclude"));
  request.set_name(enquiry.name());
  request.set_etag(enquiry.etag());
  request.set_outcome(assessments::v1::ENQUIRY_OUTCOME_SUBSTANTIATED_CONFERENCE);
  request.set_findings("The violence is repeated and the neglect goes on; the risk continues.");
  SetDay(absl::CivilDay(2010, 3, 31), request.mutable_child_seen_date());
  request.set_child_seen_alone(true);
  request.set_child_views("\"I want it to be quiet at night.\"");
  return play.player
      .Ask<ConcludeEnquiryResponse>(
          {.worker = kSocialWorker,
           .purpose = "child_protection_enquiry",
           .case_reference = kEnquiryCase,
           .intent = "substantiated, and the risk continues"},
          request,
          [](const ConcludeEnquiryResponse& response, Facts& facts) {
            facts.emplace_back(
                "outcome", std::string(absl::StripPrefix(
                               assessments::v1::EnquiryOutcome_Name(response.enquiry().outcome()),
                               "ENQUIRY_OUTCOME_")));
          })
      .status();
}

void AddAction(absl::string_view need, absl::string_view outcome, absl::string_view measure,
               absl::string_view what, absl::string_view agency, absl::string_view owner,
               absl::CivilDay due, RecordConferenceRequest& request) {
  PlanAction& action = *request.add_actions();
  action.set_need(std::string(need));
  action.set_outcome(std::string(outcome));
  action.set_measure(std::string(measure));
  action.set_action(std::string(what));
  action.set_owner_agency(std::string(agency));
  action.set_owner(std::string(owner));
  SetDay(due, action.mutable_due_date());
}

void AddAttendance(absl::string_view agency, Conference& conference) {
  plans::v1::ConferenceAttendance& present = *conference.add_attendance();
  present.set_agency(std::string(agency));
  present.set_report_received(true);
  present.set_agrees(true);
}

RecordConferenceRequest TheConference(const Play& play) {
  RecordConferenceRequest request;
  Conference& conference = *request.mutable_conference();
  conference.set_child(play.child);
  conference.set_kind(plans::v1::CONFERENCE_KIND_INITIAL);
  conference.set_enquiry(play.enquiry);
  AddAttendance(kCouncil, conference);
  AddAttendance(kPolice, conference);
  conference.set_plan_needed(true);
  conference.set_abuse_category("NEG");
  conference.set_decision_reason("Continuing risk of neglect and of seeing violence.");
  AddAction("Hunger and missed school", "She eats before school and is there every day",
            "Attendance above 95% by the half term", "Breakfast club and a daily check", kSchool,
            "Jane Prior", absl::CivilDay(2010, 5, 7), request);
  AddAction("Violence at home", "Nobody is hurt and the nights are quiet",
            "No call to the address in eight weeks", "Marker on the address, bail conditions",
            kPolice, "DC Paul Brennan", absl::CivilDay(2010, 4, 30), request);
  AddAction("The mother's depression", "The mother is well enough to care",
            "Score of the practice's questionnaire", "Weekly visits, referral to the practice",
            kHealth, "Farida Rahman", absl::CivilDay(2010, 5, 14), request);
  request.set_key_worker(absl::StrCat("workers/", kSocialWorker));
  for (const char* agency : {kCouncil, kPolice, kHealth, kSchool}) request.add_core_group(agency);
  request.set_contingency("Legal planning meeting within two days of any new violence.");
  return request;
}

void TellPlan(const RecordConferenceResponse& response, Facts& facts) {
  facts.emplace_back("plan", response.plan().name());
  facts.emplace_back("starts", DayText(response.plan().start_date()));
  facts.emplace_back("first core group by", DayText(response.plan().first_core_group_due_date()));
  facts.emplace_back("first review by", DayText(response.plan().review_due_date()));
}

}  // namespace

absl::Status Enquire(Play& play) {
  Player& player = play.player;
  player.Step(4, "The police add an incident; a strategy discussion; a section 47 enquiry");
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 3, 30, 8, 40)));
  TRUSTHUB_RETURN_IF_ERROR(AddIncident(play));
  TRUSTHUB_RETURN_IF_ERROR(ReferTheBrother(play));
  TRUSTHUB_RETURN_IF_ERROR(Discuss(play));
  TRUSTHUB_ASSIGN_OR_RETURN(const Enquiry enquiry, StartEnquiry(play));
  TRUSTHUB_RETURN_IF_ERROR(ReadTheMinutes(play));
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 4, 19, 16, 0)));
  return Conclude(play, enquiry);
}

absl::Status Confer(Play& play) {
  Player& player = play.player;
  player.Step(5, "A conference makes a child protection plan");
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 4, 22, 11, 0)));
  RecordConferenceRequest request = TheConference(play);
  request.set_request_id(player.RequestId("conference of two"));
  Telling telling{.worker = kChair,
                  .purpose = "child_protection_planning",
                  .case_reference = kEnquiryCase,
                  .intent = "the conference, with council and police alone",
                  .refusal = errors::v1::ERROR_REASON_QUORUM_MISSING,
                  .settle = true};
  TRUSTHUB_RETURN_IF_ERROR(player.AskInVain(telling, request).status());
  request.set_request_id(player.RequestId("conference"));
  AddAttendance(kHealth, *request.mutable_conference());
  AddAttendance(kSchool, *request.mutable_conference());
  telling.intent = "the conference, with health and school too: a plan with three actions";
  telling.refusal = errors::v1::ERROR_REASON_UNSPECIFIED;
  TRUSTHUB_ASSIGN_OR_RETURN(const auto recorded,
                            player.Ask<RecordConferenceResponse>(telling, request, TellPlan));
  play.plan = recorded.plan().name();
  player.Remark("Ten working days to the core group, the May bank holiday not counted.");

  GetPlanRequest get;
  get.set_name(play.plan);
  return player
      .Ask<GetPlanResponse>({.worker = kSchoolLead,
                             .purpose = "education_support",
                             .case_reference = "CP-PLAN-1",
                             .intent = "the plan, as a member of the core group",
                             .settle = true},
                            get,
                            [](const GetPlanResponse& response, Facts& facts) {
                              for (const PlanAction& action : response.plan().actions()) {
                                facts.emplace_back(
                                    "action", absl::StrCat(action.outcome(), ": ", action.owner(),
                                                           ", by ", Text(action.due_date())));
                              }
                            })
      .status();
}

}  // namespace trusthub::story
