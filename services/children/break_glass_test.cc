#include "services/children/break_glass.h"

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/children_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

constexpr char kReason[] = "Collapsed at reception, mother gone, unknown tablets in pocket";

std::string RulesPath() { return testing::SourcePath("deploy/config/redbridge/break_glass.yaml"); }

struct ReasonCase {
  const char* name;
  const char* reason;
  bool good;
};
class ReasonTest : public ::testing::TestWithParam<ReasonCase> {};

TEST_P(ReasonTest, HasSubstanceOrNot) {
  const auto rules = LoadBreakGlassRules(RulesPath());
  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(CheckReason(*rules, GetParam().reason).ok(), GetParam().good);
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, ReasonTest,
    ::testing::Values(
        ReasonCase{"AsWritten", kReason, true},
        ReasonCase{"Just20Characters", "Child fell, no carer here", true},
        ReasonCase{"Only19Characters", "Fell, no carer at A+E !", false},
        ReasonCase{"OnlyThreeWords", "Unconscious unaccompanied teenager", false},
        ReasonCase{"FourWordsOfWhichTwoAreOne", "Unconscious teenager unaccompanied teenager",
                   false},
        ReasonCase{"Empty", "", false},
        ReasonCase{"Spaces", "                                   ", false},
        ReasonCase{"KeyHeldDown", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        ReasonCase{"KeyHeldDownBehindWords", "child is very ill nowwwwwwwwwwww", false},
        ReasonCase{"OnePartOverAndOver", "asd asd asd asd asd asd asd asd", false},
        ReasonCase{"OneSentenceOverAndOver", "see this child now see this child now", false},
        ReasonCase{"WordsThatDifferByDigits", "reason1 reason2 reason3 reason4 reason5", false},
        ReasonCase{"OneHand", "as sa asa sas aas ssa asas sasa aass", false},
        ReasonCase{"Punctuation", ".,.,!? ;: -- .. ,, !! ?? ;; :: --", false},
        ReasonCase{"Urdu", "بچہ بے ہوش ہے اور ماں نہیں ملی", true},
        ReasonCase{"Polish", "Dziecko nieprzytomne, matka nieobecna, źrenice szerokie", true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(BreakGlassRulesTest, TheFileNamesWhatIsWrong) {
  testing::TempFolder folder;
  std::ifstream shipped(RulesPath());
  const std::string text((std::istreambuf_iterator<char>(shipped)), {});
  const auto load = [&](absl::string_view before, absl::string_view after) {
    const std::string changed = absl::StrReplaceAll(text, {{before, after}});
    EXPECT_NE(changed, text) << before;
    const std::string path = folder.File("break_glass.yaml");
    std::ofstream(path, std::ios::trunc) << changed;
    return LoadBreakGlassRules(path).status();
  };
  EXPECT_THAT(load("lasts_minutes: 60", "lasts_minutes: 0").message(), HasSubstr("between"));
  EXPECT_THAT(load("lasts_minutes: 60", "lasts_minuts: 60").message(),
              HasSubstr("break_glass.yaml:"));
  EXPECT_THAT(load("characters: 20", "characters: 19").message(), HasSubstr("between"));
  EXPECT_THAT(load("words: 4", "words: 3").message(), HasSubstr("between"));
  EXPECT_THAT(load("adoption,", "adoptoin,").message(), HasSubstr("`adoptoin`"));
  EXPECT_THAT(load("[council]", "[counsel]").message(), HasSubstr("`counsel`"));
  EXPECT_THAT(load("health_detail,", "health_details,").message(), HasSubstr("`health_details`"));
}

class BreakGlassTest : public ChildrenTest {
 protected:
  void SetUp() override {
    child_ = Registered("uphall-primary", Ayesha());
    fixture_.SetPurpose(options::v1::PURPOSE_UNSCHEDULED_CARE);
  }

  v1::OpenBreakGlassRequest Request() {
    v1::OpenBreakGlassRequest request;
    request.mutable_break_glass()->set_child(child_);
    request.mutable_break_glass()->set_reason(kReason);
    request.mutable_break_glass()->add_categories(options::v1::CATEGORY_IDENTITY);
    request.mutable_break_glass()->add_categories(options::v1::CATEGORY_HEALTH_SUMMARY);
    return request;
  }
  absl::StatusOr<v1::OpenBreakGlassResponse> Open(const v1::OpenBreakGlassRequest& request) {
    return fixture_.Run(nurse_, glasses_, &BreakGlasses::OpenBreakGlass, request);
  }
  v1::BreakGlass Opened() {
    const auto opened = Open(Request());
    EXPECT_THAT(opened, IsOk());
    return opened.ok() ? opened->break_glass() : v1::BreakGlass();
  }
  absl::StatusOr<v1::ReviewBreakGlassResponse> Review(
      const auth::Principal& reviewer, const v1::BreakGlass& record,
      v1::BreakGlassState outcome = v1::BREAK_GLASS_STATE_JUSTIFIED) {
    v1::ReviewBreakGlassRequest request;
    request.set_name(record.name());
    request.set_etag(record.etag());
    request.set_outcome(outcome);
    request.set_note("Rang the ward: the girl was unconscious.");
    return fixture_.Run(reviewer, glasses_, &BreakGlasses::ReviewBreakGlass, request);
  }
  std::vector<std::string> ListedFor(const auth::Principal& guardian, bool open_only = false) {
    v1::ListBreakGlassesRequest request;
    request.set_open_only(open_only);
    std::vector<std::string> names;
    do {
      request.set_page_size(1);  // so that pages are walked too
      const auto page = fixture_.Run(guardian, glasses_, &BreakGlasses::ListBreakGlasses, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const v1::BreakGlass& record : page->break_glasses()) names.push_back(record.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  // What the nurse's calls about the child are decided by.
  policy::Standing StandingOfNurse(options::v1::Purpose purpose) {
    store::Transaction tx = fixture_.Begin();
    const auto facts = events::ChildFactsOf(tx, child_);
    EXPECT_THAT(facts, IsOk());
    events::Seeker seeker;
    seeker.agency = nurse_.agency;
    seeker.worker = nurse_.worker;
    seeker.purpose = purpose;
    return events::StandingOf(*facts, seeker, fixture_.now(), {});
  }
  // The council becomes responsible by a referral.
  void Refer(const char* council = "agencies/redbridge-council") {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_REFERRAL_SUBMITTED);
    event.set_child(child_);
    event.set_record(absl::StrCat("referrals/of-", IdOf(council)));
    event.set_author_agency("agencies/uphall-primary");
    event.mutable_referral()->set_from_agency("agencies/uphall-primary");
    event.mutable_referral()->set_to_agency(council);
    *event.mutable_occurred_at() = TimeToProto(fixture_.now());
    Apply(event);
  }
  std::string child_;
  BreakGlasses glasses_{*LoadBreakGlassRules(RulesPath())};
  const auth::Principal nurse_ =
      testing::Caller("bhrut", "nurse", options::v1::ROLE_EMERGENCY_NURSE);
  const auth::Principal hospital_guardian_ =
      testing::Caller("bhrut", "guardian", options::v1::ROLE_CALDICOTT_GUARDIAN);
  const auth::Principal council_guardian_ =
      testing::Caller("redbridge-council", "guardian-2", options::v1::ROLE_CALDICOTT_GUARDIAN);
};

TEST_F(BreakGlassTest, OpensForAnHourForOnePurpose) {
  const v1::BreakGlass record = Opened();
  EXPECT_EQ(record.worker(), "workers/nurse");
  EXPECT_EQ(record.role(), options::v1::ROLE_EMERGENCY_NURSE);
  EXPECT_EQ(record.owner_agency(), "agencies/bhrut");
  EXPECT_EQ(record.purpose(), options::v1::PURPOSE_UNSCHEDULED_CARE);
  EXPECT_EQ(record.state(), v1::BREAK_GLASS_STATE_OPEN);
  EXPECT_EQ(TimeFromProto(record.expire_time()), fixture_.now() + absl::Hours(1));
  EXPECT_THAT(record.told_agencies(), ElementsAre("agencies/bhrut"));

  const policy::Standing standing = StandingOfNurse(options::v1::PURPOSE_UNSCHEDULED_CARE);
  EXPECT_EQ(standing.relations, policy::kBreakGlass);
  EXPECT_EQ(standing.break_glass_categories, (1u << options::v1::CATEGORY_OPERATIONAL) |
                                                 (1u << options::v1::CATEGORY_IDENTITY) |
                                                 (1u << options::v1::CATEGORY_HEALTH_SUMMARY));
  EXPECT_EQ(StandingOfNurse(options::v1::PURPOSE_HEALTH_CARE).relations, 0u);
  fixture_.SetNow(fixture_.now() + absl::Hours(1) - absl::Seconds(1));
  EXPECT_NE(StandingOfNurse(options::v1::PURPOSE_UNSCHEDULED_CARE).relations, 0u);
  fixture_.SetNow(fixture_.now() + absl::Seconds(1));
  EXPECT_EQ(StandingOfNurse(options::v1::PURPOSE_UNSCHEDULED_CARE).relations, 0u);
}

TEST_F(BreakGlassTest, ReviewIsDueTheNextWorkingDay) {
  // Thursday 1 April 2010 is followed by Good Friday and Easter Monday.
  fixture_.SetNow(testing::LondonTime(2010, 4, 1, 23, 30));
  const v1::BreakGlass record = Opened();
  EXPECT_EQ(record.review_due_date().month(), 4);
  EXPECT_EQ(record.review_due_date().day(), 6);
}

TEST_F(BreakGlassTest, TheAlertGoesOutWithTheRecordAndWithoutTheReason) {
  Refer();
  const v1::BreakGlass record = Opened();
  EXPECT_THAT(record.told_agencies(), ElementsAre("agencies/bhrut", "agencies/redbridge-council"));
  const auto events = EventsOf(events::v1::EVENT_KIND_BREAK_GLASS_OPENED);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].child(), child_);
  EXPECT_EQ(events[0].record(), record.name());
  EXPECT_EQ(events[0].record_kind(), options::v1::RECORD_KIND_BREAK_GLASS);
  EXPECT_EQ(events[0].owner_agency(), "agencies/bhrut");
  EXPECT_EQ(events[0].break_glass().worker(), "workers/nurse");
  EXPECT_EQ(events[0].break_glass().state(), "OPEN");
  EXPECT_THAT(events[0].SerializeAsString(), ::testing::Not(HasSubstr("Collapsed")));
}

TEST_F(BreakGlassTest, WhatLastsIsAnsweredAgainWithoutMoreTime) {
  const v1::BreakGlass first = Opened();
  fixture_.SetNow(fixture_.now() + absl::Minutes(59));
  v1::OpenBreakGlassRequest less = Request();
  less.mutable_break_glass()->mutable_categories()->Truncate(1);
  const auto again = Open(less);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->break_glass().SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_BREAK_GLASS_OPENED), SizeIs(1));

  v1::OpenBreakGlassRequest wider = Request();
  wider.mutable_break_glass()->add_categories(options::v1::CATEGORY_FAMILY);
  const auto second = Open(wider);
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(second->break_glass().name(), first.name());
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_BREAK_GLASS_OPENED), SizeIs(2));
}

