#include "deploy/hubctl/witness/witness_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/auth/strict_json.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "deploy/hubctl/head_json.h"
#include "deploy/hubctl/hub_folder.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/text_file.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kSettings[] = "/witness.yaml";
constexpr char kKey[] = "/witness.key";
constexpr char kAuditKeys[] = "/audit-keys";

absl::Status Damaged(const std::string& path) {
  return absl::DataLossError(
      absl::StrCat(path, " is damaged: put back a copy; without one, tell the other agencies"));
}

std::string SettingsText(const WitnessSettings& settings) {
  std::string text = absl::StrCat(
      "# A witness of a Trust Hub's audit logs (hubctl witness).\nname: ", settings.name, "\n");
  if (!settings.worker.empty()) return absl::StrCat(text, "worker: ", settings.worker, "\n");
  absl::StrAppend(&text, "certificate: ", settings.tls.certificate, "\nkey: ", settings.tls.key,
                  "\nserver_ca: ", settings.tls.server_ca, "\ntoken_file: ", settings.token_file,
                  "\nservices:\n");
  for (const auto& [service, address] : settings.addresses) {
    absl::StrAppend(&text, "  ", service, ": ", address, "\n");
  }
  return text;
}

absl::StatusOr<std::string> TextUnder(const config::Yaml& root, absl::string_view key) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml node, root.Get(key));
  return node.Text();
}

absl::StatusOr<WitnessSettings> ReadSettings(const std::string& path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml root, config::Yaml::ReadFile(path));
  WitnessSettings settings;
  TRUSTHUB_ASSIGN_OR_RETURN(settings.name, TextUnder(root, "name"));
  if (root.Find("worker").has_value()) {
    TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"name", "worker"}));
    TRUSTHUB_ASSIGN_OR_RETURN(settings.worker, TextUnder(root, "worker"));
    return settings;
  }
  TRUSTHUB_RETURN_IF_ERROR(
      root.CheckKeys({"name", "certificate", "key", "server_ca", "token_file", "services"}));
  TRUSTHUB_ASSIGN_OR_RETURN(settings.tls.certificate, TextUnder(root, "certificate"));
  TRUSTHUB_ASSIGN_OR_RETURN(settings.tls.key, TextUnder(root, "key"));
  TRUSTHUB_ASSIGN_OR_RETURN(settings.tls.server_ca, TextUnder(root, "server_ca"));
  TRUSTHUB_ASSIGN_OR_RETURN(settings.token_file, TextUnder(root, "token_file"));
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml services, root.Get("services"));
  for (const char* service : kServices) {
    TRUSTHUB_ASSIGN_OR_RETURN(settings.addresses[service], TextUnder(services, service));
  }
  return settings;
}

}  // namespace

absl::Status WitnessFolder::Make(const std::string& folder, const WitnessSettings& settings,
                                 const audit::KeyList& audit_keys) {
  if (std::filesystem::exists(folder + kSettings)) {
    return absl::AlreadyExistsError(absl::StrCat(folder, " holds a witness already"));
  }
  if (!IsNameIn("witnesses", absl::StrCat("witnesses/", settings.name))) {
    return absl::InvalidArgumentError(
        "a witness's name is of lower case letters, digits and hyphens");
  }
  std::error_code error;
  for (const char* part : {"/heads", "/evidence"}) {
    if (!error) std::filesystem::create_directories(folder + part, error);
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat(folder, ": cannot be made: ", error.message()));
  }
  TRUSTHUB_RETURN_IF_ERROR(
      pki::WriteFile(folder + kKey, crypto::SigningKey::Generate()->ToPem(), /*secret=*/true));
  TRUSTHUB_RETURN_IF_ERROR(
      pki::WriteFile(folder + kAuditKeys, audit::KeyListText(audit_keys), /*secret=*/false));
  // Last: a folder with it is whole.
  return pki::WriteFile(folder + kSettings, SettingsText(settings), /*secret=*/false);
}

absl::StatusOr<std::unique_ptr<WitnessFolder>> WitnessFolder::Open(const std::string& folder) {
  if (!std::filesystem::exists(folder + kSettings)) {
    return absl::NotFoundError(
        absl::StrCat(folder, " holds no witness: hubctl witness init --folder ", folder));
  }
  auto opened = std::make_unique<WitnessFolder>();
  opened->folder_ = folder;
  TRUSTHUB_ASSIGN_OR_RETURN(opened->settings_, ReadSettings(folder + kSettings));
  TRUSTHUB_ASSIGN_OR_RETURN(opened->key_, crypto::SigningKey::Load(folder + kKey));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string keys, ReadTextFile(folder + kAuditKeys));
  TRUSTHUB_ASSIGN_OR_RETURN(opened->audit_keys_, audit::ParseKeyList(keys));
  return opened;
}

