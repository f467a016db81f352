#include "common/rpc/witness_watch.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/rpc/cosigned_heads.h"

namespace trusthub::rpc {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);

}  // namespace

WitnessWatch::WitnessWatch(const WitnessRules* rules, store::Store* store, std::string tree,
                           const Clock* clock, Metrics* metrics)
    : rules_(*rules),
      store_(*store),
      tree_(std::move(tree)),
      clock_(*clock),
      metrics_(*metrics),
      witnessed_micros_(absl::ToUnixMicros(clock->Now())),
      // A store that cannot be read is told of by the calls that need it.
      periodic_(kLookEvery, [this] { Look().IgnoreError(); }) {}

absl::Duration WitnessWatch::Age() const {
  if (rules_.needed == 0) return absl::ZeroDuration();
  return clock_.Now() - absl::FromUnixMicros(witnessed_micros_);
}

absl::Status WitnessWatch::Look() {
  // The store's deadlines are of the machine's clock, whatever clock ages are told by.
  TRUSTHUB_ASSIGN_OR_RETURN(
      const std::unique_ptr<store::Snapshot> snapshot,
      store_.Open(RealClock().Now() + absl::Milliseconds(limits::kCallMillisMax)));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<audit::v1::CosignedHead> head,
                            WitnessedHead(*snapshot, tree_));
  if (head.has_value()) {
    const absl::Time witnessed = WitnessedTime(*head, rules_.needed);
    // More may be needed now than when it was kept.
    if (witnessed != absl::InfinitePast()) witnessed_micros_ = absl::ToUnixMicros(witnessed);
  }
  metrics_.SetWitnessed(absl::FromUnixMicros(witnessed_micros_));
  const absl::Duration age = Age();
  const bool old = age > rules_.max_age;
  // Once when it begins and once when it ends: the metric says the rest.
  if (old && !warned_.exchange(true)) {
    log::Warning("audit log not witnessed", {{"ms", age}, {"disclosures_stop", Overdue()}});
  } else if (!old && warned_.exchange(false)) {
    log::Info("audit log witnessed again");
  }
  return absl::OkStatus();
}

void WitnessWatch::Start() {
  if (rules_.needed == 0) return;
  const bool stops = rules_.stop_after != absl::InfiniteDuration();
  log::Info("witnesses", {{"registered", rules_.witnesses.size()},
                          {"needed", rules_.needed},
                          {"max_age_seconds", absl::ToInt64Seconds(rules_.max_age)},
                          {"stop_after_seconds",
                           stops ? absl::ToInt64Seconds(rules_.stop_after) : std::int64_t{0}}});
  periodic_.Start();
}

}  // namespace trusthub::rpc