TEST_F(BreakGlassTest, AnotherPurposeOrALapsedOneIsOpenedAnew) {
  const v1::BreakGlass first = Opened();
  fixture_.SetPurpose(options::v1::PURPOSE_HEALTH_CARE);
  EXPECT_NE(Opened().name(), first.name());
  fixture_.SetPurpose(options::v1::PURPOSE_UNSCHEDULED_CARE);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  EXPECT_NE(Opened().name(), first.name());
}

TEST_F(BreakGlassTest, SecretKindsAreNeverOpened) {
  for (const auto category :
       {options::v1::CATEGORY_CONFIDENTIAL_ADDRESS, options::v1::CATEGORY_ADOPTION,
        options::v1::CATEGORY_LADO, options::v1::CATEGORY_SEXUAL_HEALTH}) {
    v1::OpenBreakGlassRequest request = Request();
    request.mutable_break_glass()->add_categories(category);
    EXPECT_THAT(Open(request), StatusIs(absl::StatusCode::kInvalidArgument,
                                        errors::v1::ERROR_REASON_REQUEST_INVALID));
  }
  v1::OpenBreakGlassRequest none = Request();
  none.mutable_break_glass()->clear_categories();
  EXPECT_THAT(Open(none), StatusIs(absl::StatusCode::kInvalidArgument,
                                   errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_BREAK_GLASS_OPENED), IsEmpty());
}

