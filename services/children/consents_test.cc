// Consents: recorded, taken back, and what the other services learn of it.
#include "services/children/consents.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/consents_fixture.h"

namespace trusthub::children {
namespace {

using events::v1::EVENT_KIND_CONSENT_CHANGED;
using policy::ConsentStanding;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

TEST_F(ConsentsTest, AConsentIsARecordAndAFact) {
  const v1::Consent consent = Record(Given());
  EXPECT_EQ(consent.owner_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(TimeFromProto(consent.occurred_at()), fixture_.now());
  EXPECT_EQ(StandingOf("uphall-primary", "SCHOOL"), ConsentStanding::kGiven);
  EXPECT_EQ(StandingOf("nelft", "MENTAL_HEALTH_TRUST"), ConsentStanding::kGiven);
  EXPECT_EQ(StandingOf("met-police", "POLICE_FORCE"), ConsentStanding::kRefused);
  EXPECT_EQ(StandingOf("redbridge-council", "COUNCIL"), ConsentStanding::kNone);

  const auto told = EventsOf(EVENT_KIND_CONSENT_CHANGED);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].record(), consent.name());
  EXPECT_EQ(told[0].record_kind(), options::v1::RECORD_KIND_CONSENT);
  EXPECT_EQ(told[0].child(), child_);
  EXPECT_EQ(told[0].owner_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(told[0].consent().recorded_by(), "agencies/nhs-redbridge");
  EXPECT_EQ(told[0].consent().record_order(), 1);
  EXPECT_EQ(told[0].consent().change_order(), 1);
}

TEST_F(ConsentsTest, AFactSaysKindsAsTheDirectoryDoesAndNoReasons) {
  v1::Consent consent = Given();
  consent.clear_agencies();
  consent.clear_excluded_agencies();
  consent.add_agency_kinds(directory::v1::AGENCY_KIND_SCHOOL);
  consent.add_excluded_kinds(directory::v1::AGENCY_KIND_POLICE_FORCE);
  *consent.mutable_expiry_date() = DateOf(2010, 9, 16);
  consent.set_reason("Ayesha asked that her brother is not told.");
  Record(consent);
  const auto told = EventsOf(EVENT_KIND_CONSENT_CHANGED);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0].consent().agency_kinds(), ElementsAre("SCHOOL"));
  EXPECT_THAT(told[0].consent().excluded_kinds(), ElementsAre("POLICE_FORCE"));
  EXPECT_EQ(told[0].consent().expiry_date().month(), 9);
  EXPECT_THAT(told[0].SerializeAsString(), ::testing::Not(HasSubstr("brother")));
  EXPECT_EQ(StandingOf("valentines-high", "SCHOOL"), ConsentStanding::kGiven);
  EXPECT_EQ(StandingOf("met-police", "POLICE_FORCE"), ConsentStanding::kRefused);
}

TEST_F(ConsentsTest, EveryViolationIsToldAtOnce) {
  v1::Consent consent = Given();
  consent.add_agencies("agencies/atlantis");
  consent.clear_given_by();
  *consent.mutable_decision_date() = DateOf(2010, 3, 17);
  const absl::Status status = TryRecord(consent).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               errors::v1::ERROR_REASON_REQUEST_INVALID));
  const std::string all = absl::StrJoin(error::Explain(status), "\n");
  for (const char* field : {"consent.agencies[2]", "consent.given_by", "consent.decision_date"}) {
    EXPECT_THAT(all, HasSubstr(field));
  }
  EXPECT_THAT(EventsOf(EVENT_KIND_CONSENT_CHANGED), IsEmpty());
}

TEST_F(ConsentsTest, TheAgeIsThatOfTheIndex) {
  v1::Consent consent = Given();
  consent.set_given_by(v1::CONSENT_GIVER_CHILD);
  consent.set_capacity_basis(v1::CAPACITY_BASIS_AGED_16);
  EXPECT_THAT(TryRecord(consent), StatusIs(absl::StatusCode::kInvalidArgument,
                                           errors::v1::ERROR_REASON_REQUEST_INVALID));
  consent.set_capacity_basis(v1::CAPACITY_BASIS_GILLICK);
  EXPECT_THAT(TryRecord(consent), IsOk());
}

TEST_F(ConsentsTest, WhatOccursTooFarAheadIsRefused) {
  v1::Consent consent = Given();
  *consent.mutable_occurred_at() = TimeToProto(fixture_.now() + absl::Hours(25));
  EXPECT_THAT(TryRecord(consent), StatusIs(absl::StatusCode::kFailedPrecondition,
                                           errors::v1::ERROR_REASON_DATE_FORBIDDEN));
}

