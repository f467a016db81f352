// File: consents.h
//
// Which of a child's consents count. For each purpose the one that was decided last: by the day of
// the decision, and of one day by the order of recording. So late news of an old consent outweighs
// no newer word, and a clock that ties or jumps changes nothing.
//
// An older consent that was taken back since, wholly or for some agencies, still takes away from
// them: whoever takes back an old form does not want what is shared under a newer one either. It
// never gives.
#ifndef TRUSTHUB_COMMON_EVENTS_CONSENTS_H_
#define TRUSTHUB_COMMON_EVENTS_CONSENTS_H_

#include <vector>

#include "trusthub/events/v1/event.pb.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::events {

// Point into the facts they were made of.
struct ConsentsInForce {
  const v1::ConsentFact* newest = nullptr;  // null when nobody was asked for the purpose
  std::vector<const v1::ConsentFact*>
      taken_back;  // older ones, taken back after newest was decided
};
ConsentsInForce ConsentsFor(const internal::v1::ChildFacts& facts, options::v1::Purpose purpose);

// Takes up the newest state of a consent and drops those that can decide nothing any more: the
// facts of a child stay as many as there are purposes, however often a family is asked. An older
// state than the known one changes nothing.
void MergeConsent(const v1::ConsentFact& consent, internal::v1::ChildFacts* facts);

}  // namespace trusthub::events

#endif  // TRUSTHUB_COMMON_EVENTS_CONSENTS_H_
