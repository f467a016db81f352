// `hubctl policy who-can-see`, `what-can-they-see`, `explain` and `explain-decision`: of one child,
// and of one decision.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/tools/words.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/command/policy_command.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::hubctl {
namespace {

using policy::v1::Access;
using policy::v1::ListAccessRequest;
using policy::v1::ListAccessResponse;

struct AccessOptions {
  Asker asker;
  std::string child;
  std::string who;       // "uphall-primary/designated_lead"
  std::string category;  // short name; empty for every one
  std::string service;
};

// The value of a short name such as "plan_content"; an error lists the names there are.
absl::StatusOr<int> ValueNamed(const google::protobuf::EnumDescriptor* values,
                               const std::string& name, const char* what) {
  std::vector<std::string> names;
  for (int i = 1; i < values->value_count(); ++i) {
    names.push_back(policy::ShortName(*values->value(i)));
    if (names.back() == absl::AsciiStrToLower(name)) return values->value(i)->number();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("`", name, "` is not a ", what, "; use one of ", absl::StrJoin(names, ", ")));
}

// Agency by agency: an answer about all of them at once could be too long for one.
absl::StatusOr<std::vector<Access>> ReadAccess(const Hub& hub, const AccessOptions& options,
                                               const std::string& only_agency, int only_role) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub.DeskOf(options.asker.worker));
  std::vector<Access> rows;
  for (const ListedAgency& each : hub.directory().agencies) {
    const std::string agency = absl::StrCat("agencies/", each.id);
    if (!only_agency.empty() && agency != only_agency) continue;
    ListAccessRequest request;
    request.set_child(options.child);
    request.set_agency(agency);
    request.set_role(static_cast<options::v1::Role>(only_role));
    TRUSTHUB_ASSIGN_OR_RETURN(
        const auto response,
        desk->Call<ListAccessResponse>(request, options.asker.purpose, options.asker.case_reference,
                                       options.service));
    rows.insert(rows.end(), response.access().begin(), response.access().end());
  }
  return rows;
}

absl::Status KeepCategory(const std::string& name, std::vector<Access>* rows) {
  if (name.empty()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const int category, ValueNamed(options::v1::Category_descriptor(), name,
                                                           "kind of information"));
  rows->erase(std::remove_if(rows->begin(), rows->end(),
                             [category](const Access& row) {
                               return std::find(row.categories().begin(), row.categories().end(),
                                                category) == row.categories().end();
                             }),
              rows->end());
  for (Access& row : *rows) {
    row.clear_categories();
    row.add_categories(static_cast<options::v1::Category>(category));
  }
  return absl::OkStatus();
}

template <typename List, typename WordsOf>
std::string Joined(const List& list, WordsOf words_of) {
  std::vector<std::string> words;
  for (const auto& each : list) words.push_back(words_of(each));
  return absl::StrJoin(words, ", ");
}

// One line for purposes that give the same of the same record.
void PrintAccess(const std::vector<Access>& rows, bool json) {
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Access& row : rows) list.push_back(JsonOf(row));
    PrintJson(list);
    return;
  }
  using Key = std::tuple<std::string, int, int, std::string, std::string>;
  std::map<Key, std::vector<std::string>> purposes;
  for (const Access& row : rows) {
    purposes[{row.agency(), row.role(), row.record_kind(),
              Joined(row.categories(), policy::CategoryWords), absl::StrJoin(row.rules(), ", ")}]
        .push_back(policy::PurposeWords(row.purpose()));
  }
  Table table({"agency", "role", "for", "record", "sees", "by rule"});
  for (const auto& [key, words] : purposes) {
    const auto& [agency, role, kind, categories, rules] = key;
    table.Add({agency, policy::RoleWords(role), absl::StrJoin(words, ", "),
               policy::RecordWords(kind), categories, rules});
  }
  table.Print(false);
}

absl::Status WhoCanSee(const Invocation& invocation, const AccessOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<Access> rows, ReadAccess(*hub, options, "", 0));
  TRUSTHUB_RETURN_IF_ERROR(KeepCategory(options.category, &rows));
  PrintAccess(rows, invocation.json);
  return absl::OkStatus();
}

