// File: placement_fixture.h
//
// Placements as the tests send them, for a child of Redbridge on 6 April 2010.
#ifndef TRUSTHUB_SERVICES_PLANS_PLACEMENT_FIXTURE_H_
#define TRUSTHUB_SERVICES_PLANS_PLACEMENT_FIXTURE_H_

#include "absl/time/civil_time.h"
#include "common/time/civil_date.h"
#include "trusthub/plans/v1/placement.pb.h"

namespace trusthub::plans {

inline constexpr char kPlacedChild[] = "children/c1";
inline constexpr char kApprover[] = "workers/nominated";
inline const absl::CivilDay kPlaced(2010, 4, 6);

// With foster carers in the council's own area.
inline v1::Placement FosterCare(absl::CivilDay start = kPlaced) {
  v1::Placement placement;
  placement.set_child(kPlacedChild);
  placement.set_kind(v1::PLACEMENT_KIND_FOSTER_CARE);
  placement.set_area_authority("317");
  placement.mutable_address()->add_lines("4 Elm Road");
  placement.mutable_address()->set_postcode("IG1 1DD");
  placement.set_provider("Redbridge Fostering");
  *placement.mutable_start_date() = DateToProto(start);
  return placement;
}

// Where nobody may find the child.
inline v1::Placement HiddenCare(absl::CivilDay start = kPlaced) {
  v1::Placement placement = FosterCare(start);
  placement.set_area_authority("CON");
  placement.mutable_confidential_address()->Swap(placement.mutable_address());
  placement.clear_address();
  placement.clear_provider();
  placement.set_approved_by(kApprover);
  return placement;
}

inline v1::Placement ForAdoption(absl::CivilDay start = kPlaced) {
  v1::Placement placement = FosterCare(start);
  placement.set_kind(v1::PLACEMENT_KIND_ADOPTION);
  *placement.mutable_adoption()->mutable_placement_order_date() = DateToProto(start - 30);
  placement.mutable_adoption()->set_matching_panel("Fostering and Adoption Panel, 9 March 2010");
  return placement;
}

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_PLACEMENT_FIXTURE_H_
