#include "deploy/hubctl/head_json.h"

#include <cstdint>
#include <string>

#include "common/auth/strict_json.h"
#include "common/crypto/crypto.h"

namespace trusthub::hubctl {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json HeadJson(const store::SealedHead& head) {
  return {{"tree", head.tree},
          {"tree_size", head.size},
          {"root_hash", crypto::HexEncode(head.root)},
          {"sign_time_micros", absl::ToUnixMicros(head.sign_time)},
          {"signature", crypto::HexEncode(head.signature)}};
}

std::optional<store::SealedHead> HeadOf(const json& value) {
  if (!value.is_object()) return std::nullopt;
  const auto tree = auth::StringMember(value, "tree");
  const auto root = auth::StringMember(value, "root_hash");
  const auto signature = auth::StringMember(value, "signature");
  if (!tree || !root || !signature || !value.contains("tree_size") ||
      !value["tree_size"].is_number_integer() || !value.contains("sign_time_micros") ||
      !value["sign_time_micros"].is_number_integer()) {
    return std::nullopt;
  }
  const auto root_bytes = crypto::HexDecode(*root);
  const auto signature_bytes = crypto::HexDecode(*signature);
  if (!root_bytes.ok() || !signature_bytes.ok()) return std::nullopt;
  return store::SealedHead{*tree, value["tree_size"].get<std::int64_t>(), *root_bytes,
                           absl::FromUnixMicros(value["sign_time_micros"].get<std::int64_t>()),
                           *signature_bytes};
}

}  // namespace trusthub::hubctl
