// The protos that this program links, so that tools see the whole public contract.
#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "common/policy/tools/schema.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/audit/v1/data_keys_service.pb.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"
#include "trusthub/children/v1/allocations_service.pb.h"
#include "trusthub/children/v1/break_glass_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"
#include "trusthub/children/v1/sharing_decisions_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"
#include "trusthub/retention/v1/holdings_service.pb.h"
#include "trusthub/retention/v1/retention_service.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::FileDescriptor;

// A static library gives only what somebody asks for: one file of each service. Their records come
// with them, being what they answer with. tests/policy compares with the folder of protos.
std::vector<const FileDescriptor*> ServiceFiles() {
  return {
      assessments::v1::GetAllegationRequest::descriptor()->file(),
      assessments::v1::GetAssessmentRequest::descriptor()->file(),
      assessments::v1::GetCheckRequest::descriptor()->file(),
      assessments::v1::GetCommonAssessmentRequest::descriptor()->file(),
      audit::v1::GetTreeHeadRequest::descriptor()->file(),
      audit::v1::CountDataKeysRequest::descriptor()->file(),
      children::v1::GetAccessReviewRequest::descriptor()->file(),
      children::v1::GetBreakGlassRequest::descriptor()->file(),
      children::v1::GetChildRequest::descriptor()->file(),
      children::v1::GetConsentRequest::descriptor()->file(),
      children::v1::GetSharingDecisionRequest::descriptor()->file(),
      children::v1::ListAllocationsRequest::descriptor()->file(),
      directory::v1::GetAgencyRequest::descriptor()->file(),
      events::v1::WatchRequest::descriptor()->file(),
      health::v1::GetAttendanceRequest::descriptor()->file(),
      health::v1::GetConsultationRequest::descriptor()->file(),
      health::v1::GetHealthRecordRequest::descriptor()->file(),
      plans::v1::GetPlacementRequest::descriptor()->file(),
      plans::v1::GetPlanRequest::descriptor()->file(),
      v1::ExplainDecisionRequest::descriptor()->file(),
      v1::GetAgreementSetRequest::descriptor()->file(),
      referrals::v1::GetReferralRequest::descriptor()->file(),
      retention::v1::GetDestructionRequest::descriptor()->file(),
      retention::v1::GetHoldingsRequest::descriptor()->file(),
  };
}

void AddWithImports(const FileDescriptor* file, std::set<const FileDescriptor*>* files) {
  if (!absl::StartsWith(file->package(), "trusthub.") || !files->insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddWithImports(file->dependency(i), files);
}

}  // namespace

std::vector<const FileDescriptor*> ContractFiles() {
  std::set<const FileDescriptor*> found;
  for (const FileDescriptor* file : ServiceFiles()) AddWithImports(file, &found);
  std::vector<const FileDescriptor*> files(found.begin(), found.end());
  std::sort(files.begin(), files.end(),
            [](const FileDescriptor* a, const FileDescriptor* b) { return a->name() < b->name(); });
  return files;
}

}  // namespace trusthub::policy
