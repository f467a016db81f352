#include "services/assessments/quorum.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/error/error.h"

namespace trusthub::assessments {

absl::Status CheckQuorum(const std::set<std::string>& kinds) {
  const bool health = kinds.count("ACUTE_TRUST") + kinds.count("COMMUNITY_HEALTH") +
                          kinds.count("MENTAL_HEALTH_TRUST") >
                      0;
  std::vector<absl::string_view> missing;
  if (kinds.count("COUNCIL") == 0) missing.push_back("children's services");
  if (kinds.count("POLICE_FORCE") == 0) missing.push_back("police");
  if (!health) missing.push_back("health");
  if (missing.empty()) return absl::OkStatus();
  return error::RuleBroken(
      errors::v1::ERROR_REASON_QUORUM_MISSING,
      "A strategy discussion is held by children's services, police and health at least.",
      absl::StrCat("Hold it with the missing ones and record them as participants: ",
                   absl::StrJoin(missing, ", "), "."));
}

}  // namespace trusthub::assessments
