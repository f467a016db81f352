#include "tests/simulator/population.h"

#include <fstream>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/identifiers/identifiers.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::simulator {
namespace {

TEST(PopulationTest, SameSeedSamePopulation) {
  const auto lines = [](std::uint64_t seed) {
    std::string all;
    PopulationOptions options;
    options.seed = seed;
    for (const Row& row : MakePopulation(options)) absl::StrAppend(&all, ToJsonLine(row), "\n");
    return all;
  };
  EXPECT_EQ(lines(1), lines(1));
  EXPECT_NE(lines(1), lines(2));
}

TEST(PopulationTest, ShippedFileIsWhatTheGeneratorMakes) {
  std::ifstream file(testing::SourcePath("deploy/config/redbridge/population.ndjson"));
  std::string line;
  int number = 0;
  for (const Row& row : MakePopulation({})) {
    ++number;
    ASSERT_TRUE(std::getline(file, line)) << "the file ends before line " << number;
    ASSERT_EQ(line, ToJsonLine(row))
        << "line " << number << ": write the file again with trusthub-simulator";
  }
  EXPECT_FALSE(std::getline(file, line)) << "the file is longer than the population";
}

TEST(PopulationTest, EveryRowIsAValidRegistration) {
  std::map<std::string, int> nhs_numbers, upns;
  std::set<std::string> local;
  for (const Row& row : MakePopulation({})) {
    const children::v1::ChildDetails& details = row.details;
    EXPECT_TRUE(absl::StartsWith(row.agency, "agencies/"));
    EXPECT_FALSE(details.person_name().family().empty());
    EXPECT_NE(details.sex(), children::v1::SEX_UNSPECIFIED);
    EXPECT_TRUE(DateFromProto(details.birth_date()).ok());
    EXPECT_TRUE(local.insert(row.agency + details.local_identifier()).second);
    if (!details.nhs_number().empty()) {
      EXPECT_TRUE(identifiers::IsNhsNumber(details.nhs_number()));
      EXPECT_TRUE(absl::StartsWith(details.nhs_number(), "999")) << "not of the test range";
      EXPECT_EQ(nhs_numbers.emplace(details.nhs_number(), row.child).first->second, row.child);
    }
    if (!details.upn().empty()) {
      EXPECT_TRUE(identifiers::IsUpn(details.upn())) << details.upn();
      EXPECT_EQ(upns.emplace(details.upn(), row.child).first->second, row.child);
    }
    if (details.has_address()) {
      EXPECT_TRUE(identifiers::IsPostcode(details.address().postcode()));
    }
  }
}

TEST(PopulationTest, ChildrenAreHeldByOneToThreeAgencies) {
  std::map<int, std::set<std::string>> agencies;
  int rows = 0;
  for (const Row& row : MakePopulation({})) {
    ++rows;
    EXPECT_TRUE(agencies[row.child].insert(row.agency).second) << "held twice by one agency";
  }
  EXPECT_EQ(agencies.size(), 300u);
  EXPECT_GT(rows, 380);
  for (const auto& [child, holders] : agencies) EXPECT_LE(holders.size(), 3u);
}

}  // namespace
}  // namespace trusthub::simulator
