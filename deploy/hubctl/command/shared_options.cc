#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/text_file.h"

namespace trusthub::hubctl {
namespace {

absl::Status InFile(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

}  // namespace

void AddAskerOptions(CLI::App& command, Asker& asker) {
  command.add_option("--as", asker.worker, "Worker who asks, e.g. lbr-sw-01 (hubctl workers)")
      ->required();
  command.add_option("--purpose", asker.purpose, "What for, e.g. safeguarding_referral")
      ->required();
  command.add_option("--case", asker.case_reference, "The worker's own case reference")
      ->capture_default_str();
}

void AddReceiptOption(CLI::App& command, std::string& path) {
  command.add_option("--receipt", path,
                     "File to keep the answer in with its receipt (hubctl receipt verify)");
}

absl::Status KeepReceipt(const std::string& path, const rpc::ReceivedAnswer& answer) {
  if (path.empty()) return absl::OkStatus();
  // It holds what was disclosed.
  return pki::WriteFile(path, ReceiptFileText({answer.method, answer.bytes, std::nullopt}),
                        /*secret=*/true);
}

void AddTrustOptions(CLI::App& command, TrustOptions& options) {
  command.add_option("--keys,--key", options.keys,
                     "List of the hub's published audit keys (hubctl audit keys)");
  CLI::Option* witnesses =
      command.add_option("--witnesses", options.witnesses, "List of witnesses' keys");
  CLI::Option* need =
      command.add_option("--need", options.needed, "How many of them must have cosigned the log")
          ->check(CLI::PositiveNumber);
  witnesses->needs(need);
  need->needs(witnesses);
}

absl::StatusOr<Trusted> TrustedBy(const Invocation& invocation, const TrustOptions& options) {
  Trusted trusted;
  trusted.needed = options.needed;
  if (!options.witnesses.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.witnesses));
    absl::StatusOr<audit::KeyList> keys = audit::ParseWitnessList(text);
    if (!keys.ok()) return InFile(options.witnesses, keys.status());
    trusted.witnesses = *std::move(keys);
  }
  if (!options.keys.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.keys));
    absl::StatusOr<audit::KeyList> keys = audit::ParseKeyList(text);
    if (!keys.ok()) return InFile(options.keys, keys.status());
    trusted.audit_keys = *std::move(keys);
    return trusted;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  for (const char* service : kServices) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::string key, hub->AuditKeyOf(service));
    trusted.audit_keys.push_back({std::move(key), ""});
  }
  return trusted;
}

}  // namespace trusthub::hubctl
