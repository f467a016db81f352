#include "deploy/hubctl/backup/restoration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/backup/backup_fixture.h"

namespace trusthub::hubctl {
namespace {

using absl::StatusCode;
using testing::IsOk;
using testing::StatusIs;

class RestorationTest : public BackupFixture {
 protected:
  void SetUp() override {
    ASSERT_THAT(service_.WriteMany(0, 7), IsOk());
    const auto made = Backup();
    ASSERT_THAT(made, IsOk());
    service_.Close();
    const auto restore = Prepare(made->manifest.name, true);
    ASSERT_THAT(restore, IsOk());
    good_ = *(*restore)->restoration();
    keys_ = {{service_.audit_key().public_key(), ""}};
  }

  Restoration good_;
  audit::KeyList keys_;
};

TEST_F(RestorationTest, ProvesItselfByTheAuditKey) {
  EXPECT_EQ(good_.restored.size, 7);
  EXPECT_EQ(good_.after.size, 8);
  const auto parsed = ParseRestoration(RestorationText(good_));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(RestorationText(*parsed), RestorationText(good_));
  EXPECT_THAT(VerifyRestoration(*parsed, keys_), IsOk());
  EXPECT_EQ(RestorationId(*parsed).size(), 16u);
  const auto other = crypto::SigningKey::Generate();
  EXPECT_THAT(VerifyRestoration(*parsed, {{other->public_key(), ""}}),
              StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(VerifyRestoration(*parsed, {{keys_[0].key, "auditTrees/another"}}),
              StatusIs(StatusCode::kDataLoss));
}

TEST_F(RestorationTest, EachAlteredPartIsFound) {
  const auto refused = [&](const char* what, const Restoration& altered) {
    EXPECT_FALSE(VerifyRestoration(altered, keys_).ok()) << what;
  };
  Restoration altered = good_;
  altered.service = "plans";
  refused("service", altered);
  altered = good_;
  altered.backup = "20000101t000000z-000000";
  refused("backup", altered);
  altered = good_;
  --altered.restored.size;
  refused("size", altered);
  altered = good_;
  altered.restored = altered.after;
  refused("heads", altered);
  altered = good_;
  altered.entry[5] = static_cast<char>(altered.entry[5] ^ 1);
  refused("entry", altered);
  altered = good_;
  altered.inclusion_proof.pop_back();
  refused("inclusion", altered);
  altered = good_;
  altered.consistency_proof[0][3] = static_cast<char>(altered.consistency_proof[0][3] ^ 1);
  refused("consistency", altered);
  for (const char* text : {"", "{}", "{\"format\": \"trusthub/restoration/v1\"}", "[]"}) {
    EXPECT_THAT(ParseRestoration(text).status(), StatusIs(StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace trusthub::hubctl
