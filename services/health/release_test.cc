#include "services/health/release.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::health {
namespace {

using errors::v1::ERROR_REASON_RECORD_EXISTS;
using errors::v1::ERROR_REASON_STATE_FORBIDS;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

constexpr char kOwn[] = "agencies/nhs-redbridge";
constexpr char kCouncil[] = "agencies/redbridge-council";

v1::ReleaseConsultationRequest Request(const std::string& reason, const std::string& agency) {
  v1::ReleaseConsultationRequest request;
  request.set_reason(reason);
  request.set_to_agency(agency);
  return request;
}

std::vector<std::string> Wrong(const v1::ReleaseConsultationRequest& request) {
  std::vector<std::string> fields;
  for (const error::Violation& violation : ReleaseViolations(request, kOwn)) {
    fields.push_back(violation.field);
  }
  return fields;
}

TEST(ReleaseTest, AReasonHasTwentyCharacters) {
  EXPECT_THAT(Wrong(Request(std::string(20, 'x'), kCouncil)), IsEmpty());
  EXPECT_THAT(Wrong(Request(std::string(19, 'x'), kCouncil)), ElementsAre("reason"));
  EXPECT_THAT(Wrong(Request("", kCouncil)), ElementsAre("reason"));
  EXPECT_THAT(Wrong(Request(absl::StrCat("   harm", std::string(30, ' ')), kCouncil)),
              ElementsAre("reason"))
      << "spaces say nothing";
}

TEST(ReleaseTest, CharactersAreCountedNotBytes) {
  std::string reason;
  for (int i = 0; i < 19; ++i) reason += "\xC3\xA9";  // e with acute
  EXPECT_THAT(Wrong(Request(reason, kCouncil)), ElementsAre("reason"));
  reason += "\xC3\xA9";
  EXPECT_THAT(Wrong(Request(reason, kCouncil)), IsEmpty());
}

TEST(ReleaseTest, TheAuthorsAgencyNeedsNoRelease) {
  EXPECT_THAT(Wrong(Request(std::string(20, 'x'), kOwn)), ElementsAre("to_agency"));
}

TEST(ReleaseTest, AReleaseSaysWhoWhyWhenAndByWhenItIsReviewed) {
  v1::Consultation consultation;
  const absl::Time now = absl::FromUnixSeconds(1269943200);  // 30 March 2010
  const absl::CivilDay due(2010, 3, 31);
  ASSERT_THAT(AddRelease(Request("Disclosed coercion by an adult.", kCouncil), "workers/guardian",
                         now, due, &consultation),
              IsOk());
  ASSERT_THAT(consultation.releases(), SizeIs(1));
  const v1::Release& release = consultation.releases(0);
  EXPECT_EQ(release.to_agency(), kCouncil);
  EXPECT_EQ(release.approved_by(), "workers/guardian");
  EXPECT_EQ(release.reason(), "Disclosed coercion by an adult.");
  EXPECT_EQ(TimeFromProto(release.release_time()), now);
  EXPECT_EQ(*DateFromProto(release.review_due_date()), due);
  EXPECT_TRUE(IsReleasedTo(consultation, kCouncil));
  EXPECT_FALSE(IsReleasedTo(consultation, kOwn));
}

TEST(ReleaseTest, EachAgencyOnceAndNoMoreThanARecordHolds) {
  v1::Consultation consultation;
  const auto add = [&](const std::string& agency) {
    return AddRelease(Request("", agency), "workers/guardian", absl::UnixEpoch(),
                      absl::CivilDay(2010, 3, 31), &consultation);
  };
  ASSERT_THAT(add(kCouncil), IsOk());
  EXPECT_THAT(add(kCouncil),
              StatusIs(absl::StatusCode::kAlreadyExists, ERROR_REASON_RECORD_EXISTS));
  for (int i = 1; i < 20; ++i) ASSERT_THAT(add(absl::StrCat("agencies/a", i)), IsOk());
  EXPECT_THAT(add("agencies/one-more"),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_STATE_FORBIDS));
}

}  // namespace
}  // namespace trusthub::health
