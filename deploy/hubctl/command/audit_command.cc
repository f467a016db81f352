#include "deploy/hubctl/command/audit_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/cosignature.h"
#include "common/audit/head.h"
#include "common/audit/key_list.h"
#include "common/audit/log_check.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/sqlite_store.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/logs.h"
#include "deploy/hubctl/moving/configured_store.h"
#include "deploy/hubctl/moving/tree_check.h"
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

// Leaves as the service gives them; none of the head's size and after, which came while it was
// read.
audit::ReadLeaves ReadFrom(Desk& desk, const std::string& service, const store::SealedHead& head) {
  return [&desk, service, tree = head.tree, size = head.size](
             std::int64_t first, int limit) -> absl::StatusOr<std::vector<store::StoredLeaf>> {
    std::vector<store::StoredLeaf> leaves;
    if (first >= size) return leaves;
    audit::v1::ListEntriesRequest request;
    request.set_tree(tree);
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

// The head that enough of the trusted witnesses cosigned.
absl::StatusOr<store::SealedHead> WitnessedIn(const audit::v1::GetTreeHeadResponse& answer,
                                              const Trusted& trusted) {
  if (answer.cosigned().empty()) return absl::DataLossError("no witness cosigned this log");
  const audit::v1::CosignedHead& newest = *answer.cosigned().rbegin();
  store::SealedHead head = audit::HeadFromProto(newest.head());
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyWitnessed(
      audit::CheckpointOf(head), {newest.cosignatures().begin(), newest.cosignatures().end()},
      trusted.witnesses, trusted.needed));
  return head;
}

// One log of a service.
absl::StatusOr<Verified> VerifyLogOf(const Hub& hub, Desk& desk, const std::string& service,
                                     const std::string& tree, const Trusted& trusted) {
  audit::v1::GetTreeHeadRequest request;
  request.set_tree(tree);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, desk.Call<audit::v1::GetTreeHeadResponse>(
                                                   request, kPurpose, kCaseReference, service));
  Verified verified;
  if (answer.head().tree_size() == 0) return verified;  // of a replica that answered nobody yet
  verified.head = audit::HeadFromProto(answer.head());
  // The key from the hub's folder, not the one that the service says it has.
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub.AuditKeyOf(service));
  audit::Witness known{{verified.head}};
  if (trusted.needed > 0) {
    const absl::StatusOr<store::SealedHead> witnessed = WitnessedIn(answer, trusted);
    if (!witnessed.ok()) {
      verified.check.status = witnessed.status();
      return verified;
    }
    known.heads.push_back(*witnessed);
  }
  verified.check = audit::VerifyLog(ReadFrom(desk, service, verified.head), known, key);
  return verified;
}

// All logs of a service, by what they are called.
using VerifiedLogs = std::vector<std::pair<std::string, Verified>>;

absl::StatusOr<VerifiedLogs> VerifyService(const Hub& hub, const std::string& service,
                                           const Trusted& trusted) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub.DeskOf(kAuditor));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees,
                            TreesOf(AskBy(*desk, kCaseReference), service));
  VerifiedLogs logs;
  for (const std::string& tree : trees) {
    TRUSTHUB_ASSIGN_OR_RETURN(Verified verified, VerifyLogOf(hub, *desk, service, tree, trusted));
    logs.emplace_back(LogName(service, tree, logs.empty()), std::move(verified));
  }
  return logs;
}

// The files of a service that does not run: entries, tiles and head.
absl::StatusOr<VerifiedLogs> VerifyFiles(const Hub& hub, const std::string& service) {
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
  return VerifiedLogs{{service, std::move(verified)}};
}

// Every audit log in the service's database, running or not.
absl::StatusOr<VerifiedLogs> VerifyDatabase(const Hub& hub, const std::string& service,
                                            const store::PostgresRowOptions& database) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub.AuditKeyOf(service));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, store::OpenPostgresRows(database));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto view, rows->View());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<CheckedTree> trees, CheckTrees(*view, key));
  VerifiedLogs logs;
  for (const CheckedTree& tree : trees) {
    Verified verified;
    verified.head = tree.head;
    verified.check.status = tree.status;
    verified.check.checked = tree.entries;
    logs.emplace_back(LogName(service, tree.name, logs.empty()), std::move(verified));
  }
  return logs;
}

// What the service keeps, without asking it.
absl::StatusOr<VerifiedLogs> VerifyKept(const Hub& hub, const std::string& service) {
  TRUSTHUB_ASSIGN_OR_RETURN(const store::PostgresRowOptions database,
                            DatabaseOf(hub.folder(), service));
  return database.url.empty() ? VerifyFiles(hub, service) : VerifyDatabase(hub, service, database);
}

absl::Status Verify(const Invocation& invocation, const std::string& which,
                    const TrustOptions& trust, bool stopped) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const Trusted trusted, TrustedBy(invocation, trust));
  Table table({"service", "entries", "root", "result"});
  absl::Status worst;
  for (const char* service : kServices) {
    if (which != "all" && which != service) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const VerifiedLogs logs, stopped
                                                           ? VerifyKept(*hub, service)
                                                           : VerifyService(*hub, service, trusted));
    for (const auto& [name, verified] : logs) {
      const absl::Status& status = verified.check.status;
      table.Add({name, absl::StrCat(verified.check.checked),
                 crypto::HexEncode(verified.head.root).substr(0, 16),
                 status.ok() ? "verified" : std::string(status.message())});
      if (status.ok()) continue;
      worst.Update(absl::Status(status.code(), absl::StrCat("the audit log of ", name, ": ",
                                                            std::string(status.message()))));
    }
  }
  table.Print(invocation.json);
  return worst;
}

// What the hub's operator publishes: RECEIPT.md section 5.
absl::Status Keys(const Invocation& invocation) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(kAuditor));
  audit::KeyList keys;
  for (const char* service : kServices) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub->AuditKeyOf(service));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees,
                              TreesOf(AskBy(*desk, kCaseReference), service));
    for (const std::string& tree : trees) keys.push_back({key, tree});
  }
  if (!invocation.json) {
    std::fputs(audit::KeyListText(keys).c_str(), stdout);
    return absl::OkStatus();
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const audit::ListedKey& listed : keys) {
    rows.push_back({{"tree", listed.name},
                    {"key", crypto::HexEncode(listed.key)},
                    {"key_id", audit::KeyId(listed.key)}});
  }
  PrintJson(rows);
  return absl::OkStatus();
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
  auto trust = std::make_shared<TrustOptions>();
  AddTrustOptions(*verify, *trust);
  auto stopped = std::make_shared<bool>(false);
  verify->add_flag("--stopped", *stopped,
                   "Read what the services keep without asking them, and check the kept tiles as "
                   "well: files, of services that are stopped, or databases");
  verify->callback([which, trust, stopped, &invocation] {
    invocation.run = [which, trust, stopped, &invocation] {
      return Verify(invocation, *which, *trust, *stopped);
    };
  });
  CLI::App* keys = audit->add_subcommand(
      "keys", "Print the audit keys with their trees: the list that agencies are given");
  keys->callback([&invocation] { invocation.run = [&invocation] { return Keys(invocation); }; });
  AddAuditDisclosures(*audit, invocation);
}

}  // namespace trusthub::hubctl
