#include "deploy/hubctl/disclosures.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::hubctl {
namespace {

using audit::v1::ListDisclosuresRequest;
using audit::v1::ListDisclosuresResponse;
using audit::v1::LoggedDisclosure;

constexpr char kChildren[] = "children";

absl::Status CheckRow(const LoggedDisclosure& row, const store::SealedHead& head) {
  std::int64_t index = -1;
  const std::string prefix = absl::StrCat(head.tree, "/entries/");
  if (row.name().compare(0, prefix.size(), prefix) != 0 ||
      !absl::SimpleAtoi(row.name().substr(prefix.size()), &index)) {
    return absl::DataLossError(absl::StrCat(row.name(), " is of another log than the head"));
  }
  return audit::VerifyInclusion(row.leaf_hash(), index, head.size,
                                {row.inclusion_proof().begin(), row.inclusion_proof().end()},
                                head.root);
}

absl::Status CheckPage(const ListDisclosuresResponse& page, const std::string& key) {
  if (page.disclosures().empty()) return absl::OkStatus();
  const store::SealedHead head = audit::HeadFromProto(page.head());
  TRUSTHUB_RETURN_IF_ERROR(audit::VerifyHead(head, key));
  for (const LoggedDisclosure& row : page.disclosures()) {
    TRUSTHUB_RETURN_IF_ERROR(CheckRow(row, head));
  }
  return absl::OkStatus();
}

absl::Status AskService(const Hub& hub, Desk& desk, const DisclosureQuery& query,
                        ServiceAnswer* answer, FoundDisclosures* found) {
  // The key from the hub's folder, not the one that the service says it has.
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub.AuditKeyOf(answer->service));
  ListDisclosuresRequest request;
  request.set_child(query.child);
  request.set_subject_party(query.party);
  request.set_page_size(query.page_size);
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(ListDisclosuresResponse page,
                              desk.Call<ListDisclosuresResponse>(
                                  request, query.purpose, query.case_reference, answer->service));
    TRUSTHUB_RETURN_IF_ERROR(CheckPage(page, key));
    for (LoggedDisclosure& row : *page.mutable_disclosures()) {
      found->rows.push_back({answer->service, std::move(row)});
      ++answer->rows;
    }
    if (!page.notice().empty()) found->notice = page.notice();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// The answer for a child who does not exist for the caller.
bool IsSilence(const absl::Status& status) {
  return error::ReasonOf(status) == errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
}

// Whether the asker, not the service, is why there is no answer.
bool IsRefusal(const absl::Status& status) {
  return IsSilence(status) || absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status) ||
         absl::IsInvalidArgument(status);
}

}  // namespace

absl::Status FoundDisclosures::Completeness() const {
  std::string missing;
  for (const ServiceAnswer& answer : services) {
    if (answer.status.ok()) continue;
    absl::StrAppend(&missing, missing.empty() ? "" : "; ", answer.service, ": ",
                    answer.status.message());
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("The list is not complete. ", missing));
}

absl::StatusOr<FoundDisclosures> FindDisclosures(const Hub& hub, Desk& desk,
                                                 const DisclosureQuery& query) {
  FoundDisclosures found;
  for (const char* service : kServices) {
    ServiceAnswer& answer = found.services.emplace_back();
    answer.service = service;
    answer.status = AskService(hub, desk, query, &answer, &found);
    if (answer.service == kChildren && IsRefusal(answer.status)) return answer.status;
    if (!IsSilence(answer.status)) continue;
    answer.knows_nothing = true;
    answer.status = absl::OkStatus();
  }
  std::stable_sort(found.rows.begin(), found.rows.end(),
                   [](const FoundDisclosure& a, const FoundDisclosure& b) {
                     return TimeFromProto(a.row.access_time()) < TimeFromProto(b.row.access_time());
                   });
  return found;
}

}  // namespace trusthub::hubctl
