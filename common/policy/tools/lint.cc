#include "common/policy/tools/lint.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/policy/agreement_checks.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/tools/lint_checks.h"

namespace trusthub::policy {
namespace {

// "plans.yaml:7: what; what to do", as reader and checks say it.
Finding OfLoadError(const std::string& file, const absl::Status& status) {
  Finding finding;
  finding.file = file;
  finding.rule = "does-not-load";
  absl::string_view text(status.message().data(), status.message().size());
  const std::size_t path_end = text.find(':');
  if (path_end != absl::string_view::npos) {
    const absl::string_view rest = text.substr(path_end + 1);
    const std::size_t line_end = rest.find(':');
    if (line_end != absl::string_view::npos &&
        absl::SimpleAtoi(rest.substr(0, line_end), &finding.line)) {
      text = rest.substr(line_end + 1);
      if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
    }
  }
  const std::size_t what_end = text.find("; ");
  finding.what = std::string(text.substr(0, what_end));
  finding.action = what_end == absl::string_view::npos
                       ? "correct it; a set with an error is not loaded"
                       : std::string(text.substr(what_end + 2));
  return finding;
}

}  // namespace

std::vector<Finding> Lint(const std::vector<AgreementText>& texts, const LintOptions& options) {
  std::vector<Finding> findings;
  std::vector<AgreementFile> files;
  for (const AgreementText& each : texts) {
    absl::StatusOr<AgreementFile> file = ReadAgreement(each.file, each.text);
    const absl::Status status = file.ok() ? CheckAgreement(*file) : file.status();
    if (status.ok()) {
      files.push_back(*std::move(file));
    } else {
      findings.push_back(OfLoadError(each.file, status));
    }
  }
  if (const absl::Status together = CheckTogether(files); !together.ok()) {
    const std::string message(together.message());
    findings.push_back(OfLoadError(message.substr(0, message.find(':')), together));
  }
  CategorySet secrets;
  for (const AgreementFile& file : files) {
    for (const int category : file.agreement().secret_categories()) {
      secrets.Add(static_cast<Category>(category));
    }
  }
  for (const AgreementFile& file : files) {
    Findings of_file(file, &findings);
    CheckHead(file, options, &of_file);
    CheckItems(file, options, secrets, &of_file);
  }
  CheckDeadItems(files, options, &findings);
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  return findings;
}

}  // namespace trusthub::policy
