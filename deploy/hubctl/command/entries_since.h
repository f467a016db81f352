// File: entries_since.h
//
// The entries of one audit log since an instant, read page by page from its end back: what lies
// further back is not read.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_ENTRIES_SINCE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_ENTRIES_SINCE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::hubctl {

// At most `count` entries from index `first` on, as AuditService.ListEntries gives them.
using ReadEntries = std::function<absl::StatusOr<audit::v1::ListEntriesResponse>(
    std::int64_t first, std::int64_t count)>;
// `name` is "auditTrees/{id}/entries/{index}".
using VisitEntry = std::function<void(const std::string& name, const audit::v1::AuditEntry& entry)>;

// Visits each entry that was decided at `cutoff` or later once, the newest page first; those that
// come meanwhile are left out. An entry's time is when it was decided, so a page without one since
// `cutoff` is the last to be read. DATA_LOSS when a page is not complete or an entry does not
// parse.
absl::Status VisitEntriesSince(absl::Time cutoff, std::int64_t page_size, const ReadEntries& read,
                               const VisitEntry& visit);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_ENTRIES_SINCE_H_
