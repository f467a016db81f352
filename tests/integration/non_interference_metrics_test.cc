// Non-interference of metrics: a service's monitoring names the same series in both worlds and, for
// what those who may not know ask, counts the same. How often secrets themselves were recorded or
// read it does count, by method (common/rpc/metrics.h): of whom, no series says.
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/hub_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/question.h"
#include "tests/integration/scrape.h"
#include "tests/integration/two_worlds.h"

namespace trusthub::testing {
namespace {

using ::testing::ContainerEq;

constexpr int kQuestions = 300;
constexpr int kRoundsMax = 5;

// By service and series.
using Series = std::map<std::string, double>;

class NonInterferenceOfMetrics : public TwoWorlds {
 protected:
  static Series ScrapeAll(World& world) {
    Series all;
    for (const char* service : hubctl::kServices) {
      const auto series = Scrape(world.MetricsPortOf(service));
      EXPECT_THAT(series, IsOk());
      if (!series.ok()) continue;
      for (const auto& [name, value] : *series) {
        // Not what the library counts of its own endpoint.
        if (absl::StartsWith(name, "trusthub_")) all[absl::StrCat(service, ": ", name)] = value;
      }
    }
    return all;
  }

  // Counts of `after` that grew since `before`, by how much: of calls by people and of refusals.
  // How long calls took and how long ago a stream said that it is complete, which the clock
  // decides, and the hub's calls to itself, which are made when there is time, are not of interest.
  static Series Grown(const Series& before, const Series& after,
                      const std::vector<Offered>& asked) {
    std::set<std::string> people;
    for (const Offered& offered : asked) people.insert(offered.method->path);
    Series grown;
    for (const auto& [name, value] : after) {
      const auto was = before.find(name);
      const double more = value - (was == before.end() ? 0 : was->second);
      if (more == 0 || absl::StrContains(name, "_bucket{") || absl::StrContains(name, "_sum{") ||
          absl::StrContains(name, "trusthub_projection_age_seconds{")) {
        continue;
      }
      const std::size_t method = name.find("method=\"");
      if (method != std::string::npos) {
        const std::size_t begin = method + 8;
        if (people.count(name.substr(begin, name.find('"', begin) - begin)) == 0) continue;
      }
      grown[name] = more;
    }
    return grown;
  }
};

std::set<std::string> NamesOf(const Series& series) {
  std::set<std::string> names;
  for (const auto& [name, value] : series) names.insert(name);
  return names;
}

TEST_F(NonInterferenceOfMetrics, QuestionsCountTheSame) {
  const std::vector<Offered> readings = ReadingsOf(world(0));
  std::mt19937 random(TestSeed());
  Series grown[2];
  // A service that waited for another's news in one world counts that; a tell would come again.
  for (int round = 0; round < kRoundsMax; ++round) {
    std::vector<Question> questions;
    for (int i = 0; i < kQuestions; ++i) {
      questions.push_back(RandomQuestion(world(0), readings, random));
    }
    InBoth([&](int which) {
      world(which).hub().WaitForNews(kSettled);
      const Series before = ScrapeAll(world(which));
      for (const Question& question : questions) Put(world(which), question);
      grown[which] = Grown(before, ScrapeAll(world(which)), readings);
    });
    if (grown[0] == grown[1]) break;
  }
  EXPECT_THAT(grown[1], ContainerEq(grown[0]));
  double calls = 0;
  for (const auto& [name, more] : grown[0]) {
    if (absl::StrContains(name, "trusthub_calls_total")) calls += more;
  }
  EXPECT_GE(calls, kQuestions);
}

// Which series there are does not tell what was ever recorded or read.
TEST_F(NonInterferenceOfMetrics, TheSameSeriesAreServed) {
  EXPECT_THAT(NamesOf(ScrapeAll(world(1))), ContainerEq(NamesOf(ScrapeAll(world(0)))));
}

// Neither a name, nor a kind of information, nor a number of a child is a label.
TEST_F(NonInterferenceOfMetrics, NoSeriesNamesAnybody) {
  for (const auto& [name, value] : ScrapeAll(world(1))) {
    for (const Life& life : world(1).lives()) {
      EXPECT_FALSE(absl::StrContains(name, life.nhs_number)) << name;
      for (const std::string& secret : life.secrets) {
        EXPECT_FALSE(absl::StrContains(name, secret)) << name;
      }
      for (const auto& [collection, records] : life.records) {
        for (const std::string& record : records) {
          EXPECT_FALSE(absl::StrContains(name, record)) << name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace trusthub::testing
