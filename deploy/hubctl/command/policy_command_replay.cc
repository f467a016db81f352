// `hubctl policy replay`: what a proposed set would have decided about the calls of the last days.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/policy/tools/replay_report.h"
#include "common/policy/tools/words.h"
#include "common/time/clock.h"
#include "deploy/hubctl/command/entries_since.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/command/policy_command.h"
#include "deploy/hubctl/logs.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::hubctl {
namespace {

using audit::v1::ListEntriesRequest;
using audit::v1::ListEntriesResponse;

constexpr char kAuditor[] = "hub-auditor-01";
constexpr char kAuditReview[] = "audit_review";
constexpr char kCaseReference[] = "policy-replay";
constexpr std::int64_t kPage = 1000;

struct ReplayOptions {
  std::string against;
  std::string service = "all";
  int days = 30;
};

// The entries of one log of the service.
absl::Status ReplayLog(Desk& desk, const std::string& service, const std::string& tree,
                       absl::Time cutoff, policy::ReplayReport* report) {
  return VisitEntriesSince(
      cutoff, kPage,
      [&](std::int64_t first, std::int64_t count) {
        ListEntriesRequest request;
        request.set_tree(tree);
        request.set_first_index(first);
        request.set_page_size(static_cast<int>(count));
        return desk.Call<ListEntriesResponse>(request, kAuditReview, kCaseReference, service);
      },
      [&](const std::string& name, const audit::v1::AuditEntry& entry) {
        report->Add(name, entry);
      });
}

absl::Status ReplayService(Desk& desk, const std::string& service, absl::Time cutoff,
                           policy::ReplayReport* report) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees,
                            TreesOf(AskBy(desk, kCaseReference), service));
  for (const std::string& tree : trees) {
    TRUSTHUB_RETURN_IF_ERROR(ReplayLog(desk, service, tree, cutoff, report));
  }
  return absl::OkStatus();
}

nlohmann::ordered_json JsonOfReport(const policy::ReplayReport& report) {
  nlohmann::ordered_json changes = nlohmann::ordered_json::array();
  for (const policy::ReplayChange& row : report.changes()) {
    changes.push_back({{"change", row.gained ? "gained" : "lost"},
                       {"role", policy::RoleWords(row.role)},
                       {"purpose", policy::PurposeWords(row.purpose)},
                       {"record", policy::RecordWords(row.record_kind)},
                       {"category", policy::CategoryWords(row.category)},
                       {"rule", row.rule},
                       {"decisions", row.decisions},
                       {"examples", JsonList(row.examples)}});
  }
  nlohmann::ordered_json calls = nlohmann::ordered_json::array();
  for (const policy::ReplayedCall& row : report.calls()) {
    calls.push_back({{"change", row.gained ? "covered" : "refused"},
                     {"role", policy::RoleWords(row.role)},
                     {"purpose", policy::PurposeWords(row.purpose)},
                     {"calls", row.calls},
                     {"examples", JsonList(row.examples)}});
  }
  return {{"entries", report.entries()},           {"decisions", report.decisions()},
          {"changed", report.changed_decisions()}, {"without_inputs", report.without_inputs()},
          {"changes", std::move(changes)},         {"calls", std::move(calls)}};
}

void PrintReport(const policy::ReplayReport& report) {
  if (!report.changes().empty()) {
    Table table({"", "decisions", "role", "for", "record", "category", "by rule", "for example"});
    for (const policy::ReplayChange& row : report.changes()) {
      table.Add({row.gained ? "+" : "-", absl::StrCat(row.decisions), policy::RoleWords(row.role),
                 policy::PurposeWords(row.purpose), policy::RecordWords(row.record_kind),
                 policy::CategoryWords(row.category), row.rule, row.examples.front()});
    }
    table.Print(false);
  }
  for (const policy::ReplayedCall& row : report.calls()) {
    std::printf("%s %lld calls of %s for %s would %s, for example %s\n", row.gained ? "+" : "-",
                static_cast<long long>(row.calls), policy::RoleWords(row.role).c_str(),
                policy::PurposeWords(row.purpose).c_str(),
                row.gained ? "be covered by an agreement" : "be covered by no agreement",
                row.examples.front().c_str());
  }
  std::printf("%lld entries, %lld decisions taken again, %lld of them differ.\n",
              static_cast<long long>(report.entries()), static_cast<long long>(report.decisions()),
              static_cast<long long>(report.changed_decisions()));
  if (report.without_inputs() > 0) {
    std::printf("%lld entries disclosed something and do not say what their decisions rested on.\n",
                static_cast<long long>(report.without_inputs()));
  }
}

absl::Status Replay(const Invocation& invocation, const ReplayOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto proposed, policy::LoadAgreements(options.against));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(kAuditor));
  const absl::Time cutoff = RealClock().Now() - options.days * absl::Hours(24);
  policy::ReplayReport report(proposed.get(), KindsOf(hub->directory()));
  for (const char* service : kServices) {
    if (options.service != "all" && options.service != service) continue;
    TRUSTHUB_RETURN_IF_ERROR(ReplayService(*desk, service, cutoff, &report));
  }
  if (invocation.json) {
    PrintJson(JsonOfReport(report));
  } else {
    PrintReport(report);
  }
  return absl::OkStatus();
}

}  // namespace

void AddPolicyReplay(CLI::App& policy, Invocation& invocation) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* command = policy.add_subcommand(
      "replay", "Take the audited decisions of the last days again under a proposed set");
  command->add_option("--against", options->against, "Folder of the proposed agreements")
      ->required();
  command->add_option("--days", options->days, "How many days back")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  std::vector<std::string> known(kServices.begin(), kServices.end());
  known.push_back("all");
  command->add_option("--service", options->service, "One service, or all")
      ->check(CLI::IsMember(known))
      ->capture_default_str();
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Replay(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
