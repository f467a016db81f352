#include "services/children/retention/destructions.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/answering.h"
#include "common/rpc/paging.h"
#include "common/rpc/released.h"
#include "common/time/civil_date.h"
#include "services/children/children.h"

namespace trusthub::children {
namespace {

using retention::v1::Destruction;

constexpr char kNoun[] = "destruction";
constexpr int kApprovals = 2;
constexpr int kChildrenRead = 200;

std::string StateName(retention::v1::DestructionState state) {
  return std::string(
      absl::StripPrefix(retention::v1::DestructionState_Name(state), "DESTRUCTION_STATE_"));
}

absl::Status CheckAnswers(store::Transaction& tx, const std::string& child,
                          const std::string& agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts, events::ChildFactsOf(tx, child));
  return rpc::AnswersForIndex(facts, agency) ? absl::OkStatus() : error::RecordNotFound();
}

// The record, for the officers of the agency that proposed it.
absl::StatusOr<Destruction> Own(rpc::Call& call, absl::string_view name) {
  TRUSTHUB_ASSIGN_OR_RETURN(Destruction destruction, call.tx.Get<Destruction>(name));
  if (destruction.owner_agency() != call.caller.agency) return error::RecordNotFound();
  return destruction;
}

bool WasTold(const Destruction& destruction, absl::string_view agency) {
  return absl::c_linear_search(destruction.told_agencies(), agency);
}

std::set<std::string> ApproversOf(const Destruction& destruction) {
  std::set<std::string> workers;
  for (const retention::v1::Approval& approval : destruction.approvals()) {
    workers.insert(approval.worker());
  }
  return workers;
}

events::v1::Event EventOf(const Destruction& destruction, events::v1::EventKind kind,
                          absl::Time now) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_record(destruction.name());
  event.set_owner_agency(destruction.owner_agency());
  event.set_author_agency(kHubAgency);
  *event.mutable_occurred_at() = TimeToProto(now);
  event.mutable_destruction()->set_former_child(destruction.former_child());
  return event;
}

void Certify(const events::v1::DestructionFact& fact, absl::Time now, Destruction* destruction) {
  retention::v1::Certificate& certificate = *destruction->add_certificates();
  certificate.set_service(fact.service());
  certificate.set_records(fact.records());
  certificate.set_leaf_hash(fact.certificate());
  *certificate.mutable_destroy_time() = TimeToProto(now);
  for (const std::string& agency : fact.receivers()) {
    if (agency == destruction->owner_agency() || WasTold(*destruction, agency)) continue;
    destruction->add_told_agencies(agency);
  }
}

bool HasCertified(const Destruction& destruction, absl::string_view service) {
  return absl::c_any_of(destruction.certificates(), [&](const retention::v1::Certificate& each) {
    return each.service() == service;
  });
}

}  // namespace

absl::StatusOr<std::optional<Destruction>> DestructionOf(store::Transaction& tx,
                                                         absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(store::Page<Destruction> page,
                            tx.ListByIndex<Destruction>("former_child", child, 0, 1));
  if (page.records.empty()) return std::optional<Destruction>();
  return std::optional<Destruction>(std::move(page.records[0]));
}

absl::StatusOr<bool> IsOrdered(store::Transaction& tx, absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<Destruction> destruction, DestructionOf(tx, child));
  return destruction.has_value() &&
         destruction->state() >= retention::v1::DESTRUCTION_STATE_ORDERED;
}

absl::StatusOr<retention::v1::ExamineRetentionResponse> Destructions::ExamineRetention(
    rpc::Call& call, const retention::v1::ExamineRetentionRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckAnswers(call.tx, request.child(), call.caller.agency));
  TRUSTHUB_ASSIGN_OR_RETURN(const Examination examination,
                            examiner_->Examine(call.tx, request.child()));
  retention::v1::ExamineRetentionResponse response;
  for (retention::v1::KeptRecords& row : examination.KeptFor(call.caller.agency)) {
    *response.add_kept() = std::move(row);
  }
  for (std::string& reason : examination.HeldBackBy(call.caller.agency)) {
    response.add_held_back_by(std::move(reason));
  }
  response.set_due(examination.due());
  return response;
}