std::string WitnessFolder::FileOf(absl::string_view service, absl::string_view tree) {
  return absl::StrCat(service, "-", tree.substr(tree.find('/') + 1));
}

std::vector<std::string> WitnessFolder::FurtherFiles(absl::string_view service) const {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/heads", error)) {
    const std::string file = entry.path().stem().string();
    if (absl::StartsWith(file, absl::StrCat(service, "-"))) files.push_back(file);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string WitnessFolder::PathOf(absl::string_view file) const {
  return absl::StrCat(folder_, "/heads/", file, ".json");
}

absl::StatusOr<std::optional<SeenLog>> WitnessFolder::Read(absl::string_view file) const {
  const std::string path = PathOf(file);
  if (!std::filesystem::exists(path)) return std::optional<SeenLog>();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  const std::optional<json> value = auth::ParseStrictObject(text);
  if (!value.has_value() || !value->contains("newest")) return Damaged(path);
  std::optional<store::SealedHead> newest = HeadOf((*value)["newest"]);
  if (!newest.has_value()) return Damaged(path);
  SeenLog log;
  log.newest = *std::move(newest);
  log.evidence = auth::StringMember(*value, "evidence").value_or("");
  if (!value->contains("cosigned")) return std::optional(std::move(log));
  log.cosigned = HeadOf((*value)["cosigned"]);
  if (!log.cosigned.has_value() || !value->contains("cosign_time") ||
      !(*value)["cosign_time"].is_number_integer()) {
    return Damaged(path);
  }
  log.cosign_time = absl::FromUnixSeconds((*value)["cosign_time"].get<std::int64_t>());
  return std::optional(std::move(log));
}

absl::Status WitnessFolder::Write(absl::string_view file, const SeenLog& log) const {
  ordered_json value = {{"newest", HeadJson(log.newest)}};
  if (log.cosigned.has_value()) {
    value["cosigned"] = HeadJson(*log.cosigned);
    value["cosign_time"] = absl::ToUnixSeconds(log.cosign_time);
  }
  if (!log.evidence.empty()) value["evidence"] = log.evidence;
  return pki::WriteFile(PathOf(file), value.dump(2) + "\n", /*secret=*/false);
}

absl::StatusOr<std::string> WitnessFolder::WriteEvidence(absl::string_view service, absl::Time now,
                                                         const Contradiction& contradiction) const {
  ordered_json proof = ordered_json::array();
  for (const std::string& hash : contradiction.proof) proof.push_back(crypto::HexEncode(hash));
  const ordered_json value = {
      {"format", "trusthub/evidence/v1"},
      {"finding", contradiction.finding},
      {"service", std::string(service)},
      {"witness", settings_.name},
      {"found_at", absl::FormatTime(absl::RFC3339_sec, now, absl::UTCTimeZone())},
      {"kept", HeadJson(contradiction.kept)},
      {"shown", HeadJson(contradiction.shown)},
      {"consistency_proof", std::move(proof)}};
  const std::string name =
      absl::StrCat("evidence/", service, "-", absl::ToUnixMicros(now), ".json");
  TRUSTHUB_RETURN_IF_ERROR(pki::WriteFile(absl::StrCat(folder_, "/", name), value.dump(2) + "\n",
                                          /*secret=*/false));
  return absl::StrCat(folder_, "/", name);
}

std::string WitnessFolder::PathOfAccepted(const Restoration& restoration) const {
  return absl::StrCat(folder_, "/accepted/", restoration.service, "-", RestorationId(restoration),
                      ".json");
}

bool WitnessFolder::HasAccepted(const Restoration& restoration) const {
  return std::filesystem::exists(PathOfAccepted(restoration));
}

absl::Status WitnessFolder::WriteAccepted(const Restoration& restoration) const {
  std::error_code error;
  std::filesystem::create_directories(folder_ + "/accepted", error);
  if (error) {
    return absl::UnavailableError(absl::StrCat(folder_, ": cannot be written: ", error.message()));
  }
  return pki::WriteFile(PathOfAccepted(restoration), RestorationText(restoration),
                        /*secret=*/false);
}

}  // namespace trusthub::hubctl
