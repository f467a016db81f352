#include "common/config/config.h"

#include <filesystem>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "yaml-cpp/yaml.h"

namespace trusthub::config {
namespace {

enum class Kind { kText, kPath, kSecretPath, kNumber, kFlag, kUrl };

// One setting: its key, where it goes, what it is, whether it must be there.
struct Setting {
  const char* key;
  Kind kind;
  bool required;
  std::function<void*(Config&)> place;
};

const std::vector<Setting>& Settings() {
  static const auto* settings = new std::vector<Setting>{
      {"service", Kind::kText, true, [](Config& c) -> void* { return &c.service; }},
      {"listen", Kind::kText, true, [](Config& c) -> void* { return &c.listen; }},
      {"data_folder", Kind::kPath, true, [](Config& c) -> void* { return &c.data_folder; }},
      {"store", Kind::kUrl, false, [](Config& c) -> void* { return &c.store; }},
      {"rules_folder", Kind::kPath, true, [](Config& c) -> void* { return &c.rules_folder; }},
      {"agreements_folder", Kind::kPath, true,
       [](Config& c) -> void* { return &c.agreements_folder; }},
      {"settings_folder", Kind::kPath, true, [](Config& c) -> void* { return &c.settings_folder; }},
      {"certificate", Kind::kPath, true, [](Config& c) -> void* { return &c.certificate; }},
      {"key", Kind::kSecretPath, true, [](Config& c) -> void* { return &c.key; }},
      {"client_ca", Kind::kPath, true, [](Config& c) -> void* { return &c.client_ca; }},
      {"server_ca", Kind::kPath, true, [](Config& c) -> void* { return &c.server_ca; }},
      {"trust_file", Kind::kPath, true, [](Config& c) -> void* { return &c.trust_file; }},
      {"audience", Kind::kText, true, [](Config& c) -> void* { return &c.audience; }},
      {"audit_key", Kind::kSecretPath, true, [](Config& c) -> void* { return &c.audit_key; }},
      {"master_key", Kind::kSecretPath, true, [](Config& c) -> void* { return &c.master_key; }},
      {"data_keys", Kind::kPath, true, [](Config& c) -> void* { return &c.data_keys; }},
      {"threads", Kind::kNumber, false, [](Config& c) -> void* { return &c.threads; }},
      {"queue", Kind::kNumber, false, [](Config& c) -> void* { return &c.queue; }},
      {"metrics", Kind::kText, false, [](Config& c) -> void* { return &c.metrics; }},
      {"port_file", Kind::kPath, false, [](Config& c) -> void* { return &c.port_file; }},
      {"sandbox", Kind::kFlag, false, [](Config& c) -> void* { return &c.sandbox; }},
      {"clock_file", Kind::kPath, false, [](Config& c) -> void* { return &c.clock_file; }},
      {"reflection", Kind::kFlag, false, [](Config& c) -> void* { return &c.reflection; }},
  };
  return *settings;
}

// "postgresql://host:port/database" of a URL: without who, and without the names of files.
std::string PlaceOf(absl::string_view url) {
  if (url.empty()) return "";
  const absl::string_view whole = url.substr(0, url.find('?'));
  const std::size_t scheme = whole.find("://");
  const std::size_t user = whole.rfind('@');
  if (scheme == whole.npos) return "(not a URL)";
  const std::size_t host = user == whole.npos ? scheme + 3 : user + 1;
  return absl::StrCat(whole.substr(0, scheme + 3), whole.substr(host));
}

absl::Status Flaw(absl::string_view path, const YAML::Mark& mark, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", mark.line + 1, ": ", what));
}

absl::Status Place(const std::string& path, const Setting& setting, const YAML::Node& value,
                   Config* config) {
  void* place = setting.place(*config);
  try {
    switch (setting.kind) {
      case Kind::kNumber:
        *static_cast<int*>(place) = value.as<int>();
        break;
      case Kind::kFlag:
        *static_cast<bool*>(place) = value.as<bool>();
        break;
      case Kind::kText:
      case Kind::kUrl:
        *static_cast<std::string*>(place) = value.as<std::string>();
        break;
      case Kind::kPath:
      case Kind::kSecretPath: {
        const std::filesystem::path given(value.as<std::string>());
        *static_cast<std::string*>(place) =
            given.is_absolute() ? given.string()
                                : (std::filesystem::path(path).parent_path() / given).string();
        break;
      }
    }
  } catch (const YAML::Exception&) {
    return Flaw(path, value.Mark(), absl::StrCat(setting.key, " has the wrong type"));
  }
  return absl::OkStatus();
}

absl::Status PlaceServices(const std::string& path, const YAML::Node& value, Config* config) {
  if (!value.IsMap()) return Flaw(path, value.Mark(), "services must map names to host:port");
  for (const auto& entry : value) {
    const std::string name = entry.first.as<std::string>("");
    if (name.empty()) return Flaw(path, entry.first.Mark(), "services must map names to host:port");
    const std::string address = entry.second.as<std::string>("");
    for (const absl::string_view replica : absl::StrSplit(address, ',')) {
      if (absl::StrContains(replica, ':') && !absl::StrContains(replica, ' ')) continue;
      return Flaw(path, entry.second.Mark(),
                  absl::StrCat("services.", name,
                               " must be host:port, or the replicas' with commas between"));
    }
    config->services[name] = address;
  }
  return absl::OkStatus();
}

absl::Status Validate(const std::string& path, const Config& config) {
  const auto flaw = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
  };
  if (config.listen.rfind(':') == std::string::npos) return flaw("listen must be host:port");
  if (!config.store.empty() && !absl::StartsWith(config.store, "postgresql://")) {
    return flaw("store must begin with postgresql://; without it files in data_folder are used");
  }
  if (config.threads < 0 || config.threads > 256) return flaw("threads must lie in 0 to 256");
  if (config.queue < 0 || config.queue > 100'000) return flaw("queue must lie in 0 to 100000");
  if (!config.sandbox && (!config.clock_file.empty() || config.reflection)) {
    return flaw("clock_file and reflection are for a sandbox: set sandbox: true, or remove them");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> Load(absl::string_view path_view) {
  const std::string path(path_view);
  YAML::Node root;
  try {
    root = YAML::LoadFile(path);
  } catch (const YAML::BadFile&) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  } catch (const YAML::Exception& e) {
    return Flaw(path, e.mark, "is not well-formed YAML");
  }
  if (!root.IsMap()) return absl::InvalidArgumentError(absl::StrCat(path, ": must be a YAML map"));
  Config config;
  config.folder = std::filesystem::path(path).parent_path().string();
  if (config.folder.empty()) config.folder = ".";
  std::set<std::string> given;
  for (const auto& entry : root) {
    const std::string key = entry.first.as<std::string>("");
    if (!given.insert(key).second) {
      return Flaw(path, entry.first.Mark(), absl::StrCat(key, " is given twice"));
    }
    // YAML reads a value that is left out as the text "null", and a path of nothing as the folder.
    if (entry.second.IsNull() || (entry.second.IsScalar() && entry.second.Scalar().empty())) {
      return Flaw(path, entry.first.Mark(),
                  absl::StrCat(key, " is empty; give it a value, or remove the line"));
    }
    if (key == "services") {
      TRUSTHUB_RETURN_IF_ERROR(PlaceServices(path, entry.second, &config));
      continue;
    }
    bool known = false;
    for (const Setting& setting : Settings()) {
      if (key != setting.key) continue;
      known = true;
      TRUSTHUB_RETURN_IF_ERROR(Place(path, setting, entry.second, &config));
    }
    if (!known) return Flaw(path, entry.first.Mark(), absl::StrCat("unknown setting ", key));
  }
  for (const Setting& setting : Settings()) {
    if (setting.required && given.count(setting.key) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": setting ", setting.key, " is missing"));
    }
  }
  TRUSTHUB_RETURN_IF_ERROR(Validate(path, config));
  return config;
}

std::string Dump(const Config& config) {
  Config copy = config;
  std::string text;
  for (const Setting& setting : Settings()) {
    absl::StrAppend(&text, setting.key, ": ");
    void* place = setting.place(copy);
    switch (setting.kind) {
      case Kind::kNumber:
        absl::StrAppend(&text, *static_cast<int*>(place));
        break;
      case Kind::kFlag:
        absl::StrAppend(&text, *static_cast<bool*>(place) ? "true" : "false");
        break;
      case Kind::kSecretPath:
        absl::StrAppend(&text, "(secret)");
        break;
      case Kind::kUrl:
        absl::StrAppend(&text, PlaceOf(*static_cast<std::string*>(place)));
        break;
      case Kind::kText:
      case Kind::kPath:
        absl::StrAppend(&text, *static_cast<std::string*>(place));
        break;
    }
    text.push_back('\n');
  }
  for (const auto& [name, address] : config.services) {
    absl::StrAppend(&text, "services.", name, ": ", address, "\n");
  }
  return text;
}

}  // namespace trusthub::config
