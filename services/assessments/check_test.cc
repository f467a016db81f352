#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/assessments/assessments_fixture.h"
#include "services/assessments/checks.h"
#include "services/assessments/service.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;
using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trusthub::testing::Caller;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

const auto kBasisMissing =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING);
const auto kNotFound = StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
const auto kStateForbids =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS);
const auto kInvalid =
    StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);

// Scenario 4 of the domain reference: checks with health, housing and the police.
class CheckTest : public AssessmentsFixture {
 protected:
  CheckTest() {
    hub_.SetNow(LondonTime(2010, 3, 30, 15));
    auto enquiry = StartEnquiry(social_worker_, EnquiryOf(Recorded()));
    EXPECT_THAT(enquiry, IsOk());
    enquiry_ = *std::move(enquiry);
  }

  v1::RequestCheckRequest Asking(const std::string& agency,
                                 v1::CheckKind kind = v1::CHECK_KIND_SECTION_47_ASSIST) {
    v1::RequestCheckRequest request;
    v1::Check* check = request.mutable_check();
    check->set_child("children/amira");
    check->set_kind(kind);
    if (kind != v1::CHECK_KIND_SECTION_27_HELP) check->set_enquiry(enquiry_.name());
    check->set_to_agency("agencies/" + agency);
    check->set_question("What do you know of injuries since January?");
    *check->mutable_due_time() = TimeToProto(hub_.now() + absl::Hours(24));
    return request;
  }
  absl::StatusOr<v1::Check> Ask(const v1::RequestCheckRequest& request) {
    return Ask(social_worker_, request);
  }
  absl::StatusOr<v1::Check> Ask(const auth::Principal& caller,
                                const v1::RequestCheckRequest& request) {
    auto response = hub_.Run(caller, checks_, &Checks::RequestCheck, request);
    if (!response.ok()) return response.status();
    return response->check();
  }
  v1::Check Asked(const std::string& agency,
                  v1::CheckKind kind = v1::CHECK_KIND_SECTION_47_ASSIST) {
    auto check = Ask(Asking(agency, kind));
    EXPECT_THAT(check, IsOk());
    return *std::move(check);
  }
  static v1::AnswerCheckRequest AnswerTo(const v1::Check& check) {
    v1::AnswerCheckRequest request;
    request.set_name(check.name());
    request.set_etag(check.etag());
    request.set_answer("Seen twice for bruising, in January and in March");
    return request;
  }
  absl::StatusOr<v1::Check> Answer(const auth::Principal& caller,
                                   const v1::AnswerCheckRequest& request) {
    auto response = hub_.Run(caller, checks_, &Checks::AnswerCheck, request);
    if (!response.ok()) return response.status();
    return response->check();
  }
  static v1::RefuseCheckRequest RefusalOf(const v1::Check& check) {
    v1::RefuseCheckRequest request;
    request.set_name(check.name());
    request.set_etag(check.etag());
    request.set_refusal(v1::CHECK_REFUSAL_NOT_HELD);
    request.set_note("The family never was our tenant");
    return request;
  }
  absl::StatusOr<v1::Check> Refuse(const auth::Principal& caller,
                                   const v1::RefuseCheckRequest& request) {
    auto response = hub_.Run(caller, checks_, &Checks::RefuseCheck, request);
    if (!response.ok()) return response.status();
    return response->check();
  }
  absl::StatusOr<v1::Check> Get(const auth::Principal& caller, const std::string& name) {
    v1::GetCheckRequest request;
    request.set_name(name);
    auto response = hub_.Run(caller, checks_, &Checks::GetCheck, request);
    if (!response.ok()) return response.status();
    return response->check();
  }
  // Names of the checks that the caller lists, in pages of one; the number of pages in `pages`.
  std::vector<std::string> List(const auth::Principal& caller, int* pages = nullptr) {
    v1::ListChecksRequest request;
    request.set_child("children/amira");
    request.set_page_size(1);
    std::vector<std::string> names;
    int read = 0;
    do {
      const auto page = hub_.Run(caller, checks_, &Checks::ListChecks, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      ++read;
      for (const v1::Check& check : page->checks()) names.push_back(check.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    if (pages != nullptr) *pages = read;
    return names;
  }
  // Whether facts say at `at` that the agency is asked about the child.
  bool IsAsked(const std::string& agency, absl::Time at,
               absl::Duration window = absl::ZeroDuration()) {
    store::Transaction tx = hub_.Begin();
    const auto facts = events::ChildFactsOf(tx, "children/amira");
    EXPECT_THAT(facts, IsOk());
    events::Seeker seeker;
    seeker.agency = agency;
    events::StandingRules rules;
    rules.closing_window = window;
    return (events::StandingOf(*facts, seeker, at, rules).relations & policy::kAsked) != 0;
  }

  Checks checks_;
  v1::Enquiry enquiry_;
  const auth::Principal nurse_ = Caller("nelft", "nia", options::v1::ROLE_SCHOOL_NURSE);
  const auth::Principal housing_ =
      Caller("redbridge-homes", "hal", options::v1::ROLE_HOUSING_OFFICER);
  const auth::Principal police_ =
      Caller("metropolitan-police", "pc", options::v1::ROLE_CHILD_ABUSE_INVESTIGATOR);
};

TEST_F(CheckTest, AsksAndTellsTheHubWhoIsAsked) {
  const v1::Check check = Asked("nelft");
  EXPECT_EQ(check.state(), v1::CHECK_STATE_REQUESTED);
  EXPECT_EQ(check.owner_agency(), "agencies/redbridge-council");
  EXPECT_FALSE(check.has_answer_time());
  const events::v1::Event event = hub_.Events().back();
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_CHECK_CHANGED);
  EXPECT_EQ(event.child(), "children/amira");
  EXPECT_EQ(event.record(), check.name());
  EXPECT_EQ(event.record_kind(), options::v1::RECORD_KIND_CHECK);
  EXPECT_EQ(event.involvement().agency(), "agencies/nelft");
  EXPECT_EQ(event.involvement().kind(), "ASKED");
  EXPECT_EQ(event.involvement().basis(), check.name());
  EXPECT_EQ(TimeFromProto(event.involvement().start_time()), hub_.now());
  EXPECT_FALSE(event.involvement().has_end_time());
  EXPECT_EQ(event.SerializeAsString().find("injuries"), std::string::npos);
  EXPECT_TRUE(IsAsked("agencies/nelft", hub_.now()));
  EXPECT_FALSE(IsAsked("agencies/redbridge-homes", hub_.now()));
}

TEST_F(CheckTest, OnlyACouncilAsksAndNotItself) {
  EXPECT_THAT(
      Ask(nurse_, Asking("redbridge-homes", v1::CHECK_KIND_SECTION_27_HELP)),
      StatusIs(StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
  for (const char* nobody : {"redbridge-council", "unknown"}) {
    EXPECT_THAT(Ask(Asking(nobody)), kBasisMissing) << nobody;
  }
  EXPECT_THAT(Ask(Asking("newham-council")), IsOk());
}

TEST_F(CheckTest, EachAgencyIsAskedUnderItsDuty) {
  EXPECT_THAT(Ask(Asking("metropolitan-police")), kBasisMissing);
  EXPECT_THAT(Ask(Asking("mayfield-school", v1::CHECK_KIND_SECTION_27_HELP)), kBasisMissing);
  EXPECT_THAT(Ask(Asking("nelft", v1::CHECK_KIND_CO_OPERATION)), kBasisMissing);
  EXPECT_THAT(Ask(Asking("metropolitan-police", v1::CHECK_KIND_CO_OPERATION)), IsOk());
  EXPECT_THAT(Ask(Asking("nelft", v1::CHECK_KIND_SECTION_27_HELP)), IsOk());
}

// Scenario 4: "RequestCheck{S47_ASSIST} with no live s47 id".
TEST_F(CheckTest, AssistanceRestsOnALiveEnquiryOfThisCouncilAndChild) {
  v1::RequestCheckRequest request = Asking("nelft");
  request.mutable_check()->set_enquiry("enquiries/unknown");
  const absl::Status unknown = Ask(request).status();
  EXPECT_THAT(unknown, kBasisMissing);
  request = Asking("nelft");
  request.mutable_check()->set_child("children/ben");
  EXPECT_EQ(Ask(request).status(), unknown);
  EXPECT_EQ(Ask(newham_, Asking("nelft")).status(), unknown);
  request = Asking("nelft");
  request.mutable_check()->clear_enquiry();
  EXPECT_THAT(Ask(request), kInvalid);

  ASSERT_THAT(Conclude(social_worker_, ConclusionOf(enquiry_, CivilDay(2010, 3, 30))), IsOk());
  EXPECT_EQ(Ask(Asking("nelft")).status(), unknown);
  EXPECT_EQ(Ask(Asking("mayfield-school", v1::CHECK_KIND_CO_OPERATION)).status(), unknown);
  EXPECT_THAT(Ask(Asking("nelft", v1::CHECK_KIND_SECTION_27_HELP)), IsOk())
      << "help for a child in need rests on no enquiry";
}

TEST_F(CheckTest, IsDueAfterItWasAsked) {
  v1::RequestCheckRequest request = Asking("nelft");
  for (const absl::Duration early : {-absl::Hours(1), absl::ZeroDuration()}) {
    *request.mutable_check()->mutable_due_time() = TimeToProto(hub_.now() + early);
    EXPECT_THAT(Ask(request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  }
  request = Asking("nelft");
  *request.mutable_check()->mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Ask(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(CheckTest, IsThereForItsTwoAgenciesAlone) {
  const v1::Check check = Asked("nelft");
  for (const auth::Principal& party : {social_worker_, manager_, nurse_}) {
    const auto got = Get(party, check.name());
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->SerializeAsString(), check.SerializeAsString());
  }
  const absl::Status unknown = Get(housing_, "checks/unknown").status();
  EXPECT_THAT(unknown, kNotFound);
  for (const auth::Principal& other : {housing_, newham_, police_}) {
    EXPECT_EQ(Get(other, check.name()).status(), unknown);
  }
}

TEST_F(CheckTest, ListHoldsTheCallersOwnAndNoTraceOfOthers) {
  int pages = 0;
  EXPECT_THAT(List(housing_, &pages), IsEmpty());
  EXPECT_EQ(pages, 1);
  const v1::Check health = Asked("nelft");
  const v1::Check homes = Asked("redbridge-homes");
  const v1::Check police = Asked("metropolitan-police", v1::CHECK_KIND_CO_OPERATION);
  EXPECT_THAT(List(social_worker_), ElementsAre(health.name(), homes.name(), police.name()));
  EXPECT_THAT(List(nurse_), ElementsAre(health.name()));
  EXPECT_THAT(List(housing_, &pages), ElementsAre(homes.name()));
  EXPECT_EQ(pages, 1);
  EXPECT_THAT(List(newham_, &pages), IsEmpty());
  EXPECT_EQ(pages, 1) << "three hidden checks make no page";
  ASSERT_THAT(Refuse(housing_, RefusalOf(homes)), IsOk());
  EXPECT_THAT(List(housing_), ElementsAre(homes.name())) << "also once it was refused";
}

TEST_F(CheckTest, IsAnsweredOnceByTheAgencyAsked) {
  const v1::Check check = Asked("nelft");
  const absl::Status unknown = Answer(nurse_,
                                      [&] {
                                        v1::AnswerCheckRequest request = AnswerTo(check);
                                        request.set_name("checks/unknown");
                                        return request;
                                      }())
                                   .status();
  EXPECT_THAT(unknown, kNotFound);
  for (const auth::Principal& other : {social_worker_, housing_, newham_}) {
    EXPECT_EQ(Answer(other, AnswerTo(check)).status(), unknown);
  }
  hub_.SetNow(LondonTime(2010, 3, 31, 11));
  const auto answered = Answer(nurse_, AnswerTo(check));
  ASSERT_THAT(answered, IsOk());
  EXPECT_EQ(answered->state(), v1::CHECK_STATE_ANSWERED);
  EXPECT_EQ(TimeFromProto(answered->answer_time()), hub_.now());
  EXPECT_EQ(answered->answer(), "Seen twice for bruising, in January and in March");
  EXPECT_EQ(answered->owner_agency(), "agencies/redbridge-council");
  EXPECT_THAT(Answer(nurse_, AnswerTo(*answered)), kStateForbids);
  EXPECT_THAT(Refuse(nurse_, RefusalOf(*answered)), kStateForbids);
  const auto read = Get(social_worker_, check.name());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->SerializeAsString(), answered->SerializeAsString());
}

TEST_F(CheckTest, AnsweringEndsTheRelationAfterTheClosingWindow) {
  const v1::Check check = Asked("nelft");
  const v1::Check other = Asked("nelft", v1::CHECK_KIND_SECTION_27_HELP);
  hub_.SetNow(LondonTime(2010, 3, 31, 11));
  ASSERT_THAT(Answer(nurse_, AnswerTo(check)), IsOk());
  const events::v1::Event event = hub_.Events().back();
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_CHECK_CHANGED);
  EXPECT_EQ(event.author_agency(), "agencies/nelft");
  EXPECT_EQ(TimeFromProto(event.involvement().end_time()), hub_.now());
  EXPECT_EQ(event.SerializeAsString().find("bruising"), std::string::npos);
  EXPECT_TRUE(IsAsked("agencies/nelft", hub_.now())) << "another question is open";

  ASSERT_THAT(Refuse(nurse_, RefusalOf(other)), IsOk());
  EXPECT_FALSE(IsAsked("agencies/nelft", hub_.now()));
  EXPECT_TRUE(IsAsked("agencies/nelft", hub_.now() + absl::Hours(23), absl::Hours(24)));
  EXPECT_FALSE(IsAsked("agencies/nelft", hub_.now() + absl::Hours(24), absl::Hours(24)));
}

TEST_F(CheckTest, IsRefusedWithItsReason) {
  const v1::Check check = Asked("redbridge-homes");
  for (const auth::Principal& other : {social_worker_, nurse_, newham_}) {
    EXPECT_THAT(Refuse(other, RefusalOf(check)), kNotFound);
  }
  const auto refused = Refuse(housing_, RefusalOf(check));
  ASSERT_THAT(refused, IsOk());
  EXPECT_EQ(refused->state(), v1::CHECK_STATE_REFUSED);
  EXPECT_EQ(refused->refusal(), v1::CHECK_REFUSAL_NOT_HELD);
  EXPECT_EQ(refused->refusal_note(), "The family never was our tenant");
  EXPECT_EQ(TimeFromProto(refused->answer_time()), hub_.now());
  EXPECT_TRUE(hub_.Events().back().involvement().has_end_time());
  EXPECT_THAT(Refuse(housing_, RefusalOf(*refused)), kStateForbids);
  EXPECT_THAT(Answer(housing_, AnswerTo(*refused)), kStateForbids);
}

// What an agency holds and does not share is a decision: somebody's, and not for ever.
TEST_F(CheckTest, ADecisionNotToHelpIsSomebodysAndLookedAtAgain) {
  const v1::Check check = Asked("redbridge-homes");
  v1::RefuseCheckRequest request = RefusalOf(check);
  request.set_refusal(v1::CHECK_REFUSAL_LEGALLY_BARRED);
  const absl::CivilDay today = LondonDay(hub_.now());
  EXPECT_THAT(Refuse(housing_, request), kInvalid) << "no day";
  for (const absl::CivilDay wrong : {today, today + 370}) {
    *request.mutable_review_date() = DateToProto(wrong);
    EXPECT_THAT(Refuse(housing_, request), kInvalid) << FormatDay(wrong);
  }
  *request.mutable_review_date() = DateToProto(today + 90);
  const auto refused = Refuse(housing_, request);
  ASSERT_THAT(refused, IsOk());
  EXPECT_EQ(refused->refused_by(), housing_.worker);
  EXPECT_EQ(DateFromProto(refused->refusal_review_date()).value(), today + 90);
}

TEST_F(CheckTest, RestsOnTheVersionThatWasRead) {
  v1::AnswerCheckRequest answer = AnswerTo(Asked("nelft"));
  answer.set_etag("\"0\"");
  EXPECT_THAT(Answer(nurse_, answer),
              StatusIs(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
}

TEST_F(CheckTest, PoliceInformationIsThePolicesAndGraded) {
  const auto with_intelligence = [](const v1::Check& check) {
    v1::AnswerCheckRequest request = AnswerTo(check);
    v1::Intelligence* intelligence = request.mutable_intelligence();
    intelligence->set_summary("Two call-outs since Christmas");
    intelligence->mutable_grading()->set_source_evaluation("B");
    intelligence->mutable_grading()->set_information_evaluation("2");
    intelligence->mutable_grading()->set_handling_code("5");
    return request;
  };
  EXPECT_THAT(Answer(nurse_, with_intelligence(Asked("nelft"))), kInvalid);

  const v1::Check check = Asked("metropolitan-police", v1::CHECK_KIND_CO_OPERATION);
  v1::AnswerCheckRequest request = with_intelligence(check);
  const absl::Status no_conditions = Answer(police_, request).status();
  EXPECT_THAT(no_conditions, kInvalid);
  EXPECT_THAT(
      error::Explain(no_conditions),
      ::testing::Contains(::testing::HasSubstr("intelligence.grading.handling_conditions")));
  request.mutable_intelligence()->mutable_grading()->set_handling_conditions("Not to the family");
  const auto answered = Answer(police_, request);
  ASSERT_THAT(answered, IsOk());
  EXPECT_EQ(answered->intelligence().SerializeAsString(),
            request.intelligence().SerializeAsString())
      << "the grading stays with it";
  EXPECT_EQ(hub_.Events().back().SerializeAsString().find("call-outs"), std::string::npos);
}

TEST_F(CheckTest, EveryMethodHasItsRoute) {
  const rpc::Routes routes = ChecksRoutes(&checks_);
  EXPECT_EQ(static_cast<int>(routes.routes().size()), routes.file()->service(0)->method_count());
}

}  // namespace
}  // namespace trusthub::assessments
