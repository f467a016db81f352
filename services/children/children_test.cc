// Registration: which child it is, what is kept, what is told.
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/policy/policy.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "services/children/children_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::SizeIs;
using testing::StatusIs;

using RegistrationTest = ChildrenTest;

TEST_F(RegistrationTest, FirstHoldingMakesAChild) {
  v1::ChildDetails details = Ayesha();
  details.set_upn("Z317200109012");
  details.set_local_identifier("UP-1");
  const std::string name = Registered("uphall-primary", details);
  const v1::Child child = Get(name);
  EXPECT_EQ(child.child(), name);
  EXPECT_EQ(child.owner_agency(), kHubAgency);
  EXPECT_EQ(child.author_agency(), "agencies/uphall-primary");
  EXPECT_EQ(child.upn(), "Z317200109012");
  ASSERT_THAT(child.holdings(), SizeIs(1));
  EXPECT_EQ(child.holdings(0).link_basis(), v1::LINK_BASIS_FIRST);
  EXPECT_EQ(child.holdings(0).link_score(), 100);
  EXPECT_EQ(child.holdings(0).local_identifier(), "UP-1");
  ASSERT_THAT(child.involvements(), SizeIs(1));
  EXPECT_EQ(child.involvements(0).kind(), v1::INVOLVEMENT_KIND_HOLDING);
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_CHILD_REGISTERED), SizeIs(1));
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_INVOLVEMENT_CHANGED), SizeIs(1));
}

TEST_F(RegistrationTest, SpellingVariantIsLinkedByScore) {
  v1::ChildDetails school = Ayesha();
  school.set_upn("Z317200109012");
  const std::string name = Registered("uphall-primary", school);
  EXPECT_EQ(Registered("met-police", AyeshaOfThePolice()), name);
  const v1::Child child = Get(name);
  EXPECT_EQ(child.person_name().given(), "Ayesha");  // as first registered
  ASSERT_THAT(child.holdings(), SizeIs(2));
  EXPECT_EQ(child.holdings(1).person_name().given(), "Aisha");
  EXPECT_EQ(child.holdings(1).link_basis(), v1::LINK_BASIS_SCORED);
  EXPECT_GE(child.holdings(1).link_score(), 85);
  EXPECT_LE(child.holdings(1).link_score(), 100);
}

TEST_F(RegistrationTest, IdentifiersLinkWhateverTheNames) {
  v1::ChildDetails details = Ayesha();
  details.set_nhs_number("9990000018");
  details.set_upn("Z317200109012");
  const std::string name = Registered("uphall-primary", details);

  v1::ChildDetails by_number;
  by_number.mutable_person_name()->set_family("Unknown");
  by_number.mutable_birth_date()->set_year(2001);
  by_number.set_sex(v1::SEX_UNKNOWN);
  by_number.set_nhs_number("9990000018");
  EXPECT_EQ(Registered("bhrut", by_number), name);
  by_number.clear_nhs_number();
  by_number.set_upn("Z317200109012");
  EXPECT_EQ(Registered("connexions-redbridge", by_number), name);

  const v1::Child child = Get(name);
  ASSERT_THAT(child.holdings(), SizeIs(3));
  EXPECT_EQ(child.holdings(1).link_basis(), v1::LINK_BASIS_NHS_NUMBER);
  EXPECT_EQ(child.holdings(2).link_basis(), v1::LINK_BASIS_UPN);
}

TEST_F(RegistrationTest, TheAgencysOwnNumberFindsItsChild) {
  v1::ChildDetails details = Ayesha();
  details.set_local_identifier("RH-7");
  const std::string name = Registered("redbridge-housing", details);
  details.mutable_person_name()->set_family("Siddiqui");
  *details.mutable_birth_date() = DateOf(1999, 1, 2);
  EXPECT_EQ(Registered("redbridge-housing", details), name);
  // Another agency's number is another number.
  v1::ChildDetails other = details;
  other.mutable_person_name()->set_given("Oliver");
  EXPECT_NE(Registered("nelft", other), name);
  ASSERT_THAT(Get(name).holdings(), SizeIs(1));
  EXPECT_EQ(Get(name).holdings(0).person_name().family(), "Siddiqui");
  EXPECT_EQ(Get(name).person_name().family(), "Khan");
}

TEST_F(RegistrationTest, ContradictingIdentifiersForbidALink) {
  v1::ChildDetails one = Ayesha();
  one.set_nhs_number("9990000018");
  const std::string first = Registered("bhrut", one);
  v1::ChildDetails other = Ayesha();
  other.set_nhs_number("9990000026");
  const std::string second = Registered("nelft", other);
  EXPECT_NE(first, second);

  v1::ChildDetails pupil = Ayesha();
  pupil.mutable_person_name()->set_given("Bushra");
  pupil.set_upn("Z317200109012");
  const std::string third = Registered("uphall-primary", pupil);
  pupil.set_upn("A950000178301");
  EXPECT_NE(Registered("valentines-high", pupil), third);
}

