// Steps 1 to 3: a school refers, the index links, the council decides and assesses.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/story/steps.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/children/v1/allocations_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::story {
namespace {

using assessments::v1::AuthoriseAssessmentRequest;
using assessments::v1::AuthoriseAssessmentResponse;
using assessments::v1::GetAssessmentRequest;
using assessments::v1::StartAssessmentRequest;
using assessments::v1::StartAssessmentResponse;
using children::v1::Child;
using children::v1::ChildDetails;
using children::v1::GetChildRequest;
using children::v1::GetChildResponse;
using children::v1::RegisterChildRequest;
using children::v1::RegisterChildResponse;
using referrals::v1::DecideReferralRequest;
using referrals::v1::DecideReferralResponse;
using referrals::v1::GetReferralRequest;
using referrals::v1::GetReferralResponse;
using referrals::v1::ListReferralsRequest;
using referrals::v1::ListReferralsResponse;
using referrals::v1::Referral;
using referrals::v1::SubmitReferralRequest;
using referrals::v1::SubmitReferralResponse;

constexpr char kSchoolCase[] = "SAFEGUARDING-1";
constexpr char kCouncilCase[] = "CPAT-2010-0119";

std::string NameText(const types::v1::PersonName& name) {
  return absl::StrCat(name.given(), " ", name.family());
}

RegisterChildRequest Registration(const Play& play, const ChildDetails& details,
                                  absl::string_view what) {
  RegisterChildRequest request;
  request.set_request_id(play.player.RequestId(absl::StrCat("register ", what)));
  *request.mutable_details() = details;
  return request;
}

void TellChild(const RegisterChildResponse& response, Facts& facts) {
  facts.emplace_back("child", response.child());
}

SubmitReferralRequest TheReferral(const Play& play) {
  SubmitReferralRequest request;
  request.set_request_id(play.player.RequestId("refer"));
  request.set_to_agency(kCouncil);
  Referral& referral = *request.mutable_referral();
  referral.set_child(play.child);
  referral.set_source("2A");
  referral.set_primary_need("N1");
  referral.set_abuse_category("NEG");
  referral.set_concern(
      "Comes to school hungry and in the same unwashed clothes, and has missed eleven days since "
      "October. Says that nobody gets up in the morning.");
  referral.set_parent_informed(true);
  referral.set_upn(play.cast.at_school.upn());
  referral.set_ethnicity(play.cast.at_school.ethnicity());
  referral.set_first_language(play.cast.at_school.first_language());
  referral.set_interpreter_needed(true);
  return request;
}

void TellReferral(const Referral& referral, Facts& facts) {
  facts.emplace_back("referral", referral.name());
  facts.emplace_back("decision due", DayText(referral.decision_due_date()));
}

void TellDecision(const Referral& referral, Facts& facts) {
  facts.emplace_back("decision", std::string(absl::StripPrefix(
                                     referrals::v1::ReferralDecision_Name(referral.decision()),
                                     "REFERRAL_DECISION_")));
}

}  // namespace

absl::Status ReferTheChild(Play& play) {
  Player& player = play.player;
  player.Step(1, "A school's designated lead refers a child, twice");
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 1, 19, 9, 10)));
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto registered,
      player.Ask<RegisterChildResponse>(
          {.worker = kSchoolLead,
           .purpose = "safeguarding_referral",
           .case_reference = kSchoolCase,
           .intent = absl::StrCat("a pupil, ", NameText(play.cast.at_school.person_name()),
                                  ", with UPN, ethnicity and first language"),
           .settle = true},
          Registration(play, play.cast.at_school, "school"), TellChild));
  play.child = registered.child();

  Telling refer{.worker = kSchoolLead,
                .purpose = "safeguarding_referral",
                .case_reference = kSchoolCase,
                .intent = "neglect; the parents were told; an interpreter is needed",
                .settle = true};
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto first,
      player.Ask<SubmitReferralResponse>(refer, TheReferral(play),
                                         [](const SubmitReferralResponse& response, Facts& facts) {
                                           TellReferral(response.referral(), facts);
                                         }));
  play.referral = first.referral().name();
  play.receipt = first.disclosure().receipt();
  refer.intent = "the same request sent again, as after a lost answer";
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto second,
      player.Ask<SubmitReferralResponse>(
          refer, TheReferral(play), [&play](const SubmitReferralResponse& response, Facts& facts) {
            TellReferral(response.referral(), facts);
            facts.emplace_back("same referral",
                               response.referral().name() == play.referral ? "yes" : "no");
          }));
  if (second.referral().name() == play.referral) return absl::OkStatus();
  return absl::FailedPreconditionError("one request made two referrals");
}