absl::StatusOr<retention::v1::ListDueChildrenResponse> Destructions::ListDueChildren(
    rpc::Call& call, const retention::v1::ListDueChildrenRequest& request) {
  const std::string caller = absl::StrCat(call.caller.agency, " ", call.caller.worker);
  TRUSTHUB_ASSIGN_OR_RETURN(const proto::PageStart start,
                            call.page_tokens.Open(request, caller, call.now));
  const absl::CivilDay today = LondonDay(call.now);
  retention::v1::ListDueChildrenResponse response;
  std::int64_t last = start.after_position;   // of the last child on the page
  std::int64_t after = start.after_position;  // of the last child looked at
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<store::StoredRecord> stored,
        call.tx.snapshot().ListByKind(options::v1::RECORD_KIND_CHILD, after, kChildrenRead));
    more = stored.size() == kChildrenRead;
    for (const store::StoredRecord& each : stored) {
      after = each.position;
      v1::Child child;
      if (!child.ParseFromString(each.bytes)) {
        return absl::DataLossError("a stored child does not parse");
      }
      if (!examiner_->IndexIsOver(child, today)) continue;
      const absl::Status answers = CheckAnswers(call.tx, child.name(), call.caller.agency);
      if (absl::IsNotFound(answers)) continue;
      TRUSTHUB_RETURN_IF_ERROR(answers);
      if (response.due_children_size() == start.size) {
        response.set_next_page_token(call.page_tokens.Seal(request, caller, last, call.now));
        return response;
      }
      response.add_due_children(child.name());
      last = each.position;
    }
  }
  return response;
}

absl::StatusOr<retention::v1::ProposeDestructionResponse> Destructions::ProposeDestruction(
    rpc::Call& call, const retention::v1::ProposeDestructionRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckAnswers(call.tx, request.child(), call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(ChangeRetention(call.tx, request.child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<Destruction> known,
                            DestructionOf(call.tx, request.child()));
  if (known.has_value()) {
    return error::RecordExists(kNoun, "A destruction of this child's records is under way.");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const Examination examination,
                            examiner_->Examine(call.tx, request.child()));
  TRUSTHUB_RETURN_IF_ERROR(examination.Check(call.caller.agency));
  retention::v1::ProposeDestructionResponse response;
  Destruction* destruction = response.mutable_destruction();
  destruction->set_state(retention::v1::DESTRUCTION_STATE_PROPOSED);
  destruction->set_former_child(request.child());
  destruction->set_schedules_version(examiner_->schedules().version());
  for (retention::v1::KeptRecords& row : examination.KeptFor(call.caller.agency)) {
    *destruction->add_kept() = std::move(row);
  }
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(destruction, call.caller.agency, call.caller.agency));
  return response;
}

absl::StatusOr<retention::v1::ApproveDestructionResponse> Destructions::ApproveDestruction(
    rpc::Call& call, const retention::v1::ApproveDestructionRequest& request) {
  retention::v1::ApproveDestructionResponse response;
  Destruction* destruction = response.mutable_destruction();
  TRUSTHUB_ASSIGN_OR_RETURN(*destruction, Own(call, request.name()));
  if (destruction->state() != retention::v1::DESTRUCTION_STATE_PROPOSED) {
    return error::StateForbids(kNoun, StateName(destruction->state()), "approved");
  }
  if (ApproversOf(*destruction).count(call.caller.worker) != 0) {
    return error::RuleBroken(errors::v1::ERROR_REASON_SECOND_PERSON_MISSING,
                             "A destruction is approved by two different people.",
                             "Ask another guardian, governance lead or data protection officer of "
                             "your agency to approve it.");
  }
  retention::v1::Approval& approval = *destruction->add_approvals();
  approval.set_worker(call.caller.worker);
  approval.set_agency(call.caller.agency);
  *approval.mutable_approve_time() = TimeToProto(call.now);
  if (static_cast<int>(ApproversOf(*destruction).size()) >= kApprovals) {
    destruction->set_state(retention::v1::DESTRUCTION_STATE_APPROVED);
  }
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(destruction, request.etag()));
  return response;
}

