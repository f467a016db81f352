// File: policy_command.h
//
// What the files of `hubctl policy` share.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_POLICY_COMMAND_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_POLICY_COMMAND_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/policy/access_lattice.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/directory_file.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {

// Commands over folders of agreements: no hub is asked.
void AddPolicyCheck(CLI::App& policy, Invocation& invocation);
void AddPolicyDiff(CLI::App& policy, Invocation& invocation);
void AddPolicyRender(CLI::App& policy, Invocation& invocation);
void AddPolicyBaseline(CLI::App& policy, Invocation& invocation);

// A directory file. Where `file` is empty, directory.yaml beside `folder`; an empty directory when
// there is no such file.
absl::StatusOr<DirectoryFile> DirectoryFor(absl::string_view folder, absl::string_view file);
// "agencies/x" and its kind.
policy::KindsOfAgencies KindsOf(const DirectoryFile& directory);

// "a, b" of a JSON-friendly list.
nlohmann::ordered_json JsonList(const std::vector<std::string>& words);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_POLICY_COMMAND_H_
