#include "deploy/hubctl/backup/manifest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/auth/strict_json.h"
#include "common/crypto/crypto.h"
#include "deploy/hubctl/head_json.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kChunkNameDigits = 32;
constexpr std::size_t kBackupNameMax = 63;

std::string TimeText(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
}

// Members of an object; what is missing or of another type is remembered, not told at once.
class Members {
 public:
  explicit Members(const json& object) : object_(object), good_(object.is_object()) {}
  bool good() const { return good_; }

  std::string Text(const char* name) {
    const json* const value = Find(name, json::value_t::string);
    return value != nullptr ? value->get<std::string>() : "";
  }
  std::string Bytes(const char* name) {
    auto bytes = crypto::HexDecode(Text(name));
    good_ = good_ && bytes.ok();
    return bytes.ok() ? *std::move(bytes) : "";
  }
  std::int64_t Number(const char* name) {
    const bool found = good_ && object_.contains(name) && object_[name].is_number_integer();
    good_ = found;
    return found ? object_[name].get<std::int64_t>() : 0;
  }
  absl::Time Time(const char* name) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, Text(name), &time, &error)) good_ = false;
    return time;
  }
  std::vector<json> List(const char* name) {
    const json* const value = Find(name, json::value_t::array);
    return value != nullptr ? value->get<std::vector<json>>() : std::vector<json>();
  }
  void Refuse() { good_ = false; }

 private:
  const json* Find(const char* name, json::value_t type) {
    const bool found = good_ && object_.contains(name) && object_[name].type() == type;
    good_ = found;
    return found ? &object_[name] : nullptr;
  }

  const json& object_;
  bool good_;
};

ordered_json ServiceJson(const ServiceBackup& backup) {
  ordered_json value = {{"service", backup.service},
                        {"engine", backup.engine},
                        {"time", TimeText(backup.time)},
                        {"schema", backup.schema},
                        {"bytes", backup.bytes},
                        {"content_hash", crypto::HexEncode(backup.content_hash)},
                        {"last_event", backup.last_event},
                        {"destroyed", backup.destroyed},
                        {"audit_key", crypto::HexEncode(backup.audit_key)}};
  if (backup.head.has_value()) value["head"] = HeadJson(*backup.head);
  value["chunk_bytes"] = backup.chunk_bytes;
  value["chunks"] = backup.chunks;
  return value;
}

std::optional<ServiceBackup> ServiceOf(const json& value) {
  Members members(value);
  ServiceBackup backup;
  backup.service = members.Text("service");
  backup.engine = members.Text("engine");
  backup.time = members.Time("time");
  backup.schema = members.Number("schema");
  backup.bytes = members.Number("bytes");
  backup.content_hash = members.Bytes("content_hash");
  backup.last_event = members.Number("last_event");
  backup.destroyed = members.Number("destroyed");
  backup.audit_key = members.Bytes("audit_key");
  backup.chunk_bytes = members.Number("chunk_bytes");
  for (const json& chunk : members.List("chunks")) {
    if (!chunk.is_string() || !IsChunkName(chunk.get<std::string>())) return std::nullopt;
    backup.chunks.push_back(chunk.get<std::string>());
  }
  if (!members.good()) return std::nullopt;
  if (value.contains("head")) {
    backup.head = HeadOf(value["head"]);
    if (!backup.head.has_value()) return std::nullopt;
  }
  // As many chunks as the bytes need.
  const bool fits = backup.bytes >= 0 && backup.chunk_bytes > 0 &&
                    static_cast<std::int64_t>(backup.chunks.size()) ==
                        (backup.bytes + backup.chunk_bytes - 1) / backup.chunk_bytes;
  return fits ? std::optional(std::move(backup)) : std::nullopt;
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged: it is no ", what));
}

bool IsLowerHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

const ServiceBackup* Manifest::Find(absl::string_view service) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const auto& one) { return one.service == service; });
  return found == services.end() ? nullptr : &*found;
}

bool IsBackupName(absl::string_view name) {
  return !name.empty() && name.size() <= kBackupNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
         });
}

bool IsChunkName(absl::string_view name) {
  return name.size() == kChunkNameDigits && std::all_of(name.begin(), name.end(), IsLowerHex);
}

std::string ManifestText(const Manifest& manifest) {
  ordered_json services = ordered_json::array();
  for (const ServiceBackup& backup : manifest.services) services.push_back(ServiceJson(backup));
  const ordered_json value = {{"repository", manifest.repository},
                              {"backup", manifest.name},
                              {"time", TimeText(manifest.time)},
                              {"made_by", manifest.made_by},
                              {"services", std::move(services)}};
  return value.dump(1) + "\n";
}

absl::StatusOr<Manifest> ParseManifest(absl::string_view text) {
  const std::optional<json> value = auth::ParseStrictObject(text);
  if (!value.has_value()) return Damaged("manifest");
  Members members(*value);
  Manifest manifest;
  manifest.repository = members.Text("repository");
  manifest.name = members.Text("backup");
  manifest.time = members.Time("time");
  manifest.made_by = members.Text("made_by");
  for (const json& one : members.List("services")) {
    std::optional<ServiceBackup> backup = ServiceOf(one);
    if (!backup.has_value()) return Damaged("manifest");
    manifest.services.push_back(*std::move(backup));
  }
  // Whatever it says beside, or says otherwise, is not what was written.
  if (!members.good() || ManifestText(manifest) != text) return Damaged("manifest");
  return manifest;
}

std::string DestroyedText(const std::vector<store::DestroyedRow>& rows) {
  ordered_json list = ordered_json::array();
  for (const store::DestroyedRow& row : rows) {
    list.push_back({row.space, row.key, crypto::HexEncode(row.value)});
  }
  const ordered_json value = {{"rows", std::move(list)}};
  return value.dump(1) + "\n";
}

absl::StatusOr<std::vector<store::DestroyedRow>> ParseDestroyed(absl::string_view text) {
  const std::optional<json> value = auth::ParseStrictObject(text);
  if (!value.has_value()) return Damaged("list of destroyed keys");
  Members members(*value);
  std::vector<store::DestroyedRow> rows;
  for (const json& one : members.List("rows")) {
    const bool three = one.is_array() && one.size() == 3 && one[0].is_string() &&
                       one[1].is_string() && one[2].is_string();
    if (!three) return Damaged("list of destroyed keys");
    auto bytes = crypto::HexDecode(one[2].get<std::string>());
    if (!bytes.ok()) return Damaged("list of destroyed keys");
    rows.push_back({one[0].get<std::string>(), one[1].get<std::string>(), *std::move(bytes)});
    if (!store::IsDestroyedRow(rows.back())) return Damaged("list of destroyed keys");
  }
  if (!members.good() || DestroyedText(rows) != text) return Damaged("list of destroyed keys");
  return rows;
}

}  // namespace trusthub::hubctl
