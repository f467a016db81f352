#include "common/rpc/projection_watch.h"

#include <utility>

#include "common/base/limits.h"

namespace trusthub::rpc {
namespace {

constexpr absl::Duration kLookEvery = absl::Milliseconds(100);
constexpr absl::Duration kAgeMax = absl::Milliseconds(limits::kProjectionAgeMillisMax);

}  // namespace

ProjectionWatch::ProjectionWatch(const events::Projections* projections,
                                 std::vector<std::string> sources, Metrics* metrics,
                                 std::function<void(bool)> changed)
    : projections_(*projections),
      sources_(std::move(sources)),
      metrics_(*metrics),
      changed_(std::move(changed)),
      periodic_(kLookEvery, [this] { Look(); }) {}

void ProjectionWatch::Look() {
  MutexLock lock(looking_);
  bool fresh = true;
  for (const std::string& source : sources_) {
    const absl::Duration age = projections_.AgeOf(source);
    metrics_.SetProjectionAge(source, age);
    fresh = fresh && age <= kAgeMax;
  }
  if (known_ && fresh == fresh_) return;
  known_ = true;
  fresh_ = fresh;
  changed_(fresh);
}

void ProjectionWatch::Start() {
  Look();
  periodic_.Start();
}

}  // namespace trusthub::rpc
