// File: standing_rules.h
//
// The borough's standing rules for who may know what: policy.yaml of its settings folder.
#ifndef TRUSTHUB_COMMON_RPC_STANDING_RULES_H_
#define TRUSTHUB_COMMON_RPC_STANDING_RULES_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/events/facts.h"

namespace trusthub::rpc {

// Strict: an unknown key, a missing one or a number out of bounds fails, naming file and line.
absl::StatusOr<events::StandingRules> LoadStandingRules(absl::string_view path);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_STANDING_RULES_H_
