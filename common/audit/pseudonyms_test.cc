#include "common/audit/pseudonyms.h"

#include <gtest/gtest.h>

#include "common/audit/audit_fixtures.h"
#include "common/testing/log_snapshot.h"
#include "common/testing/matchers.h"

namespace trusthub::audit {
namespace {

// Of children whose names are told; refuses for a reason else.
class Told final : public Pseudonyms {
 public:
  explicit Told(absl::Status refusal) : refusal_(std::move(refusal)) {}
  absl::StatusOr<std::string> Of(absl::string_view child, store::Snapshot&) override {
    if (child == "children/a") return std::string(32, 'a');
    return refusal_;
  }

 private:
  const absl::Status refusal_;
};

TEST(PseudonymsTest, OneKeyGivesOneNameAChildAndNoneOfAnotherKey) {
  testing::LogSnapshot view;
  const auto pseudonyms = MakeKeyedPseudonyms(std::string(32, 'k'));
  const auto others = MakeKeyedPseudonyms(std::string(32, 'l'));
  const std::string a = *pseudonyms->Of("children/a", view);
  EXPECT_EQ(a.size(), 32u);
  EXPECT_EQ(a, *pseudonyms->Of("children/a", view));
  EXPECT_NE(a, *pseudonyms->Of("children/b", view));
  EXPECT_NE(a, *others->Of("children/a", view));
}

TEST(PseudonymsTest, AChildWhoseKeyWasDestroyedIsLeftOutAndNoOther) {
  testing::LogSnapshot view;
  Told forgotten(absl::NotFoundError("destroyed"));
  v1::AuditEntry entry;
  EXPECT_THAT(AddChild(forgotten, "children/b", view, &entry), testing::IsOk());
  EXPECT_EQ(entry.child_pseudonyms_size(), 0);
  EXPECT_THAT(AddChild(forgotten, "children/a", view, &entry), testing::IsOk());
  EXPECT_EQ(entry.child_pseudonyms_size(), 1);
  Told unavailable(absl::UnavailableError("no key"));
  EXPECT_EQ(AddChild(unavailable, "children/b", view, &entry).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(entry.child_pseudonyms_size(), 1);
}

}  // namespace
}  // namespace trusthub::audit
