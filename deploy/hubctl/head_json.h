// File: head_json.h
//
// Signed heads of audit logs as files of hubctl hold them.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_HEAD_JSON_H_
#define TRUSTHUB_DEPLOY_HUBCTL_HEAD_JSON_H_

#include <optional>

#include "common/store/store.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {

nlohmann::ordered_json HeadJson(const store::SealedHead& head);
// Nothing when `value` is no head. Whether to believe it says audit::VerifyHead.
std::optional<store::SealedHead> HeadOf(const nlohmann::json& value);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_HEAD_JSON_H_