TEST_F(RegistrationTest, AUpnDoesNotLinkAcrossContradictingNhsNumbers) {
  v1::ChildDetails one = Ayesha();
  one.set_nhs_number("9990000018");
  one.set_upn("Z317200109012");
  const std::string first = Registered("uphall-primary", one);
  v1::ChildDetails other = Ayesha();
  other.set_nhs_number("9990000026");
  other.set_upn("Z317200109012");
  const std::string second = Registered("nelft", other);
  EXPECT_NE(first, second);
  // From here on the UPN alone says nothing; likeness finds two and takes neither.
  v1::ChildDetails third = Ayesha();
  third.set_upn("Z317200109012");
  const std::string name = Registered("connexions-redbridge", third);
  EXPECT_NE(name, first);
  EXPECT_NE(name, second);
}

TEST_F(RegistrationTest, TheNhsNumberDecidesAgainstTheUpn) {
  v1::ChildDetails one = Ayesha();
  one.set_nhs_number("9990000018");
  one.set_upn("Z317200109012");
  const std::string first = Registered("uphall-primary", one);
  one.set_upn("A950000178301");
  EXPECT_EQ(Registered("nelft", one), first);
  EXPECT_EQ(Get(first).upn(), "Z317200109012");
}

TEST_F(RegistrationTest, ATemporaryUpnGivesWay) {
  v1::ChildDetails details = Ayesha();
  details.set_upn("G80120000101A");
  const std::string name = Registered("uphall-primary", details);
  details.set_upn("Z317200109012");
  EXPECT_EQ(Registered("valentines-high", details), name);
  EXPECT_EQ(Get(name).upn(), "Z317200109012");
  details.set_upn("G80120000101A");
  EXPECT_EQ(Registered("connexions-redbridge", details), name);
  EXPECT_EQ(Get(name).upn(), "Z317200109012");
}

TEST_F(RegistrationTest, AnAgencyTellsItsTwinsApart) {
  v1::ChildDetails one = Ayesha();
  one.set_local_identifier("UP-1");
  v1::ChildDetails twin = Ayesha();  // even under one name, by a clerk's slip
  twin.set_local_identifier("UP-2");
  EXPECT_NE(Registered("uphall-primary", one), Registered("uphall-primary", twin));
}

TEST_F(RegistrationTest, OfTwoAlikeNeitherIsTaken) {
  v1::ChildDetails one = Ayesha();
  one.set_nhs_number("9990000018");
  v1::ChildDetails other = Ayesha();
  other.set_nhs_number("9990000026");
  const std::set<std::string> known = {Registered("bhrut", one), Registered("bhrut", other)};
  ASSERT_THAT(known, SizeIs(2));
  EXPECT_EQ(known.count(Registered("met-police", Ayesha())), 0u);
}

TEST_F(RegistrationTest, AnsweredTheSameWhetherKnownOrNot) {
  v1::RegisterChildRequest request;
  *request.mutable_details() = Ayesha();
  const auth::Principal school = testing::Caller("uphall-primary", "dsl");
  store::Transaction first = fixture_.Begin();
  const auto unknown = RunIn(first, school, &Children::RegisterChild, request);
  ASSERT_TRUE(store::CommitAndWait(fixture_.store(), first.TakeWrites()).ok());
  const auth::Principal police = testing::Caller("met-police", "cait");
  store::Transaction second = fixture_.Begin();
  const auto known = RunIn(second, police, &Children::RegisterChild, request);
  ASSERT_TRUE(unknown.response.ok() && known.response.ok());
  EXPECT_EQ(unknown.response->SerializeAsString(), known.response->SerializeAsString());
  EXPECT_EQ(unknown.relations, known.relations);
  EXPECT_EQ(known.relations, policy::kHolding);
  EXPECT_EQ(unknown.child, known.child);
}

TEST_F(RegistrationTest, RegisteringAgainChangesTheHoldingOnly) {
  v1::ChildDetails details = Ayesha();
  details.set_local_identifier("UP-1");
  const std::string name = Registered("uphall-primary", details);
  const std::string etag = Get(name).etag();
  const std::size_t events = fixture_.Events().size();
  EXPECT_EQ(Registered("uphall-primary", details), name);
  EXPECT_EQ(Get(name).etag(), etag);  // nothing new: nothing written
  EXPECT_THAT(fixture_.Events(), SizeIs(events));

  details.mutable_person_name()->set_preferred("Ash");
  details.set_nhs_number("9990000018");
  details.set_first_language("ur");
  details.mutable_address()->set_postcode("IG3 8XJ");
  EXPECT_EQ(Registered("uphall-primary", details), name);
  const v1::Child child = Get(name);
  EXPECT_EQ(child.holdings(0).person_name().preferred(), "Ash");
  EXPECT_EQ(child.nhs_number(), "9990000018");
  EXPECT_EQ(child.first_language(), "ur");
  EXPECT_EQ(child.address().postcode(), "IG3 8XJ");
  EXPECT_THAT(child.involvements(), SizeIs(1));
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_INVOLVEMENT_CHANGED), SizeIs(1));
}

