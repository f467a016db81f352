// `hubctl retention`: what must still be kept of whom, legal holds, and destruction by two people's
// approval.
#include <cstdio>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/tools/words.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/settle.h"
#include "trusthub/retention/v1/retention_service.pb.h"

namespace trusthub::hubctl {
namespace {

using retention::v1::Destruction;
using retention::v1::ExamineRetentionResponse;

constexpr char kOfficer[] = "lbr-dpo-01";
constexpr char kGovernance[] = "governance";
constexpr char kChildren[] = "children";
// For six services on a busy machine to destroy what they keep.
constexpr absl::Duration kApplyTime = absl::Minutes(2);

struct Options {
  Asker asker;
  std::string child;
  bool propose = false;
  std::string name;
  std::string reason;
  std::string review;
};

// An officer at a desk.
class Officer {
 public:
  static absl::StatusOr<Officer> Open(const Invocation& invocation, const Options& options) {
    Officer officer;
    TRUSTHUB_ASSIGN_OR_RETURN(officer.hub_, invocation.OpenHub());
    TRUSTHUB_ASSIGN_OR_RETURN(officer.desk_, officer.hub_->DeskOf(options.asker.worker));
    officer.case_reference_ = options.asker.case_reference;
    return officer;
  }
  template <class Response>
  absl::StatusOr<Response> Ask(const google::protobuf::Message& request) {
    return desk_->Call<Response>(request, kGovernance, case_reference_, kChildren);
  }
  absl::StatusOr<Destruction> Get(const std::string& name) {
    retention::v1::GetDestructionRequest request;
    request.set_name(name);
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                              Ask<retention::v1::GetDestructionResponse>(request));
    return answer.destruction();
  }

 private:
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<Desk> desk_;
  std::string case_reference_;
};

absl::StatusOr<std::vector<std::string>> DueChildren(Officer& officer) {
  std::vector<std::string> children;
  retention::v1::ListDueChildrenRequest request;
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page,
                              officer.Ask<retention::v1::ListDueChildrenResponse>(request));
    children.insert(children.end(), page.due_children().begin(), page.due_children().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return children;
}

std::string StateOf(const Destruction& destruction) {
  return policy::ShortName(
      *retention::v1::DestructionState_descriptor()->FindValueByNumber(destruction.state()));
}

std::string ApproversOf(const Destruction& destruction) {
  std::vector<std::string> workers;
  for (const retention::v1::Approval& approval : destruction.approvals()) {
    workers.push_back(approval.worker());
  }
  return absl::StrJoin(workers, ", ");
}

void Print(const Destruction& destruction, bool json) {
  if (json) return PrintJson(JsonOf(destruction));
  std::printf("%s of %s: %s\n", destruction.name().c_str(), destruction.former_child().c_str(),
              StateOf(destruction).c_str());
  if (!destruction.approvals().empty()) {
    std::printf("Approved by %s.\n", ApproversOf(destruction).c_str());
  }
  for (const retention::v1::Certificate& each : destruction.certificates()) {
    std::printf("%s destroyed %d records; certified by the entry with leaf hash %s.\n",
                each.service().c_str(), each.records(), each.leaf_hash().c_str());
  }
  if (!destruction.told_agencies().empty()) {
    std::printf("Told: %s.\n", absl::StrJoin(destruction.told_agencies(), ", ").c_str());
  }
  if (destruction.state() == retention::v1::DESTRUCTION_STATE_PROPOSED) {
    std::printf("  > two different officers approve it: hubctl retention approve %s --as ...\n",
                destruction.name().c_str());
  } else if (destruction.state() == retention::v1::DESTRUCTION_STATE_APPROVED) {
    std::printf("  > carry it out: hubctl retention apply %s\n", destruction.name().c_str());
  }
}

absl::Status Propose(Officer& officer, const std::string& child, bool json) {
  retention::v1::ProposeDestructionRequest request;
  request.set_request_id(RandomUuid());
  request.set_child(child);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            officer.Ask<retention::v1::ProposeDestructionResponse>(request));
  Print(answer.destruction(), json);
  return absl::OkStatus();
}

