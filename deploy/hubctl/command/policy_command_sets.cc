// `hubctl policy sets`, `propose`, `sign` and `activate`: sets of agreements on their way into
// force.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/policy/agreement_reader.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/command/policy_command.h"
#include "google/protobuf/util/time_util.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"

namespace trusthub::hubctl {
namespace {

using policy::v1::AgreementSet;

struct SetOptions {
  Asker asker;
  std::string folder;  // of propose
  std::string note;
  std::string name;  // of sign and activate
};

// Newest last, as the directory lists them.
absl::StatusOr<std::vector<AgreementSet>> ListSets(Desk& desk, const Asker& asker) {
  std::vector<AgreementSet> sets;
  policy::v1::ListAgreementSetsRequest request;
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page,
                              desk.Call<policy::v1::ListAgreementSetsResponse>(
                                  request, asker.purpose, asker.case_reference, kDirectory));
    sets.insert(sets.end(), page.agreement_sets().begin(), page.agreement_sets().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return sets;
}

absl::StatusOr<AgreementSet> GetSet(Desk& desk, const Asker& asker, const std::string& name) {
  policy::v1::GetAgreementSetRequest request;
  request.set_name(name);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto response,
                            desk.Call<policy::v1::GetAgreementSetResponse>(
                                request, asker.purpose, asker.case_reference, kDirectory));
  return response.agreement_set();
}

std::string StateOf(const AgreementSet& set) {
  return policy::ShortName(
      *policy::v1::AgreementSetState_descriptor()->FindValueByNumber(set.state()));
}

std::string SignersOf(const AgreementSet& set) {
  std::vector<std::string> signers;
  for (const policy::v1::Signature& signature : set.signatures()) {
    signers.push_back(absl::StrCat(signature.worker(), " for ", signature.agency()));
  }
  return absl::StrJoin(signers, ", ");
}

// Without the text of its files.
void PrintSet(AgreementSet set, bool json) {
  for (policy::v1::AgreementText& file : *set.mutable_files()) file.clear_text();
  if (json) {
    PrintJson(JsonOf(set));
    return;
  }
  std::printf("%s, version %s: %s\n", set.name().c_str(), set.version().c_str(),
              StateOf(set).c_str());
  std::printf("%d cells of access gained, %d lost, against the set that was in force.\n",
              set.access_gained(), set.access_lost());
  std::printf("Signed by %s.\n", SignersOf(set).c_str());
  switch (set.state()) {
    case policy::v1::AGREEMENT_SET_STATE_PROPOSED:
      std::printf(
          "  > someone of another agency reads and signs it: hubctl policy sign %s --as ...\n",
          set.name().c_str());
      break;
    case policy::v1::AGREEMENT_SET_STATE_SIGNED:
      std::printf("  > put it in force: hubctl policy activate %s\n", set.name().c_str());
      break;
    default:
      break;
  }
}

absl::Status Sets(const Invocation& invocation, const SetOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.asker.worker));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<AgreementSet> sets, ListSets(*desk, options.asker));
  Table table({"name", "version", "state", "proposed", "gained", "lost", "signed by", "note"});
  for (const AgreementSet& set : sets) {
    table.Add({set.name(), set.version(), StateOf(set),
               FormatDay(LondonDay(TimeFromProto(set.create_time()))),
               absl::StrCat(set.access_gained()), absl::StrCat(set.access_lost()), SignersOf(set),
               set.note()});
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

absl::Status Propose(const Invocation& invocation, const SetOptions& options) {
  // Mistakes are told here with the folder's own lines, before anything is sent.
  TRUSTHUB_ASSIGN_OR_RETURN(const auto agreements, policy::LoadAgreements(options.folder));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<policy::AgreementText> texts,
                            policy::ReadAgreementTexts(options.folder));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.asker.worker));
  policy::v1::ProposeAgreementSetRequest request;
  request.set_request_id(RandomUuid());
  request.mutable_agreement_set()->set_note(options.note);
  for (const policy::AgreementText& text : texts) {
    policy::v1::AgreementText& file = *request.mutable_agreement_set()->add_files();
    file.set_file(text.file);
    file.set_text(text.text);
  }
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto response,
      desk->Call<policy::v1::ProposeAgreementSetResponse>(
          request, options.asker.purpose, options.asker.case_reference, kDirectory));
  PrintSet(response.agreement_set(), invocation.json);
  return absl::OkStatus();
}

