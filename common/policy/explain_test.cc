// Explanations as a practitioner reads them, and that they are true: following the advice gives the
// category, and nothing that the hub knows of the child shows in it.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/random_agreements.h"
#include "common/testing/seed.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

using options::v1::CATEGORY_CHILD_VOICE;
using options::v1::CATEGORY_HEALTH_DETAIL;
using options::v1::CATEGORY_IDENTITY;
using options::v1::CATEGORY_INVOLVEMENT;
using options::v1::CATEGORY_LEGAL;
using options::v1::CATEGORY_MEDICAL_NEEDS;
using options::v1::CATEGORY_PLAN_CONTENT;
using options::v1::CATEGORY_PLAN_STATUS;
using options::v1::CATEGORY_SEXUAL_HEALTH;
using options::v1::CATEGORY_THIRD_PARTY;

constexpr char kAgreement[] = R"(id: early-help
title: Early help in schools
version: "1.0"
status: signed
effective_from: 2010-01-01
effective_to: 2011-12-31
review_date: 2011-06-30
parties:
  - {agency: agencies/council, capacity: controller, contact: Caldicott Guardian}
  - {agency_kind: school, capacity: controller, contact: Designated lead}
  - {agency_kind: council, capacity: controller, contact: Caldicott Guardian}
  - {agency_kind: mental_health_trust, capacity: controller, contact: Caldicott Guardian}
  - {agency_kind: hub, capacity: processor, contact: Operator}
purposes: [early_help, education_support, assessment, hub_operation]
gateways: [children_act_2004_s10]
conditions: [dpa_1998_sch2_5b]
signatories:
  - {office: Director, agency: agencies/council, sign_date: 2009-12-01}
  - {office: Caldicott Guardian, agency: agencies/council, sign_date: 2009-12-02}
arrangements:
  data_subjects: children in Redbridge and their families
  method: Over the hub
  notice: A leaflet
  correction: The owner corrects
  retention: As the owner keeps it
  disposal: Shredded
  subject_rights: Data Protection Officer
  breach_contact: Caldicott Guardian
  breach_hours: 24
  impact_assessment: DPIA 1
  complaints: Complaints Manager
items:
  - id: status
    to: &schools {agency_kinds: [school], roles: [designated_lead]}
    purposes: [early_help, education_support]
    relations: [core_group, action_owner, allocated]
    records: [plan]
    categories: [plan_status]
    released_by: agencies/council
    explanation: Those who work the plan know of it.
  - id: content
    to: *schools
    purposes: [early_help]
    relations: [holding]
    records: [plan]
    categories: [plan_content]
    consent: given
    released_by: agencies/council
    explanation: The plan is the family's to share.
  - id: voice
    to: *schools
    purposes: [early_help]
    relations: [holding]
    records: [plan]
    categories: [child_voice]
    consent: given_or_overridden
    when: [live_enquiry, protection_plan]
    released_by: agencies/council
    explanation: What the child said is the child's to share.
  - id: identity
    to: *schools
    purposes: [early_help]
    relations: [holding]
    records: [plan]
    categories: [identity]
    consent: not_refused
    from: {agency_kinds: [council]}
    released_by: agencies/council
    explanation: The council's own plans.
  - id: needs
    to: *schools
    purposes: [early_help]
    relations: [break_glass]
    records: [plan]
    categories: [medical_needs]
    released_by: agencies/council
    explanation: In an emergency.
  - id: detail
    to: {agency_kinds: [council, mental_health_trust], roles: [social_worker, camhs_practitioner]}
    purposes: [assessment]
    relations: [responsible]
    records: [plan]
    categories: [health_detail]
    consent: given
    released_by: agencies/council
    explanation: For assessment.
  - id: no-third-parties
    to: *schools
    purposes: [early_help]
    relations: [any]
    records: [plan]
    deny: [third_party]
    released_by: agencies/council
    explanation: Other people in a plan are not the school's to know.
  - id: third-parties
    to: *schools
    purposes: [early_help, education_support]
    relations: [holding]
    records: [plan]
    categories: [third_party]
    released_by: agencies/council
    explanation: Denied for one of its purposes.
  - id: for-the-hub
    to: {agency_kinds: [hub], roles: [hub_service]}
    purposes: [hub_operation]
    relations: [any]
    records: [plan]
    categories: [sexual_health]
    released_by: agencies/council
    explanation: Projections.
)";

