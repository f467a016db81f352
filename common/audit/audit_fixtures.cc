#include "common/audit/audit_fixtures.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/tree.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::audit {

using testing::IsOk;

std::string TestLeaf(int number) {
  v1::AuditEntry entry;
  entry.set_salt(crypto::Sha256(absl::StrCat("salt ", number)).substr(0, kSaltBytes));
  *entry.mutable_entry_time() = TimeToProto(absl::FromUnixSeconds(1268733600 + number));
  entry.set_agency("agencies/test-council");
  entry.set_worker(absl::StrCat("workers/", number % 7));
  entry.set_action("referrals.get");
  entry.set_case_reference("R-2010-17");
  entry.add_records(absl::StrCat("referrals/", number));
  entry.set_decision(v1::AUDIT_DECISION_DISCLOSED);
  entry.set_content_hash(crypto::Sha256(absl::StrCat("answer ", number)));
  return CanonicalBytes(entry);
}

TestLog::TestLog()
    : key_(crypto::SigningKey::Generate()), tree_(MakeTree(kTestTree, key_.get(), &clock_)) {}

store::LeafSequencer::Extension TestLog::Append(const std::vector<std::string>& leaves) {
  const std::vector<absl::string_view> views(leaves.begin(), leaves.end());
  auto extension = tree_->Extend(views);
  EXPECT_THAT(extension, IsOk());
  if (!extension.ok()) return {};
  tree_->Accept();
  leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
  heads_.push_back(*extension->head);
  snapshot_.Append(leaves, *extension);
  clock_.Advance(absl::Microseconds(1500));
  return *std::move(extension);
}

store::LeafSequencer::Extension TestLog::AppendSome(int count) {
  std::vector<std::string> leaves;
  for (int i = 0; i < count; ++i) {
    leaves.push_back(TestLeaf(static_cast<int>(leaves_.size()) + i));
  }
  return Append(leaves);
}

NodeHashes TestLog::hashes() const {
  return NodesOf([this](std::int64_t index) -> absl::StatusOr<std::string> {
    return EntryLeafHash(leaves_[static_cast<std::size_t>(index)]);
  });
}

types::v1::Receipt ReceiptOf(const store::LeafPlace& place, const store::SealedHead& head,
                             absl::string_view entry_hash, absl::string_view content_hash) {
  types::v1::Receipt receipt;
  EXPECT_TRUE(receipt.ParseFromString(ReceiptBytes(place, head, entry_hash, content_hash)));
  return receipt;
}

ReadLeaves ReaderOf(const std::vector<std::string>& leaves) {
  return
      [&leaves](std::int64_t first, int limit) -> absl::StatusOr<std::vector<store::StoredLeaf>> {
        std::vector<store::StoredLeaf> read;
        const auto size = static_cast<std::int64_t>(leaves.size());
        for (std::int64_t i = first; i < std::min<std::int64_t>(size, first + limit); ++i) {
          read.push_back({i, leaves[static_cast<std::size_t>(i)]});
        }
        return read;
      };
}

}  // namespace trusthub::audit
