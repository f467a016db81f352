// Sharing without consent: on what it rests, what it opens, who is told.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/consents_fixture.h"

namespace trusthub::children {
namespace {

using events::v1::EVENT_KIND_CONSENT_OVERRIDDEN;
using policy::ConsentStanding;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

class OverridesTest : public ConsentsTest {
 protected:
  v1::ConsentOverride ForNelft() const {
    v1::ConsentOverride result;
    result.set_child(child_);
    result.set_basis(v1::OVERRIDE_BASIS_SECTION_47);
    result.set_basis_record("enquiries/one");
    result.add_to_agencies("agencies/nelft");
    result.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    result.set_reason("Injuries that the explanation given does not fit.");
    *result.mutable_expire_time() = TimeToProto(fixture_.now() + absl::Hours(48));
    return result;
  }
  absl::StatusOr<v1::ConsentOverride> Override(const v1::ConsentOverride& consent_override) {
    v1::OverrideConsentRequest request;
    *request.mutable_consent_override() = consent_override;
    const auto response =
        fixture_.Run(social_worker_, consents_, &Consents::OverrideConsent, request);
    if (!response.ok()) return response.status();
    return response->consent_override();
  }
  void Enquiry(events::v1::EventKind kind) {
    events::v1::Event event;
    event.set_kind(kind);
    event.set_child(child_);
    event.set_record("enquiries/one");
    fixture_.Know(event);
  }
  ConsentStanding Nelft() { return StandingOf("nelft", "MENTAL_HEALTH_TRUST"); }

  const auth::Principal social_worker_ = testing::Caller("redbridge-council", "asha");
};

TEST_F(OverridesTest, OpensWhatWasTakenBackAndTellsWhoRecordedIt) {
  ASSERT_THAT(Withdraw(Record(Given()), "nelft"), IsOk());
  Enquiry(events::v1::EVENT_KIND_ENQUIRY_STARTED);
  const auto made = Override(ForNelft());
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->decided_by(), "workers/asha");
  EXPECT_EQ(made->owner_agency(), "agencies/redbridge-council");
  EXPECT_THAT(made->told_agencies(), ElementsAre("agencies/nhs-redbridge"));
  EXPECT_EQ(Nelft(), ConsentStanding::kOverridden);
  EXPECT_EQ(StandingOf("met-police", "POLICE_FORCE"), ConsentStanding::kRefused);

  const auto told = EventsOf(EVENT_KIND_CONSENT_OVERRIDDEN);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].owner_agency(), "agencies/nhs-redbridge") << "the notice is theirs";
  EXPECT_EQ(told[0].author_agency(), "agencies/redbridge-council");
  EXPECT_EQ(told[0].consent_override().basis(), "SECTION_47");
  EXPECT_EQ(TimeFromProto(told[0].consent_override().start_time()), fixture_.now());

  fixture_.SetNow(fixture_.now() + absl::Hours(48));
  EXPECT_EQ(Nelft(), ConsentStanding::kRefused) << "it ended by itself";
}

TEST_F(OverridesTest, WithoutALiveEnquiryThereIsNoBasis) {
  const auto missing =
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING);
  EXPECT_THAT(Override(ForNelft()), missing);
  Enquiry(events::v1::EVENT_KIND_ENQUIRY_STARTED);
  EXPECT_THAT(Override(ForNelft()), IsOk());
  Enquiry(events::v1::EVENT_KIND_ENQUIRY_CONCLUDED);
  EXPECT_THAT(Override(ForNelft()), missing);
  v1::ConsentOverride vital = ForNelft();
  vital.set_basis(v1::OVERRIDE_BASIS_VITAL_INTERESTS);
  vital.clear_basis_record();
  EXPECT_THAT(Override(vital), IsOk());
}

