#include "common/audit/receipt.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/testing/matchers.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

class ReceiptTest : public ::testing::Test {
 protected:
  ReceiptTest() {
    log_.AppendSome(37);
    const auto extension = log_.AppendSome(9);
    place_ = extension.places[4];
    receipt_ = ReceiptOf(place_, *extension.head, EntryHash(leaf()), crypto::Sha256("answer 41"));
  }
  const std::string& leaf() const { return log_.leaves()[41]; }

  TestLog log_;
  store::LeafPlace place_;
  types::v1::Receipt receipt_;
};

TEST_F(ReceiptTest, IsCheckedWithTheKeyAlone) {
  EXPECT_EQ(receipt_.entry_index(), 41);
  EXPECT_EQ(receipt_.tree_size(), 46);
  EXPECT_THAT(VerifyReceipt(receipt_, log_.public_key()), IsOk());
  EXPECT_THAT(VerifyReceiptOfEntry(receipt_, leaf(), log_.public_key()), IsOk());
  types::v1::Receipt travelled;
  ASSERT_TRUE(travelled.ParseFromString(receipt_.SerializeAsString()));
  EXPECT_THAT(VerifyReceipt(travelled, log_.public_key()), IsOk());
}

// It is written without the message, and must be what the message would be: in these bytes it goes
// to those who check it.
TEST_F(ReceiptTest, IsTheMessageByteForByte) {
  EXPECT_EQ(receipt_.inclusion_proof_size(), 5);
  EXPECT_EQ(receipt_.leaf_hash(), place_.leaf_hash);
  EXPECT_EQ(receipt_.root_hash(), log_.heads().back().root);
  EXPECT_EQ(receipt_.tree(), kTestTree);
  const auto bytes_of = [&](const store::LeafPlace& place) {
    return ReceiptBytes(place, log_.heads().back(), receipt_.entry_hash(), receipt_.content_hash());
  };
  EXPECT_EQ(bytes_of(place_), receipt_.SerializeAsString());
  // Where a field is left out or takes more bytes.
  for (const std::int64_t index :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{1} << 40}) {
    const std::string bytes = bytes_of({index, place_.leaf_hash, ""});
    types::v1::Receipt parsed;
    ASSERT_TRUE(parsed.ParseFromString(bytes));
    EXPECT_EQ(parsed.entry_index(), index);
    EXPECT_EQ(parsed.inclusion_proof_size(), 0);
    EXPECT_EQ(parsed.SerializeAsString(), bytes);
  }
}

TEST_F(ReceiptTest, EveryFlippedBitIsRefused) {
  const google::protobuf::LogSilencer quiet;
  const std::string right = receipt_.SerializeAsString();
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    std::string bytes = right;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    types::v1::Receipt receipt;
    if (!receipt.ParseFromString(bytes)) continue;
    // Without the entry, too: the receipt alone is evidence.
    EXPECT_THAT(VerifyReceipt(receipt, log_.public_key()), StatusIs(absl::StatusCode::kDataLoss))
        << "bit " << bit;
  }
}

TEST_F(ReceiptTest, EveryChangedFieldIsRefused) {
  const auto refused = [&](auto change) {
    types::v1::Receipt receipt = receipt_;
    change(receipt);
    EXPECT_THAT(VerifyReceipt(receipt, log_.public_key()), StatusIs(absl::StatusCode::kDataLoss));
  };
  refused([](auto& r) { r.set_tree("auditTrees/other"); });
  refused([](auto& r) { r.set_entry_index(40); });
  refused([](auto& r) { r.set_entry_index(-1); });
  refused([](auto& r) { r.set_tree_size(45); });
  refused([](auto& r) { r.mutable_leaf_hash()->pop_back(); });
  refused([](auto& r) { r.mutable_sign_time()->set_nanos(r.sign_time().nanos() + 1); });
  refused([](auto& r) { r.mutable_sign_time()->set_seconds(r.sign_time().seconds() - 1); });
  refused([](auto& r) { r.clear_signature(); });
  refused([](auto& r) { r.clear_content_hash(); });
  refused([](auto& r) { r.set_content_hash(crypto::Sha256("another answer")); });
  refused([](auto& r) { r.clear_entry_hash(); });
  refused([](auto& r) { r.set_entry_hash(crypto::Sha256("another entry")); });
  refused([](auto& r) { r.set_tree(""); });
  refused([](auto& r) { r.mutable_inclusion_proof()->RemoveLast(); });
  refused([](auto& r) { r.add_inclusion_proof(std::string(32, '\0')); });
  refused([](auto& r) { r.mutable_inclusion_proof()->SwapElements(0, 1); });
}

TEST_F(ReceiptTest, EntryMustBeTheReceiptedOne) {
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  EXPECT_THAT(VerifyReceiptOfEntry(receipt_, log_.leaves()[40], log_.public_key()), data_loss);
  types::v1::Receipt receipt = receipt_;
  receipt.set_content_hash(crypto::Sha256("another answer"));
  EXPECT_THAT(VerifyReceiptOfEntry(receipt, leaf(), log_.public_key()), data_loss);
}

}  // namespace
}  // namespace trusthub::audit
