#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/assessments/assessments_fixture.h"
#include "services/assessments/common_assessments.h"
#include "services/assessments/service.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;
using absl::StatusCode;
using trusthub::testing::Caller;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

// Scenario 11 of the domain reference, as far as this service decides it.
class CommonAssessmentTest : public AssessmentsFixture {
 protected:
  static v1::OpenCommonAssessmentRequest Opening(const std::string& consent = "consents/one") {
    v1::OpenCommonAssessmentRequest request;
    v1::CommonAssessment* assessment = request.mutable_common_assessment();
    assessment->set_child("children/amira");
    assessment->set_consent(consent);
    assessment->set_strengths("Close to her grandmother");
    assessment->set_needs("Sleep and school mornings");
    assessment->set_child_views("I like it when we eat together");
    return request;
  }
  absl::StatusOr<v1::CommonAssessment> Open(const v1::OpenCommonAssessmentRequest& request) {
    auto response = hub_.Run(visitor_, common_, &CommonAssessments::OpenCommonAssessment, request);
    if (!response.ok()) return response.status();
    return response->common_assessment();
  }
  static v1::RecordPanelDecisionRequest DecisionOn(const v1::CommonAssessment& assessment,
                                                   CivilDay told) {
    v1::RecordPanelDecisionRequest request;
    request.set_name(assessment.name());
    request.set_etag(assessment.etag());
    request.set_panel_decision("Family support worker twice a week");
    *request.mutable_feedback_date() = DateToProto(told);
    request.set_family_feedback("Mother agrees");
    return request;
  }
  absl::StatusOr<v1::CommonAssessment> Decide(const v1::RecordPanelDecisionRequest& request) {
    auto response = hub_.Run(panel_, common_, &CommonAssessments::RecordPanelDecision, request);
    if (!response.ok()) return response.status();
    return response->common_assessment();
  }
  v1::CommonAssessment Opened() {
    KnowConsent(ConsentGiven());
    auto assessment = Open(Opening());
    EXPECT_THAT(assessment, IsOk());
    return *std::move(assessment);
  }

  CommonAssessments common_;
  const auth::Principal visitor_ = Caller("nelft", "vera", options::v1::ROLE_HEALTH_VISITOR);
  const auth::Principal panel_ =
      Caller("redbridge-council", "eric", options::v1::ROLE_SCREENING_MANAGER);
};

const auto kConsentMissing =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_CONSENT_MISSING);
const auto kDateForbidden =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN);

TEST_F(CommonAssessmentTest, OpensOnConsentAndIsRead) {
  const v1::CommonAssessment assessment = Opened();
  EXPECT_EQ(assessment.state(), v1::COMMON_ASSESSMENT_STATE_OPEN);
  EXPECT_EQ(assessment.owner_agency(), "agencies/nelft");
  EXPECT_EQ(assessment.author_agency(), "agencies/nelft");
  EXPECT_EQ(TimeFromProto(assessment.occurred_at()), hub_.now());

  v1::GetCommonAssessmentRequest get;
  get.set_name(assessment.name());
  const auto got = hub_.Run(panel_, common_, &CommonAssessments::GetCommonAssessment, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->common_assessment().SerializeAsString(), assessment.SerializeAsString());
  EXPECT_TRUE(hub_.Events().empty()) << "nobody outside consent learns of it";
}

TEST_F(CommonAssessmentTest, NeedsConsentOfThisChild) {
  EXPECT_THAT(Open(Opening()), kConsentMissing);
  KnowConsent(ConsentGiven(), "children/ben");
  EXPECT_THAT(Open(Opening()), kConsentMissing) << "a consent of another child";
  KnowConsent(ConsentGiven());
  EXPECT_THAT(Open(Opening("consents/two")), kConsentMissing);
  events::v1::ConsentFact withdrawn = ConsentGiven();
  withdrawn.set_decision("WITHDRAWN");
  KnowConsent(withdrawn);
  const absl::Status refused = Open(Opening()).status();
  EXPECT_THAT(refused, kConsentMissing);
  EXPECT_FALSE(error::Explain(refused).empty()) << "says what to do";
}

TEST_F(CommonAssessmentTest, ConsentThatExcludesTheOpenerIsNone) {
  events::v1::ConsentFact consent = ConsentGiven();
  consent.add_excluded_kinds("MENTAL_HEALTH_TRUST");
  KnowConsent(consent);
  EXPECT_THAT(Open(Opening()), kConsentMissing);
}

