// File: sample.h
//
// What a hub holds before anything is measured, and calls about it.
#ifndef TRUSTHUB_TESTS_BENCH_SAMPLE_H_
#define TRUSTHUB_TESTS_BENCH_SAMPLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/hubctl/hub_folder.h"
#include "tests/bench/load.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::bench {

inline constexpr int kChildren = 100;

struct Sample {
  std::vector<std::string> nhs_numbers;
  std::vector<std::string> children;   // held by the school
  std::vector<std::string> referrals;  // one a child
};

// Children registered and referred by `school`, kChildren of each.
absl::StatusOr<Sample> MakeSample(hubctl::Desk& school);

// A referral of `child` such as a school makes, with a new request id.
referrals::v1::SubmitReferralRequest ReferralOf(const std::string& child);

// Calls of `method` of `service` by the worker of `desk`, without their requests.
absl::StatusOr<Target> TargetOf(const hubctl::Hub& hub, const hubctl::Desk& desk,
                                const std::string& service, const std::string& method,
                                const std::string& purpose);

}  // namespace trusthub::bench

#endif  // TRUSTHUB_TESTS_BENCH_SAMPLE_H_
