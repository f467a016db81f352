// File: lint_checks.h
//
// The checks of lint.h, each over agreements that load.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_LINT_CHECKS_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_LINT_CHECKS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/tools/lint.h"

namespace trusthub::policy {

// Findings of one file.
class Findings {
 public:
  Findings(const AgreementFile& file, std::vector<Finding>* all) : file_(file), all_(*all) {}

  // About a field of `part`; 0 for the whole part.
  void Error(const google::protobuf::Message& part, int field, absl::string_view rule,
             std::string what, std::string action) {
    Add(Severity::kError, part, field, rule, std::move(what), std::move(action));
  }
  void Warn(const google::protobuf::Message& part, int field, absl::string_view rule,
            std::string what, std::string action) {
    Add(Severity::kWarning, part, field, rule, std::move(what), std::move(action));
  }

 private:
  void Add(Severity severity, const google::protobuf::Message& part, int field,
           absl::string_view rule, std::string what, std::string action) {
    all_.push_back({severity, file_.path(), file_.Line(part, field), std::string(rule),
                    std::move(what), std::move(action)});
  }

  const AgreementFile& file_;
  std::vector<Finding>& all_;
};

// Dates, signatures, parties, legal ground and arrangements.
void CheckHead(const AgreementFile& file, const LintOptions& options, Findings* findings);
// Whether items fit the schema, and the head.
void CheckItems(const AgreementFile& file, const LintOptions& options, CategorySet secrets,
                Findings* findings);
// Items without which the set would give just the same.
void CheckDeadItems(const std::vector<AgreementFile>& files, const LintOptions& options,
                    std::vector<Finding>* all);

// Categories that the law protects more than others: special categories and offences.
bool IsSpecial(Category category);
bool GivesSpecial(const v1::Item& item);

template <typename List, typename T>
bool Lists(const List& list, const T& value) {
  for (const auto& each : list) {
    if (each == value) return true;
  }
  return false;
}

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_LINT_CHECKS_H_
