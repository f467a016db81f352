#include "services/children/accesses.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::children {
namespace {

// Entries read at once. More than kAccessesMax stand there only when several calls came together.
constexpr int kEntriesRead = 2 * kAccessesMax;

std::string SpaceOf(absl::string_view child) { return absl::StrCat("accesses/", child); }

// Keys sort newest first; the random part tells accesses of one instant apart.
std::string KeyOf(absl::Time time) {
  return absl::StrFormat(
      "%019d/%s", std::numeric_limits<std::int64_t>::max() - absl::ToUnixMicros(time), RandomId());
}

}  // namespace

absl::StatusOr<std::vector<v1::PreviousAccess>> LatestAccesses(store::Transaction& tx,
                                                               absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto entries,
                            tx.snapshot().ListState(SpaceOf(child), "", kAccessesMax));
  std::vector<v1::PreviousAccess> accesses;
  for (const auto& [key, value] : entries) {
    v1::PreviousAccess access;
    if (!access.ParseFromString(value)) {
      return absl::DataLossError("a stored access does not parse");
    }
    accesses.push_back(std::move(access));
  }
  return accesses;
}

absl::Status AddAccess(store::Transaction& tx, absl::string_view child,
                       const v1::PreviousAccess& access) {
  const std::string space = SpaceOf(child);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto entries, tx.snapshot().ListState(space, "", kEntriesRead));
  // The new entry takes one place.
  for (std::size_t i = kAccessesMax - 1; i < entries.size(); ++i) {
    tx.PutState(space, entries[i].first, std::nullopt);
  }
  tx.PutState(space, KeyOf(TimeFromProto(access.access_time())), access.SerializeAsString());
  return absl::OkStatus();
}

}  // namespace trusthub::children
