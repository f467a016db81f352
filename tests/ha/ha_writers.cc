// Eight writers through two replicas of a service on one database that fails meanwhile: what
// deploy/ha/trial looks at a cluster with.
//
//   ha-writers URL FOLDER SECONDS
//
// FOLDER is what files named in the URL are relative to. The database must be empty. Says "ready"
// when writing goes well, and at the end what was acknowledged, the longest time without an
// acknowledgement and what is wrong; fails when anything is.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/timely_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "tests/ha/writers.h"

namespace trusthub::ha {
namespace {

constexpr int kWriters = 8;
constexpr int kReplicas = 2;
constexpr std::int64_t kReadyAfter = 50;
constexpr std::int64_t kNever = 1'000'000'000;
constexpr absl::Duration kStopLimit = absl::Minutes(2);

double Seconds(absl::Duration time) { return absl::ToDoubleSeconds(time); }

int Main(const std::string& url, const std::string& folder, double seconds) {
  std::vector<std::unique_ptr<testing::FakeLeafSequencer>> sequencers;
  std::vector<std::unique_ptr<store::Store>> owned;
  std::vector<store::Store*> replicas;
  for (int i = 0; i < kReplicas; ++i) {
    sequencers.push_back(std::make_unique<testing::FakeLeafSequencer>());
    store::PostgresOptions options;
    options.url = url;
    options.folder = folder;
    options.service = "ha";
    options.tree = absl::StrCat("auditTrees/replica", i);
    options.sequencer = sequencers.back().get();
    auto opened = store::OpenPostgres(options);
    if (!opened.ok()) {
      std::fprintf(stderr, "ha-writers: %s\n", opened.status().ToString().c_str());
      return 1;
    }
    owned.push_back(store::MakeTimely(*std::move(opened)));
    replicas.push_back(owned.back().get());
  }
  Writers writers(replicas, kWriters);
  if (!writers.Await(kReadyAfter, absl::Minutes(1))) {
    std::fprintf(stderr, "ha-writers: writing does not go well\n");
    return 1;
  }
  std::printf("ready\n");
  std::fflush(stdout);
  writers.Await(kNever, absl::Seconds(seconds));
  writers.Stop(kStopLimit);
  const Tally tally = writers.tally();
  std::printf(
      "acknowledged %lld, unknown %lld, of which done %lld, longest pause %.2f s, longest"
      " attempt %.2f s\n",
      static_cast<long long>(tally.acknowledged), static_cast<long long>(tally.unknown),
      static_cast<long long>(tally.found_done), Seconds(LongestPause(tally)),
      Seconds(tally.longest));
  std::vector<std::string> problems = writers.problems();
  for (std::string& problem : writers.Compare(replicas)) problems.push_back(std::move(problem));
  for (const std::string& problem : problems) std::printf("WRONG: %s\n", problem.c_str());
  return problems.empty() ? 0 : 1;
}

}  // namespace
}  // namespace trusthub::ha

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: ha-writers URL FOLDER SECONDS\n");
    return 64;
  }
  return trusthub::ha::Main(argv[1], argv[2], std::atof(argv[3]));
}
