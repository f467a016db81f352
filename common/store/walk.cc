#include "common/store/walk.h"

#include <cstdint>
#include <vector>

#include "common/base/status_macros.h"

namespace trusthub::store {
namespace {

// Records read at a time.
constexpr int kAtATime = 500;

}  // namespace

absl::Status ForEachRecordOf(Snapshot& view, absl::string_view child,
                             absl::FunctionRef<absl::Status(const StoredRecord&)> visit) {
  for (int kind = 1; kind < options::v1::RecordKind_ARRAYSIZE; ++kind) {
    std::int64_t after = 0;
    for (bool more = true; more;) {
      TRUSTHUB_ASSIGN_OR_RETURN(
          const std::vector<StoredRecord> page,
          view.ListByChild(static_cast<RecordKind>(kind), child, after, kAtATime));
      for (const StoredRecord& record : page) {
        TRUSTHUB_RETURN_IF_ERROR(visit(record));
        after = record.position;
      }
      more = page.size() == kAtATime;
    }
  }
  return absl::OkStatus();
}

}  // namespace trusthub::store
