// File: logs.h
//
// The audit logs of a service: one of each of its replicas.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_LOGS_H_
#define TRUSTHUB_DEPLOY_HUBCTL_LOGS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/hubctl/hub_folder.h"
#include "google/protobuf/message.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::hubctl {

// Calls a method of AuditService at `service`.
using AskAuditService =
    std::function<absl::Status(const google::protobuf::Message& request, absl::string_view service,
                               google::protobuf::Message* response)>;
// By a desk, for the purpose audit_review. `desk` outlives what is given.
AskAuditService AskBy(Desk& desk, std::string case_reference);

// The newest heads of the logs, in the order in which they were registered; at least one, for that
// they were asked for is an entry. Of a log without entries only the name. Fails as the call does.
absl::StatusOr<std::vector<audit::v1::TreeHead>> HeadsOf(const AskAuditService& ask,
                                                         absl::string_view service);
// Their names.
absl::StatusOr<std::vector<std::string>> TreesOf(const AskAuditService& ask,
                                                 absl::string_view service);

// What a log is called for people: the first by the service's name, another one with its own.
std::string LogName(absl::string_view service, absl::string_view tree, bool is_first);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_LOGS_H_
