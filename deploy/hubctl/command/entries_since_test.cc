#include "deploy/hubctl/command/entries_since.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {
namespace {

using audit::v1::ListEntriesResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;
using ::testing::UnorderedElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'268'733'600);

// A log whose entries were made so many days ago, and the reads that were made of it.
struct Log {
  explicit Log(std::vector<int> days) : days_ago(std::move(days)) {}

  ListEntriesResponse Read(std::int64_t first, std::int64_t count) {
    reads.emplace_back(first, count);
    ListEntriesResponse response;
    response.set_tree("auditTrees/t");
    response.set_tree_size(static_cast<std::int64_t>(days_ago.size()));
    const std::int64_t end = std::min(first + std::min(count, most), response.tree_size());
    for (std::int64_t i = first; i < end; ++i) {
      audit::v1::AuditEntry entry;
      *entry.mutable_entry_time() =
          TimeToProto(kNow - absl::Hours(24) * days_ago[static_cast<std::size_t>(i)]);
      auto& logged = *response.add_entries();
      logged.set_index(i);
      logged.set_leaf_input(audit::MakeLeaf(entry).bytes);
    }
    return response;
  }

  std::vector<int> days_ago;
  std::int64_t most = 1000;  // that one answer holds
  std::vector<std::pair<std::int64_t, std::int64_t>> reads;
};

absl::StatusOr<std::vector<std::string>> Since(int days, Log* log, std::int64_t page = 3) {
  std::vector<std::string> names;
  const absl::Status status = VisitEntriesSince(
      kNow - absl::Hours(24) * days, page,
      [&](std::int64_t first, std::int64_t count) { return log->Read(first, count); },
      [&](const std::string& name, const audit::v1::AuditEntry&) { names.push_back(name); });
  if (!status.ok()) return status;
  for (std::string& name : names) name = name.substr(name.rfind('/') + 1);
  return names;
}

TEST(EntriesSinceTest, TheLastDaysAndNoOlderOnes) {
  Log log({9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  const auto names = Since(4, &log);
  ASSERT_THAT(names, IsOk());
  EXPECT_THAT(*names, UnorderedElementsAre("5", "6", "7", "8", "9")) << "the day itself counts";
  EXPECT_THAT(*Since(0, &log), ElementsAre("9"));
  EXPECT_THAT(*Since(9, &log), SizeIs(10));
  EXPECT_THAT(*Since(90, &log), SizeIs(10));
}

TEST(EntriesSinceTest, NothingFurtherBackIsRead) {
  Log log(std::vector<int>(100, 50));
  log.days_ago.back() = 1;
  ASSERT_THAT(Since(7, &log), IsOk());
  EXPECT_THAT(log.reads, ElementsAre(std::pair(0, 1), std::pair(97, 3), std::pair(94, 3)));
}

TEST(EntriesSinceTest, AnEntryThatTookLongIsNotTheEndOfItsPage) {
  Log log({9, 9, 9, 9, 1, 9, 1, 9, 9});
  EXPECT_THAT(*Since(7, &log), UnorderedElementsAre("4", "6"));
}

TEST(EntriesSinceTest, AnEmptyLogHasNone) {
  Log log({});
  EXPECT_THAT(*Since(7, &log), IsEmpty());
}

TEST(EntriesSinceTest, EntriesThatComeMeanwhileAreLeftOut) {
  Log log({3, 2, 1});
  std::vector<std::string> names;
  ASSERT_THAT(
      VisitEntriesSince(
          kNow - absl::Hours(240), 2,
          [&](std::int64_t first, std::int64_t count) {
            const ListEntriesResponse page = log.Read(first, count + 1);
            log.days_ago.push_back(0);
            return page;
          },
          [&](const std::string& name, const audit::v1::AuditEntry&) { names.push_back(name); }),
      IsOk());
  EXPECT_THAT(names, ElementsAre("auditTrees/t/entries/1", "auditTrees/t/entries/2",
                                 "auditTrees/t/entries/0"));
}

TEST(EntriesSinceTest, AShorterPageThanWasAskedForIsNoEnd) {
  Log log({5, 4, 3, 2, 1});
  log.most = 2;
  EXPECT_THAT(Since(7, &log), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(EntriesSinceTest, WhatIsNoEntryIsNotPassedOver) {
  const absl::Status status = VisitEntriesSince(
      kNow, 2,
      [](std::int64_t, std::int64_t) {
        ListEntriesResponse page;
        page.set_tree_size(1);
        page.add_entries()->set_leaf_input("\xff\xff");
        return page;
      },
      [](const std::string&, const audit::v1::AuditEntry&) { FAIL(); });
  EXPECT_FALSE(status.ok());
}

}  // namespace
}  // namespace trusthub::hubctl
