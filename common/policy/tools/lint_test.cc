// Every check finds the mistake it is for, at its line, and lets a sound agreement pass.
#include "common/policy/tools/lint.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr absl::CivilDay kToday(2010, 4, 1);

// Line numbers below count from its first line.
constexpr char kSound[] = R"(id: plans
title: Plans for those who work them
version: "1.0"
status: signed
effective_from: 2006-04-01
effective_to: open
review_date: 2011-03-31
parties:
  - {agency: agencies/council, capacity: controller, contact: Caldicott Guardian}
  - {agency: agencies/health, capacity: controller, contact: Caldicott Guardian}
  - {agency_kind: school, capacity: controller, contact: Designated lead}
  - {agency_kind: community_health, capacity: controller, contact: Caldicott Guardian}
purposes: [child_protection_planning, education_support]
gateways: [children_act_1989_s47, education_act_2002_s175]
conditions: [dpa_1998_sch2_5b, uk_gdpr_6_1_e]
signatories:
  - {office: Director, agency: agencies/council, sign_date: 2006-03-20}
  - {office: Caldicott Guardian, agency: agencies/health, sign_date: 2006-03-21}
secret_categories: [adoption]
arrangements:
  data_subjects: children and their families
  method: the hub
  notice: at the first meeting
  correction: through the hub
  retention: as the file
  disposal: shredded
  subject_rights: Data Protection Officer
  breach_contact: Data Protection Officer
  breach_hours: 24
  impact_assessment: DPIA-1
  complaints: Customer Relations
items:
  - id: core-group
    to: {agency_kinds: [school, community_health], roles: [designated_lead, health_visitor]}
    purposes: [child_protection_planning]
    relations: [core_group]
    records: [plan]
    categories: [operational, plan_status, plan_content]
    released_by: agencies/council
    explanation: The plan is for the core group that works it.
    onward: same_purpose
    handling: Keep it apart from the pupil's file.
  - id: school
    to: {agency_kinds: [school], roles: [designated_lead]}
    purposes: [education_support]
    relations: [holding]
    records: [plan]
    categories: [operational, plan_status]
    released_by: agencies/council
    explanation: A school knows that its pupil has a plan.
    onward: same_purpose
    handling: For the designated lead.
)";

Schema PlansOnly() {
  Schema schema;
  const auto add = [&schema](const char* path, Category category) {
    CategorySet needed;
    needed.Add(category);
    schema.fields[options::v1::RECORD_KIND_PLAN][path] = needed;
  };
  add("Plan.name", options::v1::CATEGORY_OPERATIONAL);
  add("Plan.kind", options::v1::CATEGORY_PLAN_STATUS);
  add("Plan.outcome", options::v1::CATEGORY_PLAN_CONTENT);
  add("Plan.address", options::v1::CATEGORY_ADOPTION);
  add("Plan.intelligence", options::v1::CATEGORY_POLICE_INTELLIGENCE);
  add("Plan.needs", options::v1::CATEGORY_MEDICAL_NEEDS);
  CategorySet concern;
  concern.Add(options::v1::CATEGORY_REFERRAL_CONCERN);
  schema.fields[options::v1::RECORD_KIND_REFERRAL]["Referral.concern"] = concern;
  schema.delivered = {options::v1::RECORD_KIND_EVENT};
  for (const auto role : {options::v1::ROLE_DESIGNATED_LEAD, options::v1::ROLE_HEALTH_VISITOR,
                          options::v1::ROLE_HUB_SERVICE}) {
    for (const auto purpose :
         {options::v1::PURPOSE_CHILD_PROTECTION_PLANNING, options::v1::PURPOSE_EDUCATION_SUPPORT,
          options::v1::PURPOSE_HOUSING_SUPPORT}) {
      schema.askable.insert({role, purpose, options::v1::RECORD_KIND_PLAN});
    }
  }
  return schema;
}

std::vector<Finding> LintText(const std::string& text, bool with_directory = true) {
  LintOptions options;
  options.today = kToday;
  options.schema = PlansOnly();
  if (with_directory) {
    options.agencies = {{"agencies/council", directory::v1::AGENCY_KIND_COUNCIL},
                        {"agencies/health", directory::v1::AGENCY_KIND_COMMUNITY_HEALTH}};
  }
  return Lint({{"plans.yaml", text}}, options);
}

std::string Said(const std::vector<Finding>& findings) {
  std::string said;
  for (const Finding& each : findings) {
    absl::StrAppend(&said, each.file, ":", each.line, ": ", each.what, " [", each.rule, "] > ",
                    each.action, "\n");
  }
  return said;
}

