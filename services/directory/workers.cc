#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/directory/directory.h"

namespace trusthub::directory {
namespace {

// A qualification counts from a day, so the day must be known in full and have come.
absl::Status CheckWorker(const v1::Worker& worker, absl::Time now) {
  std::vector<error::Violation> violations;
  if (worker.role() == options::v1::ROLE_HUB_SERVICE) {
    violations.push_back({"worker.role", "must be a part that a person plays"});
  }
  if (worker.has_qualified_date()) {
    const absl::StatusOr<absl::CivilDay> day = DateFromProto(worker.qualified_date());
    if (!day.ok() || *day > LondonDay(now)) {
      violations.push_back({"worker.qualified_date",
                            "must be a full date that is not in the future; leave it out when the "
                            "worker is not qualified"});
    }
  }
  return violations.empty() ? absl::OkStatus() : error::RequestInvalid(violations);
}

events::v1::Event ChangeOf(const v1::Worker& worker, absl::string_view author_agency,
                           absl::Time now) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_WORKER_CHANGED);
  event.set_record(worker.name());
  event.set_record_kind(options::v1::RECORD_KIND_WORKER);
  event.set_owner_agency(worker.owner_agency());
  event.set_author_agency(std::string(author_agency));
  *event.mutable_occurred_at() = TimeToProto(now);
  events::v1::WorkerFact* fact = event.mutable_worker();
  fact->set_worker(worker.name());
  fact->set_agency(worker.agency());
  fact->set_role(worker.role());
  fact->set_home_postcode(worker.home_postcode());
  fact->set_team(worker.team());
  if (worker.has_leave_date()) *fact->mutable_leave_date() = worker.leave_date();
  if (worker.has_qualified_date()) *fact->mutable_qualified_date() = worker.qualified_date();
  return event;
}

}  // namespace

absl::StatusOr<v1::CreateWorkerResponse> Directory::CreateWorker(
    rpc::Call& call, const v1::CreateWorkerRequest& request) {
  if (call.caller.agency != kHubAgency) {
    return error::MethodNotPermitted("directory.workers.create");
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckWorker(request.worker(), call.now));
  const absl::StatusOr<store::RecordHead> agency = call.tx.Head(request.worker().agency());
  if (absl::IsNotFound(agency.status())) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "a worker belongs to an agency of the directory",
                             "create the agency first");
  }
  TRUSTHUB_RETURN_IF_ERROR(agency.status());
  v1::CreateWorkerResponse response;
  v1::Worker& worker = *response.mutable_worker();
  worker = request.worker();
  worker.set_name(absl::StrCat("workers/", request.worker_id()));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&worker, worker.agency(), call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(
      events::EmitAndApply(call.tx, ChangeOf(worker, call.caller.agency, call.now)));
  return response;
}

absl::StatusOr<v1::EndWorkerResponse> Directory::EndWorker(rpc::Call& call,
                                                           const v1::EndWorkerRequest& request) {
  if (call.caller.agency != kHubAgency) return error::MethodNotPermitted("directory.workers.end");
  if (!DateFromProto(request.leave_date()).ok()) {
    return error::RequestInvalid({{"leave_date", "must be a real day with all three parts"}});
  }
  v1::EndWorkerResponse response;
  v1::Worker& worker = *response.mutable_worker();
  TRUSTHUB_ASSIGN_OR_RETURN(worker, call.tx.Get<v1::Worker>(request.name()));
  *worker.mutable_leave_date() = request.leave_date();
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(&worker, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(
      events::EmitAndApply(call.tx, ChangeOf(worker, call.caller.agency, call.now)));
  return response;
}

absl::StatusOr<v1::GetWorkerResponse> Directory::GetWorker(rpc::Call& call,
                                                           const v1::GetWorkerRequest& request) {
  v1::GetWorkerResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_worker(), call.tx.Get<v1::Worker>(request.name()));
  return response;
}

absl::StatusOr<v1::ListWorkersResponse> Directory::ListWorkers(
    rpc::Call& call, const v1::ListWorkersRequest& request) {
  v1::ListWorkersResponse response;
  const auto list = [&](std::int64_t after, int size) {
    return call.tx.ListByIndex<v1::Worker>("agency", request.agency(), after, size);
  };
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Worker>(
      call, request, list, response.mutable_workers(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::directory
