// File: yaml.h
//
// Strict reading of the hub's YAML data files: timescales, code sets, agreements. Every error names
// the file, the line and what is wrong; unknown and doubled keys are errors. Values are those of
// the file, so nothing here may be used on a file that holds secrets or personal data.
#ifndef TRUSTHUB_COMMON_CONFIG_YAML_H_
#define TRUSTHUB_COMMON_CONFIG_YAML_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace YAML {
class Node;
}  // namespace YAML

namespace trusthub::config {

// A node of a file that knows where it stands. Cheap to copy. Not thread-safe: read, then let go.
class Yaml {
 public:
  // The root of the one document in `path`. NotFound when it cannot be read, else InvalidArgument.
  static absl::StatusOr<Yaml> ReadFile(absl::string_view path);
  // As ReadFile, of `text`; `name` stands for the file in errors.
  static absl::StatusOr<Yaml> Parse(absl::string_view text, absl::string_view name);

  // InvalidArgument "assessment.yaml:12: <what>".
  absl::Status Error(absl::string_view what) const;
  // "assessment.yaml:12".
  std::string Place() const;

  // OK when this is a map with every key of `required` and no key but those and `optional`.
  absl::Status CheckKeys(std::initializer_list<absl::string_view> required,
                         std::initializer_list<absl::string_view> optional = {}) const;
  // The value under `key` of a map; an error that names this node's line when there is none.
  absl::StatusOr<Yaml> Get(absl::string_view key) const;
  // As Get; nothing when this map lacks the key.
  std::optional<Yaml> Find(absl::string_view key) const;
  // The items of a list.
  absl::StatusOr<std::vector<Yaml>> Items() const;

  absl::StatusOr<std::string> Text() const;     // a non-empty scalar
  absl::StatusOr<std::int64_t> Number() const;  // a decimal integer
  absl::StatusOr<bool> Flag() const;            // true or false
  absl::StatusOr<absl::CivilDay> Day() const;   // YYYY-MM-DD

 private:
  Yaml(std::shared_ptr<const YAML::Node> node, std::string file);

  std::shared_ptr<const YAML::Node> node_;
  std::string file_;  // the last part of the path
};

// Paths of the *.yaml files of `folder`, by name. NotFound when the folder cannot be read or has
// none.
absl::StatusOr<std::vector<std::string>> YamlFilesIn(absl::string_view folder);

}  // namespace trusthub::config

#endif  // TRUSTHUB_COMMON_CONFIG_YAML_H_
