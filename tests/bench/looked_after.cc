// Takes synthetic children of a running hub the whole way, from the school's referral to foster
// carers: what a borough's looked-after children cost. Used by tests/bench/borough.
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "deploy/hubctl/hub_folder.h"
#include "tests/e2e/case_path.h"

namespace trusthub::bench {
namespace {

absl::Status GoTheWholeWay(const hubctl::Hub& hub, int number, absl::CivilDay today) {
  testing::CasePath path(&hub, number, today);
  {
    // All have one family name and are born one day after the other: of registrations of children
    // so alike one overtakes the others until they are told to come again.
    static Mutex& one_at_a_time = *new Mutex;
    MutexLock lock(one_at_a_time);
    TRUSTHUB_RETURN_IF_ERROR(path.Register());
  }
  for (const auto step : {&testing::CasePath::Refer, &testing::CasePath::Decide,
                          &testing::CasePath::StartAssessment, &testing::CasePath::Discuss,
                          &testing::CasePath::StartEnquiry, &testing::CasePath::ConcludeEnquiry,
                          &testing::CasePath::HoldConference, &testing::CasePath::Place}) {
    TRUSTHUB_RETURN_IF_ERROR((path.*step)());
  }
  return absl::OkStatus();
}

int Run(const std::string& folder, int children, int threads, absl::CivilDay today) {
  const auto hub = hubctl::Hub::Open(folder);
  if (!hub.ok()) {
    std::fprintf(stderr, "%s\n", hub.status().ToString().c_str());
    return 1;
  }
  const absl::Duration began = MonotonicNow();
  std::atomic<int> next = 1;
  std::atomic<int> failed = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (int number = next++; number <= children; number = next++) {
        const absl::Status done = GoTheWholeWay(**hub, number, today);
        if (done.ok()) continue;
        if (failed++ == 0) std::fprintf(stderr, "%s\n", done.ToString().c_str());
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("%d of %d children looked after, in %.1f s, %d at a time\n", children - failed,
              children, absl::ToDoubleSeconds(MonotonicNow() - began), threads);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace trusthub::bench

int main(int argc, char** argv) {
  CLI::App app("Takes synthetic children from a referral to foster carers.");
  std::string folder;
  std::string day;
  int children = 224;
  int threads = 8;
  app.add_option("--hub", folder, "folder of the running hub")->required();
  app.add_option("--day", day, "the day in the hub, YYYY-MM-DD")->required();
  app.add_option("--children", children, "how many")->check(CLI::Range(1, 100'000));
  app.add_option("--threads", threads, "how many at a time")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  const auto today = trusthub::ParseDay(day);
  if (!today.ok()) {
    std::fprintf(stderr, "--day: %s: %s\n", day.c_str(), today.status().ToString().c_str());
    return 64;
  }
  return trusthub::bench::Run(folder, children, threads, *today);
}
