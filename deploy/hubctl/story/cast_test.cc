#include "deploy/hubctl/story/cast.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/identifiers/identifiers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::story {
namespace {

constexpr int kSeeds = 300;

TEST(Cast, NumbersAndDatesAreValidForEverySeed) {
  for (int i = 0; i < kSeeds; ++i) {
    SCOPED_TRACE(::testing::Message() << "seed " << i);
    const Cast cast = CastOf(absl::StrCat(i));
    EXPECT_TRUE(identifiers::IsUpn(cast.at_school.upn()));
    EXPECT_TRUE(identifiers::IsNhsNumber(cast.at_health.nhs_number()));
    EXPECT_TRUE(identifiers::IsNhsNumber(cast.brother.nhs_number()));
    EXPECT_EQ(cast.at_health.nhs_number().substr(0, 3), "999") << "never given to a person";
    EXPECT_NE(cast.at_health.nhs_number(), cast.brother.nhs_number());
    EXPECT_TRUE(identifiers::IsPostcode(cast.at_school.address().postcode()));
    EXPECT_TRUE(DateFromProto(cast.at_school.birth_date()).ok());
    EXPECT_TRUE(DateFromProto(cast.brother.birth_date()).ok());
    EXPECT_FALSE(identifiers::IsNhsNumber(WithWrongCheckDigit(cast.at_health.nhs_number())));
  }
}

TEST(Cast, ThePoliceSpellOtherwiseAndHaveNoNumbers) {
  for (int i = 0; i < kSeeds; ++i) {
    const Cast cast = CastOf(absl::StrCat(i));
    EXPECT_NE(cast.at_police.person_name().given(), cast.at_school.person_name().given());
    EXPECT_NE(cast.at_police.person_name().family(), cast.at_school.person_name().family());
    EXPECT_EQ(cast.at_police.upn(), "");
    EXPECT_EQ(cast.at_police.nhs_number(), "");
  }
}

TEST(Cast, IsTheSameForASeedAndAnotherForAnother) {
  EXPECT_EQ(CastOf("a").at_school.SerializeAsString(), CastOf("a").at_school.SerializeAsString());
  std::set<std::string> upns;
  for (int i = 0; i < kSeeds; ++i) upns.insert(CastOf(absl::StrCat(i)).at_school.upn());
  EXPECT_EQ(upns.size(), static_cast<std::size_t>(kSeeds));
}

}  // namespace
}  // namespace trusthub::story
