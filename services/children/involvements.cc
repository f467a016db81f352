#include "services/children/involvements.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/time/civil_date.h"
#include "services/children/children.h"

namespace trusthub::children {
namespace {

v1::Involvement* FindInvolvement(v1::Child* child, absl::string_view agency,
                                 v1::InvolvementKind kind, absl::string_view basis) {
  for (v1::Involvement& involvement : *child->mutable_involvements()) {
    if (involvement.agency() == agency && involvement.kind() == kind &&
        involvement.basis() == basis) {
      return &involvement;
    }
  }
  return nullptr;
}

v1::Status* FindStatusIn(v1::Child* child, v1::StatusKind kind, absl::string_view basis) {
  for (v1::Status& status : *child->mutable_statuses()) {
    if (status.kind() == kind && status.basis() == basis) return &status;
  }
  return nullptr;
}

bool Lasts(const v1::Involvement& involvement, absl::Time now) {
  return !involvement.has_end_time() || TimeFromProto(involvement.end_time()) > now;
}

events::v1::Event EventAbout(const v1::Child& child, events::v1::EventKind kind,
                             absl::string_view author_agency, absl::Time now) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(child.name());
  event.set_record(child.name());
  event.set_owner_agency(kHubAgency);
  event.set_author_agency(std::string(author_agency));
  *event.mutable_occurred_at() = TimeToProto(now);
  return event;
}

absl::Status TellInvolvement(store::Transaction& tx, const v1::Child& child,
                             absl::string_view author_agency, const v1::Involvement& involvement) {
  events::v1::Event event =
      EventAbout(child, events::v1::EVENT_KIND_INVOLVEMENT_CHANGED, author_agency, tx.now());
  events::v1::InvolvementFact* fact = event.mutable_involvement();
  fact->set_agency(involvement.agency());
  fact->set_kind(std::string(
      absl::StripPrefix(v1::InvolvementKind_Name(involvement.kind()), "INVOLVEMENT_KIND_")));
  *fact->mutable_start_time() = involvement.start_time();
  if (involvement.has_end_time()) *fact->mutable_end_time() = involvement.end_time();
  fact->set_basis(involvement.basis());
  return events::EmitAndApply(tx, event);
}

absl::Status TellStatus(store::Transaction& tx, const v1::Child& child,
                        absl::string_view author_agency, const v1::Status& status) {
  events::v1::Event event =
      EventAbout(child, events::v1::EVENT_KIND_STATUS_CHANGED, author_agency, tx.now());
  if (!status.responsible_agency().empty()) event.set_owner_agency(status.responsible_agency());
  events::v1::StatusFact* fact = event.mutable_status();
  fact->set_kind(
      std::string(absl::StripPrefix(v1::StatusKind_Name(status.kind()), "STATUS_KIND_")));
  *fact->mutable_start_date() = status.start_date();
  if (status.has_end_date()) *fact->mutable_end_date() = status.end_date();
  fact->set_responsible_agency(status.responsible_agency());
  fact->set_basis(status.basis());
  return events::EmitAndApply(tx, event);
}

}  // namespace

ChildChanges::ChildChanges(v1::Child* child, absl::string_view author_agency)
    : child_(child), author_agency_(author_agency) {}

void ChildChanges::Begin(absl::string_view agency, v1::InvolvementKind kind,
                         absl::string_view basis, absl::Time start, absl::Time end) {
  if (agency.empty()) return;
  v1::Involvement* known = FindInvolvement(child_, agency, kind, basis);
  if (known != nullptr && (!known->has_end_time() || start <= TimeFromProto(known->end_time()))) {
    return;
  }
  v1::Involvement& involvement = known != nullptr ? *known : *child_->add_involvements();
  involvement.Clear();
  involvement.set_agency(std::string(agency));
  involvement.set_kind(kind);
  involvement.set_basis(std::string(basis));
  *involvement.mutable_start_time() = TimeToProto(start);
  if (end != absl::InfiniteFuture()) *involvement.mutable_end_time() = TimeToProto(end);
  involvements_.push_back(involvement);
}