// Scenario 11: the parent takes it back for NELFT, later wholly.
TEST_F(ConsentsTest, TakenBackForOneThenWholly) {
  const v1::Consent given = Record(Given());
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  const auto narrowed = Withdraw(given, "nelft");
  ASSERT_THAT(narrowed, IsOk());
  EXPECT_EQ(narrowed->decision(), v1::CONSENT_DECISION_GIVEN);
  EXPECT_EQ(narrowed->withdrawn_by(), v1::CONSENT_GIVER_PARENT);
  EXPECT_EQ(StandingOf("nelft", "MENTAL_HEALTH_TRUST"), ConsentStanding::kRefused);
  EXPECT_EQ(StandingOf("uphall-primary", "SCHOOL"), ConsentStanding::kGiven);

  EXPECT_THAT(Withdraw(given),
              StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  const auto withdrawn = Withdraw(*narrowed);
  ASSERT_THAT(withdrawn, IsOk());
  EXPECT_EQ(withdrawn->decision(), v1::CONSENT_DECISION_WITHDRAWN);
  EXPECT_EQ(StandingOf("uphall-primary", "SCHOOL"), ConsentStanding::kRefused);
  EXPECT_THAT(Withdraw(*withdrawn), StatusIs(absl::StatusCode::kFailedPrecondition,
                                             errors::v1::ERROR_REASON_STATE_FORBIDS));

  const auto told = EventsOf(EVENT_KIND_CONSENT_CHANGED);
  ASSERT_THAT(told, SizeIs(3));
  EXPECT_EQ(told[2].consent().decision(), "WITHDRAWN");
  EXPECT_EQ(told[2].owner_agency(), "agencies/nhs-redbridge") << "of who recorded it";
  EXPECT_EQ(told[2].author_agency(), "agencies/uphall-primary") << "by who heard it";
  EXPECT_EQ(told[2].consent().record_order(), 1);
  EXPECT_EQ(told[2].consent().change_order(), 3);

  Record(Given());
  EXPECT_EQ(StandingOf("nelft", "MENTAL_HEALTH_TRUST"), ConsentStanding::kGiven) << "asked anew";
}

TEST_F(ConsentsTest, AnOldConsentTakenBackGivesNothing) {
  v1::Consent wide = Given();
  wide.clear_agencies();
  wide = Record(wide);
  v1::Consent narrow = Given();
  narrow.mutable_agencies()->RemoveLast();  // the school alone
  Record(narrow);
  EXPECT_THAT(Facts().consents(), SizeIs(1)) << "the older one decides nothing any more";
  ASSERT_THAT(Withdraw(wide, "nelft"), IsOk());
  EXPECT_EQ(StandingOf("nelft", "MENTAL_HEALTH_TRUST"), ConsentStanding::kRefused);
  EXPECT_EQ(StandingOf("redbridge-council", "COUNCIL"), ConsentStanding::kNone);
  EXPECT_EQ(StandingOf("uphall-primary", "SCHOOL"), ConsentStanding::kGiven);
}

TEST_F(ConsentsTest, OnlyAgenciesOfTheDirectoryAreTakenBackFrom) {
  EXPECT_THAT(
      Withdraw(Record(Given()), "atlantis"),
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(EventsOf(EVENT_KIND_CONSENT_CHANGED), SizeIs(1));
}

TEST_F(ConsentsTest, ReadOneAndAll) {
  const v1::Consent first = Record(Given());
  const v1::Consent second = Record(Given());
  v1::GetConsentRequest get;
  get.set_name(second.name());
  const auto read = fixture_.Run(school_lead_, consents_, &Consents::GetConsent, get);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->consent().SerializeAsString(), second.SerializeAsString());
  get.set_name("consents/none");
  EXPECT_THAT(fixture_.Run(school_lead_, consents_, &Consents::GetConsent, get),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));

  v1::ListConsentsRequest list;
  list.set_child(child_);
  list.set_page_size(1);
  std::vector<std::string> names;
  do {
    const auto page = fixture_.Run(school_lead_, consents_, &Consents::ListConsents, list);
    ASSERT_THAT(page, IsOk());
    for (const v1::Consent& consent : page->consents()) names.push_back(consent.name());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(names, ElementsAre(first.name(), second.name()));
}

// Two changes at the same moment get two places: one commit is refused and would run again.
TEST_F(ConsentsTest, ConcurrentChangesDoNotShareAPlace) {
  const v1::Consent given = Record(Given());
  v1::RecordConsentRequest record;
  *record.mutable_consent() = Given();
  v1::WithdrawConsentRequest withdraw;
  withdraw.set_name(given.name());
  withdraw.set_etag(given.etag());
  store::Transaction one = fixture_.Begin();
  store::Transaction two = fixture_.Begin();
  rpc::Call first{.caller = health_visitor_,
                  .purpose = options::v1::PURPOSE_EARLY_HELP,
                  .case_reference = "",
                  .trace_id = "",
                  .now = fixture_.now(),
                  .deadline = absl::InfiniteFuture(),
                  .tx = one,
                  .authorization = "",
                  .page_tokens = page_tokens_};
  rpc::Call second{.caller = school_lead_,
                   .purpose = options::v1::PURPOSE_EARLY_HELP,
                   .case_reference = "",
                   .trace_id = "",
                   .now = fixture_.now(),
                   .deadline = absl::InfiniteFuture(),
                   .tx = two,
                   .authorization = "",
                   .page_tokens = page_tokens_};
  ASSERT_THAT(consents_.RecordConsent(first, record), IsOk());
  ASSERT_THAT(consents_.WithdrawConsent(second, withdraw), IsOk());
  EXPECT_THAT(store::CommitAndWait(fixture_.store(), one.TakeWrites()), IsOk());
  EXPECT_TRUE(store::IsConflict(store::CommitAndWait(fixture_.store(), two.TakeWrites()).status()));
}

}  // namespace
}  // namespace trusthub::children
