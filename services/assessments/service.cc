#include "services/assessments/service.h"

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

}  // namespace trusthub::assessments
