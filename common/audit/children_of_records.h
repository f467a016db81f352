// File: children_of_records.h
//
// Which children the records that audit entries name are about, as the service's own store knows
// them. Entries themselves hold pseudonyms; this is for the hub's own services alone.
#ifndef TRUSTHUB_COMMON_AUDIT_CHILDREN_OF_RECORDS_H_
#define TRUSTHUB_COMMON_AUDIT_CHILDREN_OF_RECORDS_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::audit {

// Looks each record up once. Not thread-safe; lives no longer than its snapshot.
class ChildrenOfRecords {
 public:
  explicit ChildrenOfRecords(store::Snapshot* snapshot) : snapshot_(*snapshot) {}

  // Names of children, each once; records that the store does not have, or that are about no child,
  // add none.
  absl::StatusOr<std::set<std::string>> Of(const v1::AuditEntry& entry);

 private:
  absl::StatusOr<std::string> ChildOf(const std::string& record);

  store::Snapshot& snapshot_;
  std::map<std::string, std::string> children_;  // of records seen before
};

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_CHILDREN_OF_RECORDS_H_
