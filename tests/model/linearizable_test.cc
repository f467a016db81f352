#include "tests/model/linearizable.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::model {
namespace {

using ::testing::HasSubstr;
using Kind = Operation::Kind;

Operation Write(int client, std::int64_t began, std::int64_t ended, std::int64_t version,
                std::string value) {
  return {Kind::kWrite, client, began, ended, version, std::move(value)};
}
Operation Read(int client, std::int64_t began, std::int64_t ended, std::int64_t version,
               std::string value) {
  return {Kind::kRead, client, began, ended, version, std::move(value)};
}
bool Explained(std::vector<Operation> history) { return CheckLinearizable(history).ok(); }

TEST(LinearizableTest, WhatHappensOneAfterTheOtherIsExplained) {
  EXPECT_TRUE(Explained({}));
  EXPECT_TRUE(Explained({Read(1, 0, 1, 0, ""), Write(1, 2, 3, 1, "a"), Read(2, 4, 5, 1, "a"),
                         Write(2, 6, 7, 2, "b"), Read(1, 8, 9, 2, "b")}));
}

TEST(LinearizableTest, WhatOverlapsMayHaveHappenedInEitherOrder) {
  EXPECT_TRUE(Explained({Write(1, 0, 10, 1, "a"), Read(2, 1, 2, 0, ""), Read(3, 3, 4, 1, "a")}));
  EXPECT_TRUE(Explained({Write(1, 0, 10, 2, "b"), Write(2, 1, 9, 1, "a")}));
}

TEST(LinearizableTest, AStaleReadIsNot) {
  EXPECT_FALSE(Explained({Write(1, 0, 1, 1, "a"), Read(2, 2, 3, 0, "")}));
  // Two reads, one after the other, that see a write and then do not.
  EXPECT_FALSE(Explained({Write(1, 0, 10, 1, "a"), Read(2, 1, 2, 1, "a"), Read(3, 3, 4, 0, "")}));
}

TEST(LinearizableTest, ALostUpdateIsNot) {
  EXPECT_FALSE(Explained({Write(1, 0, 5, 1, "a"), Write(2, 0, 5, 1, "b")}));
  EXPECT_FALSE(Explained({Write(1, 0, 1, 1, "a"), Write(2, 2, 3, 2, "b"), Read(1, 4, 5, 1, "a")}));
}

TEST(LinearizableTest, AnAcknowledgedWriteThatIsGoneIsNot) {
  EXPECT_FALSE(Explained({Write(1, 0, 1, 1, "a"), Read(1, 2, 3, 0, ""), Read(1, 4, 5, 1, "a")}));
}

TEST(LinearizableTest, AValueThatNobodyWroteIsNot) {
  EXPECT_FALSE(Explained({Write(1, 0, 1, 1, "a"), Read(2, 2, 3, 1, "x")}));
}

TEST(LinearizableTest, WhatNeverAnsweredMayHaveHappenedLateOrNotAtAll) {
  const Operation unknown = Write(1, 0, Operation::kNever, 1, "a");
  EXPECT_TRUE(Explained({unknown, Read(2, 5, 6, 0, "")})) << "not at all";
  EXPECT_TRUE(Explained({unknown, Read(2, 5, 6, 0, ""), Read(2, 7, 8, 1, "a")})) << "late";
  EXPECT_TRUE(Explained({unknown, Write(2, 5, 6, 1, "b"), Read(2, 7, 8, 1, "b")}));
  EXPECT_FALSE(Explained({Read(2, 0, 1, 1, "a"), Write(1, 2, Operation::kNever, 1, "a")}))
      << "not before it began";
  EXPECT_FALSE(Explained({unknown, Read(2, 5, 6, 1, "a"), Read(2, 7, 8, 0, "")})) << "and back";
}

TEST(LinearizableTest, TheFailureTellsWhatDoesNotFit) {
  const absl::Status status =
      CheckLinearizable({Write(1, 0, 1, 1, "a"), Write(2, 2, 3, 2, "b"), Read(3, 4, 5, 1, "a")});
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("client 2 wrote 2 \"b\" in [2, 3]\nnothing explains\n"
                        "  client 3 read 1 \"a\" in [4, 5]\n"));
}

// As long as the histories of a real run: the search must not try every order.
TEST(LinearizableTest, ALongHistoryWithManyOpenEndsIsSearchedSoon) {
  std::vector<Operation> history;
  for (int i = 0; i < 300; ++i) {
    const std::int64_t t = 10 * i;
    history.push_back(Write(1, t, t + 12, i + 1, std::to_string(i)));
    history.push_back(Read(2, t + 1, t + 14, i + 1, std::to_string(i)));
    if (i % 20 == 0) history.push_back(Write(3, t, Operation::kNever, i + 1, "open"));
  }
  EXPECT_TRUE(Explained(history));
  history.push_back(Read(4, 4000, 4001, 5, "4"));
  EXPECT_FALSE(Explained(history));
}

}  // namespace
}  // namespace trusthub::model