void PrintExamined(const std::string& child, const ExamineRetentionResponse& examined) {
  std::printf("%s: %s\n", child.c_str(),
              examined.due() ? "nothing need be kept" : "must still be kept");
  Table table({"service", "kind", "records", "schedule", "keep until", "over"});
  for (const retention::v1::KeptRecords& row : examined.kept()) {
    const auto until = DateFromProto(row.keep_until());
    table.Add({row.service(), policy::RecordWords(row.record_kind()), absl::StrCat(row.records()),
               row.schedule(), until.ok() ? FormatDay(*until) : "cannot be told",
               row.over() ? "yes" : "no"});
  }
  table.Print(false);
  for (const std::string& reason : examined.held_back_by()) std::printf("  - %s\n", reason.c_str());
}

absl::Status Plan(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  std::vector<std::string> children = {options.child};
  if (options.child.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(children, DueChildren(officer));
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::vector<std::string> due;
  for (const std::string& child : children) {
    retention::v1::ExamineRetentionRequest request;
    request.set_child(child);
    TRUSTHUB_ASSIGN_OR_RETURN(const auto examined, officer.Ask<ExamineRetentionResponse>(request));
    if (examined.due()) due.push_back(child);
    if (invocation.json) {
      nlohmann::ordered_json row = JsonOf(examined);
      row["child"] = child;
      list.push_back(std::move(row));
    } else {
      PrintExamined(child, examined);
    }
  }
  if (invocation.json && !options.propose) PrintJson(list);
  if (!invocation.json) {
    std::printf("%d looked at, %d due.\n", static_cast<int>(children.size()),
                static_cast<int>(due.size()));
  }
  if (!options.propose) return absl::OkStatus();
  for (const std::string& child : due) {
    TRUSTHUB_RETURN_IF_ERROR(Propose(officer, child, invocation.json));
  }
  return absl::OkStatus();
}

absl::Status Approve(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(const Destruction destruction, officer.Get(options.name));
  retention::v1::ApproveDestructionRequest request;
  request.set_request_id(RandomUuid());
  request.set_name(destruction.name());
  request.set_etag(destruction.etag());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            officer.Ask<retention::v1::ApproveDestructionResponse>(request));
  Print(answer.destruction(), invocation.json);
  return absl::OkStatus();
}

// Orders it unless it was ordered before, and waits until every service has done its part: the same
// command again goes on where it was.
absl::Status Apply(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(Destruction destruction, officer.Get(options.name));
  if (destruction.state() < retention::v1::DESTRUCTION_STATE_ORDERED) {
    retention::v1::OrderDestructionRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(destruction.name());
    request.set_etag(destruction.etag());
    TRUSTHUB_RETURN_IF_ERROR(
        officer.Ask<retention::v1::OrderDestructionResponse>(request).status());
  }
  const absl::Status done = Settle(
      kApplyTime,
      [&]() -> absl::Status {
        TRUSTHUB_ASSIGN_OR_RETURN(destruction, officer.Get(options.name));
        if (destruction.state() == retention::v1::DESTRUCTION_STATE_DESTROYED)
          return absl::OkStatus();
        return absl::UnavailableError(absl::StrCat(
            "ordered, and not yet carried out by every service: ", destruction.certificates_size(),
            " have. It goes on by itself; apply it again to see how far it is"));
      },
      [](const absl::Status& status) { return absl::IsUnavailable(status); });
  Print(destruction, invocation.json);
  return done;
}

absl::Status List(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  Table table({"name", "child that was", "state", "approved by", "certificates", "told"});
  retention::v1::ListDestructionsRequest request;
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page,
                              officer.Ask<retention::v1::ListDestructionsResponse>(request));
    for (const Destruction& each : page.destructions()) {
      table.Add({each.name(), each.former_child(), StateOf(each), ApproversOf(each),
                 absl::StrCat(each.certificates_size()),
                 absl::StrJoin(each.told_agencies(), ", ")});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  table.Print(invocation.json);
  return absl::OkStatus();
}

absl::Status Show(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(const Destruction destruction, officer.Get(options.name));
  Print(destruction, invocation.json);
  return absl::OkStatus();
}

