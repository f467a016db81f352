#include "services/children/service.h"

#include <memory>
#include <utility>

namespace trusthub::children {

rpc::Routes ChildrenRoutes(Children* children) {
  rpc::Routes routes(v1::RegisterChildRequest::descriptor()->file());
  routes.Add(&Children::RegisterChild, children)
      .Add(&Children::GetChild, children)
      .Add(&Children::CheckChild, children);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakeChildren(const rpc::Environment& environment) {
  absl::StatusOr<MatchingRules> rules =
      LoadMatchingRules(environment.config.settings_folder + "/matching.yaml");
  if (!rules.ok()) return rules.status();
  auto domain = std::make_shared<Children>(*std::move(rules));
  rpc::ServiceParts parts;
  parts.routes = {ChildrenRoutes(domain.get())};
  parts.sources = {"directory", "referrals", "assessments", "plans", "health"};
  parts.apply = [domain](store::Transaction& tx, const events::v1::Event& event) {
    return domain->ApplyEvent(tx, event);
  };
  parts.owns_child_facts = true;
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::children
