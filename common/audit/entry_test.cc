#include "common/audit/entry.h"

#include <set>
#include <string>

#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

v1::AuditEntry Entry() {
  v1::AuditEntry entry;
  entry.set_agency("agencies/test-council");
  entry.set_action("children.get");
  entry.add_disclosed(options::v1::CATEGORY_IDENTITY);
  return entry;
}

TEST(EntryTest, LeafIsTheEntryWithASaltOfItsOwn) {
  std::set<std::string> leaves;
  for (int i = 0; i < 100; ++i) {
    v1::AuditEntry entry = Entry();
    const std::string leaf = SaltAndSerialize(entry);
    EXPECT_EQ(entry.salt().size(), 16u);
    leaves.insert(leaf);
    const auto parsed = ParseEntry(leaf);
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(parsed->SerializeAsString(), entry.SerializeAsString());
  }
  EXPECT_EQ(leaves.size(), 100u);
}

TEST(EntryTest, OtherBytesOfTheSameEntryAreRefused) {
  v1::AuditEntry entry = Entry();
  const std::string leaf = SaltAndSerialize(entry);
  // A field given twice: parsers take the last, so without the check one entry had many leaves.
  v1::AuditEntry agency;
  agency.set_agency(entry.agency());
  EXPECT_THAT(ParseEntry(agency.SerializeAsString() + leaf), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseEntry(""), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseEntry("not an entry"), StatusIs(absl::StatusCode::kDataLoss));
  entry.clear_salt();
  EXPECT_THAT(ParseEntry(CanonicalBytes(entry)), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace trusthub::audit
