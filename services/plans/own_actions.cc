// The actions of a plan, each as a record of the agency that does it: who is not in the core group
// sees its own part and no other.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/rpc/paging.h"
#include "services/plans/plans.h"

namespace trusthub::plans {
namespace {

v1::OwnAction OwnActionOf(const v1::Plan& plan, int number) {
  const v1::PlanAction& action = plan.actions(number);
  v1::OwnAction own;
  own.set_name(absl::StrCat("planActions/", absl::StripPrefix(plan.name(), "plans/"), "-", number));
  own.set_child(plan.child());
  own.set_etag(plan.etag());
  *own.mutable_create_time() = plan.create_time();
  *own.mutable_update_time() = plan.update_time();
  *own.mutable_occurred_at() = plan.occurred_at();
  own.set_owner_agency(action.owner_agency());
  own.set_author_agency(plan.author_agency());
  own.set_action(action.action());
  own.set_outcome(action.outcome());
  own.set_owner(action.owner());
  *own.mutable_due_date() = action.due_date();
  own.set_plan(plan.name());
  return own;
}

}  // namespace

absl::StatusOr<v1::ListOwnActionsResponse> Plans::ListOwnActions(
    rpc::Call& call, const v1::ListOwnActionsRequest& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto plan, OpenPlanOf(call.tx, request.child()));
  const auto list = [&](std::int64_t after,
                        int size) -> absl::StatusOr<store::Page<v1::OwnAction>> {
    store::Page<v1::OwnAction> page;
    const int count = plan.has_value() ? plan->actions_size() : 0;
    const int end = std::min(count, static_cast<int>(after) + size);
    for (int i = static_cast<int>(after); i < end; ++i) {
      page.records.push_back(OwnActionOf(*plan, i));
      page.positions.push_back(i + 1);
    }
    page.last_position = end;
    page.more = end < count;
    return page;
  };
  v1::ListOwnActionsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::OwnAction>(
      call, request, list, response.mutable_actions(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::plans