absl::Status WhatCanTheySee(const Invocation& invocation, const AccessOptions& options) {
  const std::size_t slash = options.who.rfind('/');
  if (slash == std::string::npos || slash + 1 == options.who.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("`", options.who, "` is not agency/role, e.g. bhrut/emergency_nurse"));
  }
  std::string agency = options.who.substr(0, slash);
  if (!absl::StartsWith(agency, "agencies/")) agency = absl::StrCat("agencies/", agency);
  TRUSTHUB_ASSIGN_OR_RETURN(const int role, ValueNamed(options::v1::Role_descriptor(),
                                                       options.who.substr(slash + 1), "role"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  const auto& known = hub->directory().agencies;
  if (std::none_of(known.begin(), known.end(), [&](const ListedAgency& each) {
        return absl::StrCat("agencies/", each.id) == agency;
      })) {
    return absl::NotFoundError(
        absl::StrCat(agency, " is not in the directory; see `hubctl agencies`"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Access> rows,
                            ReadAccess(*hub, options, agency, role));
  PrintAccess(rows, invocation.json);
  return absl::OkStatus();
}

// Why each rule gives, by the agreements in force.
std::map<std::string, const policy::v1::Item*> ItemsByRule(const policy::Agreements& agreements) {
  std::map<std::string, const policy::v1::Item*> items;
  for (const policy::v1::Agreement& agreement : agreements.agreements()) {
    for (const policy::v1::Item& item : agreement.items()) {
      items[absl::StrCat(agreement.id(), "/", item.id())] = &item;
    }
  }
  return items;
}

absl::Status Explain(const Invocation& invocation, const AccessOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Access> rows, ReadAccess(*hub, options, "", 0));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto agreements, AgreementsInForce(*hub, options.asker));
  const auto items = ItemsByRule(*agreements);
  // Of each agency and rule: who, for what, sees what.
  std::map<std::pair<std::string, std::string>, std::vector<const Access*>> by_rule;
  for (const Access& row : rows) {
    for (const std::string& rule : row.rules()) by_rule[{row.agency(), rule}].push_back(&row);
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string agency;
  for (const auto& [key, of_rule] : by_rule) {
    std::map<int, std::string> roles, purposes, records;
    policy::CategorySet categories;
    const auto item = items.find(key.second);
    for (const Access* row : of_rule) {
      roles[row->role()] = policy::RoleWords(row->role());
      purposes[row->purpose()] = policy::PurposeWords(row->purpose());
      records[row->record_kind()] = policy::RecordWords(row->record_kind());
      for (const int category : row->categories()) {
        // Of the row's categories those that this rule gives.
        if (item == items.end() ||
            std::find(item->second->categories().begin(), item->second->categories().end(),
                      category) != item->second->categories().end()) {
          categories.Add(static_cast<policy::Category>(category));
        }
      }
    }
    const auto words = [](const std::map<int, std::string>& all) {
      std::vector<std::string> list_of;
      for (const auto& [number, word] : all) list_of.push_back(word);
      return list_of;
    };
    const std::string why = item == items.end() ? "" : item->second->explanation();
    if (invocation.json) {
      list.push_back({{"agency", key.first},
                      {"roles", JsonList(words(roles))},
                      {"purposes", JsonList(words(purposes))},
                      {"records", JsonList(words(records))},
                      {"categories", JsonList(policy::CategoriesWords(categories))},
                      {"rule", key.second},
                      {"why", why}});
      continue;
    }
    if (agency != key.first) std::printf("%s%s\n", agency.empty() ? "" : "\n", key.first.c_str());
    agency = key.first;
    std::printf("  %s, for %s: %s of %s\n    %s: %s\n", policy::Listed(words(roles), "or").c_str(),
                policy::Listed(words(purposes), "or").c_str(),
                absl::StrJoin(policy::CategoriesWords(categories), ", ").c_str(),
                policy::Listed(words(records), "or").c_str(), key.second.c_str(), why.c_str());
  }
  if (invocation.json) {
    PrintJson(list);
  } else if (by_rule.empty()) {
    std::puts("Nobody sees anything of this child beside what they recorded themselves.");
  }
  return absl::OkStatus();
}

void PrintExplanation(const policy::v1::ExplainDecisionResponse& response) {
  std::printf("%s\nAgreements: version %s. %s\n", response.summary().c_str(),
              response.agreement_version().empty() ? "none" : response.agreement_version().c_str(),
              response.same_again()
                  ? "Decided again with the facts of that time, it comes out the same."
                  : "DECIDED AGAIN IT COMES OUT DIFFERENTLY: tell the auditor.");
  for (const policy::v1::ExplainedCategory& each : response.categories()) {
    std::printf("\n%s: %s%s\n", policy::CategoryWords(each.category()).c_str(),
                each.given() ? "given" : "withheld",
                each.rule().empty() ? "" : absl::StrCat(", by ", each.rule()).c_str());
    for (const std::string& line :
         {each.explanation(), each.what_would_change(),
          each.given() || each.released_by().empty()
              ? std::string()
              : absl::StrCat("It can be released by ", each.released_by(), ".")}) {
      if (!line.empty()) std::printf("  %s\n", line.c_str());
    }
  }
  for (const std::string& line : response.detail()) std::printf("\n%s", line.c_str());
  if (!response.detail().empty()) std::puts("");
}

struct DecisionOptions {
  Asker asker;
  std::string decision;
};

// Each service keeps its own decisions, and its tree's name does not tell which service it is.
absl::Status ExplainDecision(const Invocation& invocation, const DecisionOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.asker.worker));
  policy::v1::ExplainDecisionRequest request;
  request.set_decision(options.decision);
  absl::Status last;
  for (const char* service : kServices) {
    const auto response = desk->Call<policy::v1::ExplainDecisionResponse>(
        request, options.asker.purpose, options.asker.case_reference, service);
    if (response.ok()) {
      if (invocation.json) {
        PrintJson(JsonOf(*response));
      } else {
        PrintExplanation(*response);
      }
      return absl::OkStatus();
    }
    last = response.status();
    if (error::ReasonOf(last) != errors::v1::ERROR_REASON_RECORD_NOT_FOUND) return last;
  }
  return last;
}

