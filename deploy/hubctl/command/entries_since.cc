#include "deploy/hubctl/command/entries_since.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::hubctl {

absl::Status VisitEntriesSince(absl::Time cutoff, std::int64_t page_size, const ReadEntries& read,
                               const VisitEntry& visit) {
  TRUSTHUB_ASSIGN_OR_RETURN(const audit::v1::ListEntriesResponse any, read(0, 1));
  for (std::int64_t end = any.tree_size(); end > 0;) {
    const std::int64_t first = std::max<std::int64_t>(0, end - page_size);
    TRUSTHUB_ASSIGN_OR_RETURN(const audit::v1::ListEntriesResponse page, read(first, end - first));
    std::int64_t next = first;
    bool any_recent = false;
    for (const audit::v1::LoggedEntry& logged : page.entries()) {
      if (logged.index() >= end) continue;  // came while it was read
      if (logged.index() != next) break;
      ++next;
      TRUSTHUB_ASSIGN_OR_RETURN(const audit::v1::AuditEntry entry,
                                audit::ParseEntry(logged.leaf_input()));
      if (TimeFromProto(entry.entry_time()) < cutoff) continue;
      any_recent = true;
      visit(absl::StrCat(page.tree(), "/entries/", logged.index()), entry);
    }
    if (next != end) {
      return absl::DataLossError(
          absl::StrCat("entry ", next, " of ", any.tree(), " is missing from the log"));
    }
    if (!any_recent) break;
    end = first;
  }
  return absl::OkStatus();
}

}  // namespace trusthub::hubctl