TEST_F(CommonAssessmentTest, LeadProfessionalIsOfTheDirectory) {
  KnowConsent(ConsentGiven());
  v1::OpenCommonAssessmentRequest request = Opening();
  request.mutable_common_assessment()->set_lead_professional("workers/unknown");
  EXPECT_THAT(Open(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  request.mutable_common_assessment()->set_lead_professional("workers/zoe");
  EXPECT_THAT(Open(request), IsOk()) << "of whichever agency";
}

TEST_F(CommonAssessmentTest, IsNotMadeTomorrowNight) {
  KnowConsent(ConsentGiven());
  v1::OpenCommonAssessmentRequest request = Opening();
  *request.mutable_common_assessment()->mutable_occurred_at() =
      TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Open(request), kDateForbidden);
}

TEST_F(CommonAssessmentTest, ListsThoseOfTheChildOldestFirst) {
  const v1::CommonAssessment first = Opened();
  const v1::CommonAssessment second = Opened();
  KnowConsent(ConsentGiven(), "children/ben");
  v1::OpenCommonAssessmentRequest of_ben = Opening();
  of_ben.mutable_common_assessment()->set_child("children/ben");
  ASSERT_THAT(Open(of_ben), IsOk());

  v1::ListCommonAssessmentsRequest list;
  list.set_child("children/amira");
  list.set_page_size(1);
  std::vector<std::string> names;
  do {
    const auto page = hub_.Run(panel_, common_, &CommonAssessments::ListCommonAssessments, list);
    ASSERT_THAT(page, IsOk());
    for (const auto& each : page->common_assessments()) names.push_back(each.name());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(names, (std::vector<std::string>{first.name(), second.name()}));
}

TEST_F(CommonAssessmentTest, PanelDecidesOnceAndTellsTheFamily) {
  const v1::CommonAssessment assessment = Opened();
  hub_.SetNow(LondonTime(2010, 3, 23, 14));
  const auto decided = Decide(DecisionOn(assessment, CivilDay(2010, 3, 22)));
  ASSERT_THAT(decided, IsOk());
  EXPECT_EQ(decided->state(), v1::COMMON_ASSESSMENT_STATE_PANEL_DECIDED);
  EXPECT_EQ(decided->panel_decision(), "Family support worker twice a week");
  EXPECT_EQ(decided->family_feedback(), "Mother agrees");
  EXPECT_EQ(Day(decided->feedback_date()), "2010-03-22");
  EXPECT_EQ(decided->owner_agency(), "agencies/nelft") << "it stays its opener's";
  EXPECT_THAT(Decide(DecisionOn(*decided, CivilDay(2010, 3, 23))),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
}

TEST_F(CommonAssessmentTest, FeedbackLiesBetweenTheAssessmentAndToday) {
  const v1::CommonAssessment assessment = Opened();
  hub_.SetNow(LondonTime(2010, 3, 23, 14));
  EXPECT_THAT(Decide(DecisionOn(assessment, CivilDay(2010, 3, 15))), kDateForbidden);
  EXPECT_THAT(Decide(DecisionOn(assessment, CivilDay(2010, 3, 24))), kDateForbidden);
  v1::RecordPanelDecisionRequest partial = DecisionOn(assessment, CivilDay(2010, 3, 22));
  partial.mutable_feedback_date()->set_day(0);
  EXPECT_THAT(Decide(partial),
              StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(Decide(DecisionOn(assessment, CivilDay(2010, 3, 16))), IsOk());
}

TEST_F(CommonAssessmentTest, PanelDecidesWithinConsentOnly) {
  const v1::CommonAssessment assessment = Opened();
  events::v1::ConsentFact consent = ConsentGiven();
  consent.set_decision("WITHDRAWN");
  KnowConsent(consent);
  EXPECT_THAT(Decide(DecisionOn(assessment, CivilDay(2010, 3, 16))), kConsentMissing);
  consent = ConsentGiven("consents/two");
  consent.add_excluded_agencies("agencies/redbridge-council");
  hub_.SetNow(hub_.now() + absl::Hours(1));
  KnowConsent(consent);
  EXPECT_THAT(Decide(DecisionOn(assessment, CivilDay(2010, 3, 16))), kConsentMissing);
  consent.clear_excluded_agencies();
  KnowConsent(consent);
  EXPECT_THAT(Decide(DecisionOn(assessment, CivilDay(2010, 3, 16))), IsOk())
      << "a consent given anew is as good";
}

TEST_F(CommonAssessmentTest, PanelDecidesOnTheVersionItRead) {
  v1::CommonAssessment assessment = Opened();
  v1::RecordPanelDecisionRequest request = DecisionOn(assessment, CivilDay(2010, 3, 16));
  request.set_etag("\"0\"");
  EXPECT_THAT(Decide(request), StatusIs(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  request.set_name("commonAssessments/unknown");
  EXPECT_THAT(Decide(request),
              StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(CommonAssessmentTest, EveryMethodHasItsRoute) {
  const rpc::Routes routes = CommonAssessmentsRoutes(&common_);
  EXPECT_EQ(static_cast<int>(routes.routes().size()), routes.file()->service(0)->method_count());
}

}  // namespace
}  // namespace trusthub::assessments