absl::StatusOr<retention::v1::OrderDestructionResponse> Destructions::OrderDestruction(
    rpc::Call& call, const retention::v1::OrderDestructionRequest& request) {
  retention::v1::OrderDestructionResponse response;
  Destruction* destruction = response.mutable_destruction();
  TRUSTHUB_ASSIGN_OR_RETURN(*destruction, Own(call, request.name()));
  if (destruction->state() != retention::v1::DESTRUCTION_STATE_APPROVED ||
      static_cast<int>(ApproversOf(*destruction).size()) < kApprovals) {
    return error::StateForbids(kNoun, StateName(destruction->state()), "ordered");
  }
  TRUSTHUB_RETURN_IF_ERROR(ChangeRetention(call.tx, destruction->former_child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const Examination examination,
                            examiner_->Examine(call.tx, destruction->former_child()));
  TRUSTHUB_RETURN_IF_ERROR(examination.Check(call.caller.agency));
  destruction->set_state(retention::v1::DESTRUCTION_STATE_ORDERED);
  *destruction->mutable_order_time() = TimeToProto(call.now);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(destruction, request.etag()));
  call.tx.Emit(EventOf(*destruction, events::v1::EVENT_KIND_DESTRUCTION_ORDERED, call.now));
  return response;
}

absl::StatusOr<retention::v1::GetDestructionResponse> Destructions::GetDestruction(
    rpc::Call& call, const retention::v1::GetDestructionRequest& request) {
  retention::v1::GetDestructionResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_destruction(),
                            call.tx.Get<Destruction>(request.name()));
  if (WasTold(response.destruction(), call.caller.agency)) call.relations |= policy::kReleased;
  return response;
}

absl::StatusOr<retention::v1::ListDestructionsResponse> Destructions::ListDestructions(
    rpc::Call& call, const retention::v1::ListDestructionsRequest& request) {
  retention::v1::ListDestructionsResponse response;
  // The list holds nothing but what is the caller's or was told to its agency.
  call.relations |= policy::kReleased;
  const auto list = [&](std::int64_t after, int size) -> absl::StatusOr<store::Page<Destruction>> {
    TRUSTHUB_ASSIGN_OR_RETURN(store::Page<Destruction> page,
                              call.tx.ListAll<Destruction>(after, size));
    std::erase_if(page.records, [&](const Destruction& each) {
      return each.owner_agency() != call.caller.agency && !WasTold(each, call.caller.agency);
    });
    return page;
  };
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<Destruction>(
      call, request, list, response.mutable_destructions(), response.mutable_next_page_token()));
  return response;
}

absl::Status Destructions::Complete(store::Transaction& tx, Destruction* destruction) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const events::v1::DestructionFact own,
                            erasure_->Erase(tx, destruction->former_child(), destruction->name()));
  Certify(own, tx.now(), destruction);
  destruction->set_state(retention::v1::DESTRUCTION_STATE_DESTROYED);
  for (const std::string& agency : destruction->told_agencies()) {
    rpc::ReleaseTo(tx, destruction->name(), agency);
    // The event is the notice: one of its own for each, which reaches it as its owner.
    events::v1::Event told =
        EventOf(*destruction, events::v1::EVENT_KIND_DESTRUCTION_TOLD, tx.now());
    told.set_owner_agency(agency);
    tx.Emit(std::move(told));
  }
  return absl::OkStatus();
}

absl::Status Destructions::ApplyEvent(store::Transaction& tx,
                                      const events::v1::Event& event) const {
  if (event.kind() != events::v1::EVENT_KIND_RECORDS_DESTROYED) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(Destruction destruction, tx.Get<Destruction>(event.record()));
  const events::v1::DestructionFact& fact = event.destruction();
  if (destruction.state() != retention::v1::DESTRUCTION_STATE_ORDERED ||
      HasCertified(destruction, fact.service())) {
    return absl::OkStatus();  // told again
  }
  Certify(fact, tx.now(), &destruction);
  const bool all = absl::c_all_of(examiner_->others(), [&](const std::string& service) {
    return HasCertified(destruction, service);
  });
  if (all) TRUSTHUB_RETURN_IF_ERROR(Complete(tx, &destruction));
  return tx.UpdateNewest(&destruction);
}

}  // namespace trusthub::children
