#include "common/rpc/standing_rules.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"

namespace trusthub::rpc {
namespace {

// A longer window would be a second access right, which belongs in an agreement.
constexpr std::int64_t kClosingWindowDaysMax = 90;

}  // namespace

absl::StatusOr<events::StandingRules> LoadStandingRules(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml root, config::Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"closing_window_days"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml window, root.Get("closing_window_days"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t days, window.Number());
  if (days < 0 || days > kClosingWindowDaysMax) {
    return window.Error(
        absl::StrCat("closing_window_days must lie between 0 and ", kClosingWindowDaysMax));
  }
  events::StandingRules rules;
  rules.closing_window = absl::Hours(24 * days);
  return rules;
}

}  // namespace trusthub::rpc
