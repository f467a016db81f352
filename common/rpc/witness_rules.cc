#include "common/rpc/witness_rules.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/crypto/crypto.h"

namespace trusthub::rpc {
namespace {

// An answer lists a cosignature of each.
constexpr std::int64_t kWitnessesMax = 31;
constexpr std::int64_t kMinutesMax = 7 * 24 * 60;

absl::StatusOr<std::int64_t> NumberIn(const config::Yaml& root, absl::string_view key,
                                      std::int64_t least, std::int64_t most) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml node, root.Get(key));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t number, node.Number());
  if (number >= least && number <= most) return number;
  return node.Error(absl::StrCat(key, " must lie between ", least, " and ", most));
}

absl::StatusOr<RegisteredWitness> ReadWitness(const config::Yaml& node) {
  TRUSTHUB_RETURN_IF_ERROR(node.CheckKeys({"name", "agency", "key"}));
  RegisteredWitness witness;
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml name, node.Get("name"));
  TRUSTHUB_ASSIGN_OR_RETURN(witness.name, name.Text());
  // As the field that it travels in.
  if (!IsNameIn("witnesses", absl::StrCat("witnesses/", witness.name))) {
    return name.Error("name must be of lower case letters, digits and hyphens");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml agency, node.Get("agency"));
  TRUSTHUB_ASSIGN_OR_RETURN(witness.agency, agency.Text());
  if (!IsNameIn("agencies", witness.agency)) {
    return agency.Error("agency must be the name of an agency, agencies/{id}");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml key, node.Get("key"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string hex, key.Text());
  absl::StatusOr<std::string> bytes = crypto::HexDecode(hex);
  if (!bytes.ok() || bytes->size() != crypto::kKeyBytes) {
    return key.Error("key must be an Ed25519 public key, 64 hex digits: hubctl witness key");
  }
  witness.key = *std::move(bytes);
  return witness;
}

}  // namespace

const RegisteredWitness* WitnessRules::Find(absl::string_view name) const {
  const auto found = std::find_if(witnesses.begin(), witnesses.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found == witnesses.end() ? nullptr : &*found;
}

absl::StatusOr<WitnessRules> LoadWitnessRules(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml root, config::Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(
      root.CheckKeys({"needed", "max_age_minutes", "stop_after_minutes", "witnesses"}));
  WitnessRules rules;
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml list, root.Get("witnesses"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<config::Yaml> items, list.Items());
  for (const config::Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(RegisteredWitness witness, ReadWitness(item));
    for (const RegisteredWitness& other : rules.witnesses) {
      if (other.name == witness.name || other.key == witness.key) {
        return item.Error(absl::StrCat("witness ", witness.name, " or its key is listed twice"));
      }
    }
    rules.witnesses.push_back(std::move(witness));
  }
  const auto count = static_cast<std::int64_t>(rules.witnesses.size());
  if (count > kWitnessesMax) {
    return list.Error(absl::StrCat("at most ", kWitnessesMax, " witnesses can be registered"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t needed,
                            NumberIn(root, "needed", count == 0 ? 0 : 1, count));
  rules.needed = static_cast<int>(needed);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t max_age,
                            NumberIn(root, "max_age_minutes", 1, kMinutesMax));
  rules.max_age = absl::Minutes(max_age);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t stop_after,
                            NumberIn(root, "stop_after_minutes", 0, kMinutesMax));
  if (stop_after == 0) return rules;
  if (rules.needed == 0 || stop_after < max_age) {
    TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml node, root.Get("stop_after_minutes"));
    return node.Error(
        "stop_after_minutes needs witnesses, and may not be less than max_age_minutes");
  }
  rules.stop_after = absl::Minutes(stop_after);
  return rules;
}

}  // namespace trusthub::rpc