TEST(LintTest, ASoundAgreementPasses) {
  EXPECT_EQ(Said(LintText(kSound)), "");
  EXPECT_EQ(Said(LintText(kSound, /*with_directory=*/false)), "");
}

struct Mistake {
  const char* rule;
  Severity severity;
  int line;
  std::vector<std::pair<absl::string_view, absl::string_view>> edits;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.rule; }

class LintMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(LintMistakeTest, IsFoundAtItsLine) {
  const Mistake& mistake = GetParam();
  std::string text = kSound;
  for (const auto& [from, to] : mistake.edits) {
    ASSERT_TRUE(absl::StrContains(text, from)) << from;
    text = absl::StrReplaceAll(text, {{from, to}});
  }
  const std::vector<Finding> findings = LintText(text);
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.rule == mistake.rule;
  });
  ASSERT_NE(found, findings.end()) << mistake.rule << " not in:\n" << Said(findings);
  EXPECT_EQ(found->line, mistake.line) << Said(findings);
  EXPECT_EQ(found->severity, mistake.severity);
  EXPECT_EQ(found->file, "plans.yaml");
  EXPECT_FALSE(found->what.empty());
  EXPECT_FALSE(found->action.empty());
}

constexpr auto kError = Severity::kError;
constexpr auto kWarning = Severity::kWarning;

INSTANTIATE_TEST_SUITE_P(
    Head, LintMistakeTest,
    testing::Values(
        Mistake{"does-not-load", kError, 4, {{"status: signed", "status: agreed"}}},
        Mistake{
            "does-not-load",
            kError,
            16,
            {{"  - {office: Director, agency: agencies/council, sign_date: 2006-03-20}\n", ""}}},
        Mistake{"ended", kError, 6, {{"effective_to: open", "effective_to: 2010-03-31"}}},
        Mistake{"review-passed", kError, 7, {{"2011-03-31", "2010-03-31"}}},
        Mistake{"review-due", kWarning, 7, {{"2011-03-31", "2010-05-30"}}},
        Mistake{"signed-in-the-future", kError, 18, {{"2006-03-21", "2010-04-02"}}},
        Mistake{"signed-late", kWarning, 18, {{"2006-03-21", "2006-04-02"}}},
        Mistake{"signatory-no-party",
                kError,
                18,
                {{"Guardian, agency: agencies/health, sign",
                  "Guardian, agency: agencies/police, sign"}}},
        Mistake{"one-sided",
                kError,
                16,
                {{"Guardian, agency: agencies/health, sign",
                  "Guardian, agency: agencies/council, sign"}}},
        Mistake{"gateway-and-none",
                kError,
                14,
                {{"[children_act_1989_s47,", "[not_needed, children_act_1989_s47,"}}},
        Mistake{"no-gateway",
                kError,
                38,
                {{"[children_act_1989_s47, education_act_2002_s175]", "[not_needed]"}}},
        Mistake{"gateway-for-purpose", kError, 14, {{"education_support]", "housing_support]"}}},
        Mistake{"special-category", kError, 15, {{"plan_content]", "medical_needs]"}}},
        Mistake{"idle-party",
                kWarning,
                11,
                {{"agency_kinds: [school]", "agency_kinds: [community_health]"},
                 {"[school, community_health]", "[community_health]"}}},
        Mistake{"unknown-agency", kError, 9, {{"agencies/council", "agencies/consil"}}},
        Mistake{"idle-purpose",
                kWarning,
                13,
                {{"purposes: [education_support]", "purposes: [child_protection_planning]"}}}));

