// File: children.h
//
// The child index: one record a child, however many agencies hold the child under however many
// spellings; who is involved; and the statuses that unscheduled care must know.
#ifndef TRUSTHUB_SERVICES_CHILDREN_CHILDREN_H_
#define TRUSTHUB_SERVICES_CHILDREN_CHILDREN_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/store/transaction.h"
#include "services/children/matching_rules.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::children {

// Agency that owns the index: a child belongs to no agency.
inline constexpr char kHubAgency[] = "agencies/trust-hub";

// Thread-safe: holds no state beside the store.
class Children {
 public:
  explicit Children(MatchingRules rules);
  const MatchingRules& rules() const { return rules_; }

  // Links the caller's holding to the child it is, or adds a child; see registration.h for the
  // order of rules. The answer says only the child's name, whether the hub knew the child or not.
  // REQUEST_INVALID for a birth date without a year or in the future. Emits CHILD_REGISTERED when
  // the holding is new or says something new, and INVOLVEMENT_CHANGED when it is new.
  absl::StatusOr<v1::RegisterChildResponse> RegisterChild(rpc::Call& call,
                                                          const v1::RegisterChildRequest& request);

  // RECORD_NOT_FOUND when there is none. The councils' telephones are today's.
  absl::StatusOr<v1::GetChildResponse> GetChild(rpc::Call& call,
                                                const v1::GetChildRequest& request);

  // What unscheduled care must know of the child that presents: statuses that last or ended within
  // twelve months, and the latest accesses before this one. A number that the hub does not know and
  // a child without status are answered alike: an empty status. Establishes policy::kPresenting for
  // this answer. Emits STATUS_ACCESSED when a status was told, owned by the responsible council.
  absl::StatusOr<v1::CheckChildResponse> CheckChild(rpc::Call& call,
                                                    const v1::CheckChildRequest& request);

  // Takes up an event of another service: referrals, strategy discussions, plans and attendances
  // change involvements and statuses. The same event twice changes nothing. An event about a child
  // that the index does not have is logged and passed over, so that it stops no others.
  absl::Status ApplyEvent(store::Transaction& tx, const events::v1::Event& event) const;

 private:
  const MatchingRules rules_;
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CHILDREN_H_
