// The blocks of a whole borough: children who may be the same share one, and none grows so large
// that a registration reads half a borough.
#include "services/children/blocking.h"

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"
#include "services/children/child_index.h"
#include "services/children/likeness.h"
#include "services/children/matching_rules.h"
#include "tests/simulator/population.h"

namespace trusthub::simulator {
namespace {

using children::BlockingKeys;
using children::Description;
using children::DescriptionOf;

constexpr int kBorough = 65'267;  // Redbridge, 0 to 18 years (domain.md, item 87)

const children::MatchingRules& Rules() {
  static const auto& rules = *new children::MatchingRules(
      *children::LoadMatchingRules(testing::SourcePath("deploy/config/redbridge/matching.yaml")));
  return rules;
}

bool ShareABlock(const Description& a, const Description& b) {
  const std::vector<std::string> of_a = BlockingKeys(Rules(), a);
  const std::vector<std::string> of_b = BlockingKeys(Rules(), b);
  std::vector<std::string> both;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                        std::back_inserter(both));
  return !both.empty();
}

class BlockingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    PopulationOptions options;
    options.children = kBorough;
    rows_ = new std::vector<Row>(MakePopulation(options));
  }
  static void TearDownTestSuite() {
    delete rows_;
    rows_ = nullptr;
  }
  static std::vector<Row>* rows_;
};
std::vector<Row>* BlockingTest::rows_ = nullptr;

TEST_F(BlockingTest, WhoeverIsAlikeEnoughIsCompared) {
  std::map<int, std::vector<Description>> of_child;
  for (const Row& row : *rows_) of_child[row.child].push_back(DescriptionOf(row.details));
  int alike = 0, missed = 0;
  for (const auto& [child, descriptions] : of_child) {
    for (std::size_t i = 1; i < descriptions.size(); ++i) {
      if (Likeness(Rules(), descriptions[0], descriptions[i]) < Rules().threshold) continue;
      ++alike;
      missed += ShareABlock(descriptions[0], descriptions[i]) ? 0 : 1;
    }
  }
  std::cout << "pairs alike " << alike << ", never compared " << missed << "\n";
  EXPECT_GT(alike, kBorough / 3);
  EXPECT_EQ(missed, 0);
}

TEST_F(BlockingTest, ARegistrationReadsAFewChildrenInAWholeBorough) {
  absl::flat_hash_map<std::string, int> block;
  std::set<std::pair<int, std::string>> counted;
  std::size_t keys = 0;
  for (const Row& row : *rows_) {
    for (std::string& key : BlockingKeys(Rules(), DescriptionOf(row.details))) {
      ++keys;
      if (counted.emplace(row.child, key).second) ++block[key];
    }
  }
  std::vector<int> read;  // by each row, were all others registered
  for (const Row& row : *rows_) {
    int sum = 0;
    for (const std::string& key : BlockingKeys(Rules(), DescriptionOf(row.details))) {
      sum += block[key];
    }
    read.push_back(sum);
  }
  std::sort(read.begin(), read.end());
  const auto largest = std::max_element(
      block.begin(), block.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::cout << rows_->size() << " rows, " << static_cast<double>(keys) / rows_->size()
            << " keys each; children read by a registration: median " << read[read.size() / 2]
            << ", 99 of 100 " << read[read.size() * 99 / 100] << ", most " << read.back()
            << "; largest block " << largest->second << ", " << largest->first << "\n";
  EXPECT_LE(read[read.size() / 2], 100);
  EXPECT_LE(read[read.size() * 99 / 100], 400);
  EXPECT_LE(largest->second, children::kBlockMax / 2) << largest->first;
}

}  // namespace
}  // namespace trusthub::simulator
