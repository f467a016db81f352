// The agreements that ship for Redbridge, against the access matrix (domain.md 8).
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/policy.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

using directory::v1::AgencyKind;
using options::v1::Role;

std::shared_ptr<const Agreements> Redbridge() {
  auto loaded = LoadAgreements(TRUSTHUB_SOURCE_DIR "/deploy/config/redbridge/agreements");
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *std::move(loaded) : nullptr;
}

TEST(RedbridgeTest, Loads) {
  const auto agreements = Redbridge();
  ASSERT_NE(agreements, nullptr);
  EXPECT_EQ(agreements->version().size(), 16u);
  EXPECT_TRUE(agreements->IsSecret(options::v1::CATEGORY_ADOPTION));
  EXPECT_TRUE(agreements->IsSecret(options::v1::CATEGORY_LADO));
  EXPECT_TRUE(agreements->IsSecret(options::v1::CATEGORY_CONFIDENTIAL_ADDRESS));
  EXPECT_FALSE(agreements->IsSecret(options::v1::CATEGORY_PLAN_CONTENT));
}

}  // namespace
}  // namespace trusthub::policy
