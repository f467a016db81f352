#include "services/referrals/service.h"

#include <memory>
#include <utility>

namespace trusthub::referrals {

rpc::Routes ReferralsRoutes(Referrals* domain) {
  rpc::Routes routes(v1::SubmitReferralRequest::descriptor()->file());
  routes.Add(&Referrals::SubmitReferral, domain)
      .Add(&Referrals::GetReferral, domain)
      .Add(&Referrals::ListReferrals, domain)
      .Add(&Referrals::DecideReferral, domain)
      .Add(&Referrals::SubmitContact, domain)
      .Add(&Referrals::GetContact, domain);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakeReferrals(const rpc::Environment& environment) {
  auto domain = std::make_shared<Referrals>(environment.rules);
  rpc::ServiceParts parts;
  parts.routes = {ReferralsRoutes(domain.get())};
  parts.sources = {"directory", "children"};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::referrals