TEST_F(OverridesTest, OnlyThoseAreToldWhoseConsentStoodInTheWay) {
  Enquiry(events::v1::EVENT_KIND_ENQUIRY_STARTED);
  auto made = Override(ForNelft());
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->told_agencies(), IsEmpty()) << "nobody had asked";
  EXPECT_EQ(EventsOf(EVENT_KIND_CONSENT_OVERRIDDEN)[0].owner_agency(),
            "agencies/redbridge-council");

  const v1::Consent given = Record(Given());
  made = Override(ForNelft());
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->told_agencies(), IsEmpty()) << "it was given";

  v1::ConsentOverride police = ForNelft();
  police.add_to_agencies("agencies/met-police");
  made = Override(police);
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->told_agencies(), ElementsAre("agencies/nhs-redbridge"));

  // Another purpose, another consent, another recorder; an earlier override changes nothing.
  v1::RecordConsentRequest refused;
  *refused.mutable_consent() = Given();
  refused.mutable_consent()->clear_agencies();
  refused.mutable_consent()->clear_excluded_agencies();
  refused.mutable_consent()->set_decision(v1::CONSENT_DECISION_REFUSED);
  refused.mutable_consent()->set_reason("The father said no.");
  refused.mutable_consent()->set_purposes(0, options::v1::PURPOSE_HEALTH_CARE);
  ASSERT_THAT(fixture_.Run(school_lead_, consents_, &Consents::RecordConsent, refused), IsOk());
  police.add_purposes(options::v1::PURPOSE_HEALTH_CARE);
  made = Override(police);
  ASSERT_THAT(made, IsOk());
  EXPECT_THAT(made->told_agencies(),
              ElementsAre("agencies/nhs-redbridge", "agencies/uphall-primary"));
  const auto told = EventsOf(EVENT_KIND_CONSENT_OVERRIDDEN);
  ASSERT_THAT(told, SizeIs(5));
  EXPECT_EQ(told[3].record(), told[4].record());
  EXPECT_EQ(told[3].owner_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(told[4].owner_agency(), "agencies/uphall-primary");
  EXPECT_THAT(Facts().consent_overrides(), SizeIs(4)) << "one fact each, however many were told";
}

TEST_F(OverridesTest, WhoWasToldReadsItByName) {
  ASSERT_THAT(Withdraw(Record(Given()), "nelft"), IsOk());
  Enquiry(events::v1::EVENT_KIND_ENQUIRY_STARTED);
  const auto made = Override(ForNelft());
  ASSERT_THAT(made, IsOk());
  v1::GetConsentOverrideRequest get;
  get.set_name(made->name());
  const auto relations_of = [&](const auth::Principal& caller) {
    store::Transaction tx = fixture_.Begin();
    rpc::Call call{.caller = caller,
                   .purpose = options::v1::PURPOSE_EARLY_HELP,
                   .case_reference = "",
                   .trace_id = "",
                   .now = fixture_.now(),
                   .deadline = absl::InfiniteFuture(),
                   .tx = tx,
                   .authorization = "",
                   .page_tokens = page_tokens_};
    const auto read = consents_.GetConsentOverride(call, get);
    EXPECT_THAT(read, IsOk());
    EXPECT_EQ(read->consent_override().reason(), ForNelft().reason());
    return call.relations;
  };
  EXPECT_EQ(relations_of(health_visitor_), policy::kReleased);
  EXPECT_EQ(relations_of(school_lead_), 0u) << "policy drops it";
}

TEST_F(OverridesTest, AReasonWithoutSubstanceIsRefused) {
  Enquiry(events::v1::EVENT_KIND_ENQUIRY_STARTED);
  v1::ConsentOverride hollow = ForNelft();
  hollow.set_reason("section 47");
  EXPECT_THAT(Override(hollow), StatusIs(absl::StatusCode::kInvalidArgument,
                                         errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(EventsOf(EVENT_KIND_CONSENT_OVERRIDDEN), IsEmpty());
}

}  // namespace
}  // namespace trusthub::children
