#include "services/children/service.h"

namespace trusthub::children {

rpc::Routes ChildrenRoutes(Children* children) {
  rpc::Routes routes(v1::RegisterChildRequest::descriptor()->file());
  routes.Add(&Children::RegisterChild, children)
      .Add(&Children::GetChild, children)
      .Add(&Children::CheckChild, children);
  return routes;
}

}  // namespace trusthub::children
