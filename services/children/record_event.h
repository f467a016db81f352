// File: record_event.h
//
// The part of an event that every change of a record of this service shares.
#ifndef TRUSTHUB_SERVICES_CHILDREN_RECORD_EVENT_H_
#define TRUSTHUB_SERVICES_CHILDREN_RECORD_EVENT_H_

#include <string>

#include "absl/time/time.h"
#include "common/rpc/call.h"
#include "common/time/civil_date.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::children {

// The event's facts are the caller's to add.
template <class Record>
events::v1::Event ChangeOf(const rpc::Call& call, const Record& record, events::v1::EventKind kind,
                           absl::Time occurred) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(record.child());
  event.set_record(record.name());
  event.set_owner_agency(record.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = TimeToProto(occurred);
  return event;
}

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_RECORD_EVENT_H_
