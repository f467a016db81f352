#include "services/plans/placement_rules.h"

#include <string>
#include <utility>

#include "common/identifiers/identifiers.h"
#include "common/time/civil_date.h"

namespace trusthub::plans {
namespace {

// What stands in place of an area that must stay hidden (SSDA903 code set).
constexpr char kHiddenArea[] = "CON";

class Violations {
 public:
  void Unless(bool holds, std::string field, std::string rule) {
    if (!holds) all_.push_back({"placement." + std::move(field), std::move(rule)});
  }
  std::vector<error::Violation> Take() { return std::move(all_); }

 private:
  std::vector<error::Violation> all_;
};

void CheckArea(const v1::Placement& placement, Violations& found) {
  if (placement.has_confidential_address()) {
    found.Unless(placement.area_authority() == kHiddenArea, "area_authority",
                 "must be CON when the address is confidential");
    return;
  }
  found.Unless(identifiers::IsLocalAuthorityCode(placement.area_authority()), "area_authority",
               "must be the three digits that the DfE gave to the local authority, or CON with a "
               "confidential address");
}

void CheckAddress(const v1::Placement& placement, Violations& found) {
  found.Unless(placement.has_address() || placement.has_confidential_address(), "address",
               "is required; send it, or confidential_address when it must stay hidden");
  found.Unless(!placement.has_address() || !placement.has_confidential_address(),
               "confidential_address", "must not be sent beside address; send one of them");
  found.Unless(!placement.has_confidential_address() || placement.provider().empty(), "provider",
               "must be left out when the address is confidential: it would lead there");
}

void CheckStart(const v1::Placement& placement, absl::CivilDay today, Violations& found) {
  const absl::StatusOr<absl::CivilDay> start = DateFromProto(placement.start_date());
  found.Unless(start.ok(), "start_date", "must be a real day with all three parts");
  found.Unless(!start.ok() || *start <= today, "start_date",
               "must not lie in the future; record the placement when it has begun");
}

bool IsInService(const events::v1::WorkerFact& worker, absl::string_view council,
                 absl::CivilDay today) {
  if (worker.agency() != council) return false;
  if (!worker.has_leave_date()) return true;
  const absl::StatusOr<absl::CivilDay> left = DateFromProto(worker.leave_date());
  return left.ok() && today <= *left;
}

void CheckApproval(const v1::Placement& placement, const Placing& placing, Violations& found) {
  if (placement.approved_by().empty()) {
    found.Unless(!placing.own_area.empty() && placement.area_authority() == placing.own_area,
                 "approved_by",
                 "is required outside your own area: name the nominated officer who approved it");
    return;
  }
  found.Unless(placing.approver.has_value() &&
                   IsInService(*placing.approver, placing.council, placing.today),
               "approved_by", "must be a worker of your agency whom the directory holds");
}

}  // namespace

std::vector<error::Violation> ViolationsOf(const v1::Placement& placement, const Placing& placing) {
  Violations found;
  const bool for_adoption = placement.kind() == v1::PLACEMENT_KIND_ADOPTION;
  found.Unless(!placement.has_adoption() || for_adoption, "kind",
               "must be ADOPTION when adoption is sent");
  CheckArea(placement, found);
  CheckAddress(placement, found);
  CheckStart(placement, placing.today, found);
  CheckApproval(placement, placing, found);
  found.Unless(placement.has_adoption() || !for_adoption, "adoption",
               "is required for a placement for adoption; send it");
  return found.Take();
}

void KeepAdoptionApart(v1::Placement* placement) {
  if (placement->kind() == v1::PLACEMENT_KIND_ADOPTION) {
    placement->set_kind(v1::PLACEMENT_KIND_FOSTER_CARE);
  }
}

absl::Status EndForNext(absl::CivilDay next_start, v1::Placement* open) {
  const absl::StatusOr<absl::CivilDay> start = DateFromProto(open->start_date());
  if (!start.ok()) return error::Internal("a placement has no start date");
  if (next_start < *start) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "A placement starts on or after the first day of the one before it.",
                             "Check start_date against the child's newest placement.");
  }
  *open->mutable_end_date() = DateToProto(next_start);
  return absl::OkStatus();
}

}  // namespace trusthub::plans
