#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/audit/head.h"
#include "common/audit/log_check.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/sqlite_store.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::hubctl {
namespace {

constexpr char kAuditor[] = "hub-auditor-01";
constexpr char kPurpose[] = "audit_review";
constexpr char kCaseReference[] = "audit-verify";

struct Verified {
  store::SealedHead head;
  audit::LogCheck check;
};

// Leaves as the service gives them; none of `size` and after, which came while it was read.
audit::ReadLeaves ReadFrom(Desk& desk, const std::string& service, std::int64_t size) {
  return [&desk, service, size](std::int64_t first,
                                int limit) -> absl::StatusOr<std::vector<store::StoredLeaf>> {
    std::vector<store::StoredLeaf> leaves;
    if (first >= size) return leaves;
    audit::v1::ListEntriesRequest request;
    request.set_first_index(first);
    request.set_page_size(static_cast<int>(std::min<std::int64_t>(limit, size - first)));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page, desk.Call<audit::v1::ListEntriesResponse>(
                                                   request, kPurpose, kCaseReference, service));
    for (const audit::v1::LoggedEntry& entry : page.entries()) {
      if (entry.index() < size) leaves.push_back({entry.index(), entry.leaf_input()});
    }
    return leaves;
  };
}

absl::StatusOr<Verified> VerifyService(const Hub& hub, const std::string& service) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub.DeskOf(kAuditor));
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto answer, desk->Call<audit::v1::GetTreeHeadResponse>(
                             audit::v1::GetTreeHeadRequest(), kPurpose, kCaseReference, service));
  Verified verified;
  verified.head = audit::HeadFromProto(answer.head());
  // The key from the hub's folder, not the one that the service says it has.
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub.AuditKeyOf(service));
  verified.check =
      audit::VerifyLog(ReadFrom(*desk, service, verified.head.size), verified.head, key);
  return verified;
}

// The files of a service that does not run: entries, tiles and head.
absl::StatusOr<Verified> VerifyFiles(const Hub& hub, const std::string& service) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub.AuditKeyOf(service));
  store::SqliteOptions options;
  options.path = absl::StrCat(hub.folder(), "/data/", service, "/store.db");
  options.create = false;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store, store::OpenSqlite(options));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Snapshot> log,
                            store->Open(absl::InfiniteFuture()));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto head, log->Head());
  if (head == nullptr) return absl::DataLossError("its audit log has no head");
  Verified verified;
  verified.head = *head;
  audit::Witness witness{{*head}};
  witness.tiles = [&log](int level, std::int64_t first, int limit) {
    return log->ReadTiles(level, first, limit);
  };
  verified.check = audit::VerifyLog(
      [&log](std::int64_t first, int limit) { return log->ReadLeaves(first, limit); }, witness,
      key);
  return verified;
}

absl::Status Verify(const Invocation& invocation, const std::string& which, bool stopped) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  Table table({"service", "entries", "root", "result"});
  absl::Status worst;
  for (const char* service : kServices) {
    if (which != "all" && which != service) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const Verified verified,
                              stopped ? VerifyFiles(*hub, service) : VerifyService(*hub, service));
    const absl::Status& status = verified.check.status;
    table.Add({service, absl::StrCat(verified.check.checked),
               crypto::HexEncode(verified.head.root).substr(0, 16),
               status.ok() ? "verified" : std::string(status.message())});
    if (!status.ok()) {
      worst.Update(absl::Status(status.code(), absl::StrCat("the audit log of ", service, ": ",
                                                            std::string(status.message()))));
    }
  }
  table.Print(invocation.json);
  return worst;
}

}  // namespace

void AddAudit(CLI::App& app, Invocation& invocation) {
  CLI::App* audit = app.add_subcommand("audit", "The audit logs");
  audit->require_subcommand(1);
  auto which = std::make_shared<std::string>("all");
  CLI::App* verify = audit->add_subcommand(
      "verify", "Read every entry and compute every hash anew, up to the signed head");
  std::vector<std::string> known(kServices.begin(), kServices.end());
  known.push_back("all");
  verify->add_option("--service", *which, "One service, or all")
      ->check(CLI::IsMember(known))
      ->capture_default_str();
  auto stopped = std::make_shared<bool>(false);
  verify->add_flag("--stopped", *stopped,
                   "Read the files of services that are stopped, and check the kept tiles as well");
  verify->callback([which, stopped, &invocation] {
    invocation.run = [which, stopped, &invocation] { return Verify(invocation, *which, *stopped); };
  });
}

}  // namespace trusthub::hubctl
