#include "tests/e2e/hub_records.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/audit/head.h"
#include "common/audit/log_check.h"
#include "common/audit/receipt.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/logs.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::testing {
namespace {

constexpr char kPurpose[] = "audit_review";
constexpr char kReference[] = "AUDIT-1";

// Reads the entries up to the head: the reading itself adds more.
audit::ReadLeaves ReaderOf(hubctl::Desk* auditor, absl::string_view service,
                           const audit::v1::TreeHead& head) {
  return [auditor, service = std::string(service), tree = head.tree(), size = head.tree_size()](
             std::int64_t first, int limit) -> absl::StatusOr<std::vector<store::StoredLeaf>> {
    audit::v1::ListEntriesRequest request;
    request.set_tree(tree);
    request.set_first_index(first);
    request.set_page_size(limit);
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, auditor->Call<audit::v1::ListEntriesResponse>(
                                                     request, kPurpose, kReference, service));
    std::vector<store::StoredLeaf> leaves;
    for (const audit::v1::LoggedEntry& entry : answer.entries()) {
      if (entry.index() >= size) break;
      leaves.push_back({entry.index(), entry.leaf_input()});
    }
    return leaves;
  };
}

// Adds the events after `cursor`, as another service of the hub reads them; the cursor behind them.
absl::StatusOr<std::string> ReadToEnd(const hubctl::Hub& hub, absl::string_view service,
                                      const std::string& cursor,
                                      std::vector<events::v1::Event>* events) {
  const std::string own = absl::StrCat(hub.folder(), "/pki/services/plans/tls");
  rpc::TlsFiles tls = hub.TlsOf("agencies/trust-hub");
  tls.certificate = own + ".pem";
  tls.key = own + ".key";
  rpc::Client client({hub.addresses(), tls});
  rpc::CallContext context;
  context.purpose = "hub_operation";
  context.case_reference = "events";
  events::v1::WatchRequest request;
  request.set_cursor(cursor);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto stream, client.Watch(service, request, context));
  events::v1::WatchResponse response;
  // An answer with as_of says that nothing came before that instant but what was sent.
  while (!response.has_as_of()) {
    TRUSTHUB_RETURN_IF_ERROR(stream->Read(&response));
    events->insert(events->end(), response.events().begin(), response.events().end());
  }
  stream->Cancel();
  return response.cursor();
}

}  // namespace

absl::StatusOr<std::vector<events::v1::Event>> EventsOf(const hubctl::Hub& hub,
                                                        absl::string_view service) {
  std::vector<events::v1::Event> events;
  TRUSTHUB_RETURN_IF_ERROR(ReadToEnd(hub, service, "", &events).status());
  return events;
}

absl::StatusOr<std::string> CursorAtEnd(const hubctl::Hub& hub, absl::string_view service) {
  std::vector<events::v1::Event> events;
  return ReadToEnd(hub, service, "", &events);
}

absl::Status FollowFrom(const hubctl::Hub& hub, absl::string_view service,
                        const std::string& cursor) {
  std::vector<events::v1::Event> events;
  return ReadToEnd(hub, service, cursor, &events).status();
}

absl::StatusOr<std::int64_t> CheckAuditLog(const hubctl::Hub& hub, absl::string_view service,
                                           const std::vector<types::v1::Receipt>& kept) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub.AuditKeyOf(service));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<hubctl::Desk> auditor,
                            hub.DeskOf("hub-auditor-01"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<audit::v1::TreeHead> heads,
                            hubctl::HeadsOf(hubctl::AskBy(*auditor, kReference), service));
  std::int64_t checked = 0;
  std::size_t found = 0;
  for (const audit::v1::TreeHead& head : heads) {
    if (head.tree_size() == 0) continue;  // of a replica that has answered nobody yet
    audit::Witness witness;
    witness.heads.push_back(audit::HeadFromProto(head));
    for (const types::v1::Receipt& receipt : kept) {
      if (receipt.tree() != head.tree()) continue;
      TRUSTHUB_RETURN_IF_ERROR(audit::VerifyReceipt(receipt, key));
      witness.leaf_hashes[receipt.entry_index()] = receipt.leaf_hash();
      ++found;
    }
    const audit::LogCheck check =
        audit::VerifyLog(ReaderOf(auditor.get(), service, head), witness, key);
    TRUSTHUB_RETURN_IF_ERROR(check.status);
    checked += check.checked;
  }
  if (found < kept.size()) return absl::DataLossError("a receipt is of a log that is not shown");
  return checked;
}

}  // namespace trusthub::testing
