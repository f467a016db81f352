#include "common/config/yaml.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/config/yaml_document.h"
#include "common/time/civil_date.h"
#include "yaml-cpp/yaml.h"

namespace trusthub::config {
namespace {

std::string FileNameOf(absl::string_view path) {
  return std::filesystem::path(std::string(path)).filename().string();
}

bool Contains(std::initializer_list<absl::string_view> keys, absl::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// yaml-cpp reports with exceptions; they end here.
absl::StatusOr<YAML::Node> OneDocument(const std::string& text, const std::string& file) {
  try {
    std::optional<YAML::Node> document = OnlyDocument(text);
    if (!document.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ":1: must hold exactly one document"));
    }
    return *std::move(document);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", error.mark.line + 1, ": is not YAML: ", error.msg));
  }
}

}  // namespace

Yaml::Yaml(std::shared_ptr<const YAML::Node> node, std::string file)
    : node_(std::move(node)), file_(std::move(file)) {}

absl::StatusOr<Yaml> Yaml::ReadFile(absl::string_view path) {
  const std::string file = FileNameOf(path);
  std::ifstream in(std::string(path), std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) {
    return absl::NotFoundError(absl::StrCat(file, ": cannot be read"));
  }
  return Parse(text, file);
}

absl::StatusOr<Yaml> Yaml::Parse(absl::string_view text, absl::string_view name) {
  absl::StatusOr<YAML::Node> root = OneDocument(std::string(text), std::string(name));
  if (!root.ok()) return root.status();
  return Yaml(std::make_shared<const YAML::Node>(*root), std::string(name));
}

std::string Yaml::Place() const { return absl::StrCat(file_, ":", node_->Mark().line + 1); }

absl::Status Yaml::Error(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(Place(), ": ", what));
}

absl::Status Yaml::CheckKeys(std::initializer_list<absl::string_view> required,
                             std::initializer_list<absl::string_view> optional) const {
  if (!node_->IsMap()) return Error("must be a map");
  std::set<std::string> seen;
  for (const auto& entry : *node_) {
    const Yaml key(std::make_shared<const YAML::Node>(entry.first), file_);
    if (!entry.first.IsScalar()) return key.Error("a key must be a plain word");
    const std::string& word = entry.first.Scalar();
    if (!Contains(required, word) && !Contains(optional, word)) {
      return key.Error(absl::StrCat("unknown key '", word, "'"));
    }
    if (!seen.insert(word).second) return key.Error(absl::StrCat("key '", word, "' stands twice"));
  }
  for (absl::string_view key : required) {
    if (seen.count(std::string(key)) == 0) return Error(absl::StrCat("key '", key, "' is missing"));
  }
  return absl::OkStatus();
}

std::optional<Yaml> Yaml::Find(absl::string_view key) const {
  if (!node_->IsMap()) return std::nullopt;
  const YAML::Node value = (*node_)[std::string(key)];
  if (!value.IsDefined()) return std::nullopt;
  return Yaml(std::make_shared<const YAML::Node>(value), file_);
}

absl::StatusOr<Yaml> Yaml::Get(absl::string_view key) const {
  std::optional<Yaml> value = Find(key);
  if (!value) return Error(absl::StrCat("key '", key, "' is missing"));
  return *std::move(value);
}

absl::StatusOr<std::vector<Yaml>> Yaml::Items() const {
  if (!node_->IsSequence()) return Error("must be a list");
  std::vector<Yaml> items;
  for (const YAML::Node& item : *node_) {
    items.push_back(Yaml(std::make_shared<const YAML::Node>(item), file_));
  }
  return items;
}

absl::StatusOr<std::string> Yaml::Text() const {
  if (!node_->IsScalar() || node_->Scalar().empty()) return Error("must be a text");
  return node_->Scalar();
}

absl::StatusOr<std::int64_t> Yaml::Number() const {
  std::int64_t number = 0;
  if (!node_->IsScalar() || !absl::SimpleAtoi(node_->Scalar(), &number)) {
    return Error("must be a whole number");
  }
  return number;
}

absl::StatusOr<bool> Yaml::Flag() const {
  if (node_->IsScalar() && node_->Scalar() == "true") return true;
  if (node_->IsScalar() && node_->Scalar() == "false") return false;
  return Error("must be true or false");
}

absl::StatusOr<absl::CivilDay> Yaml::Day() const {
  if (node_->IsScalar()) {
    if (absl::StatusOr<absl::CivilDay> day = ParseDay(node_->Scalar()); day.ok()) return day;
  }
  return Error("must be a day written as YYYY-MM-DD");
}

absl::StatusOr<std::vector<std::string>> YamlFilesIn(absl::string_view folder) {
  std::error_code failed;
  std::vector<std::string> files;
  std::filesystem::directory_iterator entries(std::string(folder), failed);
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    if (entries->path().extension() == ".yaml") files.push_back(entries->path().string());
  }
  const std::string name = FileNameOf(folder);
  if (failed) {
    return absl::NotFoundError(absl::StrCat("folder ", name, ": ", failed.message()));
  }
  if (files.empty()) {
    return absl::NotFoundError(absl::StrCat("folder ", name, ": holds no *.yaml file"));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace trusthub::config
