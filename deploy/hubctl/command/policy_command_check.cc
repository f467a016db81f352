// `hubctl policy check`: what is wrong with a folder of agreements, and what to do.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/policy/tools/lint.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/command/policy_command.h"

namespace trusthub::hubctl {
namespace {

struct CheckOptions {
  std::string folder;
  std::string today;
  std::string directory;
};

void PrintFindings(const std::string& folder, const std::vector<policy::Finding>& findings) {
  for (const policy::Finding& finding : findings) {
    std::printf("%s/%s:%d: %s: %s [%s]\n  > %s\n", folder.c_str(), finding.file.c_str(),
                finding.line, finding.severity == policy::Severity::kError ? "error" : "warning",
                finding.what.c_str(), finding.rule.c_str(), finding.action.c_str());
  }
}

nlohmann::ordered_json JsonOfFindings(const std::string& folder,
                                      const std::vector<policy::Finding>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const policy::Finding& finding : findings) {
    list.push_back(
        {{"severity", finding.severity == policy::Severity::kError ? "error" : "warning"},
         {"file", absl::StrCat(folder, "/", finding.file)},
         {"line", finding.line},
         {"rule", finding.rule},
         {"what", finding.what},
         {"action", finding.action}});
  }
  return list;
}

absl::Status Check(const Invocation& invocation, const CheckOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<policy::AgreementText> texts,
                            policy::ReadAgreementTexts(options.folder));
  policy::LintOptions lint;
  lint.today = LondonDay(RealClock().Now());
  if (!options.today.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(lint.today, ParseDay(options.today));
  }
  lint.schema = policy::SchemaOf(policy::ContractFiles());
  TRUSTHUB_ASSIGN_OR_RETURN(const DirectoryFile directory,
                            DirectoryFor(options.folder, options.directory));
  lint.agencies = KindsOf(directory);
  for (const ListedWorker& each : directory.workers) {
    const auto at = lint.agencies.find(each.worker.agency());
    if (at != lint.agencies.end()) lint.staff.emplace(at->second, each.worker.role());
  }
  const std::vector<policy::Finding> findings = policy::Lint(texts, lint);
  int errors = 0;
  for (const policy::Finding& finding : findings) {
    if (finding.severity == policy::Severity::kError) ++errors;
  }
  const int warnings = static_cast<int>(findings.size()) - errors;
  if (invocation.json) {
    PrintJson({{"errors", errors},
               {"warnings", warnings},
               {"findings", JsonOfFindings(options.folder, findings)}});
  } else {
    PrintFindings(options.folder, findings);
    std::printf("%zu agreements, %d errors, %d warnings.\n", texts.size(), errors, warnings);
  }
  if (errors == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(errors, " errors in ", options.folder, "; correct them before it is proposed"));
}

}  // namespace

void AddPolicyCheck(CLI::App& policy, Invocation& invocation) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = policy.add_subcommand(
      "check", "Read a folder of agreements strictly and look for mistakes in what they say");
  command->add_option("folder", options->folder, "Folder of the agreements")->required();
  command->add_option("--today", options->today, "Day for which to check, e.g. 2010-04-01");
  command->add_option("--directory", options->directory,
                      "Directory file with the agencies; else directory.yaml beside the folder");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Check(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
