// File: log_source.h
//
// Audit logs as the search for misuse reads them: with the children that entries are about. A
// service has a log of each of its replicas.
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_LOG_SOURCE_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_LOG_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::children {

class LogSource {
 public:
  virtual ~LogSource() = default;
  // The service's logs, in the order in which they were registered; none when there is no entry
  // yet.
  virtual absl::StatusOr<std::vector<std::string>> Trees() = 0;
  // At most `count` entries of a log from `first_index` on; of an empty name, of the one that there
  // is. Called by one thread.
  virtual absl::StatusOr<audit::v1::ListEntriesResponse> Read(const std::string& tree,
                                                              std::int64_t first_index,
                                                              int count) = 0;
};

// The logs of another service, over AuditService, as the hub's own service. That service says which
// children its records are about.
std::unique_ptr<LogSource> RemoteLog(std::shared_ptr<rpc::Client> client, std::string service);

// This service's own logs, from its store. Children are found by the records that entries name and,
// since every child has a record here, by their pseudonyms: a registration answers with no record.
std::unique_ptr<LogSource> OwnLog(const rpc::Backstage& backstage);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_LOG_SOURCE_H_
