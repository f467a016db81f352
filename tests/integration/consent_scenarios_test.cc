// Scenario 11 of domain.md 9: limited consent, its end, and what outweighs it.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/error/error.h"
#include "common/rpc/method_table.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/answers.h"
#include "tests/integration/changed_copy.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/scenarios_fixture.h"
#include "tests/integration/told_of.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"
#include "trusthub/children/v1/break_glass_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- 11: common assessment with limited consent, then escalation -------------------------------

class LimitedConsent : public Scenarios {
 protected:
  void SetUp() override {
    Scenarios::SetUp();
    family_ = NewFamily();
    ASSERT_THAT(family_->Register(), IsOk());
    const auto recorded = Say(Agreed());
    ASSERT_THAT(recorded, IsOk());
    consent_ = *recorded;

    assessments::v1::OpenCommonAssessmentRequest open;
    open.set_request_id(RandomUuid());
    assessments::v1::CommonAssessment& caf = *open.mutable_common_assessment();
    caf.set_child(family_->child());
    caf.set_consent(consent_.name());
    caf.set_strengths("A warm grandmother nearby.");
    caf.set_needs("Speech is late; money is short.");
    caf.set_child_views("Likes the playgroup.");
    absl::StatusOr<assessments::v1::OpenCommonAssessmentResponse> opened;
    ASSERT_TRUE(Within(kSoon, [&] {
      open.set_request_id(RandomUuid());
      opened =
          Do<assessments::v1::OpenCommonAssessmentResponse>("nhsr-visitor-01", open, "early_help");
      return opened.ok();
    })) << opened.status();
    caf_ = opened->common_assessment();
  }
  // The mother's word: to be shared with those who help, and not with the police.
  children::v1::Consent Agreed() const {
    children::v1::Consent consent;
    consent.set_child(family_->child());
    consent.set_decision(children::v1::CONSENT_DECISION_GIVEN);
    consent.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    for (const char* agency : {"uphall-primary", "nelft", "redbridge-council", "nhs-redbridge"}) {
      consent.add_agencies(absl::StrCat("agencies/", agency));
    }
    consent.add_excluded_kinds(directory::v1::AGENCY_KIND_POLICE_FORCE);
    consent.set_given_by(children::v1::CONSENT_GIVER_PARENT);
    consent.set_capacity_basis(children::v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY);
    *consent.mutable_decision_date() = DateToProto(Today());
    *consent.mutable_expiry_date() = DateToProto(Today() + 180);
    return consent;
  }
  // Nobody was asked, or need not be.
  children::v1::Consent Without(children::v1::ConsentDecision decision) const {
    children::v1::Consent consent = Agreed();
    consent.set_decision(decision);
    consent.clear_given_by();
    consent.clear_capacity_basis();
    consent.clear_expiry_date();
    consent.set_reason("As the health visitor notes.");
    return consent;
  }
  static absl::StatusOr<children::v1::Consent> Say(const children::v1::Consent& consent) {
    children::v1::RecordConsentRequest request;
    request.set_request_id(RandomUuid());
    *request.mutable_consent() = consent;
    const auto recorded =
        Do<children::v1::RecordConsentResponse>("nhsr-visitor-01", request, "early_help");
    if (!recorded.ok()) return recorded.status();
    return recorded->consent();
  }
  std::string Read(absl::string_view worker, absl::string_view purpose) {
    return KindsOf<assessments::v1::GetCommonAssessmentRequest>(worker, caf_.name(), purpose);
  }
  // Whether the clinic and the school come to see it, or not, once the news has arrived.
  void ExpectSeen(const char* what, bool by_clinic, bool by_school) {
    const auto is_so = [](const std::string& kinds, bool seen) {
      return seen ? absl::StrContains(kinds, "assessment_narrative") : kinds == "RECORD_NOT_FOUND";
    };
    std::string clinic, school;
    EXPECT_TRUE(Within(kSoon,
                       [&] {
                         clinic = Read("nelft-camhs-01", "early_help");
                         school = Read("uphall-lead-01", "early_help");
                         return is_so(clinic, by_clinic) && is_so(school, by_school);
                       }))
        << what << ": the clinic is given " << clinic << ", the school " << school;
  }

