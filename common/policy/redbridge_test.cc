// The agreements that ship for Redbridge, against the access matrix (domain.md 8).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/policy.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

using directory::v1::AgencyKind;
using options::v1::Role;

constexpr absl::CivilDay kDay(2010, 3, 16);
constexpr std::uint32_t kAllRelations = (1u << 9) - 1;
constexpr std::uint32_t kAllFlags = kProtectionPlan | kLookedAfter;

const Agreements& Redbridge() {
  static const auto& loaded = *new absl::StatusOr<std::shared_ptr<const Agreements>>(
      LoadAgreements(TRUSTHUB_SOURCE_DIR "/deploy/config/redbridge/agreements"));
  if (!loaded.ok()) ADD_FAILURE() << loaded.status();
  return **loaded;
}

// The value that agreement files spell `name`.
int Named(const google::protobuf::EnumDescriptor* values, absl::string_view name) {
  for (int i = 1; i < values->value_count(); ++i) {
    if (ShortName(*values->value(i)) == name) return values->value(i)->number();
  }
  ADD_FAILURE() << "no " << values->name() << " is called " << name;
  return 0;
}

std::string NamesOf(CategorySet set) {
  std::vector<std::string> names;
  const auto* values = options::v1::Category_descriptor();
  for (int i = 1; i < values->value_count(); ++i) {
    if (set.Has(static_cast<Category>(values->value(i)->number()))) {
      names.push_back(ShortName(*values->value(i)));
    }
  }
  return absl::StrJoin(names, " ");
}

CategorySet SetNamed(absl::string_view names) {
  CategorySet set;
  for (const absl::string_view name : absl::StrSplit(names, ' ', absl::SkipEmpty())) {
    set.Add(static_cast<Category>(Named(options::v1::Category_descriptor(), name)));
  }
  return set;
}

CategorySet Ask(AgencyKind agency_kind, int role, int purpose, int record, std::uint32_t relations,
                std::uint32_t flags = 0, absl::CivilDay day = kDay) {
  auth::Principal caller;
  caller.agency = "agencies/some-agency";
  caller.agency_kind = agency_kind;
  caller.role = static_cast<Role>(role);
  Question question;
  question.caller = &caller;
  question.purpose = static_cast<Purpose>(purpose);
  question.record_kind = static_cast<RecordKind>(record);
  question.relations = relations;
  question.child_flags = flags;
  question.day = day;
  return Redbridge().Decide(question).granted;
}

struct Cell {
  const char* kind;
  const char* role;
  const char* purpose;
  const char* record;
  std::uint32_t relations;
  const char* expected;  // exactly these: every other category is denied
  std::uint32_t flags = 0;
};

std::ostream& operator<<(std::ostream& out, const Cell& cell) {
  return out << cell.kind << " " << cell.role << " for " << cell.purpose << " reads " << cell.record
             << " as " << cell.relations;
}

class MatrixTest : public testing::TestWithParam<Cell> {};

TEST_P(MatrixTest, CellIsExact) {
  const Cell& cell = GetParam();
  const CategorySet granted =
      Ask(static_cast<AgencyKind>(Named(directory::v1::AgencyKind_descriptor(), cell.kind)),
          Named(options::v1::Role_descriptor(), cell.role),
          Named(options::v1::Purpose_descriptor(), cell.purpose),
          Named(options::v1::RecordKind_descriptor(), cell.record), cell.relations, cell.flags);
  EXPECT_EQ(NamesOf(granted), NamesOf(SetNamed(cell.expected)));
}

constexpr char kWholeChild[] =
    "operational identity contact family characteristics involvement plan_status third_party "
    "worker";
constexpr char kReferralOfAnAuthor[] =
    "operational identity characteristics referral_concern referral_decision worker";
