// File: worker.h
//
// Who may lead. An assessment: any worker of the council. A section 47 enquiry: a qualified social
// worker of the council (domain.md 7 row 14; Ofsted 2010 paragraphs 16 and 26).
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_WORKER_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_WORKER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::assessments {

// Whether the directory knows the worker as one of `agency`.
bool IsWorkerOf(const std::optional<events::v1::WorkerFact>& worker, absl::string_view agency);

// WORKER_NOT_QUALIFIED unless the worker is of `agency`, a social worker or team manager, and
// qualified in social work on or before `today`. A partly known date of qualification is none.
absl::Status CheckMayLeadEnquiry(const std::optional<events::v1::WorkerFact>& worker,
                                 absl::string_view agency, absl::CivilDay today);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_WORKER_H_
