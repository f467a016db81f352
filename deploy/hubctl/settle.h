// File: settle.h
//
// Waiting for what another service has yet to hear of. Facts travel between services as events, a
// moment behind the answer that made them; whoever builds on one asks again until it is there.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_SETTLE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_SETTLE_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace trusthub::hubctl {

// Whether asking again may help: the record, its basis or a relation to it may still be on its way,
// or the service is not ready.
bool MayStillArrive(const absl::Status& status);

// Calls `attempt` until `again` is false of its status or `limit` has passed, with pauses that grow
// from 10 to 200 milliseconds. Returns the last status.
absl::Status Settle(absl::Duration limit, const std::function<absl::Status()>& attempt,
                    const std::function<bool(const absl::Status&)>& again = MayStillArrive);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_SETTLE_H_
