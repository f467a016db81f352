#include "services/referrals/service.h"

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

}  // namespace trusthub::referrals
