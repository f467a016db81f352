// File: policy_command.h
//
// What the files of `hubctl policy` share.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_POLICY_COMMAND_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_POLICY_COMMAND_H_

#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/directory_file.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {

// Who asks unless told otherwise, what for, and where sets of agreements are kept.
inline constexpr char kInformationLead[] = "lbr-ig-01";
inline constexpr char kGovernance[] = "governance";
inline constexpr char kDirectory[] = "directory";

// Commands over folders of agreements: no hub is asked.
void AddPolicyCheck(CLI::App& policy, Invocation& invocation);
void AddPolicyDiff(CLI::App& policy, Invocation& invocation);
void AddPolicyRender(CLI::App& policy, Invocation& invocation);
void AddPolicyBaseline(CLI::App& policy, Invocation& invocation);

// Commands that ask a hub.
void AddPolicyAccess(CLI::App& policy, Invocation& invocation);
void AddPolicySets(CLI::App& policy, Invocation& invocation);
void AddPolicyReplay(CLI::App& policy, Invocation& invocation);

// The set that was put in force last; without one, that of the hub's configuration.
absl::StatusOr<std::shared_ptr<const policy::Agreements>> AgreementsInForce(const Hub& hub,
                                                                            const Asker& asker);

// A directory file. Where `file` is empty, directory.yaml beside `folder`; an empty directory when
// there is no such file.
absl::StatusOr<DirectoryFile> DirectoryFor(absl::string_view folder, absl::string_view file);
// "agencies/x" and its kind.
policy::KindsOfAgencies KindsOf(const DirectoryFile& directory);

nlohmann::ordered_json JsonList(const std::vector<std::string>& words);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_POLICY_COMMAND_H_
