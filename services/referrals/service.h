// File: service.h
//
// Every method of ReferralsService and the handler that serves it.
#ifndef TRUSTHUB_SERVICES_REFERRALS_SERVICE_H_
#define TRUSTHUB_SERVICES_REFERRALS_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/referrals/referrals.h"

namespace trusthub::referrals {

// `domain` outlives the routes.
rpc::Routes ReferralsRoutes(Referrals* domain);

// The whole service: its domain, its routes, and the services whose events it follows (directory,
// children).
absl::StatusOr<rpc::ServiceParts> MakeReferrals(const rpc::Environment& environment);

}  // namespace trusthub::referrals

#endif  // TRUSTHUB_SERVICES_REFERRALS_SERVICE_H_
