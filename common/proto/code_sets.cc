#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/proto/field_rules.h"

namespace trusthub::proto {
namespace {

using config::Yaml;

struct Code {
  std::string label;
  absl::CivilDay from;
  absl::CivilDay to = absl::CivilDay::max();
};
using CodeSet = absl::flat_hash_map<std::string, Code>;

class LoadedCodeSets final : public CodeSets {
 public:
  explicit LoadedCodeSets(absl::flat_hash_map<std::string, CodeSet> sets)
      : sets_(std::move(sets)) {}

  bool HasSet(absl::string_view set) const override { return sets_.contains(set); }
  bool HasCode(absl::string_view set, absl::string_view code) const override {
    return Find(set, code) != nullptr;
  }
  bool InForceOn(absl::string_view set, absl::string_view code, absl::CivilDay day) const override {
    const Code* found = Find(set, code);
    return found != nullptr && found->from <= day && day <= found->to;
  }
  absl::string_view LabelOf(absl::string_view set, absl::string_view code) const override {
    const Code* found = Find(set, code);
    return found == nullptr ? absl::string_view() : found->label;
  }

 private:
  const Code* Find(absl::string_view set, absl::string_view code) const {
    const auto codes = sets_.find(set);
    if (codes == sets_.end()) return nullptr;
    const auto found = codes->second.find(code);
    return found == codes->second.end() ? nullptr : &found->second;
  }

  const absl::flat_hash_map<std::string, CodeSet> sets_;
};

// --- Reading the files --------------------------------------------------------------------------

constexpr std::size_t kCodeBytesMax = 32;

absl::StatusOr<std::string> ReadCodeText(const Yaml& node) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::string code, node.Text());
  for (char c : code) {
    if (!absl::ascii_isupper(c) && !absl::ascii_isdigit(c) && c != '_') {
      return node.Error("a code is upper case letters, digits and underscores");
    }
  }
  if (code.size() > kCodeBytesMax) {
    return node.Error(absl::StrCat("a code is at most ", kCodeBytesMax, " long"));
  }
  return code;
}

absl::Status ReadCode(const Yaml& node, CodeSet& set) {
  TRUSTHUB_RETURN_IF_ERROR(node.CheckKeys({"code", "label", "valid"}, {"source"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml code_node, node.Get("code"));
  TRUSTHUB_ASSIGN_OR_RETURN(std::string text, ReadCodeText(code_node));
  Code code;
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml label, node.Get("label"));
  TRUSTHUB_ASSIGN_OR_RETURN(code.label, label.Text());
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml valid, node.Get("valid"));
  TRUSTHUB_RETURN_IF_ERROR(valid.CheckKeys({"from"}, {"to"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml from, valid.Get("from"));
  TRUSTHUB_ASSIGN_OR_RETURN(code.from, from.Day());
  if (const std::optional<Yaml> to = valid.Find("to")) {
    TRUSTHUB_ASSIGN_OR_RETURN(code.to, to->Day());
    if (code.to < code.from) return to->Error("ends before it begins");
  }
  const auto [place, fresh] = set.try_emplace(std::move(text), std::move(code));
  return fresh ? absl::OkStatus()
               : node.Error(absl::StrCat("code ", place->first, " stands twice"));
}

absl::Status ReadSet(const std::string& path, absl::flat_hash_map<std::string, CodeSet>& sets) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"code_set", "source", "codes"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml name_node, root.Get("code_set"));
  TRUSTHUB_ASSIGN_OR_RETURN(std::string name, name_node.Text());
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml source, root.Get("source"));
  TRUSTHUB_RETURN_IF_ERROR(source.Text().status());
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, root.Get("codes"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> codes, list.Items());
  if (codes.empty()) return list.Error("holds no code");
  CodeSet set;
  for (const Yaml& code : codes) TRUSTHUB_RETURN_IF_ERROR(ReadCode(code, set));
  if (!sets.try_emplace(name, std::move(set)).second) {
    return name_node.Error(absl::StrCat("code set ", name, " stands in another file already"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const CodeSets>> LoadCodeSets(absl::string_view folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> files, config::YamlFilesIn(folder));
  absl::flat_hash_map<std::string, CodeSet> sets;
  for (const std::string& file : files) TRUSTHUB_RETURN_IF_ERROR(ReadSet(file, sets));
  return std::make_shared<const LoadedCodeSets>(std::move(sets));
}

}  // namespace trusthub::proto