INSTANTIATE_TEST_SUITE_P(
    Items, LintMistakeTest,
    testing::Values(
        Mistake{"never-matches",
                kWarning,
                43,
                {{"roles: [designated_lead]", "roles: [emergency_nurse]"}}},
        Mistake{"never-matches",
                kWarning,
                43,
                {{"records: [plan]\n    categories: [operational, plan_status]\n",
                  "records: [referral]\n    categories: [operational, plan_status]\n"}}},
        Mistake{
            "never-asked", kWarning, 34, {{"health_visitor]", "health_visitor, emergency_nurse]"}}},
        Mistake{"never-asked",
                kWarning,
                37,
                {{"records: [plan]\n    categories: [operational, plan_status, ",
                  "records: [plan, referral]\n    categories: [operational, plan_status, "}}},
        Mistake{"role-elsewhere",
                kError,
                44,
                {{"roles: [designated_lead]", "roles: [housing_officer]"}}},
        Mistake{"recipient-without-role",
                kWarning,
                44,
                {{"[school], roles: [designated_lead]",
                  "[school, community_health], roles: [designated_lead]"}}},
        Mistake{"category-of-nothing", kWarning, 38, {{"plan_content]", "referral_concern]"}}},
        Mistake{"never-an-event",
                kWarning,
                43,
                {{"    handling: Keep it apart from the pupil's file.\n",
                  "    handling: Keep it apart from the pupil's file.\n    trigger: on_event\n"}}},
        Mistake{
            "record-without-content",
            kWarning,
            47,
            {{"categories: [operational, plan_status]\n", "categories: [operational, legal]\n"}}},
        Mistake{
            "consent-for-purpose",
            kError,
            40,
            {{"    explanation: The plan is", "    consent: given\n    explanation: The plan is"}}},
        Mistake{"secret-passed-on", kError, 41, {{"plan_content]", "adoption]"}}},
        Mistake{"police-handling",
                kError,
                33,
                {{"plan_content]", "police_intelligence]"},
                 {"    handling: Keep it apart from the pupil's file.\n", ""}}},
        Mistake{"police-passed-on", kError, 41, {{"plan_content]", "police_intelligence]"}}},
        Mistake{"no-handling",
                kWarning,
                33,
                {{"    handling: Keep it apart from the pupil's file.\n", ""}}},
        Mistake{"any-relation",
                kError,
                46,
                {{"agency_kinds: [school], roles: [designated_lead]",
                  "agency_kinds: [school], roles: [hub_service]"},
                 {"relations: [holding]", "relations: [any]"}}},
        Mistake{"adoption-by-emergency",
                kError,
                36,
                {{"plan_content]", "adoption]"},
                 {"relations: [core_group]", "relations: [core_group, break_glass]"}}},
        Mistake{"denied-throughout",
                kError,
                56,
                {{"categories: [operational, plan_status]\n", "categories: [plan_status]\n"},
                 {"items:\n", R"(items:
  - id: never
    to: {agency_kinds: [school], roles: [designated_lead]}
    purposes: [education_support]
    relations: [any]
    records: [plan]
    deny: [plan_status]
    released_by: agencies/council
    explanation: Never.
)"}}}));

// Agreed ahead of the records: no field of any record is legal advice yet.
TEST(LintTest, ACategoryThatNoRecordHasYetIsNoSlip) {
  EXPECT_EQ(
      Said(LintText(absl::StrReplaceAll(kSound, {{"plan_content]", "plan_content, legal]"}}))), "");
}

// By its provider's word each time; never as a matter of course.
TEST(LintTest, AHiddenAddressMayBePassedOnByWord) {
  const auto secret = [](absl::string_view category, absl::string_view onward) {
    std::string text = absl::StrReplaceAll(
        kSound,
        {{"secret_categories: [adoption]", "secret_categories: [adoption, confidential_address]"},
         {"plan_content]", absl::StrCat("plan_content, ", category, "]")},
         {"onward: same_purpose", absl::StrCat("onward: ", onward)}});
    std::string rules;
    for (const Finding& each : LintText(text)) absl::StrAppend(&rules, each.rule, " ");
    return rules;
  };
  EXPECT_EQ(secret("confidential_address", "with_permission"), "");
  EXPECT_EQ(secret("confidential_address", "same_purpose"), "secret-passed-on ");
  EXPECT_EQ(secret("adoption", "with_permission"), "secret-passed-on ");
}

TEST(LintTest, EachFileIsCheckedWithoutTheOthers) {
  LintOptions options;
  options.today = kToday;
  options.schema = PlansOnly();
  const std::string passed = absl::StrReplaceAll(kSound, {{"2011-03-31", "2010-03-31"}});
  const std::vector<Finding> findings =
      Lint({{"broken.yaml", "id: [\n"}, {"plans.yaml", passed}, {"twin.yaml", kSound}}, options);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].file, "broken.yaml");
  EXPECT_EQ(findings[0].rule, "does-not-load");
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& each) {
    return each.file == "plans.yaml" && each.rule == "review-passed";
  }));
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& each) {
    return each.file == "twin.yaml" && absl::StrContains(each.what, "already in plans.yaml");
  })) << Said(findings);
}

// An item that another contains is found, and the other is named.
TEST(LintTest, NamesTheItemThatContainsADeadOne) {
  std::string text = kSound;
  const std::size_t school = text.find("  - id: school");
  text += absl::StrReplaceAll(text.substr(school), {{"id: school", "id: school-again"}});
  const std::vector<Finding> findings = LintText(text);
  ASSERT_EQ(findings.size(), 2u) << Said(findings);
  EXPECT_EQ(findings[0].rule, "dead-item");
  EXPECT_TRUE(absl::StrContains(findings[0].what, "plans/school-again")) << findings[0].what;
  EXPECT_TRUE(absl::StrContains(findings[1].what, "plans/school")) << findings[1].what;
}

}  // namespace
}  // namespace trusthub::policy
