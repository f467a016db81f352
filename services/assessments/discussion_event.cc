#include "services/assessments/discussion_event.h"

#include <set>
#include <string>

#include "common/events/facts.h"
#include "services/assessments/conclusion.h"

namespace trusthub::assessments {
namespace {

// The parts of an event that all of them share.
template <class Record>
events::v1::Event EventOf(const rpc::Call& call, events::v1::EventKind kind, const Record& record) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(record.child());
  event.set_record(record.name());
  event.set_owner_agency(record.owner_agency());
  event.set_author_agency(call.caller.agency);
  return event;
}

events::v1::DiscussionFact FactOf(const v1::StrategyDiscussion& discussion) {
  std::set<std::string> agencies;
  for (const v1::Participant& participant : discussion.participants()) {
    agencies.insert(participant.agency());
  }
  events::v1::DiscussionFact fact;
  for (const std::string& agency : agencies) fact.add_agencies(agency);
  fact.set_start_enquiry(discussion.start_enquiry());
  *fact.mutable_held_time() = discussion.occurred_at();
  if (discussion.has_conference_due_date()) {
    *fact.mutable_conference_due_date() = discussion.conference_due_date();
  }
  fact.set_child(discussion.child());
  return fact;
}

}  // namespace

absl::Status EmitDiscussion(rpc::Call& call, const v1::StrategyDiscussion& discussion) {
  events::v1::Event event =
      EventOf(call, events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED, discussion);
  *event.mutable_occurred_at() = discussion.occurred_at();
  *event.mutable_discussion() = FactOf(discussion);
  return events::EmitAndApply(call.tx, event);
}

absl::Status EmitEnquiry(rpc::Call& call, events::v1::EventKind kind, const v1::Enquiry& enquiry,
                         const v1::StrategyDiscussion& discussion) {
  events::v1::Event event = EventOf(call, kind, enquiry);
  *event.mutable_occurred_at() = kind == events::v1::EVENT_KIND_ENQUIRY_CONCLUDED
                                     ? enquiry.conclude_time()
                                     : enquiry.occurred_at();
  *event.mutable_discussion() = FactOf(discussion);
  event.mutable_discussion()->set_outcome(OutcomeName(enquiry.outcome()));
  event.mutable_discussion()->set_strategy_discussion(discussion.name());
  return events::EmitAndApply(call.tx, event);
}

}  // namespace trusthub::assessments