absl::Status Hold(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay review, ParseDay(options.review));
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  retention::v1::PlaceLegalHoldRequest request;
  request.set_request_id(RandomUuid());
  request.mutable_legal_hold()->set_child(options.child);
  request.mutable_legal_hold()->set_reason(options.reason);
  *request.mutable_legal_hold()->mutable_review_date() = DateToProto(review);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                            officer.Ask<retention::v1::PlaceLegalHoldResponse>(request));
  if (invocation.json) {
    PrintJson(JsonOf(answer.legal_hold()));
  } else {
    std::printf("%s is in force.\n", answer.legal_hold().name().c_str());
  }
  return absl::OkStatus();
}

// Finds its version among the holds of the child.
absl::Status Release(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(Officer officer, Officer::Open(invocation, options));
  retention::v1::ListLegalHoldsRequest list;
  list.set_child(options.child);
  retention::v1::ReleaseLegalHoldRequest request;
  request.set_request_id(RandomUuid());
  request.set_name(options.name);
  request.set_reason(options.reason);
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page,
                              officer.Ask<retention::v1::ListLegalHoldsResponse>(list));
    for (const retention::v1::LegalHold& hold : page.legal_holds()) {
      if (hold.name() == options.name) request.set_etag(hold.etag());
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  if (request.etag().empty()) {
    return absl::NotFoundError(absl::StrCat(options.child, " has no hold ", options.name));
  }
  TRUSTHUB_RETURN_IF_ERROR(officer.Ask<retention::v1::ReleaseLegalHoldResponse>(request).status());
  std::printf("%s is lifted.\n", options.name.c_str());
  return absl::OkStatus();
}

using Run = absl::Status (*)(const Invocation&, const Options&);

CLI::App* AddOne(CLI::App& retention, Invocation& invocation, const char* name, const char* does,
                 Run run, std::shared_ptr<Options>* options) {
  *options = std::make_shared<Options>();
  (*options)->asker.worker = kOfficer;
  CLI::App* command = retention.add_subcommand(name, does);
  command->add_option("--as", (*options)->asker.worker, "Officer (hubctl workers)")
      ->capture_default_str();
  command->add_option("--case", (*options)->asker.case_reference, "The officer's own reference")
      ->capture_default_str();
  command->callback([options = *options, run, &invocation] {
    invocation.run = [options, run, &invocation] { return run(invocation, *options); };
  });
  return command;
}

}  // namespace

void AddRetention(CLI::App& app, Invocation& invocation) {
  CLI::App* retention = app.add_subcommand(
      "retention", "How long records are kept, legal holds, and destruction by two people");
  retention->require_subcommand(1);
  std::shared_ptr<Options> options;
  CLI::App* plan =
      AddOne(*retention, invocation, "plan",
             "What need not be kept any more, and what holds the rest back", Plan, &options);
  plan->add_option("child", options->child, "Only this child, e.g. children/abc");
  plan->add_flag("--propose", options->propose, "Propose the destruction of what is due");
  for (const auto& [name, does, run] :
       {std::tuple("approve", "Approve a destruction: two different officers must", &Approve),
        std::tuple("apply", "Carry out an approved destruction, or go on with it", &Apply),
        std::tuple("show", "One destruction, with its certificates", &Show)}) {
    CLI::App* command = AddOne(*retention, invocation, name, does, run, &options);
    command->add_option("name", options->name, "e.g. destructions/abc")->required();
  }
  AddOne(*retention, invocation, "list", "Destructions of the agency, or told to it", List,
         &options);
  CLI::App* hold = AddOne(*retention, invocation, "hold",
                          "Forbid the destruction of a child's records", Hold, &options);
  hold->add_option("child", options->child, "e.g. children/abc")->required();
  hold->add_option("--reason", options->reason, "What needs the records")->required();
  hold->add_option("--review", options->review, "By when it is looked at again: YYYY-MM-DD")
      ->required();
  CLI::App* release =
      AddOne(*retention, invocation, "release", "Lift a legal hold", Release, &options);
  release->add_option("child", options->child, "e.g. children/abc")->required();
  release->add_option("name", options->name, "e.g. legalHolds/abc")->required();
  release->add_option("--reason", options->reason, "Why it is lifted")->required();
}

}  // namespace trusthub::hubctl
