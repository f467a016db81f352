#include "tests/contract/contract.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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
#include "trusthub/errors/v1/details.pb.h"
#include "trusthub/errors/v1/error_reason.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/internal/v1/misuse.pb.h"
#include "trusthub/internal/v1/page_token.pb.h"
#include "trusthub/internal/v1/projection.pb.h"
#include "trusthub/options/v1/options.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/policy/v1/agreement.pb.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"
#include "trusthub/retention/v1/holdings_service.pb.h"
#include "trusthub/retention/v1/retention_service.pb.h"

namespace trusthub::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

// A static library gives only what somebody asks for: one file of each library, and each file that
// none of these imports.
Files AskedFor() {
  return {
      assessments::v1::GetAssessmentRequest::descriptor()->file(),
      audit::v1::GetTreeHeadRequest::descriptor()->file(),
      audit::v1::CountDataKeysRequest::descriptor()->file(),
      children::v1::GetChildRequest::descriptor()->file(),
      assessments::v1::GetAllegationRequest::descriptor()->file(),
      assessments::v1::GetCheckRequest::descriptor()->file(),
      assessments::v1::GetCommonAssessmentRequest::descriptor()->file(),
      children::v1::GetAccessReviewRequest::descriptor()->file(),
      children::v1::ListAllocationsRequest::descriptor()->file(),
      children::v1::GetBreakGlassRequest::descriptor()->file(),
      children::v1::GetConsentRequest::descriptor()->file(),
      children::v1::GetSharingDecisionRequest::descriptor()->file(),
      health::v1::GetConsultationRequest::descriptor()->file(),
      health::v1::GetHealthRecordRequest::descriptor()->file(),
      plans::v1::GetPlacementRequest::descriptor()->file(),
      policy::v1::GetAgreementSetRequest::descriptor()->file(),
      policy::v1::ExplainDecisionRequest::descriptor()->file(),
      directory::v1::GetAgencyRequest::descriptor()->file(),
      errors::v1::ErrorInfo::descriptor()->file(),
      errors::v1::ErrorReason_descriptor()->file(),
      events::v1::WatchRequest::descriptor()->file(),
      health::v1::GetAttendanceRequest::descriptor()->file(),
      internal::v1::ChildFacts::descriptor()->file(),
      internal::v1::MisuseCursor::descriptor()->file(),
      internal::v1::PageToken::descriptor()->file(),
      plans::v1::GetPlanRequest::descriptor()->file(),
      policy::v1::Agreement::descriptor()->file(),
      referrals::v1::GetReferralRequest::descriptor()->file(),
      retention::v1::GetDestructionRequest::descriptor()->file(),
      retention::v1::GetHoldingsRequest::descriptor()->file(),
  };
}

void AddInside(const Descriptor* message, Descriptors* found) {
  if (!absl::StartsWith(message->full_name(), "trusthub.") || IsValue(message)) return;
  if (!found->insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->message_type() != nullptr) {
      AddInside(message->field(i)->message_type(), found);
    }
  }
}

}  // namespace

Files LinkedFiles(absl::string_view folder, Complaints* complaints) {
  namespace fs = std::filesystem;
  AskedFor();
  std::vector<std::string> names;
  const fs::path root{std::string(folder)};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / "trusthub")) {
    if (entry.path().extension() != ".proto") continue;
    names.push_back(entry.path().lexically_relative(root).generic_string());
  }
  std::sort(names.begin(), names.end());
  Files files;
  for (const std::string& name : names) {
    const FileDescriptor* file =
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr) {
      complaints->push_back(absl::StrCat(name, ": not linked; ask for it in AskedFor"));
    } else {
      files.push_back(file);
    }
  }
  return files;
}

std::vector<const MethodDescriptor*> MethodsOf(const Files& files) {
  std::vector<const MethodDescriptor*> methods;
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

bool IsRecord(const Descriptor* message) {
  return message->options().HasExtension(options::v1::record);
}

bool IsValue(const Descriptor* message) {
  return message->options().GetExtension(options::v1::value);
}

Descriptors Closure(const Descriptors& roots) {
  Descriptors found;
  for (const Descriptor* root : roots) AddInside(root, &found);
  return found;
}

Descriptors Requests(const Files& files) {
  Descriptors requests;
  for (const MethodDescriptor* method : MethodsOf(files)) requests.insert(method->input_type());
  return requests;
}

Descriptors Responses(const Files& files) {
  Descriptors responses;
  for (const MethodDescriptor* method : MethodsOf(files)) responses.insert(method->output_type());
  return responses;
}

Descriptors Records(const Files& files) {
  Descriptors records;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      if (IsRecord(file->message_type(i))) records.insert(file->message_type(i));
    }
  }
  return records;
}

}  // namespace trusthub::contract
