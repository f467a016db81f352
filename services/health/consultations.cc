#include "services/health/consultations.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/rpc/released.h"
#include "common/time/civil_date.h"
#include "services/health/care_date.h"
#include "services/health/release.h"

namespace trusthub::health {
namespace {

// Index of the advice about a child that an agency may read: a list never meets any other.
constexpr char kReadableIndex[] = "consultations/readable";

// Names hold no space, so child and agency cannot run into each other.
std::string ReadableKey(absl::string_view child, absl::string_view agency) {
  return absl::StrCat(child, " ", agency);
}

std::vector<store::IndexKey> ReadableKeys(const v1::Consultation& consultation,
                                          absl::string_view author_agency) {
  std::vector<store::IndexKey> keys;
  keys.push_back({kReadableIndex, ReadableKey(consultation.child(), author_agency)});
  for (const v1::Release& release : consultation.releases()) {
    keys.push_back({kReadableIndex, ReadableKey(consultation.child(), release.to_agency())});
  }
  return keys;
}

// The author's agency learns of a release and nobody else does: the event names no child, so that
// it is its owner's alone, counts among no child's events and concerns no other service.
absl::Status TellRelease(rpc::Call& call, const v1::Consultation& consultation) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_CONSULTATION_RELEASED);
  event.set_record(consultation.name());
  event.set_owner_agency(consultation.author_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = TimeToProto(call.now);
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

absl::StatusOr<v1::RecordConsultationResponse> Consultations::RecordConsultation(
    rpc::Call& call, const v1::RecordConsultationRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckCareDate("consultation.care_date",
                                         request.consultation().care_date(), LondonDay(call.now)));
  v1::RecordConsultationResponse response;
  v1::Consultation& consultation = *response.mutable_consultation();
  consultation = request.consultation();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, &consultation).status());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&consultation, call.caller.agency, call.caller.agency,
                                          ReadableKeys(consultation, call.caller.agency)));
  return response;
}

absl::StatusOr<v1::GetConsultationResponse> Consultations::GetConsultation(
    rpc::Call& call, const v1::GetConsultationRequest& request) {
  v1::GetConsultationResponse response;
  v1::Consultation& consultation = *response.mutable_consultation();
  TRUSTHUB_ASSIGN_OR_RETURN(consultation, call.tx.Get<v1::Consultation>(request.name()));
  if (consultation.author_agency() == call.caller.agency) return response;
  if (!IsReleasedTo(consultation, call.caller.agency)) return error::RecordNotFound();
  call.relations |= policy::kReleased;
  return response;
}

absl::StatusOr<v1::ListConsultationsResponse> Consultations::ListConsultations(
    rpc::Call& call, const v1::ListConsultationsRequest& request) {
  const std::string key = ReadableKey(request.child(), call.caller.agency);
  v1::ListConsultationsResponse response;
  // The relation comes before anyone asks whether the caller may know of what the page holds.
  const auto list = [&](std::int64_t after,
                        int size) -> absl::StatusOr<store::Page<v1::Consultation>> {
    TRUSTHUB_ASSIGN_OR_RETURN(
        store::Page<v1::Consultation> page,
        call.tx.ListByIndex<v1::Consultation>(kReadableIndex, key, after, size));
    for (const v1::Consultation& consultation : page.records) {
      if (IsReleasedTo(consultation, call.caller.agency)) call.relations |= policy::kReleased;
    }
    return page;
  };
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Consultation>(
      call, request, list, response.mutable_consultations(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::ReleaseConsultationResponse> Consultations::ReleaseConsultation(
    rpc::Call& call, const v1::ReleaseConsultationRequest& request) {
  v1::ReleaseConsultationResponse response;
  v1::Consultation& consultation = *response.mutable_consultation();
  TRUSTHUB_ASSIGN_OR_RETURN(consultation, call.tx.Get<v1::Consultation>(request.name()));
  // To whom it was released may read it, not pass it on; to all others it is not there.
  const std::string author_agency = consultation.author_agency();
  if (author_agency != call.caller.agency) return error::RecordNotFound();

  const std::vector<error::Violation> violations = ReleaseViolations(request, author_agency);
  if (!violations.empty()) return error::RequestInvalid(violations);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto receiver,
                            events::AgencyFactOf(call.tx, request.to_agency()));
  if (!receiver.has_value()) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "to_agency must be an agency of the directory.",
                             "List the agencies and name the one that protects the child.");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(
      const timescales::Deadline review,
      rpc::DeadlineFor(*rules_, "HEALTH.ADVICE.RELEASE_REVIEW", LondonDay(call.now)));
  TRUSTHUB_RETURN_IF_ERROR(
      AddRelease(request, call.caller.worker, call.now, review.due, &consultation));
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Update(&consultation, request.etag(), ReadableKeys(consultation, author_agency)));
  rpc::ReleaseTo(call.tx, consultation.name(), request.to_agency());
  TRUSTHUB_RETURN_IF_ERROR(TellRelease(call, consultation));
  return response;
}

}  // namespace trusthub::health