TEST_F(RegistrationTest, AnAgencysNumberFollowsItsLatestRegistration) {
  v1::ChildDetails wrong = Ayesha();
  wrong.set_nhs_number("9990000018");
  wrong.set_local_identifier("KGH-5");
  const std::string first = Registered("bhrut", wrong);
  v1::ChildDetails right = Ayesha();
  right.set_nhs_number("9990000026");
  right.set_local_identifier("KGH-5");
  const std::string second = Registered("bhrut", right);
  ASSERT_NE(first, second);
  EXPECT_EQ(Get(first).holdings(0).local_identifier(), "");
  right.clear_nhs_number();
  EXPECT_EQ(Registered("bhrut", right), second);
}

TEST_F(RegistrationTest, ImpossibleBirthDatesAreRefused) {
  v1::ChildDetails details = Ayesha();
  details.mutable_birth_date()->set_year(0);
  EXPECT_THAT(Register("bhrut", details), StatusIs(absl::StatusCode::kInvalidArgument,
                                                   errors::v1::ERROR_REASON_REQUEST_INVALID));
  *details.mutable_birth_date() = DateOf(2010, 3, 17);  // tomorrow
  EXPECT_THAT(Register("bhrut", details), StatusIs(absl::StatusCode::kInvalidArgument,
                                                   errors::v1::ERROR_REASON_REQUEST_INVALID));
  *details.mutable_birth_date() = DateOf(2010, 3, 16);  // today
  EXPECT_TRUE(Register("bhrut", details).ok());
}

// Two registrations that saw the same store: the second to commit is refused and finds the first.
class RaceTest : public ChildrenTest {
 protected:
  void ExpectOneChild(const v1::ChildDetails& a, const v1::ChildDetails& b) {
    v1::RegisterChildRequest first, second;
    *first.mutable_details() = a;
    *second.mutable_details() = b;
    const auth::Principal school = testing::Caller("uphall-primary", "dsl");
    const auth::Principal police = testing::Caller("met-police", "cait");
    store::Transaction tx1 = fixture_.Begin(), tx2 = fixture_.Begin();
    const auto one = RunIn(tx1, school, &Children::RegisterChild, first);
    const auto two = RunIn(tx2, police, &Children::RegisterChild, second);
    ASSERT_TRUE(one.response.ok() && two.response.ok());
    ASSERT_TRUE(store::CommitAndWait(fixture_.store(), tx1.TakeWrites()).ok());
    const absl::Status late = store::CommitAndWait(fixture_.store(), tx2.TakeWrites()).status();
    EXPECT_TRUE(store::IsConflict(late)) << late;
    EXPECT_EQ(Registered("met-police", b), one.response->child());
  }
};

TEST_F(RaceTest, ByNhsNumber) {
  v1::ChildDetails a = Ayesha();
  a.set_nhs_number("9990000018");
  v1::ChildDetails b = a;
  b.mutable_person_name()->set_given("Somebody");
  b.mutable_person_name()->set_family("Else");
  *b.mutable_birth_date() = DateOf(1995, 9, 9);
  b.clear_address();
  ExpectOneChild(a, b);
}

TEST_F(RaceTest, ByUpn) {
  v1::ChildDetails a = Ayesha();
  a.set_upn("Z317200109012");
  v1::ChildDetails b = a;
  b.mutable_person_name()->set_given("Somebody");
  b.mutable_person_name()->set_family("Else");
  *b.mutable_birth_date() = DateOf(1995, 9, 9);
  b.clear_address();
  ExpectOneChild(a, b);
}

TEST_F(RaceTest, ByLikeness) { ExpectOneChild(Ayesha(), AyeshaOfThePolice()); }

TEST_F(RaceTest, ManyAgenciesAtOnceMakeOneChild) {
  std::vector<std::string> names(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < names.size(); ++i) {
    threads.emplace_back([this, i, &names] {
      const v1::ChildDetails details = i % 2 == 0 ? Ayesha() : AyeshaOfThePolice();
      names[i] = Registered(absl::StrCat("agency-", i), details);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(std::set<std::string>(names.begin(), names.end()), SizeIs(1));
  const v1::Child child = Get(names[0]);
  EXPECT_THAT(child.holdings(), SizeIs(8));
  EXPECT_THAT(child.involvements(), SizeIs(8));
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_CHILD_REGISTERED), SizeIs(8));
}

}  // namespace
}  // namespace trusthub::children
