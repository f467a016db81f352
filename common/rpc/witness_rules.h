// File: witness_rules.h
//
// Who cosigns the heads of this borough's audit logs, and how many must: witnesses.yaml of its
// settings folder.
#ifndef TRUSTHUB_COMMON_RPC_WITNESS_RULES_H_
#define TRUSTHUB_COMMON_RPC_WITNESS_RULES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::rpc {

struct RegisteredWitness {
  std::string name;
  std::string agency;  // "agencies/x", whose system hands its cosignatures in
  std::string key;     // Ed25519, 32 bytes
};

struct WitnessRules {
  // Cosignatures that make a head a witnessed one; 0 when no witness is registered.
  int needed = 0;
  // Age from which the newest witnessed head is a warning, and a cosignature is too old to take.
  absl::Duration max_age = absl::Minutes(5);
  // Age of the newest witnessed head from which nothing is disclosed any more; infinite: never.
  absl::Duration stop_after = absl::InfiniteDuration();
  std::vector<RegisteredWitness> witnesses;

  // Null when there is none of that name.
  const RegisteredWitness* Find(absl::string_view name) const;
};

// Strict: an unknown key, a missing one, a number out of bounds, a name or key listed twice or a
// key that is none fails, naming file and line.
absl::StatusOr<WitnessRules> LoadWitnessRules(absl::string_view path);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_WITNESS_RULES_H_
