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

absl::StatusOr<rpc::ServiceParts> MakeAssessments(const rpc::Environment& environment) {
  auto domain = std::make_shared<Assessments>(environment.rules);
  rpc::ServiceParts parts;
  parts.routes = {AssessmentsRoutes(domain.get())};
  parts.sources = {"directory", "children", "referrals"};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::assessments