class ExplainTest : public ::testing::Test {
 protected:
  ExplainTest() {
    const auto compiled = CompileAgreements({{"early-help.yaml", kAgreement}});
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    agreements_ = *compiled;
    caller_.agency = "agencies/uphall-primary";
    caller_.agency_kind = directory::v1::AGENCY_KIND_SCHOOL;
    caller_.role = options::v1::ROLE_DESIGNATED_LEAD;
    question_.caller = &caller_;
    question_.purpose = options::v1::PURPOSE_EARLY_HELP;
    question_.record_kind = options::v1::RECORD_KIND_PLAN;
    question_.relations = kHolding;
    question_.day = absl::CivilDay(2010, 3, 16);
    question_.provider = "agencies/council";
    question_.provider_kind = directory::v1::AGENCY_KIND_COUNCIL;
  }

  Explanation Explain(Category category) const {
    EXPECT_FALSE(agreements_->Decide(question_).granted.Has(category));
    return agreements_->ExplainWithheld(question_, category);
  }

  std::shared_ptr<const Agreements> agreements_;
  auth::Principal caller_;
  Question question_;
};

TEST_F(ExplainTest, Relation) {
  const Explanation why = Explain(CATEGORY_PLAN_STATUS);
  EXPECT_EQ(why.cause, WithheldCause::kRelation);
  EXPECT_EQ(why.reason,
            "Plan status of a plan is not shared with a designated lead (school) for early help "
            "here.");
  EXPECT_EQ(why.what_would_change,
            "You see it where your agency is in the core group of the child's plan, your agency "
            "does an action of the child's plan or the child is allocated to you.");
  EXPECT_EQ(why.rule, "early-help/status");
  EXPECT_EQ(why.released_by, "agencies/council");
}

