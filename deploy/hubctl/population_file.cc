#include "deploy/hubctl/population_file.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

using nlohmann::json;

// Deeper than any row is; what reads rows calls itself for each level.
constexpr int kDepthMax = 16;

// Discarded when `text` is not JSON, or nests too deep.
json ParseShallow(absl::string_view text) {
  bool too_deep = false;
  json parsed = json::parse(
      text.begin(), text.end(),
      [&too_deep](int depth, json::parse_event_t, json&) {
        if (depth > kDepthMax) too_deep = true;
        return depth <= kDepthMax;
      },
      /*allow_exceptions=*/false);
  return too_deep ? json(json::value_t::discarded) : parsed;
}

bool IsChildNumber(const json& number) {
  return number.is_number_unsigned() &&
         number.get<std::uint64_t>() <=
             static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
}

absl::StatusOr<PopulationRow> ParseRow(absl::string_view file, absl::string_view text, int line) {
  const json row_json = ParseShallow(text);
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(file, ":", line, ": ", what));
  };
  if (!row_json.is_object() || !row_json.contains("child") || !row_json.contains("agency") ||
      !row_json["agency"].is_string() || !row_json.contains("details")) {
    return error("a row is an object with child, agency and details");
  }
  if (!IsChildNumber(row_json["child"])) return error("child is a number from 0 to 2147483647");
  PopulationRow row{line, row_json["child"].get<int>(), row_json["agency"].get<std::string>(), {}};
  const auto status =
      google::protobuf::util::JsonStringToMessage(row_json["details"].dump(), &row.details);
  if (!status.ok()) return error("details do not have the form of ChildDetails");
  return row;
}

}  // namespace

absl::StatusOr<std::vector<PopulationRow>> ReadPopulationRows(absl::string_view file,
                                                              absl::string_view text) {
  std::vector<PopulationRow> rows;
  int line = 0;
  for (const absl::string_view piece : absl::StrSplit(text, '\n')) {
    ++line;
    if (piece.empty()) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(PopulationRow row, ParseRow(file, piece, line));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace trusthub::hubctl