  // What the clinic was given before is explained by what was so then, whatever is so now.
  void ExpectExplainedAsThen(const std::string& decision) {
    policy::v1::ExplainDecisionRequest request;
    request.set_decision(decision);
    const auto explained = [&](const char* worker, const char* purpose) {
      const auto answer = cast_->At(worker).Call<policy::v1::ExplainDecisionResponse>(
          request, purpose, "SCENARIO-1", "assessments");
      EXPECT_THAT(answer, IsOk()) << worker;
      return answer.ok() ? *answer : policy::v1::ExplainDecisionResponse();
    };
    const auto to_reader = explained("nelft-camhs-01", "early_help");
    EXPECT_TRUE(to_reader.same_again());
    EXPECT_THAT(to_reader.detail(), IsEmpty());
    bool given = false;
    for (const policy::v1::ExplainedCategory& row : to_reader.categories()) {
      if (row.category() != options::v1::CATEGORY_ASSESSMENT_NARRATIVE) continue;
      given = row.given() && row.rule() == "early-help/by-consent";
    }
    EXPECT_TRUE(given) << to_reader.summary();
    const auto to_guardian = explained("nelft-caldicott-01", "governance");
    EXPECT_TRUE(to_guardian.same_again());
    EXPECT_THAT(to_guardian.detail(), Contains(HasSubstr("consent: given")));
  }

  std::unique_ptr<Family> family_;
  children::v1::Consent consent_;
  assessments::v1::CommonAssessment caf_;
};

// Each state that consent can be in, who gave it and on what footing, whom it names and leaves out,
// and until when: each alone decides.
TEST_F(LimitedConsent, S11WhatTheFamilySaysDecides) {
  ExpectSeen("given", true, true);
  children::v1::Consent refused = Without(children::v1::CONSENT_DECISION_REFUSED);
  refused.clear_agencies();
  refused.set_given_by(children::v1::CONSENT_GIVER_PARENT);
  refused.set_capacity_basis(children::v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY);
  ASSERT_THAT(Say(refused), IsOk());
  ExpectSeen("refused", false, false);
  ASSERT_THAT(Say(Without(children::v1::CONSENT_DECISION_NOT_REQUIRED)), IsOk());
  ExpectSeen("not required in law", true, true);
  ASSERT_THAT(Say(Without(children::v1::CONSENT_DECISION_NOT_SOUGHT)), IsOk());
  ExpectSeen("not sought", false, false);

  // The child's own word, at seven: Gillick it may be, of age it is not.
  children::v1::Consent childs = Agreed();
  childs.clear_agencies();
  childs.add_agencies("agencies/nelft");
  childs.set_given_by(children::v1::CONSENT_GIVER_CHILD);
  childs.set_capacity_basis(children::v1::CAPACITY_BASIS_AGED_16);
  children::v1::RecordConsentRequest of_age;
  of_age.set_request_id(RandomUuid());
  *of_age.mutable_consent() = childs;
  EXPECT_EQ(Kinds("nhsr-visitor-01", of_age, "early_help"), "REQUEST_INVALID");
  childs.set_capacity_basis(children::v1::CAPACITY_BASIS_GILLICK);
  ASSERT_THAT(Say(childs), IsOk());
  ExpectSeen("to the clinic alone, by a competent child", true, false);

  children::v1::Consent excluding = Agreed();
  excluding.clear_agencies();
  excluding.add_excluded_agencies("agencies/nelft");
  ASSERT_THAT(Say(excluding), IsOk());
  ExpectSeen("to all but the clinic", false, true);
  excluding.clear_excluded_agencies();
  excluding.add_excluded_kinds(directory::v1::AGENCY_KIND_SCHOOL);
  ASSERT_THAT(Say(excluding), IsOk());
  ExpectSeen("to all but schools", true, false);

  children::v1::Consent brief = Agreed();
  *brief.mutable_expiry_date() = DateToProto(Today() + 1);
  ASSERT_THAT(Say(brief), IsOk());
  ExpectSeen("until tomorrow", true, true);
  const absl::Time before = hub_->clock().Now();
  hub_->clock().Set(absl::FromCivil(Today() + 2, London()) - absl::Seconds(1));
  ExpectSeen("the last second of its last day", true, true);
  hub_->clock().Advance(absl::Seconds(1));
  ExpectSeen("past its last day", false, false);
  hub_->clock().Set(before);
}

