#include "common/audit/children_of_records.h"

#include <optional>

#include "common/base/ids.h"
#include "common/base/status_macros.h"

namespace trusthub::audit {

absl::StatusOr<std::set<std::string>> ChildrenOfRecords::Of(const v1::AuditEntry& entry) {
  std::set<std::string> children;
  for (const std::string& record : entry.records()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string child, ChildOf(record));
    if (!child.empty()) children.insert(child);
  }
  return children;
}

absl::StatusOr<std::string> ChildrenOfRecords::ChildOf(const std::string& record) {
  if (IsNameIn("children", record)) return record;
  // Events are no records; an entry that names one names the record that it tells of as well.
  if (IsNameIn("events", record)) return std::string();
  const auto known = children_.find(record);
  if (known != children_.end()) return known->second;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<store::StoredRecord> found, snapshot_.Find(record));
  return children_.emplace(record, found.has_value() ? found->child : "").first->second;
}

}  // namespace trusthub::audit
