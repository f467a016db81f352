#include "common/rpc/released.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace trusthub::rpc {
namespace {

constexpr char kSpace[] = "released";

std::string KeyOf(absl::string_view record, absl::string_view agency) {
  return absl::StrCat(record, " ", agency);
}

}  // namespace

void ReleaseTo(store::Transaction& tx, absl::string_view record, absl::string_view agency) {
  tx.PutState(kSpace, KeyOf(record, agency), "released");
}

absl::StatusOr<bool> IsReleasedTo(store::Transaction& tx, absl::string_view record,
                                  absl::string_view agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> kept,
                            tx.FindState(kSpace, KeyOf(record, agency)));
  return kept.has_value();
}

}  // namespace trusthub::rpc
