#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/audit/receipt.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/text_file.h"
#include "google/protobuf/util/json_util.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::hubctl {
namespace {

struct Options {
  std::string file;
  std::string key;
};

// A receipt as JSON, alone or in the answer that it came with.
absl::StatusOr<types::v1::Receipt> ReadReceipt(const std::string& path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object() && json.contains("disclosure")) json = json["disclosure"];
  if (json.is_object() && json.contains("receipt")) json = json["receipt"];
  types::v1::Receipt receipt;
  if (!json.is_object() ||
      !google::protobuf::util::JsonStringToMessage(json.dump(), &receipt).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " holds no receipt: save an answer with hubctl --json get"));
  }
  return receipt;
}

// With the key that was given, else with the keys of the hub's services, one of which signed it.
absl::Status Check(const Invocation& invocation, const Options& options,
                   const types::v1::Receipt& receipt) {
  if (!options.key.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.key));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string key,
                              crypto::HexDecode(absl::StripSuffix(text, "\n")));
    return audit::VerifyReceipt(receipt, key);
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  absl::Status status;
  for (const char* service : kServices) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub->AuditKeyOf(service));
    status = audit::VerifyReceipt(receipt, key);
    if (status.ok()) return status;
  }
  return absl::DataLossError(
      absl::StrCat("not a receipt of this hub, or altered: ", std::string(status.message())));
}

absl::Status Verify(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const types::v1::Receipt receipt, ReadReceipt(options.file));
  TRUSTHUB_RETURN_IF_ERROR(Check(invocation, options, receipt));
  const std::string when =
      absl::FormatTime(absl::RFC3339_sec, TimeFromProto(receipt.sign_time()), absl::UTCTimeZone());
  if (invocation.json) {
    PrintJson({{"genuine", true},
               {"tree", receipt.tree()},
               {"entry_index", receipt.entry_index()},
               {"tree_size", receipt.tree_size()},
               {"sign_time", when}});
  } else {
    std::printf("Genuine: entry %lld of %s, signed %s.\n",
                static_cast<long long>(receipt.entry_index()),  // NOLINT: what %lld takes
                receipt.tree().c_str(), when.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddReceipt(CLI::App& app, Invocation& invocation) {
  CLI::App* receipt = app.add_subcommand("receipt", "Receipts of answers");
  receipt->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* verify = receipt->add_subcommand("verify", "Check a receipt without asking the hub");
  verify->add_option("file", options->file, "A receipt or an answer as JSON")->required();
  verify->add_option("--key", options->key, "File with the published key, 64 hex digits");
  verify->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Verify(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