TEST_F(LimitedConsent, S11ReadWithinConsentAndNotPastItsWithdrawal) {
  std::string kinds;
  ASSERT_TRUE(Within(kSoon, [&] {
    kinds = Read("nelft-camhs-01", "early_help");
    return absl::StrContains(kinds, "assessment_narrative");
  })) << kinds;
  EXPECT_THAT(Read("uphall-lead-01", "early_help"), HasSubstr("assessment_narrative"));
  assessments::v1::GetCommonAssessmentRequest get;
  get.set_name(caf_.name());
  const std::string earlier = DecisionOf(Put("nelft-camhs-01", get, "early_help"));
  for (const char* purpose : {"police_protection", "child_protection_enquiry", "early_help"}) {
    const std::string refused = Read("met-cait-01", purpose);
    EXPECT_TRUE(refused == "RECORD_NOT_FOUND" || refused == "METHOD_NOT_PERMITTED" ||
                refused == "AGREEMENT_MISSING")
        << purpose << ": " << refused;
  }

  children::v1::WithdrawConsentRequest withdraw;
  withdraw.set_request_id(RandomUuid());
  withdraw.set_name(consent_.name());
  withdraw.set_etag(consent_.etag());
  withdraw.add_agencies("agencies/nelft");
  withdraw.set_withdrawn_by(children::v1::CONSENT_GIVER_PARENT);
  withdraw.set_reason("Does not want the clinic to know.");
  ASSERT_THAT(Do<children::v1::WithdrawConsentResponse>("nhsr-visitor-01", withdraw, "early_help"),
              IsOk());
  // Within a second on every service; older facts are refused, not trusted.
  EXPECT_TRUE(Within(absl::Seconds(2), [&] {
    return !absl::StrContains(Read("nelft-camhs-01", "early_help"), "narrative");
  }));
  for (int i = 0; i < 20; ++i) {
    const std::string after = Read("nelft-camhs-01", "early_help");
    EXPECT_FALSE(absl::StrContains(after, "assessment_narrative")) << after;
  }
  EXPECT_TRUE(Within(kSoon, [&] {
    return absl::StrContains(Read("uphall-lead-01", "early_help"), "assessment_narrative");
  })) << "the rest of the consent stands";
  EXPECT_THAT(CheckAuditLog(hub_->hub(), "assessments", {}), IsOk()) << "past reads stay";
  ExpectExplainedAsThen(earlier);
}

// What outweighs consent: an enquiry, or a life in danger.
class Override : public LimitedConsent, public ::testing::WithParamInterface<bool> {};