void ChildChanges::BeginUnlessLasting(absl::string_view agency, v1::InvolvementKind kind,
                                      absl::string_view basis, absl::Time start, int enough) {
  const auto lasting = std::count_if(child_->involvements().begin(), child_->involvements().end(),
                                     [&](const v1::Involvement& involvement) {
                                       return involvement.agency() == agency &&
                                              involvement.kind() == kind &&
                                              !involvement.has_end_time();
                                     });
  if (lasting < enough) Begin(agency, kind, basis, start);
}

void ChildChanges::End(absl::string_view agency, v1::InvolvementKind kind, absl::string_view basis,
                       absl::Time end) {
  v1::Involvement* involvement = FindInvolvement(child_, agency, kind, basis);
  if (involvement == nullptr || involvement->has_end_time()) return;
  *involvement->mutable_end_time() = TimeToProto(end);
  involvements_.push_back(*involvement);
}

void ChildChanges::BeginStatus(v1::Status status) {
  if (FindStatus(status.kind(), status.basis()) != nullptr) return;
  statuses_.push_back(status);
  *child_->add_statuses() = std::move(status);
}

void ChildChanges::EndStatus(v1::StatusKind kind, absl::string_view basis,
                             const types::v1::Date& end_date) {
  v1::Status* status = FindStatusIn(child_, kind, basis);
  if (status == nullptr || status->has_end_date()) return;
  *status->mutable_end_date() = end_date;
  statuses_.push_back(*status);
}

std::vector<std::string> ChildChanges::LastingAgencies(v1::InvolvementKind kind,
                                                       absl::string_view basis) const {
  std::vector<std::string> agencies;
  for (const v1::Involvement& involvement : child_->involvements()) {
    if (involvement.kind() == kind && involvement.basis() == basis && !involvement.has_end_time()) {
      agencies.push_back(involvement.agency());
    }
  }
  return agencies;
}

const v1::Status* ChildChanges::FindStatus(v1::StatusKind kind, absl::string_view basis) const {
  return FindStatusIn(child_, kind, basis);
}

bool ChildChanges::Lasts(v1::StatusKind kind) const {
  return absl::c_any_of(child_->statuses(), [&](const v1::Status& status) {
    return status.kind() == kind && !status.has_end_date();
  });
}

absl::Status ChildChanges::Tell(store::Transaction& tx) const {
  for (const v1::Involvement& involvement : involvements_) {
    TRUSTHUB_RETURN_IF_ERROR(TellInvolvement(tx, *child_, author_agency_, involvement));
  }
  for (const v1::Status& status : statuses_) {
    TRUSTHUB_RETURN_IF_ERROR(TellStatus(tx, *child_, author_agency_, status));
  }
  return absl::OkStatus();
}

std::string ResponsibleAgency(const v1::Child& child, absl::Time now) {
  std::string agency;
  for (const v1::Status& status : child.statuses()) agency = status.responsible_agency();
  for (const v1::Involvement& involvement : child.involvements()) {
    if (involvement.kind() == v1::INVOLVEMENT_KIND_RESPONSIBLE && Lasts(involvement, now)) {
      agency = involvement.agency();
    }
  }
  for (const v1::Status& status : child.statuses()) {
    if (!status.has_end_date()) agency = status.responsible_agency();
  }
  return agency;
}

absl::Status FillContact(store::Transaction& tx, v1::Status* status) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> council,
                            events::AgencyFactOf(tx, status->responsible_agency()));
  if (!council.has_value()) return absl::OkStatus();
  status->set_responsible_title(council->title());
  status->set_office_telephone(council->office_telephone());
  status->set_emergency_telephone(council->emergency_telephone());
  return absl::OkStatus();
}

}  // namespace trusthub::children
