#include "common/crypto/keys/key_ring.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/file_key.h"
#include "common/crypto/keys/pkcs11_key.h"

namespace trusthub::crypto {
namespace {

using config::Yaml;

absl::Status In(absl::string_view id, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("key ", id, ": ", status.message()));
}

absl::StatusOr<std::string> PathIn(const Yaml& entry, absl::string_view key,
                                   const std::filesystem::path& folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml value, entry.Get(key));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string path, value.Text());
  return (folder / path).lexically_normal().string();  // an absolute path stays as it is
}

absl::StatusOr<std::string> TextIn(const Yaml& entry, absl::string_view key) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml value, entry.Get(key));
  return value.Text();
}

absl::StatusOr<KeyPlace> PlaceOf(const Yaml& entry, const std::filesystem::path& folder) {
  KeyPlace place;
  if (entry.Find("file").has_value()) {
    TRUSTHUB_RETURN_IF_ERROR(entry.CheckKeys({"id", "file"}));
    TRUSTHUB_ASSIGN_OR_RETURN(place.file, PathIn(entry, "file", folder));
  } else {
    TRUSTHUB_RETURN_IF_ERROR(entry.CheckKeys({"id", "module", "token", "key", "pin_file"}));
    TRUSTHUB_ASSIGN_OR_RETURN(place.module, PathIn(entry, "module", folder));
    TRUSTHUB_ASSIGN_OR_RETURN(place.token, TextIn(entry, "token"));
    TRUSTHUB_ASSIGN_OR_RETURN(place.key, TextIn(entry, "key"));
    TRUSTHUB_ASSIGN_OR_RETURN(place.pin_file, PathIn(entry, "pin_file", folder));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(place.id, TextIn(entry, "id"));
  if (!IsNameIn("keys", absl::StrCat("keys/", place.id))) {
    return entry.Error("id must be of at most 63 characters of [a-z0-9-]");
  }
  return place;
}

absl::StatusOr<std::unique_ptr<KeyWrapper>> OpenKey(const KeyPlace& place) {
  if (!place.file.empty()) return OpenFileKey(place.id, place.file);
  return OpenPkcs11Key(place.id, {place.module, place.token, place.key, place.pin_file});
}

// A key that only looks right would make data keys that nobody can open again.
absl::Status TryOut(KeyWrapper& wrapper) {
  constexpr char kUse[] = "trusthub/key-ring/trial";
  const Secret key = Secret::Random(kKeyBytes);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string wrapped, wrapper.Wrap(key, kUse));
  TRUSTHUB_ASSIGN_OR_RETURN(const Secret opened, wrapper.Unwrap(wrapped, kUse));
  if (ConstantTimeEquals(key.view(), opened.view())) return absl::OkStatus();
  return absl::InternalError("does not unwrap what it wraps");
}

}  // namespace

absl::StatusOr<std::vector<KeyPlace>> ParseKeyRing(absl::string_view text, absl::string_view path) {
  const std::filesystem::path file{std::string(path)};
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::Parse(text, file.filename().string()));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"version", "keys"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml version, root.Get("version"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t number, version.Number());
  if (number != 1) return version.Error("version must be 1");
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, root.Get("keys"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> entries, list.Items());
  std::vector<KeyPlace> places;
  for (const Yaml& entry : entries) {
    TRUSTHUB_ASSIGN_OR_RETURN(KeyPlace place, PlaceOf(entry, file.parent_path()));
    const bool known = std::any_of(places.begin(), places.end(),
                                   [&](const KeyPlace& other) { return other.id == place.id; });
    if (known) return entry.Error(absl::StrCat("key ", place.id, " stands here twice"));
    places.push_back(std::move(place));
  }
  if (places.empty()) return list.Error("at least one key is needed");
  return places;
}

std::string RenderKeyRing(const std::vector<KeyPlace>& places) {
  std::string text =
      "# What the data keys of this service are wrapped with; the first wraps new ones.\n"
      "# Kept by hubctl keys; the service takes a change up within a second or two.\n"
      "version: 1\nkeys:\n";
  for (const KeyPlace& place : places) {
    absl::StrAppend(&text, "  - id: ", place.id, "\n");
    if (!place.file.empty()) {
      absl::StrAppend(&text, "    file: ", place.file, "\n");
    } else {
      absl::StrAppend(&text, "    module: ", place.module, "\n    token: ", place.token,
                      "\n    key: ", place.key, "\n    pin_file: ", place.pin_file, "\n");
    }
  }
  return text;
}

absl::StatusOr<std::shared_ptr<const KeyRing>> KeyRing::Open(const std::vector<KeyPlace>& places) {
  if (places.empty()) return absl::InvalidArgumentError("a key ring needs a key");
  std::vector<std::unique_ptr<KeyWrapper>> keys;
  for (const KeyPlace& place : places) {
    absl::StatusOr<std::unique_ptr<KeyWrapper>> key = OpenKey(place);
    if (!key.ok()) return In(place.id, key.status());
    keys.push_back(*std::move(key));
  }
  if (absl::Status tried = TryOut(*keys.front()); !tried.ok()) {
    return In(places.front().id, tried);
  }
  return std::make_shared<const KeyRing>(std::move(keys));
}

absl::StatusOr<std::shared_ptr<const KeyRing>> KeyRing::Load(absl::string_view path) {
  std::ifstream file{std::string(path), std::ios::binary};
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<KeyPlace> places, ParseKeyRing(text, path));
  return Open(places);
}

KeyWrapper* KeyRing::Find(absl::string_view id) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return key->id() == id; });
  return found == keys_.end() ? nullptr : found->get();
}

}  // namespace trusthub::crypto