constexpr char kScreening[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative child_voice police_intelligence third_party worker";
constexpr char kAssessing[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative assessment_status child_voice plan_status health_summary health_detail "
    "mental_health police_intelligence third_party worker involvement";
constexpr char kAssessingAsOwner[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative assessment_status child_voice plan_status health_summary health_detail "
    "mental_health police_intelligence legal third_party worker involvement";
constexpr char kReviewing[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative assessment_status child_voice plan_status health_summary mental_health "
    "third_party worker involvement";
constexpr char kPlanning[] =
    "operational identity family assessment_status assessment_narrative child_voice plan_status "
    "plan_content health_summary third_party worker involvement";

// Rows of the matrix in its order; first the permit, then what stands beside it.
INSTANTIATE_TEST_SUITE_P(
    PlanStatus, MatrixTest,
    testing::Values(
        Cell{"council", "social_worker", "assessment", "child", kHolding, kWholeChild},
        Cell{"council", "conference_chair", "child_protection_planning", "child", kOwner,
             kWholeChild},
        Cell{"council", "social_worker", "assessment", "child", 0, ""},
        Cell{"council", "social_worker", "unscheduled_care", "child", kResponsible, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child_status", kPresenting,
             "operational identity plan_status access_history health_summary"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child_status", kHolding, ""},
        Cell{"acute_trust", "emergency_nurse", "health_care", "child_status", kPresenting, ""},
        Cell{"acute_trust", "emergency_receptionist", "unscheduled_care", "child_status",
             kPresenting, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kHolding,
             "operational identity contact characteristics"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kHolding | kPresenting,
             "operational identity contact characteristics plan_status"},
        Cell{"community_health", "health_visitor", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"community_health", "general_practitioner", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"community_health", "health_visitor", "safeguarding_referral", "child", kHolding,
             "operational identity contact family characteristics"},
        Cell{"school", "designated_lead", "education_support", "child", kHolding,
             "operational identity contact characteristics plan_status"},
        Cell{"school", "designated_lead", "safeguarding_referral", "child", kHolding | kReferrer,
             "operational identity contact characteristics"},
        Cell{"school", "designated_lead", "education_support", "child", kReferrer,
             "operational identity contact characteristics"},
        Cell{"school", "designated_lead", "education_support", "child", kResponsible, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "child", kHolding,
             "operational identity contact family characteristics"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "child", kReferrer,
             "operational identity contact family characteristics plan_status"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "child", kEnquiry,
             "operational identity contact confidential_address family characteristics "
             "plan_status"},
        Cell{"housing", "housing_officer", "housing_support", "child", kHolding,
             "operational identity contact"},
        Cell{"housing", "housing_officer", "housing_support", "child", kCoreGroup,
             "operational identity contact plan_status"},
        Cell{"council", "virtual_school_head", "education_support", "child", kResponsible, ""},
        Cell{"council", "virtual_school_head", "education_support", "child", kResponsible,
             "operational identity characteristics plan_status", kLookedAfter},
        Cell{"council", "independent_reviewing_officer", "assessment", "child", kResponsible,
             "operational identity contact confidential_address family characteristics "
             "involvement plan_status third_party worker"}));

INSTANTIATE_TEST_SUITE_P(
    PlanContent, MatrixTest,
    testing::Values(
        Cell{"council", "social_worker", "child_protection_planning", "plan", kResponsible,
             kPlanning},
        Cell{"council", "conference_chair", "child_protection_planning", "conference", kAuthor,
             kPlanning},
        Cell{"council", "social_worker", "assessment", "plan", kResponsible, ""},
        Cell{"council", "screening_manager", "child_protection_planning", "plan", kResponsible, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kPresenting,
             "operational plan_status"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kPresenting | kCoreGroup,
             "operational plan_status"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kHolding, ""},
        Cell{"school", "designated_lead", "education_support", "plan", kCoreGroup,
             "operational plan_status plan_content worker"},
        Cell{"school", "designated_lead", "education_support", "plan", kHolding, ""},
        Cell{"community_health", "health_visitor", "health_care", "plan", kCoreGroup,
             "operational plan_status plan_content worker"},
        Cell{"community_health", "health_visitor", "health_care", "plan", kHolding, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "plan", kCoreGroup,
             "operational plan_status plan_content worker"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "plan", kEnquiry,
             "operational plan_status"},
        Cell{"housing", "housing_officer", "housing_support", "plan", kCoreGroup, ""}));

INSTANTIATE_TEST_SUITE_P(
    Referral, MatrixTest,
    testing::Values(
        Cell{"council", "screening_manager", "screening", "referral", kOwner, kScreening},
        Cell{"council", "social_worker", "assessment", "referral", kResponsible, kAssessing},
        Cell{"council", "independent_reviewing_officer", "screening", "referral", kResponsible,
             kReviewing},
        Cell{"council", "screening_manager", "screening", "referral", 0, ""},
        Cell{"school", "designated_lead", "safeguarding_referral", "referral",
             kAuthor | kReferrer | kHolding, kReferralOfAnAuthor},
        Cell{"school", "designated_lead", "safeguarding_referral", "referral", kReferrer | kHolding,
             ""},
        Cell{"school", "designated_lead", "education_support", "referral", kAuthor, ""},
        Cell{"acute_trust", "emergency_nurse", "safeguarding_referral", "referral", kAuthor,
             kReferralOfAnAuthor},
        Cell{"community_health", "general_practitioner", "safeguarding_referral", "referral",
             kAuthor, kReferralOfAnAuthor},
        Cell{"police_force", "child_abuse_investigator", "safeguarding_referral", "referral",
             kAuthor, kReferralOfAnAuthor},
        Cell{"housing", "housing_officer", "safeguarding_referral", "referral", kAuthor,
             "operational identity characteristics referral_concern worker"},
        Cell{"mental_health_trust", "camhs_practitioner", "safeguarding_referral", "referral",
             kAuthor, "operational identity characteristics referral_concern worker"}));

INSTANTIATE_TEST_SUITE_P(
    Enquiry, MatrixTest,
    testing::Values(
        Cell{"council", "social_worker", "child_protection_enquiry", "strategy_discussion",
             kResponsible, kAssessing},
        Cell{"council", "independent_reviewing_officer", "child_protection_enquiry", "enquiry",
             kResponsible, kReviewing},
        Cell{"council", "social_worker", "child_protection_enquiry", "enquiry",
             kOwner | kResponsible, kAssessingAsOwner},
        Cell{"council", "social_worker", "child_protection_enquiry", "enquiry", 0, ""},
        Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry",
             "strategy_discussion", kEnquiry,
             "operational assessment_status assessment_narrative worker"},
        Cell{"school", "designated_lead", "child_protection_enquiry", "strategy_discussion",
             kEnquiry, "operational assessment_status assessment_narrative worker"},
        Cell{"school", "designated_lead", "child_protection_enquiry", "strategy_discussion",
             kHolding | kReferrer, ""},
        Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry", "enquiry",
             kEnquiry, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "enquiry", kEnquiry, ""}));

INSTANTIATE_TEST_SUITE_P(
    Health, MatrixTest,
    testing::Values(
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "attendance",
             kOwner | kAuthor | kPresenting,
             "operational identity plan_status health_summary health_detail third_party worker "
             "access_history"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "attendance", kPresenting,
             "operational identity plan_status access_history health_summary"},
        Cell{"community_health", "health_visitor", "health_care", "attendance", kHolding,
             "operational identity health_summary health_detail"},
        Cell{"council", "social_worker", "child_protection_enquiry", "attendance", kResponsible,
             "operational identity health_summary"},
        Cell{"council", "social_worker", "assessment", "attendance", kResponsible, ""},
        Cell{"school", "designated_lead", "education_support", "attendance", kAllRelations, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "attendance",
             kAllRelations, ""},
        Cell{"housing", "housing_officer", "housing_support", "attendance", kAllRelations, ""}));

INSTANTIATE_TEST_SUITE_P(
    PoliceContact, MatrixTest,
    testing::Values(
        Cell{"council", "screening_manager", "screening", "contact", kOwner, kScreening},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "contact", kAuthor,
             "operational police_intelligence worker"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "contact", kHolding,
             ""},
        Cell{"school", "designated_lead", "safeguarding_referral", "contact", kHolding | kReferrer,
             ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "contact", kAllRelations, ""},
        Cell{"council", "independent_reviewing_officer", "child_protection_enquiry", "contact",
             kResponsible, ""}));

INSTANTIATE_TEST_SUITE_P(
    Events, MatrixTest,
    testing::Values(Cell{"council", "social_worker", "assessment", "event", kResponsible,
                         "operational referral_decision assessment_status plan_status involvement "
                         "access_history"},
                    Cell{"council", "social_worker", "assessment", "event", kHolding, ""},
                    Cell{"council", "social_worker", "assessment", "event", kPublic,
                         "operational worker"},
                    Cell{"school", "designated_lead", "education_support", "event", kHolding, ""}));

INSTANTIATE_TEST_SUITE_P(
    Directory, MatrixTest,
    testing::Values(Cell{"school", "designated_lead", "education_support", "worker", kPublic,
                         "operational worker"},
                    Cell{"hub", "directory_administrator", "directory_administration", "agency",
                         kPublic, "operational worker"},
                    Cell{"inspectorate", "auditor", "audit_review", "audit_entry", kPublic,
                         "operational"},
                    Cell{"school", "designated_lead", "audit_review", "audit_entry", kPublic, ""}));

// --- What holds over every cell there is ------------------------------------------------------

// Calls `visit(kind, role, purpose, record)` for every combination.
template <typename Visit>
void ForEveryCell(Visit visit) {
  for (int kind = 1; kind < directory::v1::AgencyKind_ARRAYSIZE; ++kind) {
    for (int role = 1; role < options::v1::Role_ARRAYSIZE; ++role) {
      for (int purpose = 1; purpose < options::v1::Purpose_ARRAYSIZE; ++purpose) {
        for (int record = 1; record < options::v1::RecordKind_ARRAYSIZE; ++record) {
          visit(static_cast<AgencyKind>(kind), role, purpose, record);
        }
      }
    }
  }
}

TEST(RedbridgeTest, NoCellGivesWhatNobodyMayHave) {
  const CategorySet never = SetNamed("lado adoption sexual_health");
  const CategorySet health = SetNamed("health_summary health_detail sexual_health mental_health");
  const CategorySet plan = SetNamed("plan_content child_voice assessment_narrative");
  ForEveryCell([&](AgencyKind kind, int role, int purpose, int record) {
    const CategorySet all = Ask(kind, role, purpose, record, kAllRelations, kAllFlags);
    const std::string cell = absl::StrCat(kind, "/", role, "/", purpose, "/", record);
    if (role == options::v1::ROLE_HUB_SERVICE) return;
    ASSERT_TRUE((all & never).empty()) << cell;
    if (role == options::v1::ROLE_HOUSING_OFFICER) {
      ASSERT_TRUE((all & health).empty()) << cell;
    }
    if (role == options::v1::ROLE_EMERGENCY_NURSE) {
      ASSERT_TRUE((all & plan).empty()) << cell;
    }
    if (role == options::v1::ROLE_EMERGENCY_RECEPTIONIST ||
        role == options::v1::ROLE_DIRECTORY_ADMINISTRATOR || role == options::v1::ROLE_AUDITOR) {
      ASSERT_TRUE((all & SetNamed("operational worker")) == all) << cell;
    }
    if (kind != directory::v1::AGENCY_KIND_COUNCIL) {
      ASSERT_TRUE((all & SetNamed("involvement legal")).empty()) << cell;
    }
  });
}

TEST(RedbridgeTest, WithoutRelationOnlyTheHubReadsAndOnlyEvents) {
  ForEveryCell([](AgencyKind kind, int role, int purpose, int record) {
    const bool hub =
        kind == directory::v1::AGENCY_KIND_HUB && role == options::v1::ROLE_HUB_SERVICE &&
        purpose == options::v1::PURPOSE_HUB_OPERATION && record == options::v1::RECORD_KIND_EVENT;
    ASSERT_EQ(Ask(kind, role, purpose, record, 0, kAllFlags).empty(), !hub);
  });
}

TEST(RedbridgeTest, HubServiceIsGivenEventsWhole) {
  const CategorySet granted =
      Ask(directory::v1::AGENCY_KIND_HUB, options::v1::ROLE_HUB_SERVICE,
          options::v1::PURPOSE_HUB_OPERATION, options::v1::RECORD_KIND_EVENT, 0);
  for (int c = 1; c < options::v1::Category_ARRAYSIZE; ++c) {
    EXPECT_TRUE(granted.Has(static_cast<Category>(c))) << c;
  }
}

TEST(RedbridgeTest, NothingIsGivenBeforeTheFirstDay) {
  ForEveryCell([](AgencyKind kind, int role, int purpose, int record) {
    ASSERT_TRUE(
        Ask(kind, role, purpose, record, kAllRelations, kAllFlags, absl::CivilDay(2006, 3, 31))
            .empty());
  });
  EXPECT_FALSE(Ask(directory::v1::AGENCY_KIND_COUNCIL, options::v1::ROLE_SOCIAL_WORKER,
                   options::v1::PURPOSE_ASSESSMENT, options::v1::RECORD_KIND_CHILD, kResponsible, 0,
                   absl::CivilDay(2006, 4, 1))
                   .empty());
  EXPECT_FALSE(Ask(directory::v1::AGENCY_KIND_COUNCIL, options::v1::ROLE_SOCIAL_WORKER,
                   options::v1::PURPOSE_ASSESSMENT, options::v1::RECORD_KIND_CHILD, kResponsible, 0,
                   absl::CivilDay(2040, 1, 1))
                   .empty());
}

// A method that a role may call is of use to it: for some purpose of the method, someone of that
// role is given at least the envelope of the record.
TEST(RedbridgeTest, EveryRoleOfEveryMethodIsServedByAnAgreement) {
  int checked = 0;
  for (const google::protobuf::FileDescriptor* file :
       {assessments::v1::GetEnquiryRequest::descriptor()->file(),
        audit::v1::ListEntriesRequest::descriptor()->file(),
        children::v1::GetChildRequest::descriptor()->file(),
        directory::v1::GetAgencyRequest::descriptor()->file(),
        events::v1::WatchRequest::descriptor()->file(),
        health::v1::GetAttendanceRequest::descriptor()->file(),
        plans::v1::GetPlanRequest::descriptor()->file(),
        referrals::v1::GetReferralRequest::descriptor()->file()}) {
    const google::protobuf::ServiceDescriptor* service = file->service(0);
    for (int m = 0; m < service->method_count(); ++m) {
      const auto& rule = service->method(m)->options().GetExtension(options::v1::rule);
      for (const int role : rule.roles()) {
        // A service that checks a child forwards the nurse's token, so the role is the nurse's.
        if (rule.action() == "children.check" && role == options::v1::ROLE_HUB_SERVICE) continue;
        bool served = false;
        for (const int purpose : rule.purposes()) {
          for (int kind = 1; kind < directory::v1::AgencyKind_ARRAYSIZE; ++kind) {
            served = served || Ask(static_cast<AgencyKind>(kind), role, purpose, rule.record_kind(),
                                   kAllRelations, kAllFlags)
                                   .Has(options::v1::CATEGORY_OPERATIONAL);
          }
        }
        EXPECT_TRUE(served) << rule.action() << " is of no use to "
                            << options::v1::Role_Name(static_cast<Role>(role));
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 100);
}

TEST(RedbridgeTest, DecisionNamesItsRule) {
  auth::Principal caller;
  caller.agency = "agencies/bhrut";
  caller.agency_kind = directory::v1::AGENCY_KIND_ACUTE_TRUST;
  caller.role = options::v1::ROLE_EMERGENCY_NURSE;
  Question question;
  question.caller = &caller;
  question.purpose = options::v1::PURPOSE_UNSCHEDULED_CARE;
  question.record_kind = options::v1::RECORD_KIND_PLAN;
  question.relations = kPresenting;
  question.day = kDay;
  const Decision decision = Redbridge().Decide(question);
  EXPECT_EQ(decision.rules[options::v1::CATEGORY_PLAN_STATUS], "unscheduled-care/plan-dates");
  EXPECT_EQ(decision.rules[options::v1::CATEGORY_PLAN_CONTENT], "");
}

TEST(RedbridgeTest, RefusalIsExplainedWithWhoCanRelease) {
  auth::Principal caller;
  caller.agency = "agencies/bhrut";
  caller.agency_kind = directory::v1::AGENCY_KIND_ACUTE_TRUST;
  caller.role = options::v1::ROLE_EMERGENCY_NURSE;
  Question question;
  question.caller = &caller;
  question.purpose = options::v1::PURPOSE_UNSCHEDULED_CARE;
  question.record_kind = options::v1::RECORD_KIND_PLAN;
  question.relations = kPresenting;
  question.day = kDay;
  Explanation why = Redbridge().ExplainWithheld(question, options::v1::CATEGORY_PLAN_CONTENT);
  EXPECT_TRUE(absl::EndsWith(why.reason, "ring the duty team.")) << why.reason;
  EXPECT_EQ(why.rule, "unscheduled-care/never-plan-content");
  EXPECT_EQ(why.released_by, "agencies/redbridge-council");
  EXPECT_EQ(why.what_would_change, "");
  caller.agency_kind = directory::v1::AGENCY_KIND_SCHOOL;
  caller.role = options::v1::ROLE_DESIGNATED_LEAD;
  question.purpose = options::v1::PURPOSE_EDUCATION_SUPPORT;
  question.relations = kHolding;
  why = Redbridge().ExplainWithheld(question, options::v1::CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(why.rule, "child-protection/core-group");
  EXPECT_TRUE(absl::StrContains(why.what_would_change, "core group")) << why.what_would_change;
  why = Redbridge().ExplainWithheld(question, options::v1::CATEGORY_SEXUAL_HEALTH);
  EXPECT_TRUE(absl::EndsWith(why.reason, "No sharing agreement in force gives it to anyone."));
  EXPECT_EQ(why.released_by, "");
}

}  // namespace
}  // namespace trusthub::policy