TEST_F(ExplainTest, Consent) {
  const Explanation why = Explain(CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(why.cause, WithheldCause::kChild);
  EXPECT_EQ(why.what_would_change,
            "You see it with consent of the child or who decides for the child, including sharing "
            "with your kind of agency (school).");
}

TEST_F(ExplainTest, PurposeAndConsent) {
  question_.purpose = options::v1::PURPOSE_EDUCATION_SUPPORT;
  const Explanation why = Explain(CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(why.cause, WithheldCause::kPurpose);
  EXPECT_EQ(why.what_would_change,
            "You see it for early help with consent of the child or who decides for the child, "
            "including sharing with your kind of agency (school).");
}

TEST_F(ExplainTest, LiveEnquiryAndOverride) {
  const Explanation why = Explain(CATEGORY_CHILD_VOICE);
  EXPECT_EQ(why.cause, WithheldCause::kChild);
  EXPECT_EQ(why.what_would_change,
            "You see it where a section 47 enquiry about the child is live or the child has a "
            "child protection plan, and with consent of the child or who decides for the child, "
            "including sharing with your kind of agency (school), or a recorded decision to share "
            "without it.");
}

TEST_F(ExplainTest, Provider) {
  question_.provider = "agencies/uphall-primary";
  question_.provider_kind = directory::v1::AGENCY_KIND_SCHOOL;
  const Explanation why = Explain(CATEGORY_IDENTITY);
  EXPECT_EQ(why.cause, WithheldCause::kProvider);
  EXPECT_EQ(why.what_would_change,
            "You see it in records of other agencies (council) as long as the child or who decides "
            "for the child "
            "has not refused or withdrawn consent to sharing with your kind of agency (school).");
}

TEST_F(ExplainTest, EmergencyAccess) {
  const Explanation why = Explain(CATEGORY_MEDICAL_NEEDS);
  EXPECT_EQ(why.cause, WithheldCause::kRelation);
  EXPECT_EQ(why.what_would_change, "You see it where you open emergency access that names it.");
  // Opened, but for something else.
  question_.relations |= kBreakGlass;
  question_.break_glass_categories.Add(CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(Explain(CATEGORY_MEDICAL_NEEDS).what_would_change, why.what_would_change);
}

TEST_F(ExplainTest, OtherPeople) {
  const Explanation why = Explain(CATEGORY_HEALTH_DETAIL);
  EXPECT_EQ(why.cause, WithheldCause::kCaller);
  EXPECT_EQ(why.what_would_change,
            "It is shared with a social worker or a CAMHS practitioner (council, mental health "
            "trust) for assessment where their agency is the council responsible for the child, "
            "and with consent of the child or who decides for the child, including sharing with "
            "the agency that asks.");
}

TEST_F(ExplainTest, DenyWinsOverARuleThatGivesAndSaysWhy) {
  const Explanation why = Explain(CATEGORY_THIRD_PARTY);
  EXPECT_EQ(why.cause, WithheldCause::kDenied);
  EXPECT_EQ(why.reason,
            "Third party of a plan is not shared with a designated lead (school) for early help "
            "here. Other people in a plan are not the school's to know.");
  EXPECT_EQ(why.rule, "early-help/no-third-parties");
  EXPECT_EQ(why.what_would_change, "");
}

TEST_F(ExplainTest, AdviceThatADenyWouldDefeatIsNotGiven) {
  question_.purpose = options::v1::PURPOSE_ASSESSMENT;
  const Explanation why = Explain(CATEGORY_THIRD_PARTY);
  EXPECT_EQ(why.cause, WithheldCause::kPurpose);
  EXPECT_EQ(why.what_would_change, "You see it for education support.");
}

TEST_F(ExplainTest, NobodyAndOnlyTheHub) {
  for (const Category category : {CATEGORY_LEGAL, CATEGORY_SEXUAL_HEALTH}) {
    const Explanation why = Explain(category);
    EXPECT_EQ(why.cause, WithheldCause::kNoAgreement);
    EXPECT_TRUE(absl::EndsWith(why.reason, "No sharing agreement in force gives it to anyone."));
    EXPECT_EQ(why.rule, "");
    EXPECT_EQ(why.what_would_change, "");
    EXPECT_EQ(why.released_by, "");
  }
}

TEST_F(ExplainTest, BeforeTheFirstDayAndAfterTheLast) {
  question_.relations = kCoreGroup;
  question_.day = absl::CivilDay(2009, 12, 31);
  Explanation why = Explain(CATEGORY_PLAN_STATUS);
  EXPECT_EQ(why.cause, WithheldCause::kNotInForce);
  EXPECT_EQ(why.what_would_change,
            "The agreement \"Early help in schools\" shares it from 1 January 2010.");
  question_.day = absl::CivilDay(2012, 1, 1);
  why = Explain(CATEGORY_PLAN_STATUS);
  EXPECT_EQ(why.cause, WithheldCause::kNotInForce);
  EXPECT_EQ(why.what_would_change,
            "The agreement \"Early help in schools\" shared it until 31 December 2011.");
  EXPECT_EQ(why.released_by, "");
}

TEST_F(ExplainTest, NobodyAsks) {
  question_.caller = nullptr;
  const Explanation why = agreements_->ExplainWithheld(question_, CATEGORY_LEGAL);
  EXPECT_EQ(why.cause, WithheldCause::kUnknown);
  EXPECT_NE(why.reason, "");
}

// --- Whatever the agreements say --------------------------------------------------------------

// Calls `check(set, compiled, question, category)` for what is withheld in random cases.
template <typename Check>
void ForEachWithheld(Check check) {
  const std::uint64_t seed = testing::TestSeed();
  SCOPED_TRACE(absl::StrCat("TRUSTHUB_TEST_SEED=", seed));
  Draw draw(seed);
  for (int i = 0; i < 300 && !::testing::Test::HasFailure(); ++i) {
    const std::vector<v1::Agreement> set = draw.Set();
    const CompiledAgreements compiled(set, "v");
    for (int q = 0; q < 3; ++q) {
      SCOPED_TRACE(absl::StrCat("set ", i, ", question ", q));
      auth::Principal caller;
      const Question question = draw.Ask(&caller);
      const CategorySet granted = compiled.Decide(question).granted;
      for (int c = 1; c <= 6; ++c) {
        const auto category = static_cast<Category>(c);
        if (!granted.Has(category)) check(set, compiled, question, category);
      }
    }
  }
}

// Whether `category` is given once the caller and the child are as `item` asks, where the cause
// leaves that open.
bool AdviceHolds(const std::vector<v1::Agreement>& set, Question met, const v1::Item& item,
                 WithheldCause cause, Category category) {
  met.consent = ConsentStanding::kGiven;
  met.child_flags = 0;
  for (const int flag : item.when()) met.child_flags |= 1u << (flag - 1);
  if (cause == WithheldCause::kProvider || !PlainlyFrom(item, met)) {
    EXPECT_NE(cause, WithheldCause::kRelation);
    EXPECT_NE(cause, WithheldCause::kChild);
    met.provider = {};
    if (!item.from().agencies().empty()) met.provider = item.from().agencies(0);
    met.provider_kind = item.from().agency_kinds().empty() ? directory::v1::AGENCY_KIND_UNSPECIFIED
                                                           : item.from().agency_kinds(0);
  }
  const Question before = met;
  for (const int purpose : item.purposes()) {
    for (const int relation : item.relations()) {
      met = before;
      if (cause == WithheldCause::kPurpose) met.purpose = static_cast<Purpose>(purpose);
      if (cause != WithheldCause::kChild) {
        met.relations |= RelationBitOf(relation);
        if (relation == v1::RELATION_BREAK_GLASS) met.break_glass_categories.Add(category);
      }
      if (PlainlyGranted(set, met).Has(category)) return true;
    }
  }
  return false;
}

TEST(ExplainPropertyTest, WhoFollowsTheAdviceIsGivenTheCategory) {
  std::vector<int> seen(16);
  ForEachWithheld([&](const std::vector<v1::Agreement>& set, const CompiledAgreements& compiled,
                      const Question& question, Category category) {
    const Explanation why = compiled.ExplainWithheld(question, category);
    ++seen[static_cast<std::size_t>(why.cause)];
    ASSERT_EQ(why.cause == WithheldCause::kDenied, PlainlyDenied(set, question).Has(category));
    ASSERT_EQ(why.what_would_change.empty(),
              why.cause == WithheldCause::kDenied || why.cause == WithheldCause::kNoAgreement);
    ASSERT_EQ(why.rule.empty(), why.cause == WithheldCause::kNoAgreement);
    for (const Rule& rule : compiled.rules()) {
      if (rule.name != why.rule) continue;
      const bool in_force = rule.first_day <= question.day && question.day <= rule.last_day;
      ASSERT_EQ(in_force, why.cause != WithheldCause::kNotInForce);
      if (why.cause == WithheldCause::kPurpose || why.cause == WithheldCause::kProvider ||
          why.cause == WithheldCause::kRelation || why.cause == WithheldCause::kChild) {
        ASSERT_TRUE(AdviceHolds(set, question, *rule.item, why.cause, category))
            << why.what_would_change;
      }
    }
  });
  for (int cause = 1; cause <= static_cast<int>(WithheldCause::kChild); ++cause) {
    EXPECT_GT(seen[static_cast<std::size_t>(cause)], 0) << cause;
  }
}

TEST(ExplainPropertyTest, NothingThatTheHubKnowsOfTheChildShows) {
  ForEachWithheld([](const std::vector<v1::Agreement>&, const CompiledAgreements& compiled,
                     const Question& question, Category category) {
    const Explanation why = compiled.ExplainWithheld(question, category);
    for (std::uint32_t flags = 0; flags < 8; ++flags) {
      for (const ConsentStanding consent : kStandings) {
        Question other = question;
        other.child_flags = flags;
        other.consent = consent;
        if (compiled.Decide(other).granted.Has(category)) continue;
        const Explanation same = compiled.ExplainWithheld(other, category);
        // An item that denies where the child has a flag is named because it decided.
        if ((same.cause == WithheldCause::kDenied) != (why.cause == WithheldCause::kDenied)) {
          continue;
        }
        if (why.cause == WithheldCause::kDenied) continue;
        ASSERT_EQ(same.reason, why.reason);
        ASSERT_EQ(same.what_would_change, why.what_would_change);
        ASSERT_EQ(same.rule, why.rule);
        ASSERT_EQ(same.released_by, why.released_by);
      }
    }
  });
}

}  // namespace
}  // namespace trusthub::policy
