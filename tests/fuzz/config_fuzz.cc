// Files that a service reads before its first call. The first line says which, e.g. "# service":
// every kind is in kKinds. A bad one is refused with its name, whatever is in it.
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/proto/field_rules.h"
#include "common/rpc/standing_rules.h"
#include "common/testing/temp_folder.h"
#include "common/timescales/rules.h"
#include "services/children/break_glass_rules.h"
#include "services/children/matching_rules.h"
#include "services/children/misuse/misuse_rules.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

// No part of a setting that may be printed.
bool IsApart(const std::string& secret, const config::Config& config) {
  for (const std::string& shown :
       {config.service, config.listen, config.data_folder, config.rules_folder,
        config.agreements_folder, config.settings_folder, config.certificate, config.client_ca,
        config.server_ca, config.trust_file, config.data_keys, config.audience, config.metrics,
        config.port_file, config.clock_file}) {
    if (absl::StrContains(shown, secret)) return false;
  }
  for (const auto& [name, address] : config.services) {
    if (absl::StrContains(name, secret) || absl::StrContains(address, secret)) return false;
  }
  return true;
}

absl::Status LoadService(const std::string& path) {
  const auto loaded = config::Load(path);
  if (!loaded.ok()) return loaded.status();
  const config::Config& config = *loaded;
  Require(config.threads >= 0 && config.threads <= 256, "threads are bounded");
  Require(config.queue >= 0 && config.queue <= 100'000, "the queue is bounded");
  Require(config.sandbox || (config.clock_file.empty() && !config.reflection),
          "only a sandbox sets its clock or shows its schema");
  const std::string dump = config::Dump(config);
  for (const std::string& secret : {config.key, config.audit_key, config.master_key}) {
    Require(secret.empty() || !IsApart(secret, config) || !absl::StrContains(dump, secret),
            "where keys lie is not printed");
  }
  return absl::OkStatus();
}

template <class Loaded>
absl::Status StatusOf(const absl::StatusOr<Loaded>& loaded) {
  return loaded.status();
}

const std::string& Folder() {
  static const auto& folder = *new testing::TempFolder;
  return folder.path();
}

using Load = std::function<absl::Status(const std::string& path)>;

const std::map<std::string, Load>& Kinds() {
  static const auto& kinds = *new std::map<std::string, Load>{
      {"# service", LoadService},
      {"# code_sets", [](const std::string&) { return StatusOf(proto::LoadCodeSets(Folder())); }},
      {"# timescales",
       [](const std::string&) { return StatusOf(timescales::LoadRules(Folder())); }},
      {"# standing", [](const std::string& p) { return StatusOf(rpc::LoadStandingRules(p)); }},
      {"# matching", [](const std::string& p) { return StatusOf(children::LoadMatchingRules(p)); }},
      {"# break_glass",
       [](const std::string& p) { return StatusOf(children::LoadBreakGlassRules(p)); }},
      {"# misuse", [](const std::string& p) { return StatusOf(children::LoadMisuseRules(p)); }},
  };
  return kinds;
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(data, size);
  const auto kind = Kinds().find(input.Line());
  if (kind == Kinds().end()) return 0;
  const std::string path = Folder() + "/settings.yaml";
  std::ofstream(path, std::ios::binary) << input.Rest();
  const absl::Status status = kind->second(path);
  Require(status.ok() || absl::StrContains(status.message(), "settings.yaml"),
          absl::StrCat("an error names the file, not only: ", status.message()));
  return 0;
}
