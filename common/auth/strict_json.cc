#include "common/auth/strict_json.h"

#include <set>
#include <vector>

namespace trusthub::auth {
namespace {

using nlohmann::json;

// Accepts events until a rule breaks. The tree is built only afterwards, by the same parser.
class RuleChecker final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Enter(); }
  bool key(string_t& name) override { return names_.back().insert(name).second; }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool Enter() {
    names_.emplace_back();
    return names_.size() <= kJsonDepthMax;
  }
  bool Leave() {
    names_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> names_;  // of each open object; empty for an open array
};

}  // namespace

std::optional<json> ParseStrictObject(absl::string_view text) {
  if (text.empty() || text.front() != '{') return std::nullopt;
  // The parser takes a zero byte for the end and would not see what follows.
  if (text.find('\0') != absl::string_view::npos) return std::nullopt;
  RuleChecker rules;
  if (!json::sax_parse(text.begin(), text.end(), &rules)) return std::nullopt;
  json parsed = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return std::nullopt;
  return parsed;
}

std::optional<std::string> StringMember(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

}  // namespace trusthub::auth
