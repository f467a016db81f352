#include "deploy/hubctl/backup/restoration.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/auth/strict_json.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/rpc/hub_agency.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/head_json.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr char kFormat[] = "trusthub/restoration/v1";
constexpr std::size_t kIdDigits = 16;

ordered_json HashesJson(const std::vector<std::string>& hashes) {
  ordered_json list = ordered_json::array();
  for (const std::string& hash : hashes) list.push_back(crypto::HexEncode(hash));
  return list;
}

std::optional<std::vector<std::string>> HashesOf(const json& value, const char* name) {
  if (!value.contains(name) || !value[name].is_array()) return std::nullopt;
  std::vector<std::string> hashes;
  for (const json& one : value[name]) {
    auto bytes = crypto::HexDecode(one.is_string() ? one.get<std::string>() : "-");
    if (!bytes.ok()) return std::nullopt;
    hashes.push_back(*std::move(bytes));
  }
  return hashes;
}

absl::Status CheckSigned(const store::SealedHead& head, const audit::KeyList& keys) {
  for (const absl::string_view key : audit::KeysFor(keys, head.tree)) {
    if (audit::VerifyHead(head, key).ok()) return absl::OkStatus();
  }
  return absl::DataLossError("a head in it is not signed by a published audit key");
}

}  // namespace

audit::v1::AuditEntry RestoredEntry(absl::string_view service, absl::string_view backup,
                                    absl::string_view case_reference, absl::Time now) {
  audit::v1::AuditEntry entry;
  *entry.mutable_entry_time() = TimeToProto(now);
  *entry.mutable_domain_time() = TimeToProto(now);
  entry.set_agency(rpc::kHubAgency);
  entry.set_system(absl::StrCat("/service/", service));
  entry.set_role(options::v1::ROLE_HUB_SERVICE);
  entry.set_action(kRestoredAction);
  entry.set_purpose(options::v1::PURPOSE_HUB_OPERATION);
  entry.set_case_reference(std::string(case_reference));
  entry.add_records(absl::StrCat("backups/", backup));
  entry.set_decision(audit::v1::AUDIT_DECISION_RECORDED);
  return entry;
}

std::string RestorationText(const Restoration& restoration) {
  const ordered_json value = {{"format", kFormat},
                              {"service", restoration.service},
                              {"backup", restoration.backup},
                              {"restored", HeadJson(restoration.restored)},
                              {"after", HeadJson(restoration.after)},
                              {"entry", crypto::HexEncode(restoration.entry)},
                              {"inclusion_proof", HashesJson(restoration.inclusion_proof)},
                              {"consistency_proof", HashesJson(restoration.consistency_proof)}};
  return value.dump(2) + "\n";
}

absl::StatusOr<Restoration> ParseRestoration(absl::string_view text) {
  const absl::Status no = absl::InvalidArgumentError("is no statement of a restore");
  const std::optional<json> value = auth::ParseStrictObject(text);
  if (!value.has_value() || auth::StringMember(*value, "format") != kFormat) return no;
  const auto service = auth::StringMember(*value, "service");
  const auto backup = auth::StringMember(*value, "backup");
  const auto entry = crypto::HexDecode(auth::StringMember(*value, "entry").value_or("-"));
  auto inclusion = HashesOf(*value, "inclusion_proof");
  auto consistency = HashesOf(*value, "consistency_proof");
  // Files are named by them.
  if (!service || !backup || !IsNameIn("services", absl::StrCat("services/", *service)) ||
      !entry.ok() || !inclusion || !consistency || !value->contains("restored") ||
      !value->contains("after")) {
    return no;
  }
  auto restored = HeadOf((*value)["restored"]);
  auto after = HeadOf((*value)["after"]);
  if (!restored || !after) return no;
  return Restoration{*service,
                     *backup,
                     *std::move(restored),
                     *std::move(after),
                     *entry,
                     *std::move(inclusion),
                     *std::move(consistency)};
}

absl::Status VerifyRestoration(const Restoration& restoration, const audit::KeyList& keys) {
  const store::SealedHead& restored = restoration.restored;
  const store::SealedHead& after = restoration.after;
  TRUSTHUB_RETURN_IF_ERROR(CheckSigned(restored, keys));
  TRUSTHUB_RETURN_IF_ERROR(CheckSigned(after, keys));
  if (after.tree != restored.tree || after.size != restored.size + 1) {
    return absl::DataLossError("its two heads do not follow each other");
  }
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyConsistency(restored.size, restored.root, after.size,
                                                    after.root, restoration.consistency_proof));
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyInclusion(audit::EntryLeafHash(restoration.entry),
                                                  restored.size, after.size,
                                                  restoration.inclusion_proof, after.root));
  TRUSTHUB_ASSIGN_OR_RETURN(const audit::v1::AuditEntry entry,
                            audit::ParseEntry(restoration.entry));
  const bool fits = entry.action() == kRestoredAction &&
                    entry.system() == absl::StrCat("/service/", restoration.service) &&
                    entry.records_size() == 1 &&
                    entry.records(0) == absl::StrCat("backups/", restoration.backup);
  return fits ? absl::OkStatus() : absl::DataLossError("its entry tells of no such restore");
}

std::string RestorationId(const Restoration& restoration) {
  return crypto::HexEncode(restoration.after.root).substr(0, kIdDigits);
}

}  // namespace trusthub::hubctl
