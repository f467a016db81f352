// `hubctl policy`: agreements for the people who answer for them.
#include "deploy/hubctl/command/policy_command.h"

#include <filesystem>

namespace trusthub::hubctl {

absl::StatusOr<DirectoryFile> DirectoryFor(absl::string_view folder, absl::string_view file) {
  if (!file.empty()) return ReadDirectoryFile(file);
  std::filesystem::path set{std::string(folder)};
  if (!set.has_filename()) set = set.parent_path();  // a slash at the end
  const std::filesystem::path beside = set.parent_path() / "directory.yaml";
  if (!std::filesystem::exists(beside)) return DirectoryFile();
  return ReadDirectoryFile(beside.string());
}

policy::KindsOfAgencies KindsOf(const DirectoryFile& directory) {
  policy::KindsOfAgencies kinds;
  for (const ListedAgency& each : directory.agencies) {
    kinds.emplace("agencies/" + each.id, each.agency.kind());
  }
  return kinds;
}

nlohmann::ordered_json JsonList(const std::vector<std::string>& words) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const std::string& word : words) list.push_back(word);
  return list;
}

void AddPolicy(CLI::App& app, Invocation& invocation) {
  CLI::App* policy = app.add_subcommand("policy", "Sharing agreements: check, compare, explain");
  policy->require_subcommand(1);
  for (const auto add : {AddPolicyCheck, AddPolicyDiff, AddPolicyRender, AddPolicyBaseline,
                         AddPolicyAccess, AddPolicySets, AddPolicyReplay})
    add(*policy, invocation);
}

}  // namespace trusthub::hubctl
