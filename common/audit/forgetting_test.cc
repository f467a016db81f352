// Erasable yet provable: once a child's key is destroyed no entry can be told to be about the
// child, and every proof given before and every proof given after still verifies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/log_check.h"
#include "common/audit/proof.h"
#include "common/audit/pseudonyms.h"
#include "common/audit/receipt.h"
#include "common/audit/tree.h"
#include "common/crypto/crypto.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/testing/matchers.h"
#include "common/testing/write_sets.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr char kChild[] = "children/forgotten";
constexpr char kOther[] = "children/other";

class ForgettingTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    pseudonyms_.reset();
    store_.reset();
    tree_ = MakeTree(kTestTree, key_.get(), &clock_);
    auto engine = engine_.Open(tree_.get(), 100);
    ASSERT_THAT(engine, IsOk());
    store::SealedOptions options;
    options.service = "test";
    options.ring = testing::RingOf({"kek-1"});
    auto sealed = store::SealedStore::Over(*std::move(engine), std::move(options));
    ASSERT_THAT(sealed, IsOk());
    store_ = *std::move(sealed);
    pseudonyms_ = MakeChildPseudonyms(store_.get());
  }
  std::unique_ptr<store::Snapshot> Snap() { return store_->Open(absl::InfiniteFuture()).value(); }

  // An entry about `child` with its own record and another one; its receipt is kept.
  void Disclose(const std::string& child) {
    v1::AuditEntry entry;
    entry.set_content_hash(crypto::Sha256("answer"));
    const auto view = Snap();
    ASSERT_THAT(AddRecord(*pseudonyms_, child, *view, &entry), IsOk());
    ASSERT_THAT(AddRecord(*pseudonyms_, "referrals/r", *view, &entry), IsOk());
    ASSERT_THAT(AddChild(*pseudonyms_, child, *view, &entry), IsOk());
    store::WriteSet set;
    set.leaves.push_back(MakeLeaf(entry));
    set.keys_of = {child};
    entries_.push_back(set.leaves[0].bytes);
    const auto committed = store::CommitAndWait(*store_, std::move(set));
    ASSERT_THAT(committed, IsOk());
    receipts_.push_back(ReceiptOf(committed->leaves[0], *committed->head,
                                  EntryHash(entries_.back()), entry.content_hash()));
  }

  void ExpectAllProved() {
    const auto view = Snap();
    const auto head = view->Head().value();
    const LogCheck check =
        VerifyLog([&](std::int64_t first, int limit) { return view->ReadLeaves(first, limit); },
                  *head, key_->public_key());
    EXPECT_THAT(check.status, IsOk());
    EXPECT_EQ(check.checked, static_cast<std::int64_t>(entries_.size()));
    for (std::size_t i = 0; i < receipts_.size(); ++i) {
      EXPECT_THAT(VerifyReceiptOfEntry(receipts_[i], entries_[i], key_->public_key()), IsOk());
    }
  }
  std::size_t EntriesOf(absl::string_view pseudonym) {
    return Snap()->ListLeavesByKey(pseudonym, 0, 100)->size();
  }

  testing::FakeClock clock_;
  testing::SqliteFactory engine_;
  const std::unique_ptr<crypto::SigningKey> key_ = crypto::SigningKey::Generate();
  std::unique_ptr<store::LeafSequencer> tree_;
  std::unique_ptr<store::SealedStore> store_;
  std::unique_ptr<Pseudonyms> pseudonyms_;
  std::vector<std::string> entries_;
  std::vector<types::v1::Receipt> receipts_;
};

TEST_F(ForgettingTest, EntriesForgetTheChildAndEveryProofStillVerifies) {
  for (int i = 0; i < 5; ++i) {
    Disclose(kChild);
    Disclose(kOther);
  }
  const std::string pseudonym = pseudonyms_->Of(kChild, *Snap()).value();
  EXPECT_EQ(EntriesOf(pseudonym), 5u);
  for (const std::string& entry : entries_) {
    EXPECT_FALSE(absl::StrContains(entry, "children/")) << "an entry names a child";
    EXPECT_TRUE(absl::StrContains(entry, "pseudonyms/")) << "it says that the record was read";
  }

  store::WriteSet forget;
  forget.forgotten = {kChild};
  ASSERT_THAT(store::CommitAndWait(*store_, std::move(forget)), IsOk());
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(pseudonyms_->Of(kChild, *Snap()), StatusIs(absl::StatusCode::kNotFound));
    v1::AuditEntry entry;
    EXPECT_THAT(AddChild(*pseudonyms_, kChild, *Snap(), &entry), IsOk());
    EXPECT_THAT(AddRecord(*pseudonyms_, kChild, *Snap(), &entry), IsOk());
    EXPECT_EQ(entry.child_pseudonyms_size() + entry.records_size(), 0);
    EXPECT_EQ(EntriesOf(pseudonyms_->Of(kOther, *Snap()).value()),
              static_cast<std::size_t>(5 + round));
    ExpectAllProved();
    Disclose(kOther);
    ExpectAllProved();
    Open();
  }
}

}  // namespace
}  // namespace trusthub::audit
