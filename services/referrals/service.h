// File: service.h
//
// Every method of ReferralsService and the handler that serves it.
#ifndef TRUSTHUB_SERVICES_REFERRALS_SERVICE_H_
#define TRUSTHUB_SERVICES_REFERRALS_SERVICE_H_

#include "common/rpc/routes.h"
#include "services/referrals/referrals.h"

namespace trusthub::referrals {

// `domain` outlives the routes.
rpc::Routes ReferralsRoutes(Referrals* domain);

}  // namespace trusthub::referrals

#endif  // TRUSTHUB_SERVICES_REFERRALS_SERVICE_H_
