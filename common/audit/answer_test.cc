#include "common/audit/answer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/receipt.h"
#include "common/testing/matchers.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr int kIndex = 41;

std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes.push_back(static_cast<char>(0x80 | (value & 0x7f)));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
std::string Field(int number, absl::string_view value) {
  return absl::StrCat(Varint(static_cast<std::uint64_t>(number) << 3 | 2), Varint(value.size()),
                      value);
}

// An answer whose message holds a record in field 1, a page token in 2 and the Disclosure in 3.
class AnswerTest : public ::testing::Test {
 protected:
  AnswerTest() {
    types::v1::Disclosure terms;
    terms.add_terms()->set_rule("test/rule");
    content_ =
        Field(1, "what was asked for") + Field(2, "more") + Field(3, terms.SerializeAsString());
    v1::AuditEntry entry;
    entry.set_agency("agencies/test-council");
    entry.set_content_hash(crypto::Sha256(content_));
    const std::string leaf = SaltAndSerialize(entry);
    log_.AppendSome(kIndex);
    log_.Append({leaf});
    const auto extension = log_.AppendSome(5);
    store::LeafPlace place{kIndex, EntryLeafHash(leaf),
                           absl::StrJoin(*InclusionProof(kIndex, kIndex + 6, log_.hashes()), "")};
    *evidence_.mutable_receipt() =
        ReceiptOf(place, *extension.head, EntryHash(leaf), crypto::Sha256(content_));
    evidence_.set_decision(EntryName(kTestTree, kIndex));
    keys_ = {{log_.public_key(), kTestTree}};
  }

  std::string AnswerWith(const types::v1::Disclosure& evidence) const {
    return content_ + Field(3, evidence.SerializeAsString());
  }
  std::string Whole() const { return AnswerWith(evidence_); }
  void Refused(const std::string& bytes) const {
    EXPECT_THAT(VerifyAnswer(bytes, keys_), StatusIs(absl::StatusCode::kDataLoss));
  }

  TestLog log_;
  std::string content_;
  types::v1::Disclosure evidence_;
  KeyList keys_;
};

// What a service appends, without making the message, is the message's own bytes.
TEST_F(AnswerTest, EvidenceIsAppendedAsTheMessageWouldBe) {
  std::string answer = content_;
  AppendEvidence(3, evidence_.receipt().SerializeAsString(), evidence_.decision(), &answer);
  EXPECT_EQ(answer, Whole());
}

TEST_F(AnswerTest, IsCheckedWithThePublishedKeyAlone) {
  const std::string whole = Whole();
  EXPECT_THAT(VerifyAnswer(whole, keys_), IsOk());
  const auto answer = SplitAnswer(whole);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->content, content_);
  EXPECT_EQ(answer->decision, "auditTrees/test/entries/41");
  EXPECT_THAT(VerifyAnswer(Whole(), {{log_.public_key(), ""}}), IsOk()) << "a key for every tree";
}

TEST_F(AnswerTest, EveryFlippedBitIsRefused) {
  const google::protobuf::LogSilencer quiet;
  const std::string right = Whole();
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    std::string bytes = right;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_THAT(VerifyAnswer(bytes, keys_), StatusIs(absl::StatusCode::kDataLoss)) << "bit " << bit;
  }
}

TEST_F(AnswerTest, EveryLengthButItsOwnIsRefused) {
  const google::protobuf::LogSilencer quiet;
  const std::string right = Whole();
  for (std::size_t size = 0; size < right.size(); ++size) Refused(right.substr(0, size));
  Refused(right + std::string(1, '\0'));
  Refused(right + Field(4, ""));
  Refused(right + Field(3, ""));
  Refused(Field(4, "") + right);
}

// A parser takes these for the same answer.
TEST_F(AnswerTest, OtherBytesOfTheSameReceiptAreRefused) {
  types::v1::Disclosure receipt;
  *receipt.mutable_receipt() = evidence_.receipt();
  types::v1::Disclosure decision;
  decision.set_decision(evidence_.decision());
  const std::string receipt_bytes = receipt.SerializeAsString();
  const std::string decision_bytes = decision.SerializeAsString();
  ASSERT_EQ(content_ + Field(3, receipt_bytes + decision_bytes), Whole());
  Refused(content_ + Field(3, decision_bytes + receipt_bytes));
  Refused(content_ + Field(3, receipt_bytes + receipt_bytes + decision_bytes));
  Refused(content_ + Field(3, receipt_bytes) + Field(3, decision_bytes));
  Refused(content_ + Field(3, receipt_bytes + decision_bytes + Field(9, "unknown")));
  const std::string inner = evidence_.receipt().SerializeAsString();
  Refused(content_ + Field(3, Field(1, inner + Field(11, "unknown")) + decision_bytes));
  const std::string whole = receipt_bytes + decision_bytes;
  // A length of more bytes than it needs.
  Refused(absl::StrCat(
      content_, Varint(3 << 3 | 2), std::string(1, static_cast<char>(0x80 | (whole.size() & 0x7f))),
      std::string(1, static_cast<char>(0x80 | (whole.size() >> 7))), std::string(1, '\0'), whole));
}

TEST_F(AnswerTest, AnotherAnswersReceiptIsRefused) {
  const std::string last = evidence_.SerializeAsString();
  types::v1::Disclosure terms;
  Refused(Field(1, "what was not given") + Field(3, terms.SerializeAsString()) + Field(3, last));
  // With a content hash to match: the leaf says which content it was.
  const std::string other = Field(1, "what was not given") + Field(3, "");
  types::v1::Disclosure forged = evidence_;
  forged.mutable_receipt()->set_content_hash(crypto::Sha256(other));
  Refused(other + Field(3, forged.SerializeAsString()));
  forged.mutable_receipt()->set_leaf_hash(
      EntryLeafHash(forged.receipt().entry_hash(), forged.receipt().content_hash()));
  Refused(other + Field(3, forged.SerializeAsString()));
}

TEST_F(AnswerTest, KeysCountForTheirTree) {
  const auto other = crypto::SigningKey::Generate();
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  EXPECT_THAT(VerifyAnswer(Whole(), {{other->public_key(), ""}}), data_loss);
  EXPECT_THAT(VerifyAnswer(Whole(), {{log_.public_key(), "auditTrees/another"}}), data_loss);
  EXPECT_THAT(VerifyAnswer(Whole(), {{other->public_key(), ""}, {log_.public_key(), ""}}), IsOk());
  EXPECT_THAT(VerifyAnswer(Whole(), {}), data_loss);
}

TEST_F(AnswerTest, TheDecisionIsTheReceiptsEntry) {
  types::v1::Disclosure evidence = evidence_;
  evidence.set_decision(EntryName(kTestTree, kIndex + 1));
  Refused(AnswerWith(evidence));
  evidence.clear_decision();
  Refused(AnswerWith(evidence));
}

}  // namespace
}  // namespace trusthub::audit