void AddGovernanceOptions(CLI::App& command, Asker& asker) {
  asker.worker = kInformationLead;
  asker.purpose = kGovernance;
  command.add_option("--as", asker.worker, "Worker who asks (hubctl workers)")
      ->capture_default_str();
  command.add_option("--purpose", asker.purpose, "What for: governance or subject_rights")
      ->capture_default_str();
  command.add_option("--case", asker.case_reference, "The worker's own case reference")
      ->capture_default_str();
}

void AddChild(CLI::App& command, AccessOptions& options) {
  options.service = "children";
  command.add_option("child", options.child, "A child's name in the hub, e.g. children/abc")
      ->required();
  AddGovernanceOptions(command, options.asker);
  command
      .add_option("--service", options.service, "Service that is asked; all know the same facts")
      ->check(CLI::IsMember(std::vector<std::string>(kServices.begin(), kServices.end())))
      ->capture_default_str();
}

}  // namespace

void AddPolicyAccess(CLI::App& policy, Invocation& invocation) {
  auto who = std::make_shared<AccessOptions>();
  CLI::App* command = policy.add_subcommand(
      "who-can-see",
      "Every agency and role that can see something of a child now, and by which rule");
  AddChild(*command, *who);
  command->add_option("--category", who->category, "Only this, e.g. plan_content");
  command->callback([who, &invocation] {
    invocation.run = [who, &invocation] { return WhoCanSee(invocation, *who); };
  });

  auto what = std::make_shared<AccessOptions>();
  command =
      policy.add_subcommand("what-can-they-see", "What a role at an agency can see of a child now");
  command->add_option("who", what->who, "Agency and role, e.g. bhrut/emergency_nurse")->required();
  AddChild(*command, *what);
  command->callback([what, &invocation] {
    invocation.run = [what, &invocation] { return WhatCanTheySee(invocation, *what); };
  });

  auto explain = std::make_shared<AccessOptions>();
  command = policy.add_subcommand("explain", "Who can see what of a child now, and why");
  AddChild(*command, *explain);
  command->callback([explain, &invocation] {
    invocation.run = [explain, &invocation] { return Explain(invocation, *explain); };
  });

  auto decision = std::make_shared<DecisionOptions>();
  command = policy.add_subcommand("explain-decision",
                                  "Why an answer or a refusal came out as it did, then");
  command
      ->add_option("decision", decision->decision, "As the answer named it: auditTrees/x/entries/1")
      ->required();
  AddGovernanceOptions(*command, decision->asker);
  command->callback([decision, &invocation] {
    invocation.run = [decision, &invocation] { return ExplainDecision(invocation, *decision); };
  });
}

}  // namespace trusthub::hubctl
