// `hubctl audit disclosures`: who was told what about a child, over all services.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/policy/tools/words.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/audit_command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/disclosures.h"

namespace trusthub::hubctl {
namespace {

constexpr char kOfficer[] = "lbr-dpo-01";
constexpr char kSubjectRights[] = "subject_rights";

struct Options {
  Asker asker;
  std::string child;
  std::string party;  // "child", "parent"; empty for governance
};

DisclosureQuery QueryOf(const Options& options) {
  DisclosureQuery query;
  query.child = options.child;
  query.case_reference = options.asker.case_reference;
  if (options.party.empty()) return query;
  query.purpose = kSubjectRights;
  query.party =
      options.party == "child" ? audit::v1::SUBJECT_PARTY_CHILD : audit::v1::SUBJECT_PARTY_PARENT;
  return query;
}

std::string Words(const google::protobuf::RepeatedField<int>& categories) {
  std::vector<std::string> words;
  for (const int category : categories) words.push_back(policy::CategoryWords(category));
  return absl::StrJoin(words, ", ");
}

std::string When(const audit::v1::LoggedDisclosure& row) {
  return absl::FormatTime("%Y-%m-%d %H:%M", TimeFromProto(row.access_time()), London());
}

void PrintRows(const FoundDisclosures& found, bool for_subject) {
  std::vector<std::string> heads = {"when", "agency", "role", "what", "for", "given", "withheld"};
  if (!for_subject) {
    heads.insert(heads.end(), {"worker", "case", "kept from the subject by"});
  }
  heads.emplace_back("entry");
  Table table(heads);
  for (const FoundDisclosure& each : found.rows) {
    const audit::v1::LoggedDisclosure& row = each.row;
    std::vector<std::string> cells = {When(row),
                                      row.agency(),
                                      policy::RoleWords(row.role()),
                                      row.what(),
                                      policy::PurposeWords(row.purpose()),
                                      Words(row.given()),
                                      Words(row.withheld())};
    if (!for_subject) {
      cells.insert(cells.end(), {row.worker(), row.case_reference(),
                                 absl::StrJoin(row.kept_from_subject(), ", ")});
    }
    cells.push_back(row.name());
    table.Add(std::move(cells));
  }
  table.Print(false);
}

std::string ResultOf(const ServiceAnswer& answer) {
  if (!answer.status.ok()) return absl::StrCat("NOT COMPLETE: ", answer.status.message());
  return answer.knows_nothing ? "knows nothing of the child" : "complete, every row proven";
}

void Print(const FoundDisclosures& found, bool for_subject, bool json) {
  if (!json) {
    PrintRows(found, for_subject);
    std::puts("");
    Table services({"service", "rows", "result"});
    for (const ServiceAnswer& answer : found.services) {
      services.Add({answer.service, absl::StrCat(answer.rows), ResultOf(answer)});
    }
    services.Print(false);
    if (!found.notice.empty()) std::printf("\n%s\n", found.notice.c_str());
    return;
  }
  nlohmann::ordered_json document;
  document["disclosures"] = nlohmann::ordered_json::array();
  for (const FoundDisclosure& each : found.rows) {
    nlohmann::ordered_json row = JsonOf(each.row);
    row["service"] = each.service;
    document["disclosures"].push_back(std::move(row));
  }
  document["services"] = nlohmann::ordered_json::array();
  for (const ServiceAnswer& answer : found.services) {
    document["services"].push_back({{"service", answer.service},
                                    {"rows", answer.rows},
                                    {"complete", answer.status.ok()},
                                    {"result", ResultOf(answer)}});
  }
  document["complete"] = found.Completeness().ok();
  if (!found.notice.empty()) document["notice"] = found.notice;
  PrintJson(document);
}

absl::Status List(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.asker.worker));
  TRUSTHUB_ASSIGN_OR_RETURN(const FoundDisclosures found,
                            FindDisclosures(*hub, *desk, QueryOf(options)));
  Print(found, !options.party.empty(), invocation.json);
  return found.Completeness();
}

}  // namespace

void AddAuditDisclosures(CLI::App& audit, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  options->asker.worker = kOfficer;
  CLI::App* command = audit.add_subcommand(
      "disclosures", "Who was told what about a child, when and why, over all services");
  command->add_option("child", options->child, "A child's name in the hub, e.g. children/abc")
      ->required();
  command->add_option("--as", options->asker.worker, "Officer who asks (hubctl workers)")
      ->capture_default_str();
  command
      ->add_option("--for", options->party,
                   "The list that may be handed to the child or a parent, instead of the "
                   "officer's own")
      ->check(CLI::IsMember(std::vector<std::string>{"child", "parent"}));
  command->add_option("--case", options->asker.case_reference, "The officer's own case reference")
      ->capture_default_str();
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return List(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
