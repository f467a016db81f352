#include "deploy/hubctl/population_file.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kGood[] = R"({"child":1,"agency":"agencies/a","details":{"local_identifier":"X1"}})";

std::string WithChild(absl::string_view child) {
  return absl::StrCat(R"({"child":)", child, R"(,"agency":"agencies/a","details":{}})");
}

TEST(PopulationFile, ReadsEveryRowWithItsLine) {
  const auto rows = ReadPopulationRows("p.ndjson", absl::StrCat(kGood, "\n\n", kGood, "\n"));
  ASSERT_THAT(rows, IsOk());
  ASSERT_THAT(*rows, SizeIs(2));
  EXPECT_EQ(rows->back().line, 3);
  EXPECT_EQ(rows->back().details.local_identifier(), "X1");
}

TEST(PopulationFile, ARowThatNobodyWouldLoadIsAnError) {
  // Rows are shared out by the remainder of the child's number, which is none of any thread's for
  // these: they were left out without a word.
  for (const char* child : {"-1", "2147483648", "4294967295", "1.5", "18446744073709551616"}) {
    const auto rows = ReadPopulationRows("p.ndjson", WithChild(child));
    ASSERT_FALSE(rows.ok()) << child;
    EXPECT_THAT(std::string(rows.status().message()), HasSubstr("p.ndjson:1: child is a number"));
  }
  EXPECT_THAT(ReadPopulationRows("p.ndjson", WithChild("2147483647")), IsOk());
}

TEST(PopulationFile, OneBadRowIsNoRows) {
  const auto rows = ReadPopulationRows(
      "p.ndjson", absl::StrCat(kGood, "\n", R"({"child":2,"details":{"zz":"Amina"}})"));
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(std::string(rows.status().message()), HasSubstr("p.ndjson:2: "));
  EXPECT_THAT(std::string(rows.status().message()), Not(HasSubstr("Amina")));
}

TEST(PopulationFile, WhatNestsWithoutEndIsAnError) {
  constexpr int kDeep = 200'000;
  const std::string deep = absl::StrCat(std::string(kDeep, '['), std::string(kDeep, ']'));
  EXPECT_FALSE(ReadPopulationRows("p.ndjson", absl::StrCat(R"({"child":1,"agency":"agencies/a",)",
                                                           R"("details":)", deep, "}"))
                   .ok());
}

}  // namespace
}  // namespace trusthub::hubctl
