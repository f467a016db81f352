// The tree under the store: what is committed can be proved, across restarts.
#include <string>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/log_check.h"
#include "common/audit/receipt.h"
#include "common/audit/tree.h"
#include "common/store/sqlite/sqlite_factory.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;

TEST(StoreTreeTest, CommitsAreReceiptedAndTheLogChecksAfterRestarts) {
  testing::FakeClock clock;
  testing::SqliteFactory factory;
  const auto key = crypto::SigningKey::Generate();
  int number = 0;
  for (int restart = 0; restart < 4; ++restart) {
    const auto tree = MakeTree(kTestTree, key.get(), &clock);
    auto store = factory.Open(tree.get(), 100);
    ASSERT_THAT(store, IsOk());
    for (int commit = 0; commit < 5; ++commit) {
      store::WriteSet set;
      for (int leaf = 0; leaf <= commit; ++leaf) set.leaves.push_back(TestLeaf(number++));
      const auto committed = store::CommitAndWait(**store, std::move(set));
      ASSERT_THAT(committed, IsOk());
      for (const store::LeafPlace& place : committed->leaves) {
        const std::string leaf = TestLeaf(static_cast<int>(place.index));
        const types::v1::Receipt receipt =
            ReceiptOf(place, *committed->head, EntryHash(leaf),
                      crypto::Sha256(absl::StrCat("answer ", place.index)));
        EXPECT_THAT(VerifyReceiptOfEntry(receipt, leaf, key->public_key()), IsOk());
      }
    }
    auto snapshot = (*store)->Open(absl::InfiniteFuture());
    ASSERT_THAT(snapshot, IsOk());
    const auto head = (*snapshot)->Head();
    ASSERT_THAT(head, IsOk());
    ASSERT_NE(*head, nullptr);
    const LogCheck check = VerifyLog(
        [&](std::int64_t first, int limit) { return (*snapshot)->ReadLeaves(first, limit); },
        **head, key->public_key());
    EXPECT_THAT(check.status, IsOk());
    EXPECT_EQ(check.checked, number);
  }
}

}  // namespace
}  // namespace trusthub::audit
