// What is stored is found by the rules of today, whichever rules it was stored by.
#include "services/children/reindexing.h"

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/fake_clock.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/children_fixture.h"
#include "services/children/registration.h"

namespace trusthub::children {
namespace {

using testing::IsOk;

class ReindexingTest : public ChildrenTest {
 protected:
  // Two names that sound nothing alike, until a borough says that they are one.
  static v1::ChildDetails Called(absl::string_view given) {
    v1::ChildDetails details = Ayesha();
    details.mutable_person_name()->set_given(std::string(given));
    details.mutable_person_name()->set_family(std::string(given) == "Bernadette" ? "Quill" : "Zhu");
    details.clear_address();
    return details;
  }
  static MatchingRules Rules() {
    return *LoadMatchingRules(testing::SourcePath("deploy/config/redbridge/matching.yaml"));
  }
  static MatchingRules ChangedRules() {
    MatchingRules rules = Rules();
    for (const char* word : {"bernadette", "poppy"}) rules.variants[word] = "poppy";
    for (const char* word : {"quill", "zhu"}) rules.variants[word] = "zhu";
    return rules;
  }
  void Reindex(const MatchingRules& rules) {
    const testing::FakeClock clock(fixture_.now());
    EXPECT_THAT(ReindexIfNeeded(fixture_.store(), testing::HandlerFixture::Hash(), clock, rules),
                IsOk());
  }
  // The child that a registration would be linked with; empty for none.
  std::string Found(const MatchingRules& rules, const v1::ChildDetails& details) {
    store::Transaction tx = fixture_.Begin();
    const auto link = FindChild(tx, rules, "agencies/nelft", details);
    EXPECT_THAT(link, IsOk());
    return link.ok() && link->has_value() ? (*link)->child.name() : "";
  }
};

TEST_F(ReindexingTest, AChildStoredByOtherRulesIsFoundByTheNewOnes) {
  Reindex(Rules());
  const std::string child = Registered("redbridge-council", Called("Bernadette"));
  EXPECT_EQ(Found(ChangedRules(), Called("Poppy")), "") << "the test is in vain";
  const v1::Child before = Get(child);
  Reindex(ChangedRules());
  EXPECT_EQ(Found(ChangedRules(), Called("Poppy")), child);
  EXPECT_EQ(Found(ChangedRules(), Called("Marigold")), "");
  v1::Child after = Get(child);
  EXPECT_NE(after.etag(), before.etag());
  after.set_etag(before.etag());
  *after.mutable_update_time() = before.update_time();
  EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
}

TEST_F(ReindexingTest, TheSameRulesChangeNothing) {
  Reindex(Rules());
  const std::string child = Registered("redbridge-council", Ayesha());
  const std::string etag = Get(child).etag();
  MatchingRules stricter = Rules();
  stricter.threshold = 95;
  Reindex(stricter);
  EXPECT_EQ(Get(child).etag(), etag) << "points and thresholds make no key";
  Reindex(ChangedRules());
  EXPECT_NE(Get(child).etag(), etag);
}

TEST_F(ReindexingTest, ManyPagesEachChildOnce) {
  std::map<std::string, std::int64_t> versions;
  const auto version_of = [this](const std::string& child) {
    store::Transaction tx = fixture_.Begin();
    const auto head = tx.Head(child);
    EXPECT_THAT(head, IsOk());
    return head.ok() ? head->version : 0;
  };
  while (versions.size() < 210) {
    v1::ChildDetails details = Ayesha();
    const auto i = static_cast<int>(versions.size());
    *details.mutable_birth_date() = DateOf(1992 + i % 18, 1 + i % 12, 1 + i % 28);
    details.set_nhs_number(absl::StrCat("number ", i));  // no two of them are one child
    versions[Registered("redbridge-council", details)] = 0;
  }
  for (auto& [child, version] : versions) version = version_of(child);
  Reindex(Rules());
  for (const auto& [child, version] : versions) EXPECT_EQ(version_of(child), version + 1) << child;
}

}  // namespace
}  // namespace trusthub::children
