// `hubctl policy diff`: every access that one folder of agreements gives and another does not.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/policy/access_diff.h"
#include "common/policy/tools/access_text.h"
#include "common/policy/tools/guards.h"
#include "common/policy/tools/terms.h"
#include "common/policy/tools/words.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/command/policy_command.h"

namespace trusthub::hubctl {
namespace {

struct DiffOptions {
  std::string before;
  std::string after;
  std::string directory;
  std::string day;
};

nlohmann::ordered_json JsonOfLine(const policy::AccessLine& line) {
  return {{"change", line.gained ? "gained" : "lost"},
          {"roles", JsonList(line.roles)},
          {"recipients", JsonList(line.recipients)},
          {"purposes", JsonList(line.purposes)},
          {"states", JsonList(line.states)},
          {"records", JsonList(line.records)},
          {"categories", JsonList(line.categories)},
          {"consents", JsonList(line.consents)},
          {"providers", JsonList(line.providers)},
          {"days", line.days},
          {"rules", JsonList(line.rules)},
          {"denied_by", JsonList(line.denied_by)}};
}

std::string TermText(const policy::TermChange& change) {
  const std::string what = change.term.empty() ? "" : absl::StrCat(" ", change.term);
  if (change.before.empty()) return absl::StrCat("* ", change.where, what, ": ", change.after);
  if (change.after.empty()) {
    return absl::StrCat("* ", change.where, what, ": no longer ", change.before);
  }
  return absl::StrCat("* ", change.where, what, ": ", change.before, " -> ", change.after);
}

// All that is different between two sets.
struct Differences {
  policy::AccessDiff access;
  std::vector<policy::AccessLine> lines;   // of it
  std::vector<policy::AccessLine> denies;  // gained: denied anew
  std::vector<policy::TermChange> terms;
};

void PrintDiff(const Differences& all) {
  for (const policy::AccessLine& line : all.lines) std::puts(line.Text().c_str());
  for (const policy::AccessLine& line : all.denies) {
    std::printf("! %s: %s\n", line.gained ? "denied anew" : "no longer denied",
                line.Text().substr(2).c_str());
  }
  const auto secrets = [](const char* what, policy::CategorySet set) {
    if (set.empty()) return;
    std::printf("! %s: %s\n", what, absl::StrJoin(policy::CategoriesWords(set), ", ").c_str());
  };
  secrets("existence no longer secret", all.access.no_longer_secret);
  secrets("existence now secret", all.access.newly_secret);
  for (const policy::TermChange& change : all.terms) std::puts(TermText(change).c_str());
  std::printf("%lld cells gained, %lld lost, %zu terms changed.\n",
              static_cast<long long>(all.access.gained), static_cast<long long>(all.access.lost),
              all.terms.size());
}

nlohmann::ordered_json JsonOfLines(const std::vector<policy::AccessLine>& lines) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const policy::AccessLine& line : lines) list.push_back(JsonOfLine(line));
  return list;
}

nlohmann::ordered_json JsonOfDiff(const Differences& all) {
  nlohmann::ordered_json terms = nlohmann::ordered_json::array();
  for (const policy::TermChange& change : all.terms) {
    terms.push_back({{"where", change.where},
                     {"term", change.term},
                     {"before", change.before},
                     {"after", change.after}});
  }
  return {{"gained", all.access.gained},
          {"lost", all.access.lost},
          {"access", JsonOfLines(all.lines)},
          {"denies", JsonOfLines(all.denies)},
          {"no_longer_secret", JsonList(policy::CategoriesWords(all.access.no_longer_secret))},
          {"newly_secret", JsonList(policy::CategoriesWords(all.access.newly_secret))},
          {"terms", std::move(terms)}};
}

absl::Status Diff(const Invocation& invocation, const DiffOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto before, policy::LoadAgreements(options.before));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto after, policy::LoadAgreements(options.after));
  policy::CompareOptions compare;
  TRUSTHUB_ASSIGN_OR_RETURN(const DirectoryFile directory,
                            DirectoryFor(options.after, options.directory));
  compare.kinds = KindsOf(directory);
  if (!options.day.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(compare.day, ParseDay(options.day));
  }
  const absl::CivilDay today = LondonDay(RealClock().Now());
  Differences all;
  all.access = policy::CompareAccess(*before, *after, compare);
  all.lines = policy::LinesOf(all.access.rows, today);
  all.denies = policy::LinesOf(policy::CompareDenies(*before, *after, compare).rows, today);
  all.terms = policy::CompareTerms(*before, *after);
  if (invocation.json) {
    PrintJson(JsonOfDiff(all));
  } else {
    PrintDiff(all);
  }
  return absl::OkStatus();
}

}  // namespace

void AddPolicyDiff(CLI::App& policy, Invocation& invocation) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* command = policy.add_subcommand(
      "diff", "Every access gained or lost between two folders of agreements");
  command->add_option("old", options->before, "Folder of the agreements in force")->required();
  command->add_option("new", options->after, "Folder of the agreements to come")->required();
  command->add_option("--day", options->day, "Only that day, e.g. 2010-04-01; else every day");
  command->add_option("--directory", options->directory,
                      "Directory file with the agencies; else directory.yaml beside NEW");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Diff(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