absl::Status LinkTheChild(Play& play) {
  Player& player = play.player;
  player.Step(2, "The child index finds the same child at the police, spelled otherwise");
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 1, 19, 14, 30)));
  TRUSTHUB_RETURN_IF_ERROR(
      player
          .Ask<RegisterChildResponse>(
              {.worker = kOfficer,
               .purpose = "police_protection",
               .case_reference = "MERLIN-1",
               .intent = absl::StrCat("a child met on a call, ",
                                      NameText(play.cast.at_police.person_name()),
                                      ", with birth date and address, without any number")},
              Registration(play, play.cast.at_police, "police"), TellChild)
          .status());
  TRUSTHUB_RETURN_IF_ERROR(
      player
          .Ask<RegisterChildResponse>({.worker = kHealthVisitor,
                                       .purpose = "health_care",
                                       .case_reference = "HV-1",
                                       .intent = "a child of the practice, with her NHS number"},
                                      Registration(play, play.cast.at_health, "health"), TellChild)
          .status());
  GetChildRequest get;
  get.set_name(play.child);
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto seen,
      player.Ask<GetChildResponse>(
          {.worker = kScreening,
           .purpose = "screening",
           .case_reference = kCouncilCase,
           .intent = "who holds the child that was referred, and how each was linked",
           .settle = true},
          get, [](const GetChildResponse& response, Facts& facts) {
            for (const children::v1::Holding& holding : response.child().holdings()) {
              facts.emplace_back(
                  holding.agency(),
                  absl::StrCat(NameText(holding.person_name()), ", ",
                               absl::StripPrefix(children::v1::LinkBasis_Name(holding.link_basis()),
                                                 "LINK_BASIS_"),
                               " ", holding.link_score()));
            }
          }));
  if (seen.child().holdings_size() != 3) {
    return absl::FailedPreconditionError("the three holdings were not linked to one child");
  }
  ListReferralsRequest list;
  list.set_child(play.child);
  return player
      .Ask<ListReferralsResponse>({.worker = kScreening,
                                   .purpose = "screening",
                                   .case_reference = kCouncilCase,
                                   .intent = "all referrals of the child",
                                   .settle = true},
                                  list,
                                  [](const ListReferralsResponse& response, Facts& facts) {
                                    facts.emplace_back("referrals",
                                                       absl::StrCat(response.referrals_size()));
                                  })
      .status();
}

namespace {

absl::Status Decide(Play& play) {
  Player& player = play.player;
  GetReferralRequest get;
  get.set_name(play.referral);
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto referral,
      player.Ask<GetReferralResponse>(
          {.worker = kScreening,
           .purpose = "screening",
           .case_reference = kCouncilCase,
           .intent = "what the school said",
           .settle = true},
          get, [](const GetReferralResponse& response, Facts& facts) {
            facts.emplace_back("concern", response.referral().concern());
            facts.emplace_back("decision due", DayText(response.referral().decision_due_date()));
          }));
  DecideReferralRequest decide;
  decide.set_request_id(player.RequestId("decide"));
  decide.set_name(play.referral);
  decide.set_etag(referral.referral().etag());
  decide.set_decision(referrals::v1::REFERRAL_DECISION_ASSESS);
  decide.set_rationale("Signs of neglect at home over a term; an initial assessment is needed.");
  return player
      .Ask<DecideReferralResponse>({.worker = kScreening,
                                    .purpose = "screening",
                                    .case_reference = kCouncilCase,
                                    .intent = "an initial assessment"},
                                   decide,
                                   [](const DecideReferralResponse& response, Facts& facts) {
                                     TellDecision(response.referral(), facts);
                                     facts.emplace_back(
                                         "late", response.referral().decided_late() ? "yes" : "no");
                                   })
      .status();
}

// From here on the case is this worker's: others of the council see less of it.
absl::Status Allocate(Play& play) {
  children::v1::AllocateWorkerRequest allocate;
  allocate.set_request_id(play.player.RequestId("allocate"));
  allocate.mutable_allocation()->set_child(play.child);
  allocate.mutable_allocation()->set_worker(absl::StrCat("workers/", kSocialWorker));
  return play.player
      .Ask<children::v1::AllocateWorkerResponse>(
          {.worker = kManager,
           .purpose = "assessment",
           .case_reference = kCouncilCase,
           .intent = "the case goes to a social worker",
           .settle = true},
          allocate,
          [](const children::v1::AllocateWorkerResponse& response, Facts& facts) {
            facts.emplace_back("allocated to", response.allocation().worker());
          })
      .status();
}