TEST_P(Override, S11OpensTheLeastWithAReasonAndNotice) {
  ASSERT_THAT(family_->Refer(), IsOk());
  ASSERT_THAT(family_->Enquire(Tables()), IsOk());
  const bool by_enquiry = GetParam();
  children::v1::OverrideConsentRequest request;
  request.set_request_id(RandomUuid());
  children::v1::ConsentOverride& override_ = *request.mutable_consent_override();
  override_.set_child(family_->child());
  override_.set_basis(by_enquiry ? children::v1::OVERRIDE_BASIS_SECTION_47
                                 : children::v1::OVERRIDE_BASIS_VITAL_INTERESTS);
  if (by_enquiry) override_.set_basis_record(family_->path().enquiry.name());
  override_.add_to_agencies("agencies/met-police");
  override_.add_purposes(options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY);
  override_.add_purposes(options::v1::PURPOSE_EARLY_HELP);
  *override_.mutable_expire_time() = TimeToProto(hub_->clock().Now() + absl::Hours(24 * 10));
  EXPECT_EQ(Kinds("lbr-manager-01", request, "child_protection_enquiry"), "REQUEST_INVALID")
      << "no reason";
  EXPECT_EQ(Read("met-cait-01", "child_protection_enquiry"), "RECORD_NOT_FOUND") << "not yet";
  override_.set_reason("An unexplained injury; the common assessment says who was at home.");
  absl::StatusOr<children::v1::OverrideConsentResponse> decided;
  EXPECT_TRUE(Within(kSoon, [&] {
    request.set_request_id(RandomUuid());
    decided = Do<children::v1::OverrideConsentResponse>("lbr-manager-01", request,
                                                        "child_protection_enquiry");
    return decided.ok();
  })) << decided.status();
  ASSERT_THAT(decided, IsOk());
  // Who took the consent is told, with the ground.
  EXPECT_THAT(decided->consent_override().told_agencies(), ElementsAre("agencies/nhs-redbridge"));
  events::v1::WatchRequest notices;
  notices.add_kinds(events::v1::EVENT_KIND_CONSENT_OVERRIDDEN);
  const auto told = ToldOf(cast_->At("nhsr-caldicott-01"), "children", notices, "governance");
  ASSERT_THAT(told, IsOk());
  const auto notice = std::find_if(told->begin(), told->end(), [&](const events::v1::Event& event) {
    return event.record() == decided->consent_override().name();
  });
  ASSERT_NE(notice, told->end());
  EXPECT_EQ(notice->consent_override().basis(), by_enquiry ? "SECTION_47" : "VITAL_INTERESTS");
  // The least of it, to whom it names and for what it names, until it ends.
  constexpr char kLeast[] = "assessment_narrative assessment_status";
  std::string kinds;
  EXPECT_TRUE(Within(kSoon, [&] {
    kinds = Read("met-cait-01", "child_protection_enquiry");
    return kinds == kLeast;
  })) << kinds;
  EXPECT_EQ(Read("met-cait-01", "police_protection"), "RECORD_NOT_FOUND") << "another purpose";
  const absl::Time before = hub_->clock().Now();
  hub_->clock().Advance(absl::Hours(24 * 10) - absl::Seconds(1));
  EXPECT_TRUE(Within(kSoon, [&] {
    kinds = Read("met-cait-01", "child_protection_enquiry");
    return kinds == kLeast;
  })) << kinds;
  hub_->clock().Advance(absl::Seconds(1));
  EXPECT_TRUE(Within(kSoon, [&] {
    kinds = Read("met-cait-01", "child_protection_enquiry");
    return kinds == "RECORD_NOT_FOUND";
  })) << kinds;
  hub_->clock().Set(before);
}

INSTANTIATE_TEST_SUITE_P(Grounds, Override, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "Section47" : "VitalInterests");
});

TEST_F(LimitedConsent, S11NoAssessmentWithoutConsentNoDecisionWithoutTheFamily) {
  const auto other = NewFamily();
  ASSERT_THAT(other->Register(), IsOk());
  assessments::v1::OpenCommonAssessmentRequest open;
  open.set_request_id(RandomUuid());
  *open.mutable_common_assessment() = caf_;
  open.mutable_common_assessment()->set_child(other->child());
  EXPECT_EQ(Kinds("nhsr-visitor-01", open, "early_help"), "CONSENT_MISSING")
      << "another child's consent";
  assessments::v1::RecordPanelDecisionRequest decide;
  decide.set_request_id(RandomUuid());
  decide.set_name(caf_.name());
  decide.set_etag(caf_.etag());
  decide.set_panel_decision("A place at the children's centre.");
  *decide.mutable_feedback_date() = DateToProto(Today());
  EXPECT_EQ(Kinds("lbr-manager-01", decide, "early_help"), "REQUEST_INVALID")
      << "nobody told the family";
}

}  // namespace
}  // namespace trusthub::testing
