// Calls that the agreements do not settle, over real connections: each is refused for a reason of
// the published list, and none opens anything.
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/changed_copy.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"

namespace trusthub::testing {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr char kAgreements[] = "deploy/config/redbridge/agreements";
constexpr char kEnquiry[] = "child_protection_enquiry";

// An agreement that begins three weeks after the case does, and an item that gives what another one
// denies.
std::vector<TextChange> Unsettled() {
  return {{"allegations.yaml", "effective_from: 2006-04-01", "effective_from: 2010-02-01"},
          {"unscheduled-care.yaml", "  - id: never-plan-content\n",
           "  - id: plan-content\n"
           "    to: *departments\n"
           "    purposes: [unscheduled_care]\n"
           "    relations: [presenting]\n"
           "    records: [plan]\n"
           "    categories: [operational, plan_content]\n"
           "    released_by: agencies/redbridge-council\n"
           "    explanation: Says the opposite of the next one.\n"
           "    from: {agencies: [agencies/redbridge-council]}\n"
           "    onward: same_purpose\n"
           "    handling: *this_visit\n"
           "\n"
           "  - id: never-plan-content\n"}};
}

class RefusalsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    const std::string agreements = folder_->File("agreements");
    ASSERT_THAT(CopyChanged(kAgreements, agreements, Unsettled()), IsOk());
    LocalHubOptions options;
    options.adjust = [agreements](absl::string_view, config::Config* config) {
      config->agreements_folder = agreements;
    };
    auto started = LocalHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = started->release();
    cast_ = new Cast(&hub_->hub());
    family_ = new Family(&hub_->hub(), cast_, 1, LondonDay(hub_->clock().Now()));
    ASSERT_THAT(family_->Register(), IsOk());
    ASSERT_THAT(family_->Refer(), IsOk());
  }
  static void TearDownTestSuite() {
    delete family_;
    delete cast_;
    delete hub_;
    delete folder_;
  }
  void SetUp() override { ASSERT_NE(family_, nullptr); }

  static Answer Put(hubctl::Desk& desk, const google::protobuf::Message& request,
                    absl::string_view purpose, absl::string_view reference = "REFUSALS-1") {
    return Ask(desk, request, purpose, reference);
  }
  static referrals::v1::GetReferralRequest TheReferral() {
    referrals::v1::GetReferralRequest get;
    get.set_name(family_->path().referral.name());
    return get;
  }
  static assessments::v1::RecordAllegationRequest AnAllegation() {
    assessments::v1::RecordAllegationRequest request;
    request.set_request_id(RandomUuid());
    request.mutable_allegation()->set_child(family_->child());
    request.mutable_allegation()->set_position("Sports coach");
    request.mutable_allegation()->set_summary("Said to have hit a child in the changing room.");
    return request;
  }

  static TempFolder* folder_;
  static LocalHub* hub_;
  static Cast* cast_;
  static Family* family_;
};

TempFolder* RefusalsTest::folder_ = nullptr;
LocalHub* RefusalsTest::hub_ = nullptr;
Cast* RefusalsTest::cast_ = nullptr;
Family* RefusalsTest::family_ = nullptr;

TEST_F(RefusalsTest, WithoutPurposeOrCaseReferenceNobodyIsAnswered) {
  hubctl::Desk& school = cast_->At("uphall-lead-01");
  const auto missing =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_PURPOSE_MISSING);
  EXPECT_THAT(Put(school, TheReferral(), "").status, missing);
  EXPECT_THAT(Put(school, TheReferral(), "curiosity").status, missing);
  EXPECT_THAT(Put(school, TheReferral(), "safeguarding_referral", "").status, missing);
  EXPECT_THAT(Put(school, TheReferral(), "safeguarding_referral", "about Test1 Example").status,
              missing)
      << "a case reference is no free text";
  EXPECT_THAT(Put(school, TheReferral(), "safeguarding_referral").status, IsOk());
}

TEST_F(RefusalsTest, ARoleThatThereIsNotIsNobodys) {
  // In tokens as the school's own provider signs them; the last is of the hub's services alone.
  hubctl::ListedWorker lead{"uphall-lead-01", cast_->At("uphall-lead-01").worker()};
  for (const auto role : {options::v1::ROLE_UNSPECIFIED, static_cast<options::v1::Role>(9999),
                          options::v1::ROLE_HUB_SERVICE}) {
    lead.worker.set_role(role);
    hubctl::Desk desk(&hub_->hub(), lead);
    for (const char* purpose : {"safeguarding_referral", "hub_operation"}) {
      EXPECT_THAT(Put(desk, TheReferral(), purpose).status,
                  StatusIs(absl::StatusCode::kUnauthenticated,
                           errors::v1::ERROR_REASON_TOKEN_CLAIM_INVALID))
          << role;
    }
  }
}

TEST_F(RefusalsTest, BeforeTheAgreementBeginsNobodyIsCoveredByIt) {
  hubctl::Desk& officer = cast_->At("lbr-lado-01");
  const auto refused =
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_AGREEMENT_MISSING);
  EXPECT_THAT(Put(officer, AnAllegation(), kEnquiry).status, refused);
  // No child is looked at: of one that there is not, it is refused in the same words.
  assessments::v1::RecordAllegationRequest nobodys = AnAllegation();
  nobodys.mutable_allegation()->set_child(NewName("children"));
  Canonical one, other;
  EXPECT_EQ(one.TextOf(Put(officer, AnAllegation(), kEnquiry)),
            other.TextOf(Put(officer, nobodys, kEnquiry)));

  const absl::Time before = hub_->clock().Now();
  const absl::Time begins = absl::FromCivil(absl::CivilDay(2010, 2, 1), London());
  hub_->clock().Set(begins - absl::Seconds(1));
  EXPECT_THAT(Put(officer, AnAllegation(), kEnquiry).status, refused) << "a second too early";
  hub_->clock().Set(begins);
  absl::Status status;
  EXPECT_TRUE(Within(kSoon, [&] {
    status = Put(officer, AnAllegation(), kEnquiry).status;
    return status.ok();
  })) << status;
  hub_->clock().Set(before);
}

TEST_F(RefusalsTest, WhatOneAgreementGivesAndAnotherDeniesIsDenied) {
  ASSERT_THAT(family_->Enquire(Tables()), IsOk());
  ASSERT_THAT(family_->Confer(Tables()), IsOk());
  ASSERT_THAT(family_->Present(), IsOk());
  plans::v1::GetPlanRequest get;
  get.set_name(family_->path().plan.name());
  Answer answer;
  ASSERT_TRUE(Within(kSoon, [&] {
    answer = Put(cast_->At("bhrut-nurse-01"), get, "unscheduled_care");
    return answer.status.ok();
  })) << answer.status;
  EXPECT_EQ(KindsIn(answer), "plan_status");
  const auto& response = static_cast<const plans::v1::GetPlanResponse&>(*answer.response);
  const types::v1::Withheld* denied = nullptr;
  for (const types::v1::Withheld& row : response.disclosure().withheld()) {
    if (row.category() == options::v1::CATEGORY_PLAN_CONTENT) denied = &row;
  }
  ASSERT_NE(denied, nullptr);
  EXPECT_EQ(denied->rule(), "unscheduled-care/never-plan-content");
  EXPECT_THAT(denied->reason(), ::testing::HasSubstr("ring the duty team"));
}

}  // namespace
}  // namespace trusthub::testing
