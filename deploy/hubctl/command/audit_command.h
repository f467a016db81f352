// File: audit_command.h
//
// What the files of `hubctl audit` share.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_AUDIT_COMMAND_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_AUDIT_COMMAND_H_

#include "CLI/CLI.hpp"
#include "deploy/hubctl/command/command.h"

namespace trusthub::hubctl {

void AddAuditDisclosures(CLI::App& audit, Invocation& invocation);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_AUDIT_COMMAND_H_
