// File: instant.h
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_INSTANT_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_INSTANT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::hubctl {

// "2010-01-19" (nine in the morning), "2010-01-19T09:10" (in London) or RFC 3339 with a zone.
absl::StatusOr<absl::Time> ParseInstant(absl::string_view text);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_INSTANT_H_
