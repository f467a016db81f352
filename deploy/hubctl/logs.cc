#include "deploy/hubctl/logs.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::hubctl {
namespace {

constexpr char kPurpose[] = "audit_review";

}  // namespace

AskAuditService AskBy(Desk& desk, std::string case_reference) {
  return [&desk, case_reference = std::move(case_reference)](
             const google::protobuf::Message& request, absl::string_view service,
             google::protobuf::Message* response) {
    return desk.Call(request, kPurpose, case_reference, service, response);
  };
}

absl::StatusOr<std::vector<audit::v1::TreeHead>> HeadsOf(const AskAuditService& ask,
                                                         absl::string_view service) {
  audit::v1::ListTreesResponse response;
  TRUSTHUB_RETURN_IF_ERROR(ask(audit::v1::ListTreesRequest(), service, &response));
  if (response.heads().empty()) {
    // Of a service without entries. That this was asked is the first.
    TRUSTHUB_RETURN_IF_ERROR(ask(audit::v1::ListTreesRequest(), service, &response));
  }
  if (response.heads().empty()) {
    return absl::DataLossError(absl::StrCat(service, " shows no audit log"));
  }
  return std::vector<audit::v1::TreeHead>(response.heads().begin(), response.heads().end());
}

absl::StatusOr<std::vector<std::string>> TreesOf(const AskAuditService& ask,
                                                 absl::string_view service) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<audit::v1::TreeHead> heads, HeadsOf(ask, service));
  std::vector<std::string> trees;
  for (const audit::v1::TreeHead& head : heads) trees.push_back(head.tree());
  return trees;
}

std::string LogName(absl::string_view service, absl::string_view tree, bool is_first) {
  return is_first ? std::string(service) : absl::StrCat(service, " ", tree);
}

}  // namespace trusthub::hubctl
