// File: discussion_event.h
//
// What other services learn of strategy discussions and enquiries: who takes part, whether
// enquiries are made, how they ended and by when a conference is due. Never what was said.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_DISCUSSION_EVENT_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_DISCUSSION_EVENT_H_

#include "absl/status/status.h"
#include "common/rpc/call.h"
#include "trusthub/assessments/v1/assessment.pb.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::assessments {

// Tells that `discussion` was recorded.
absl::Status EmitDiscussion(rpc::Call& call, const v1::StrategyDiscussion& discussion);

// Tells that `enquiry`, decided by `discussion`, started (EVENT_KIND_ENQUIRY_STARTED) or was
// concluded (EVENT_KIND_ENQUIRY_CONCLUDED).
absl::Status EmitEnquiry(rpc::Call& call, events::v1::EventKind kind, const v1::Enquiry& enquiry,
                         const v1::StrategyDiscussion& discussion);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_DISCUSSION_EVENT_H_
