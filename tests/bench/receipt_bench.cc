// What the proof in each answer costs a read: GetReferral with receipts as they are, and with ones
// whose inclusion proof was taken out before the answer was made; pairs of rounds in one run.
//
//   receipt_bench [rounds] [log entries]
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/status_macros.h"
#include "common/store/store.h"
#include "common/testing/forwarding_store.h"
#include "tests/bench/load.h"
#include "tests/bench/sample.h"
#include "tests/integration/local_hub.h"

namespace trusthub::bench {
namespace {

// A store that takes the proofs out of what it hands back, while it is told to.
class WithoutProofs final : public testing::ForwardingStore {
 public:
  WithoutProofs(std::unique_ptr<store::Store> inner, const std::atomic<bool>* on)
      : ForwardingStore(std::move(inner)), on_(*on) {}
  void Commit(store::WriteSet set, store::CommitCallback done) override {
    inner().Commit(std::move(set), [this, done = std::move(done)](
                                       absl::StatusOr<store::Committed> committed) mutable {
      if (on_ && committed.ok()) {
        for (store::LeafPlace& leaf : committed->leaves) leaf.inclusion_proof.clear();
      }
      std::move(done)(std::move(committed));
    });
  }

 private:
  const std::atomic<bool>& on_;
};

struct Sides {
  std::vector<double> with, without, ratio;  // p50 in milliseconds, and the pairs' ratios
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

absl::StatusOr<double> P50(const Target& target, int in_flight) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Measured measured,
                            Measure(target, in_flight, absl::Seconds(0.3), absl::Seconds(1.5)));
  if (measured.failed > 0) return absl::InternalError(measured.first_error);
  return measured.p50_ms;
}

absl::Status Run(int rounds, int entries) {
  std::atomic<bool> stripped = false;
  testing::LocalHubOptions options;
  options.wrap_store = [&](absl::string_view, std::unique_ptr<store::Store> inner) {
    return std::make_unique<WithoutProofs>(std::move(inner), &stripped);
  };
  TRUSTHUB_ASSIGN_OR_RETURN(const auto hub, testing::LocalHub::Start(options));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto school, hub->hub().DeskOf("uphall-lead-01"));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto screening, hub->hub().DeskOf("lbr-screening-01"));
  TRUSTHUB_ASSIGN_OR_RETURN(const Sample sample, MakeSample(*school));
  TRUSTHUB_ASSIGN_OR_RETURN(
      Target target, TargetOf(hub->hub(), *screening, "referrals",
                              "/trusthub.referrals.v1.ReferralsService/GetReferral", "screening"));
  target.request = [&](int n) {
    referrals::v1::GetReferralRequest request;
    request.set_name(sample.referrals[static_cast<std::size_t>(n) % sample.referrals.size()]);
    return request.SerializeAsString();
  };
  // Proofs grow with the log.
  for (int done = 0; done < entries;) {
    TRUSTHUB_ASSIGN_OR_RETURN(const Measured grown,
                              Measure(target, 64, absl::ZeroDuration(), absl::Seconds(1)));
    done += grown.calls;
  }
  for (const int in_flight : {1, 16, 64}) {
    Sides sides;
    for (int round = 0; round < rounds; ++round) {
      // Whoever is first may find the machine warmer or colder.
      double with = 0;
      for (const bool without : {round % 2 == 0, round % 2 != 0}) {
        stripped = without;
        TRUSTHUB_ASSIGN_OR_RETURN(const double p50, P50(target, in_flight));
        (without ? sides.without : sides.with).push_back(p50);
        if (!without) with = p50;
      }
      sides.ratio.push_back(with / sides.without.back());
    }
    std::printf("%2d in flight: p50 %.3f ms with proofs, %.3f ms without; ratio %.3f\n", in_flight,
                Median(sides.with), Median(sides.without), Median(sides.ratio));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace trusthub::bench

int main(int argc, char** argv) {
  int rounds = 7;
  int entries = 20'000;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &rounds)) ||
      (argc > 2 && !absl::SimpleAtoi(argv[2], &entries)) || rounds < 1) {
    std::fprintf(stderr, "usage: receipt_bench [rounds] [log entries]\n");
    return 64;
  }
  const absl::Status status = trusthub::bench::Run(rounds, entries);
  if (!status.ok()) std::fprintf(stderr, "receipt_bench: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
