#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/answer.h"
#include "common/audit/cosignature.h"
#include "common/audit/receipt.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/logs.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/text_file.h"
#include "google/protobuf/util/json_util.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::hubctl {
namespace {

constexpr char kPurpose[] = "audit_review";
constexpr char kCaseReference[] = "receipt-witness";

struct Options {
  std::string file;
  TrustOptions trust;
};

// A receipt alone, or the parsed answer that it came with, as JSON: without the answer's bytes.
absl::StatusOr<types::v1::Receipt> ReceiptIn(nlohmann::json json) {
  if (json.is_object() && json.contains("disclosure")) json = json["disclosure"];
  if (json.is_object() && json.contains("receipt")) json = json["receipt"];
  types::v1::Receipt receipt;
  if (json.is_object() && google::protobuf::util::JsonStringToMessage(json.dump(), &receipt).ok()) {
    return receipt;
  }
  return absl::InvalidArgumentError(
      "holds no receipt: save an answer with hubctl get --receipt FILE");
}

struct Checked {
  types::v1::Receipt receipt;
  bool with_content = true;
};

absl::StatusOr<Checked> Check(const std::string& text, const Trusted& trusted) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  Checked checked;
  if (json.is_object() && json.contains("format")) {
    TRUSTHUB_ASSIGN_OR_RETURN(const ReceiptFile file, ParseReceiptFile(text));
    TRUSTHUB_ASSIGN_OR_RETURN(checked.receipt, VerifyReceiptFile(file, trusted));
    return checked;
  }
  if (trusted.needed > 0) {
    return absl::InvalidArgumentError("only a receipt file can hold cosignatures");
  }
  checked.with_content = false;
  TRUSTHUB_ASSIGN_OR_RETURN(checked.receipt, ReceiptIn(json));
  absl::Status status = absl::DataLossError("no audit key counts for the receipt's tree");
  for (const absl::string_view key : audit::KeysFor(trusted.audit_keys, checked.receipt.tree())) {
    status = audit::VerifyReceipt(checked.receipt, key);
    if (status.ok()) return checked;
  }
  return status;
}

absl::Status Verify(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.file));
  TRUSTHUB_ASSIGN_OR_RETURN(const Trusted trusted, TrustedBy(invocation, options.trust));
  const absl::StatusOr<Checked> checked = Check(text, trusted);
  if (!checked.ok()) {
    return absl::Status(checked.status().code(),
                        absl::StrCat(options.file, ": not genuine, or not of this hub: ",
                                     checked.status().message()));
  }
  const types::v1::Receipt& receipt = checked->receipt;
  const std::string when =
      absl::FormatTime(absl::RFC3339_sec, TimeFromProto(receipt.sign_time()), absl::UTCTimeZone());
  if (invocation.json) {
    PrintJson({{"genuine", true},
               {"content_checked", checked->with_content},
               {"witnesses", trusted.needed},
               {"tree", receipt.tree()},
               {"entry_index", receipt.entry_index()},
               {"tree_size", receipt.tree_size()},
               {"sign_time", when}});
    return absl::OkStatus();
  }
  std::printf("Genuine: entry %s, signed %s.\n",
              audit::EntryName(receipt.tree(), receipt.entry_index()).c_str(), when.c_str());
  if (trusted.needed > 0) {
    std::printf("Cosigned by at least %d of the listed witnesses.\n", trusted.needed);
  }
  if (!checked->with_content) {
    std::puts("The content was not checked: that takes a file of hubctl get --receipt.");
  }
  return absl::OkStatus();
}

// The newest witnessed head of the service that keeps `tree`, and the service.
struct Found {
  std::string service;
  audit::v1::CosignedHead head;
};

absl::StatusOr<Found> FindWitnessed(Desk& desk, const types::v1::Receipt& receipt) {
  audit::v1::GetTreeHeadRequest request;
  request.set_tree(receipt.tree());
  for (const char* service : kServices) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees,
                              TreesOf(AskBy(desk, kCaseReference), service));
    if (std::find(trees.begin(), trees.end(), receipt.tree()) == trees.end()) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, desk.Call<audit::v1::GetTreeHeadResponse>(
                                                     request, kPurpose, kCaseReference, service));
    if (answer.needed() == 0 || answer.cosigned().empty()) break;
    const audit::v1::CosignedHead& head = *answer.cosigned().rbegin();
    if (head.cosignatures_size() < answer.needed()) break;
    if (head.head().tree_size() <= receipt.entry_index()) break;
    return Found{service, head};
  }
  return absl::UnavailableError(
      "no head with this entry was cosigned by enough witnesses yet: try again in some minutes");
}

absl::Status AddWitnessed(const Invocation& invocation, const std::string& path,
                          const std::string& worker) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  TRUSTHUB_ASSIGN_OR_RETURN(ReceiptFile file, ParseReceiptFile(text));
  TRUSTHUB_ASSIGN_OR_RETURN(const audit::Answer answer, audit::SplitAnswer(file.response));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(worker));
  TRUSTHUB_ASSIGN_OR_RETURN(const Found found, FindWitnessed(*desk, answer.receipt));
  audit::v1::GetInclusionProofRequest request;
  request.set_index(answer.receipt.entry_index());
  request.set_tree_size(found.head.head().tree_size());
  request.set_tree(answer.receipt.tree());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto proof,
                            desk->Call<audit::v1::GetInclusionProofResponse>(
                                request, kPurpose, kCaseReference, found.service));
  WitnessedEntry witnessed;
  witnessed.tree_size = found.head.head().tree_size();
  witnessed.root_hash = found.head.head().root_hash();
  witnessed.inclusion_proof.assign(proof.hashes().begin(), proof.hashes().end());
  witnessed.cosignatures.assign(found.head.cosignatures().begin(), found.head.cosignatures().end());
  file.witnessed = std::move(witnessed);
  // Nobody is asked to believe it here: verify does the checking, with the witnesses' keys.
  TRUSTHUB_RETURN_IF_ERROR(pki::WriteFile(path, ReceiptFileText(file), /*secret=*/true));
  std::printf("%s: cosigned by %d witnesses, %lld entries.\n", path.c_str(),
              found.head.cosignatures_size(),
              static_cast<long long>(found.head.head().tree_size()));  // NOLINT: what %lld takes
  return absl::OkStatus();
}

}  // namespace

void AddReceipt(CLI::App& app, Invocation& invocation) {
  CLI::App* receipt = app.add_subcommand("receipt", "Receipts of answers");
  receipt->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* verify =
      receipt->add_subcommand("verify", "Check an answer and its receipt without asking the hub");
  verify->add_option("file", options->file, "A receipt file, or a receipt or answer as JSON")
      ->required();
  AddTrustOptions(*verify, options->trust);
  verify->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Verify(invocation, *options); };
  });

  auto file = std::make_shared<std::string>();
  auto worker = std::make_shared<std::string>("hub-auditor-01");
  CLI::App* witness = receipt->add_subcommand(
      "witness", "Add to a receipt file the newest head that enough witnesses cosigned");
  witness->add_option("file", *file, "A receipt file")->required();
  witness->add_option("--as", *worker, "An auditor or witness")->capture_default_str();
  witness->callback([file, worker, &invocation] {
    invocation.run = [file, worker, &invocation] {
      return AddWitnessed(invocation, *file, *worker);
    };
  });
}

}  // namespace trusthub::hubctl
