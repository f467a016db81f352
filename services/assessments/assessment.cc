#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/time/civil_date.h"
#include "services/assessments/assessments.h"
#include "services/assessments/authorisation.h"
#include "services/assessments/referral_basis.h"
#include "services/assessments/trigger.h"
#include "services/assessments/worker.h"

namespace trusthub::assessments {
namespace {

// Index of the assessments in progress; its key names the referral and the kind.
constexpr char kOpenIndex[] = "assessments/open";

std::string OpenKey(const v1::Assessment& assessment) {
  return absl::StrCat(assessment.referral(), " ", v1::AssessmentKind_Name(assessment.kind()));
}

absl::Status CheckNoneOpen(store::Transaction& tx, const v1::Assessment& assessment) {
  TRUSTHUB_ASSIGN_OR_RETURN(const store::Page<v1::Assessment> open,
                            tx.ListByIndex<v1::Assessment>(kOpenIndex, OpenKey(assessment), 0, 1));
  if (open.records.empty()) return absl::OkStatus();
  return error::RecordExists("assessment",
                             "A referral has one open assessment of a kind; authorise it first.");
}

absl::Status CheckLeadWorker(store::Transaction& tx, absl::string_view worker,
                             absl::string_view agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> fact,
                            events::WorkerFactOf(tx, worker));
  if (IsWorkerOf(fact, agency)) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                           "An assessment is led by a worker of the council.",
                           "Name a worker of your council whom the directory knows.");
}

// The days on which the initial assessments of `referral` ended, and in `last_core` the day on
// which its last core assessment ended, when one did.
absl::StatusOr<std::vector<absl::CivilDay>> InitialEnds(store::Transaction& tx,
                                                        absl::string_view referral,
                                                        std::optional<absl::CivilDay>* last_core) {
  std::vector<absl::CivilDay> ends;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const store::Page<v1::Assessment> page,
        tx.ListByIndex<v1::Assessment>("referral", referral, after, limits::kPageSizeMax));
    for (const v1::Assessment& done : page.records) {
      if (done.state() != v1::ASSESSMENT_STATE_AUTHORISED) continue;
      const absl::CivilDay day = LondonDay(TimeFromProto(done.authorise_time()));
      if (done.kind() == v1::ASSESSMENT_KIND_INITIAL) ends.push_back(day);
      if (done.kind() == v1::ASSESSMENT_KIND_CORE && (!*last_core || day > **last_core)) {
        *last_core = day;
      }
    }
    after = page.last_position;
    more = page.more;
  }
  return ends;
}

// Adds to `days` those on which strategy discussions of `child` decided on enquiries.
absl::Status AddEnquiryDecisions(store::Transaction& tx, absl::string_view child,
                                 std::vector<absl::CivilDay>* days) {
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const store::Page<v1::StrategyDiscussion> page,
        tx.ListByChild<v1::StrategyDiscussion>(child, after, limits::kPageSizeMax));
    for (const v1::StrategyDiscussion& held : page.records) {
      if (held.start_enquiry()) days->push_back(LondonDay(TimeFromProto(held.occurred_at())));
    }
    after = page.last_position;
    more = page.more;
  }
  return absl::OkStatus();
}

// The day from which the time of `assessment`, starting on `start`, runs.
absl::StatusOr<absl::CivilDay> TriggerOf(store::Transaction& tx, const v1::Assessment& assessment,
                                         absl::CivilDay received, absl::CivilDay start) {
  if (assessment.kind() != v1::ASSESSMENT_KIND_CORE) return received;
  std::optional<absl::CivilDay> last_core;
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<absl::CivilDay> days,
                            InitialEnds(tx, assessment.referral(), &last_core));
  TRUSTHUB_RETURN_IF_ERROR(AddEnquiryDecisions(tx, assessment.child(), &days));
  return CoreTrigger(days, last_core ? *last_core + 1 : received, start);
}

absl::Status EmitAssessment(rpc::Call& call, events::v1::EventKind kind,
                            const google::protobuf::Timestamp& occurred_at,
                            const v1::Assessment& assessment) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(assessment.child());
  event.set_record(assessment.name());
  event.set_owner_agency(assessment.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = occurred_at;
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

Assessments::Assessments(std::shared_ptr<const timescales::Rules> rules)
    : rules_(std::move(rules)) {}

absl::StatusOr<v1::StartAssessmentResponse> Assessments::StartAssessment(
    rpc::Call& call, const v1::StartAssessmentRequest& request) {
  v1::StartAssessmentResponse response;
  v1::Assessment* assessment = response.mutable_assessment();
  *assessment = request.assessment();
  TRUSTHUB_ASSIGN_OR_RETURN(
      const events::v1::ReferralFact referral,
      ReferralToAssess(call.tx, assessment->referral(), call.caller.agency, assessment->child()));
  TRUSTHUB_RETURN_IF_ERROR(CheckLeadWorker(call.tx, assessment->lead_worker(), call.caller.agency));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time started, rpc::SettleOccurrence(call, assessment));
  const absl::CivilDay received = LondonDay(TimeFromProto(referral.receive_time()));
  if (LondonDay(started) < received) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "An assessment may not start before its referral was received.",
                             "Correct occurred_at, or leave it out for now.");
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckNoneOpen(call.tx, *assessment));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay trigger,
                            TriggerOf(call.tx, *assessment, received, LondonDay(started)));
  TRUSTHUB_ASSIGN_OR_RETURN(const timescales::Deadline deadline,
                            rpc::DeadlineFor(*rules_, TimescaleOf(assessment->kind()), trigger));
  assessment->set_state(v1::ASSESSMENT_STATE_IN_PROGRESS);
  *assessment->mutable_trigger_date() = DateToProto(trigger);
  *assessment->mutable_due_date() = DateToProto(deadline.due);
  assessment->set_rule(deadline.rule);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(assessment, call.caller.agency, call.caller.agency,
                                          {{kOpenIndex, OpenKey(*assessment), true}}));
  TRUSTHUB_RETURN_IF_ERROR(EmitAssessment(call, events::v1::EVENT_KIND_ASSESSMENT_STARTED,
                                          assessment->occurred_at(), *assessment));
  return response;
}

absl::StatusOr<v1::GetAssessmentResponse> Assessments::GetAssessment(
    rpc::Call& call, const v1::GetAssessmentRequest& request) {
  v1::GetAssessmentResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_assessment(),
                            call.tx.Get<v1::Assessment>(request.name()));
  return response;
}

absl::StatusOr<v1::AuthoriseAssessmentResponse> Assessments::AuthoriseAssessment(
    rpc::Call& call, const v1::AuthoriseAssessmentRequest& request) {
  v1::AuthoriseAssessmentResponse response;
  v1::Assessment* assessment = response.mutable_assessment();
  TRUSTHUB_ASSIGN_OR_RETURN(*assessment, call.tx.Get<v1::Assessment>(request.name()));
  if (assessment->owner_agency() != call.caller.agency) return error::RecordNotFound();
  TRUSTHUB_ASSIGN_OR_RETURN(
      const events::v1::ReferralFact referral,
      ReferralToAssess(call.tx, assessment->referral(), call.caller.agency, assessment->child()));
  TRUSTHUB_RETURN_IF_ERROR(Authorise(request, call.caller.worker, call.now,
                                     LondonDay(TimeFromProto(referral.receive_time())),
                                     assessment));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(assessment, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(EmitAssessment(call, events::v1::EVENT_KIND_ASSESSMENT_AUTHORISED,
                                          assessment->authorise_time(), *assessment));
  return response;
}

}  // namespace trusthub::assessments
