// File: projection_watch.h
//
// Whether this service has caught up with the events of the services that it follows: told by the
// health check of the name below, for whoever waits for a hub to be ready, and as ages by a metric,
// for whoever is paged. Calls that need fresh facts look at the projections themselves.
#ifndef TRUSTHUB_COMMON_RPC_PROJECTION_WATCH_H_
#define TRUSTHUB_COMMON_RPC_PROJECTION_WATCH_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/periodic.h"
#include "common/events/projections.h"
#include "common/rpc/metrics.h"

namespace trusthub::rpc {

// The service name of the grpc.health.v1 check that says SERVING while every projection is younger
// than limits::kProjectionAgeMillisMax. The check without a name says nothing of projections: a
// service whose neighbour is down still serves.
inline constexpr char kProjectionsHealth[] = "trusthub.projections";

// Thread-safe. What it is given outlives it.
class ProjectionWatch {
 public:
  // `changed` is told of each change, and of the first look; never of two at a time.
  ProjectionWatch(const events::Projections* projections, std::vector<std::string> sources,
                  Metrics* metrics, std::function<void(bool fresh)> changed);

  // Looks ten times a second, on a thread of its own, and once before it returns.
  void Start();
  void Stop() { periodic_.Stop(); }
  void Look();

 private:
  const events::Projections& projections_;
  const std::vector<std::string> sources_;
  Metrics& metrics_;
  const std::function<void(bool)> changed_;
  Mutex looking_;
  bool known_ ABSL_GUARDED_BY(looking_) = false;
  bool fresh_ ABSL_GUARDED_BY(looking_) = false;
  Periodic periodic_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_PROJECTION_WATCH_H_
