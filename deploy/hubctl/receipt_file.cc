#include "deploy/hubctl/receipt_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/audit/answer.h"
#include "common/audit/cosignature.h"
#include "common/audit/proof.h"
#include "common/auth/strict_json.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

using nlohmann::json;

constexpr char kFormat[] = "trusthub/receipt/v1";

absl::Status NoReceiptFile(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("no receipt file: ", what, "; save an answer with hubctl get --receipt FILE"));
}

// Whether `value` is an object with every member of `required`, and no others but `optional`.
bool HasMembers(const json& value, std::initializer_list<const char*> required,
                std::initializer_list<const char*> optional = {}) {
  if (!value.is_object()) return false;
  std::size_t known = 0;
  for (const char* name : required) {
    if (!value.contains(name)) return false;
    ++known;
  }
  for (const char* name : optional) known += value.contains(name) ? 1 : 0;
  return value.size() == known;
}

absl::StatusOr<std::string> Base64(const json& value) {
  std::string bytes;
  // Written anew and compared: one text for the same bytes.
  if (!value.is_string() || !absl::Base64Unescape(value.get<std::string>(), &bytes) ||
      absl::Base64Escape(bytes) != value.get<std::string>()) {
    return NoReceiptFile("its response is not base64");
  }
  return bytes;
}

absl::StatusOr<std::string> Hex(const json& value) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    const auto bytes = crypto::HexDecode(text);
    if (bytes.ok() && crypto::HexEncode(*bytes) == text) return *bytes;
  }
  return NoReceiptFile("a hash or signature is not in hexadecimal");
}

absl::StatusOr<std::int64_t> Number(const json& value) {
  // A number from 0 to 2^63 - 1, without a fraction.
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >> 63 != 0) {
    return NoReceiptFile("a size or time is not a whole number");
  }
  return value.get<std::int64_t>();
}

absl::StatusOr<audit::v1::Cosignature> ParseCosignature(const json& value) {
  if (!HasMembers(value, {"witness", "time", "signature"}) || !value["witness"].is_string()) {
    return NoReceiptFile("a cosignature has other members than it should");
  }
  audit::v1::Cosignature cosignature;
  cosignature.set_witness(value["witness"].get<std::string>());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t seconds, Number(value["time"]));
  cosignature.mutable_cosign_time()->set_seconds(seconds);
  TRUSTHUB_ASSIGN_OR_RETURN(*cosignature.mutable_signature(), Hex(value["signature"]));
  return cosignature;
}

absl::StatusOr<WitnessedEntry> ParseWitnessed(const json& value) {
  if (!HasMembers(value, {"tree_size", "root_hash", "inclusion_proof", "cosignatures"}) ||
      !value["inclusion_proof"].is_array() || !value["cosignatures"].is_array()) {
    return NoReceiptFile("its witnessed head has other members than it should");
  }
  WitnessedEntry witnessed;
  TRUSTHUB_ASSIGN_OR_RETURN(witnessed.tree_size, Number(value["tree_size"]));
  TRUSTHUB_ASSIGN_OR_RETURN(witnessed.root_hash, Hex(value["root_hash"]));
  for (const json& each : value["inclusion_proof"]) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::string hash, Hex(each));
    witnessed.inclusion_proof.push_back(std::move(hash));
  }
  for (const json& each : value["cosignatures"]) {
    TRUSTHUB_ASSIGN_OR_RETURN(audit::v1::Cosignature cosignature, ParseCosignature(each));
    witnessed.cosignatures.push_back(std::move(cosignature));
  }
  return witnessed;
}

nlohmann::ordered_json JsonOf(const WitnessedEntry& witnessed) {
  nlohmann::ordered_json proof = nlohmann::ordered_json::array();
  for (const std::string& hash : witnessed.inclusion_proof) {
    proof.push_back(crypto::HexEncode(hash));
  }
  nlohmann::ordered_json cosignatures = nlohmann::ordered_json::array();
  for (const audit::v1::Cosignature& one : witnessed.cosignatures) {
    cosignatures.push_back({{"witness", one.witness()},
                            {"time", one.cosign_time().seconds()},
                            {"signature", crypto::HexEncode(one.signature())}});
  }
  return {{"tree_size", witnessed.tree_size},
          {"root_hash", crypto::HexEncode(witnessed.root_hash)},
          {"inclusion_proof", std::move(proof)},
          {"cosignatures", std::move(cosignatures)}};
}

}  // namespace

std::string ReceiptFileText(const ReceiptFile& file) {
  nlohmann::ordered_json all = {{"format", kFormat},
                                {"method", file.method},
                                {"response", absl::Base64Escape(file.response)}};
  if (file.witnessed.has_value()) all["witnessed"] = JsonOf(*file.witnessed);
  return all.dump(2) + "\n";
}

absl::StatusOr<ReceiptFile> ParseReceiptFile(absl::string_view text) {
  const std::optional<json> all = auth::ParseStrictObject(text);
  if (!all.has_value()) return NoReceiptFile("it is not a JSON object, or has a name twice");
  if (!HasMembers(*all, {"format", "response"}, {"method", "witnessed"})) {
    return NoReceiptFile("it has other members than it should");
  }
  if ((*all)["format"] != kFormat) return NoReceiptFile("it is of another format");
  ReceiptFile file;
  if (all->contains("method")) {
    if (!(*all)["method"].is_string()) return NoReceiptFile("its method is no text");
    file.method = (*all)["method"].get<std::string>();
  }
  TRUSTHUB_ASSIGN_OR_RETURN(file.response, Base64((*all)["response"]));
  if (all->contains("witnessed")) {
    TRUSTHUB_ASSIGN_OR_RETURN(file.witnessed, ParseWitnessed((*all)["witnessed"]));
  }
  return file;
}

absl::StatusOr<types::v1::Receipt> VerifyReceiptFile(const ReceiptFile& file,
                                                     const Trusted& trusted) {
  TRUSTHUB_ASSIGN_OR_RETURN(audit::Answer answer, audit::SplitAnswer(file.response));
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyAnswer(answer, trusted.audit_keys));
  if (trusted.needed == 0) return std::move(answer.receipt);
  if (!file.witnessed.has_value()) {
    return absl::DataLossError(
        "the receipt file holds no cosigned head: hubctl receipt witness adds one");
  }
  const WitnessedEntry& witnessed = *file.witnessed;
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyInclusion(answer.receipt.leaf_hash(),
                                                  answer.receipt.entry_index(), witnessed.tree_size,
                                                  witnessed.inclusion_proof, witnessed.root_hash));
  TRUSTHUB_RETURN_IF_ERROR(
      audit::VerifyWitnessed({answer.receipt.tree(), witnessed.tree_size, witnessed.root_hash},
                             witnessed.cosignatures, trusted.witnesses, trusted.needed));
  return std::move(answer.receipt);
}

}  // namespace trusthub::hubctl
