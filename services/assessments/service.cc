#include "services/assessments/service.h"

#include <memory>
#include <utility>

namespace trusthub::assessments {

rpc::Routes AssessmentsRoutes(Assessments* domain) {
  rpc::Routes routes(v1::StartAssessmentRequest::descriptor()->file());
  routes.Add(&Assessments::StartAssessment, domain)
      .Add(&Assessments::GetAssessment, domain)
      .Add(&Assessments::AuthoriseAssessment, domain)
      .Add(&Assessments::RecordStrategyDiscussion, domain)
      .Add(&Assessments::GetStrategyDiscussion, domain)
      .Add(&Assessments::StartEnquiry, domain)
      .Add(&Assessments::GetEnquiry, domain)
      .Add(&Assessments::ConcludeEnquiry, domain);
  return routes;
}

rpc::Routes CommonAssessmentsRoutes(CommonAssessments* domain) {
  rpc::Routes routes(v1::OpenCommonAssessmentRequest::descriptor()->file());
  routes.Add(&CommonAssessments::OpenCommonAssessment, domain)
      .Add(&CommonAssessments::GetCommonAssessment, domain)
      .Add(&CommonAssessments::ListCommonAssessments, domain)
      .Add(&CommonAssessments::RecordPanelDecision, domain);
  return routes;
}

rpc::Routes ChecksRoutes(Checks* domain) {
  rpc::Routes routes(v1::RequestCheckRequest::descriptor()->file());
  routes.Add(&Checks::RequestCheck, domain)
      .Add(&Checks::GetCheck, domain)
      .Add(&Checks::ListChecks, domain)
      .Add(&Checks::AnswerCheck, domain)
      .Add(&Checks::RefuseCheck, domain);
  return routes;
}

rpc::Routes AllegationsRoutes(Allegations* domain) {
  rpc::Routes routes(v1::RecordAllegationRequest::descriptor()->file());
  routes.Add(&Allegations::RecordAllegation, domain)
      .Add(&Allegations::GetAllegation, domain)
      .Add(&Allegations::ListAllegations, domain);
  return routes;
}

namespace {

// What the routes point into.
struct Domain {
  explicit Domain(std::shared_ptr<const timescales::Rules> rules) : assessments(std::move(rules)) {}
  Assessments assessments;
  CommonAssessments common_assessments;
  Checks checks;
  Allegations allegations;
};

}  // namespace

absl::StatusOr<rpc::ServiceParts> MakeAssessments(const rpc::Environment& environment) {
  auto domain = std::make_shared<Domain>(environment.rules);
  rpc::ServiceParts parts;
  parts.routes = {AssessmentsRoutes(&domain->assessments),
                  CommonAssessmentsRoutes(&domain->common_assessments),
                  ChecksRoutes(&domain->checks), AllegationsRoutes(&domain->allegations)};
  parts.sources = {"directory", "children", "referrals"};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::assessments
