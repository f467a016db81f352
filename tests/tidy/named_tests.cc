#include "tests/tidy/named_tests.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace trusthub::tidy {
namespace {

bool IsIdentifier(absl::string_view text) {
  if (text.empty() || !absl::ascii_isupper(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

}  // namespace

std::set<std::string> TestsOf(const std::vector<SourceFile>& tree) {
  std::set<std::string> tests;
  for (const SourceFile& file : tree) {
    if (!IsCpp(file.path)) continue;
    for (absl::string_view line : absl::StrSplit(file.text, '\n')) {
      if (!absl::ConsumePrefix(&line, "TEST")) continue;
      if (absl::StartsWith(line, "_F(") || absl::StartsWith(line, "_P(")) line.remove_prefix(2);
      if (!absl::ConsumePrefix(&line, "(")) continue;
      const std::vector<std::string> parts =
          absl::StrSplit(line.substr(0, line.find(')')), absl::MaxSplits(", ", 1));
      if (parts.size() == 2) tests.insert(absl::StrCat(parts[0], ".", parts[1]));
    }
  }
  return tests;
}

std::vector<Finding> CheckNamedTests(const SourceFile& document,
                                     const std::set<std::string>& tests) {
  std::set<std::string> suites;
  for (const std::string& test : tests) suites.insert(test.substr(0, test.find('.')));
  std::vector<Finding> findings;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(document.text, '\n')) {
    ++number;
    const std::vector<std::string> parts = absl::StrSplit(line, '`');
    for (std::size_t i = 1; i < parts.size(); i += 2) {
      const std::pair<std::string, std::string> name =
          absl::StrSplit(parts[i], absl::MaxSplits('.', 1));
      if (!IsIdentifier(name.first) || !IsIdentifier(name.second)) continue;
      if (!absl::EndsWith(name.first, "Test") && suites.count(name.first) == 0) continue;
      if (tests.count(parts[i]) == 0) {
        findings.push_back(
            {document.path, number, absl::StrCat(parts[i], ": there is no such test")});
      }
    }
  }
  return findings;
}

}  // namespace trusthub::tidy