// Signs or activates the set as it stands now.
template <class Request, class Response>
absl::Status Change(const Invocation& invocation, const SetOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.asker.worker));
  TRUSTHUB_ASSIGN_OR_RETURN(const AgreementSet set, GetSet(*desk, options.asker, options.name));
  Request request;
  request.set_request_id(RandomUuid());
  request.set_name(options.name);
  request.set_etag(set.etag());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto response,
                            desk->Call<Response>(request, options.asker.purpose,
                                                 options.asker.case_reference, kDirectory));
  PrintSet(response.agreement_set(), invocation.json);
  return absl::OkStatus();
}

void AddAsker(CLI::App& command, SetOptions& options) {
  options.asker.worker = kInformationLead;
  options.asker.purpose = kGovernance;
  command
      .add_option("--as", options.asker.worker,
                  "Information governance lead or Caldicott Guardian (hubctl workers)")
      ->capture_default_str();
  command.add_option("--case", options.asker.case_reference, "The worker's own case reference")
      ->capture_default_str();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const policy::Agreements>> AgreementsInForce(const Hub& hub,
                                                                            const Asker& asker) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub.DeskOf(asker.worker));
  Asker governance = asker;
  governance.purpose = kGovernance;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<AgreementSet> sets, ListSets(*desk, governance));
  for (const AgreementSet& set : sets) {
    if (set.state() != policy::v1::AGREEMENT_SET_STATE_ACTIVE) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const AgreementSet whole, GetSet(*desk, governance, set.name()));
    std::vector<policy::AgreementText> texts;
    for (const policy::v1::AgreementText& file : whole.files()) {
      texts.push_back({file.file(), file.text()});
    }
    return policy::CompileAgreements(texts);
  }
  // None was ever put in force: services run with the folder they were installed with.
  return policy::LoadAgreements(absl::StrCat(hub.config_folder(), "/redbridge/agreements"));
}

void AddPolicySets(CLI::App& policy, Invocation& invocation) {
  auto sets = std::make_shared<SetOptions>();
  CLI::App* command = policy.add_subcommand("sets", "Sets of agreements, proposed to superseded");
  AddAsker(*command, *sets);
  command->callback([sets, &invocation] {
    invocation.run = [sets, &invocation] { return Sets(invocation, *sets); };
  });

  auto propose = std::make_shared<SetOptions>();
  command = policy.add_subcommand("propose", "Propose a folder of agreements, and sign it");
  command->add_option("folder", propose->folder, "Folder of the agreements: the whole set")
      ->required();
  command->add_option("--note", propose->note, "What changes and why")->required();
  AddAsker(*command, *propose);
  command->callback([propose, &invocation] {
    invocation.run = [propose, &invocation] { return Propose(invocation, *propose); };
  });

  auto sign = std::make_shared<SetOptions>();
  command = policy.add_subcommand("sign", "Sign a proposed set, for another agency");
  command->add_option("name", sign->name, "The set, e.g. agreementSets/abc")->required();
  AddAsker(*command, *sign);
  command->callback([sign, &invocation] {
    invocation.run = [sign, &invocation] {
      return Change<policy::v1::SignAgreementSetRequest, policy::v1::SignAgreementSetResponse>(
          invocation, *sign);
    };
  });

  auto activate = std::make_shared<SetOptions>();
  command = policy.add_subcommand(
      "activate", "Put a signed set in force everywhere; an earlier one again to roll back");
  command->add_option("name", activate->name, "The set, e.g. agreementSets/abc")->required();
  AddAsker(*command, *activate);
  command->callback([activate, &invocation] {
    invocation.run = [activate, &invocation] {
      return Change<policy::v1::ActivateAgreementSetRequest,
                    policy::v1::ActivateAgreementSetResponse>(invocation, *activate);
    };
  });
}

}  // namespace trusthub::hubctl
