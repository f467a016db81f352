#include "deploy/hubctl/command/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "common/policy/tools/words.h"
#include "google/protobuf/util/json_util.h"

namespace trusthub::hubctl {
namespace {

void PrintRow(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    absl::StrAppend(&line, row[i]);
    if (i + 1 < row.size()) line.append(widths[i] + 2 - row[i].size(), ' ');
  }
  std::puts(line.c_str());
}

void PrintNested(const nlohmann::ordered_json& json, int indent) {
  const std::string space(static_cast<std::size_t>(indent), ' ');
  for (const auto& item : json.items()) {
    const nlohmann::ordered_json& value = item.value();
    const std::string name = json.is_array() ? "-" : item.key() + ":";
    if (value.is_structured()) {
      std::printf("%s%s\n", space.c_str(), name.c_str());
      PrintNested(value, indent + 2);
    } else {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      std::printf("%s%s %s\n", space.c_str(), name.c_str(), text.c_str());
    }
  }
}

}  // namespace

void Table::Print(bool json) const {
  if (json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& row : rows_) {
      nlohmann::ordered_json object;
      for (std::size_t i = 0; i < heads_.size(); ++i) object[heads_[i]] = row[i];
      all.push_back(std::move(object));
    }
    return PrintJson(all);
  }
  std::vector<std::size_t> widths;
  for (const std::string& head : heads_) widths.push_back(head.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  PrintRow(heads_, widths);
  for (const auto& row : rows_) PrintRow(row, widths);
}

void PrintJson(const nlohmann::ordered_json& json) { std::puts(json.dump(2).c_str()); }

nlohmann::ordered_json JsonOf(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return {};
  return nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
}

void PrintText(const nlohmann::ordered_json& json) { PrintNested(json, 0); }

std::vector<std::string> DisclosureLines(const types::v1::Disclosure& disclosure) {
  std::vector<std::string> lines;
  for (const types::v1::Withheld& row : disclosure.withheld()) {
    lines.push_back(absl::StrCat("withheld: ", policy::CategoryWords(row.category()),
                                 row.reason().empty() ? "" : ": ", row.reason()));
    if (!row.what_would_change().empty()) {
      lines.push_back(absl::StrCat("  > ", row.what_would_change()));
    }
    if (!row.released_by().empty()) {
      lines.push_back(absl::StrCat("  can be released by ", row.released_by()));
    }
  }
  for (const types::v1::Terms& row : disclosure.terms()) {
    std::vector<std::string> categories;
    for (const int category : row.categories()) {
      categories.push_back(policy::CategoryWords(category));
    }
    lines.push_back(absl::StrCat("given by ", row.rule(), ": ", absl::StrJoin(categories, ", ")));
    if (row.onward() != types::v1::ONWARD_SHARING_UNSPECIFIED) {
      lines.push_back(absl::StrCat("  ", policy::OnwardWords(row.onward())));
    }
    if (!row.handling().empty()) lines.push_back(absl::StrCat("  ", row.handling()));
  }
  return lines;
}

void PrintError(const absl::Status& status, bool json) {
  const error::Reason reason = error::ReasonOf(status);
  const std::vector<std::string> lines = error::Explain(status);
  const std::string message(status.message());
  if (json) {
    const nlohmann::ordered_json document = {
        {"code", absl::StatusCodeToString(status.code())},
        {"reason", reason == errors::v1::ERROR_REASON_UNSPECIFIED ? "" : error::ReasonName(reason)},
        {"message", message},
        {"next", lines}};
    std::fprintf(stderr, "%s\n", document.dump(2).c_str());
    return;
  }
  if (reason == errors::v1::ERROR_REASON_UNSPECIFIED) {
    std::fprintf(stderr, "hubctl: %s\n", message.c_str());
  } else {
    std::fprintf(stderr, "hubctl: refused, %s: %s\n", error::ReasonName(reason).c_str(),
                 message.c_str());
  }
  for (const std::string& line : lines) std::fprintf(stderr, "  > %s\n", line.c_str());
}

std::function<void(int, int)> ProgressLine(const std::string& what) {
  if (isatty(STDERR_FILENO) != 1) return [](int, int) {};
  return [what](int done, int all) {
    std::fprintf(stderr, "\r%s: %d of %d%s", what.c_str(), done, all, done == all ? "\n" : "");
    std::fflush(stderr);
  };
}

}  // namespace trusthub::hubctl