TEST_F(BreakGlassTest, OfAChildThatExists) {
  v1::OpenBreakGlassRequest unknown = Request();
  unknown.mutable_break_glass()->set_child(NewName("children"));
  EXPECT_THAT(Open(unknown),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_BREAK_GLASS_OPENED), IsEmpty());
}

TEST_F(BreakGlassTest, AnotherPersonReviews) {
  const v1::BreakGlass record = Opened();
  auth::Principal self = nurse_;
  self.role = options::v1::ROLE_CALDICOTT_GUARDIAN;
  EXPECT_THAT(Review(self, record), StatusIs(absl::StatusCode::kFailedPrecondition,
                                             errors::v1::ERROR_REASON_SECOND_PERSON_MISSING));
  const auto reviewed = Review(hospital_guardian_, record);
  ASSERT_THAT(reviewed, IsOk());
  EXPECT_EQ(reviewed->break_glass().state(), v1::BREAK_GLASS_STATE_JUSTIFIED);
  EXPECT_EQ(reviewed->break_glass().reviewer(), "workers/guardian");
  EXPECT_EQ(TimeFromProto(reviewed->break_glass().review_time()), fixture_.now());
  EXPECT_EQ(TimeFromProto(reviewed->break_glass().expire_time()), fixture_.now() + absl::Hours(1))
      << "a justified access goes on";
  EXPECT_THAT(
      Review(hospital_guardian_, reviewed->break_glass()),
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
  const auto events = EventsOf(events::v1::EVENT_KIND_BREAK_GLASS_REVIEWED);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].break_glass().state(), "JUSTIFIED");
}