absl::StatusOr<assessments::v1::Assessment> StartAssessment(Play& play) {
  StartAssessmentRequest start;
  start.set_request_id(play.player.RequestId("start assessment"));
  start.mutable_assessment()->set_child(play.child);
  start.mutable_assessment()->set_kind(assessments::v1::ASSESSMENT_KIND_INITIAL);
  start.mutable_assessment()->set_referral(play.referral);
  start.mutable_assessment()->set_lead_worker(absl::StrCat("workers/", kSocialWorker));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto started,
                            play.player.Ask<StartAssessmentResponse>(
                                {.worker = kSocialWorker,
                                 .purpose = "assessment",
                                 .case_reference = kCouncilCase,
                                 .intent = "an initial assessment",
                                 .settle = true},
                                start, [](const StartAssessmentResponse& response, Facts& facts) {
                                  facts.emplace_back("assessment", response.assessment().name());
                                  facts.emplace_back("due",
                                                     DayText(response.assessment().due_date()));
                                  facts.emplace_back("rule", response.assessment().rule());
                                }));
  play.assessment = started.assessment().name();
  return started.assessment();
}

absl::Status TellTheSchool(Play& play) {
  GetReferralRequest get;
  get.set_name(play.referral);
  TRUSTHUB_RETURN_IF_ERROR(play.player
                               .Ask<GetReferralResponse>(
                                   {.worker = kSchoolLead,
                                    .purpose = "safeguarding_referral",
                                    .case_reference = kSchoolCase,
                                    .intent = "what became of the referral"},
                                   get,
                                   [](const GetReferralResponse& response, Facts& facts) {
                                     TellDecision(response.referral(), facts);
                                     facts.emplace_back(
                                         "reasons", response.referral().decision_rationale().empty()
                                                        ? "not given"
                                                        : "given");
                                   })
                               .status());
  GetAssessmentRequest assessment;
  assessment.set_name(play.assessment);
  return play.player
      .AskInVain({.worker = kSchoolLead,
                  .purpose = "assessment",
                  .case_reference = kSchoolCase,
                  .intent = "the assessment itself",
                  .refusal = errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED},
                 assessment)
      .status();
}

absl::Status Authorise(Play& play, const assessments::v1::Assessment& assessment) {
  Player& player = play.player;
  AuthoriseAssessmentRequest authorise;
  authorise.set_request_id(player.RequestId("authorise in vain"));
  authorise.set_name(assessment.name());
  authorise.set_etag(assessment.etag());
  SetDay(absl::CivilDay(2010, 1, 25), authorise.mutable_child_seen_date());
  authorise.set_child_seen_alone(true);
  authorise.set_analysis(
      "The mother is depressed and alone with two children. With support she wants to manage; "
      "the family stays known to the team.");
  Telling telling{.worker = kManager,
                  .purpose = "assessment",
                  .case_reference = kCouncilCase,
                  .intent = "the assessment, without a word of the child's own views",
                  .refusal = errors::v1::ERROR_REASON_CHILD_VIEWS_MISSING};
  TRUSTHUB_RETURN_IF_ERROR(player.AskInVain(telling, authorise).status());
  authorise.set_request_id(player.RequestId("authorise"));
  authorise.set_child_views("\"I make the breakfast for my brother. I like school.\"");
  telling.intent = "the assessment; the child was seen alone on 25 January and heard";
  telling.refusal = errors::v1::ERROR_REASON_UNSPECIFIED;
  return player
      .Ask<AuthoriseAssessmentResponse>(
          telling, authorise,
          [](const AuthoriseAssessmentResponse& response, Facts& facts) {
            facts.emplace_back(
                "state", std::string(absl::StripPrefix(
                             assessments::v1::AssessmentState_Name(response.assessment().state()),
                             "ASSESSMENT_STATE_")));
          })
      .status();
}

}  // namespace

absl::Status DecideAndAssess(Play& play) {
  Player& player = play.player;
  player.Step(3, "The council decides within one working day; an assessment starts");
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 1, 20, 10, 30)));
  TRUSTHUB_RETURN_IF_ERROR(Decide(play));
  TRUSTHUB_RETURN_IF_ERROR(Allocate(play));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto assessment, StartAssessment(play));
  player.Remark("Seven working days from the referral: the guidance of 2006 is in force.");
  TRUSTHUB_RETURN_IF_ERROR(TellTheSchool(play));
  TRUSTHUB_RETURN_IF_ERROR(player.SetClock(absl::CivilMinute(2010, 1, 27, 15, 0)));
  return Authorise(play, assessment);
}

}  // namespace trusthub::story