TEST_F(BreakGlassTest, WhatWasNotJustifiedEndsAtOnce) {
  const v1::BreakGlass record = Opened();
  fixture_.SetNow(fixture_.now() + absl::Minutes(10));
  const auto reviewed = Review(hospital_guardian_, record, v1::BREAK_GLASS_STATE_NOT_JUSTIFIED);
  ASSERT_THAT(reviewed, IsOk());
  EXPECT_EQ(TimeFromProto(reviewed->break_glass().expire_time()), fixture_.now());
  EXPECT_EQ(StandingOfNurse(options::v1::PURPOSE_UNSCHEDULED_CARE).relations, 0u);
  // Long after, there is nothing left to end.
  const v1::BreakGlass other = Opened();
  fixture_.SetNow(fixture_.now() + absl::Hours(20));
  const auto late = Review(hospital_guardian_, other, v1::BREAK_GLASS_STATE_NOT_JUSTIFIED);
  ASSERT_THAT(late, IsOk());
  EXPECT_EQ(late->break_glass().expire_time().seconds(), other.expire_time().seconds());
}

TEST_F(BreakGlassTest, AReviewSaysJustifiedOrNot) {
  const v1::BreakGlass record = Opened();
  EXPECT_THAT(
      Review(hospital_guardian_, record, v1::BREAK_GLASS_STATE_OPEN),
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));
  v1::BreakGlass stale = record;
  stale.set_etag("\"7\"");
  EXPECT_THAT(Review(hospital_guardian_, stale),
              StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
}

TEST_F(BreakGlassTest, OnlyTheAgenciesConcernedListAndReview) {
  Refer();
  const v1::BreakGlass record = Opened();
  // The school holds the child, which makes it nothing to an emergency access.
  const auth::Principal school =
      testing::Caller("uphall-primary", "head", options::v1::ROLE_INFORMATION_GOVERNANCE_LEAD);
  EXPECT_THAT(ListedFor(school), IsEmpty());
  EXPECT_THAT(Review(school, record),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
  EXPECT_THAT(ListedFor(hospital_guardian_), ElementsAre(record.name()));
  EXPECT_THAT(ListedFor(council_guardian_), ElementsAre(record.name()));
  EXPECT_THAT(Review(council_guardian_, record), IsOk());
}

TEST_F(BreakGlassTest, OpenOnesAreListedUntilTheirReview) {
  const v1::BreakGlass first = Opened();
  fixture_.SetNow(fixture_.now() + absl::Hours(2));
  const v1::BreakGlass second = Opened();
  EXPECT_THAT(ListedFor(hospital_guardian_, /*open_only=*/true),
              ElementsAre(first.name(), second.name()));
  ASSERT_THAT(Review(hospital_guardian_, first), IsOk());
  EXPECT_THAT(ListedFor(hospital_guardian_, /*open_only=*/true), ElementsAre(second.name()));
  EXPECT_THAT(ListedFor(hospital_guardian_), ElementsAre(first.name(), second.name()));
}

TEST_F(BreakGlassTest, ACouncilThatBecomesResponsibleLaterSeesItToo) {
  const v1::BreakGlass record = Opened();
  EXPECT_THAT(ListedFor(council_guardian_), IsEmpty());
  Refer();
  EXPECT_THAT(ListedFor(council_guardian_), ElementsAre(record.name()));
  EXPECT_THAT(ListedFor(council_guardian_, /*open_only=*/true), ElementsAre(record.name()));
  EXPECT_THAT(Review(council_guardian_, record),
              StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE))
      << "the record says who was told, so it moved on";
}

}  // namespace
}  // namespace trusthub::children
