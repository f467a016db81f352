// What holds over every cell of the agreements shipped for Redbridge, and how they explain
// themselves.
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/policy/redbridge_fixture.h"
#include "common/testing/paths.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/audit/v1/data_keys_service.pb.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"
#include "trusthub/children/v1/allocations_service.pb.h"
#include "trusthub/children/v1/break_glass_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"
#include "trusthub/children/v1/sharing_decisions_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

const std::string& kFolder =
    *new std::string(testing::SourcePath("deploy/config/redbridge/agreements"));

// What only its keepers may learn to exist.
CategorySet Secrets() {
  return SetNamed("confidential_address adoption lado sexual_health police_intelligence");
}

// Calls `visit(asked)` for every combination of agency, role, purpose and record.
template <typename Visit>
void ForEveryCell(Visit visit) {
  Asked asked;
  for (asked.agency_kind = 1; asked.agency_kind < directory::v1::AgencyKind_ARRAYSIZE;
       ++asked.agency_kind) {
    for (asked.role = 1; asked.role < options::v1::Role_ARRAYSIZE; ++asked.role) {
      for (asked.purpose = 1; asked.purpose < options::v1::Purpose_ARRAYSIZE; ++asked.purpose) {
        for (asked.record = 1; asked.record < options::v1::RecordKind_ARRAYSIZE; ++asked.record) {
          visit(asked);
        }
      }
    }
  }
}

std::string TextOf(const Asked& asked) {
  return absl::StrCat(directory::v1::AgencyKind_Name(asked.agency_kind), " ",
                      options::v1::Role_Name(asked.role), " for ",
                      options::v1::Purpose_Name(asked.purpose), " reads ",
                      options::v1::RecordKind_Name(asked.record));
}

// Whom a secret is for, at the most.
struct Keepers {
  const char* category;
  std::set<int> roles;
  std::set<int> records;
};

TEST(RedbridgeTest, SecretsAreForTheirKeepersAlone) {
  using namespace options::v1;  // NOLINT: only names of the table
  const std::vector<Keepers> kept = {
      {"lado", {ROLE_ALLEGATIONS_OFFICER, ROLE_CHILD_ABUSE_INVESTIGATOR}, {RECORD_KIND_ALLEGATION}},
      {"adoption", {ROLE_PLACEMENT_OFFICER, ROLE_SOCIAL_WORKER}, {RECORD_KIND_PLACEMENT}},
      {"sexual_health",
       {ROLE_SCHOOL_NURSE, ROLE_HEALTH_VISITOR, ROLE_GENERAL_PRACTITIONER, ROLE_CALDICOTT_GUARDIAN,
        ROLE_SOCIAL_WORKER, ROLE_TEAM_MANAGER, ROLE_CHILD_ABUSE_INVESTIGATOR},
       {RECORD_KIND_CONSULTATION}},
      {"confidential_address",
       {ROLE_SOCIAL_WORKER, ROLE_TEAM_MANAGER, ROLE_INDEPENDENT_REVIEWING_OFFICER,
        ROLE_PLACEMENT_OFFICER, ROLE_CHILD_ABUSE_INVESTIGATOR},
       {RECORD_KIND_CHILD, RECORD_KIND_PLACEMENT}},
      // A school and a health visitor have no police information: a contact of their own has its
      // summary in that category.
      {"police_intelligence",
       {ROLE_SCREENING_MANAGER, ROLE_TEAM_MANAGER, ROLE_SOCIAL_WORKER,
        ROLE_INDEPENDENT_REVIEWING_OFFICER, ROLE_CHILD_ABUSE_INVESTIGATOR, ROLE_DESIGNATED_LEAD,
        ROLE_HEALTH_VISITOR},
       {RECORD_KIND_CONTACT, RECORD_KIND_CHECK, RECORD_KIND_REFERRAL, RECORD_KIND_ASSESSMENT,
        RECORD_KIND_STRATEGY_DISCUSSION, RECORD_KIND_ENQUIRY}},
  };
  CategorySet all;
  for (const Keepers& keepers : kept) {
    const auto secret = static_cast<Category>(Named(Category_descriptor(), keepers.category));
    EXPECT_TRUE(Redbridge().IsSecret(secret)) << keepers.category;
    all.Add(secret);
    int found = 0;
    ForEveryCell([&](const Asked& asked) {
      if (asked.role == ROLE_HUB_SERVICE || !GivenByAnyone(Redbridge(), asked).Has(secret)) return;
      ASSERT_TRUE(keepers.roles.count(asked.role) > 0 && keepers.records.count(asked.record) > 0)
          << keepers.category << ": " << TextOf(asked);
      ++found;
    });
    EXPECT_GT(found, 0) << keepers.category;
  }
  EXPECT_EQ(NamesOf(all), NamesOf(Secrets()));
  for (int c = 1; c < Category_ARRAYSIZE; ++c) {
    const auto category = static_cast<Category>(c);
    EXPECT_EQ(Redbridge().IsSecret(category), Secrets().Has(category)) << Category_Name(c);
  }
}

TEST(RedbridgeTest, NoCellGivesWhatNobodyThereMayHave) {
  using namespace options::v1;  // NOLINT: only names of the table
  const CategorySet health =
      SetNamed("health_summary health_detail sexual_health mental_health medical_needs");
  const CategorySet names =
      SetNamed(
          "identity contact confidential_address family child_voice third_party referral_concern "
          "assessment_narrative police_intelligence") |
      health;
  ForEveryCell([&](const Asked& asked) {
    const CategorySet all = GivenByAnyone(Redbridge(), asked);
    if (all.empty() || asked.role == ROLE_HUB_SERVICE) return;
    switch (asked.role) {
      case ROLE_HOUSING_OFFICER:
      case ROLE_CONNEXIONS_ADVISER:
      case ROLE_VOLUNTARY_WORKER:
        ASSERT_TRUE((all & health).empty()) << TextOf(asked);
        break;
      case ROLE_DESIGNATED_LEAD:
        ASSERT_TRUE((all & SetNamed("health_detail mental_health")).empty()) << TextOf(asked);
        break;
      case ROLE_EMERGENCY_NURSE:
        ASSERT_TRUE((all & SetNamed("plan_content child_voice")).empty()) << TextOf(asked);
        // Only of a discussion that the department took part in, and its own answer to a check.
        if (asked.record != RECORD_KIND_STRATEGY_DISCUSSION && asked.record != RECORD_KIND_CHECK) {
          ASSERT_FALSE(all.Has(CATEGORY_ASSESSMENT_NARRATIVE)) << TextOf(asked);
        }
        break;
      case ROLE_EMERGENCY_RECEPTIONIST:
      case ROLE_DIRECTORY_ADMINISTRATOR:
      case ROLE_AUDITOR:
        ASSERT_TRUE((all & SetNamed("operational worker")) == all) << TextOf(asked);
        break;
      case ROLE_INSPECTOR:
      case ROLE_BOARD_MANAGER:
      case ROLE_PERFORMANCE_ANALYST:
        ASSERT_TRUE((all & names).empty()) << TextOf(asked);
        break;
      default:
        break;
    }
    if (asked.agency_kind != directory::v1::AGENCY_KIND_COUNCIL) {
      ASSERT_FALSE(all.Has(CATEGORY_LEGAL)) << TextOf(asked);
      // Beside its own allocations an agency does not learn who else is involved.
      if (asked.record != RECORD_KIND_ALLOCATION) {
        ASSERT_FALSE(all.Has(CATEGORY_INVOLVEMENT)) << TextOf(asked);
      }
    }
  });
}

// The reasons for which an agency keeps something back tell what there is.
TEST(RedbridgeTest, DecisionsAboutSharingStayWithWhoTookThem) {
  int given = 0;
  ForEveryCell([&](Asked asked) {
    if (asked.record != options::v1::RECORD_KIND_SHARING_DECISION) return;
    asked.relations = kEveryRelation & ~(kOwner | kAuthor);
    for (int kind = 1; kind < directory::v1::AgencyKind_ARRAYSIZE; ++kind) {
      if (GivenFrom(Redbridge(), asked, kind).empty()) continue;
      ++given;
      ASSERT_EQ(asked.agency_kind, kind) << TextOf(asked);
      ASSERT_EQ(asked.role, options::v1::ROLE_SOCIAL_WORKER) << TextOf(asked);
    }
  });
  EXPECT_GT(given, 0) << "to the allocated worker";
}

TEST(RedbridgeTest, WithoutRelationOnlyTheHubReadsAndOnlyEvents) {
  ForEveryCell([](Asked asked) {
    const bool hub = asked.agency_kind == directory::v1::AGENCY_KIND_HUB &&
                     asked.role == options::v1::ROLE_HUB_SERVICE &&
                     asked.purpose == options::v1::PURPOSE_HUB_OPERATION &&
                     asked.record == options::v1::RECORD_KIND_EVENT;
    asked.relations = 0;
    ASSERT_EQ(GivenByAnyone(Redbridge(), asked).empty(), !hub) << TextOf(asked);
  });
}

TEST(RedbridgeTest, HubServiceIsGivenEventsWhole) {
  Asked asked;
  asked.agency_kind = directory::v1::AGENCY_KIND_HUB;
  asked.role = options::v1::ROLE_HUB_SERVICE;
  asked.purpose = options::v1::PURPOSE_HUB_OPERATION;
  asked.record = options::v1::RECORD_KIND_EVENT;
  asked.relations = 0;
  asked.flags = 0;
  asked.consent = ConsentStanding::kNone;
  const CategorySet granted = GivenByAnyone(Redbridge(), asked);
  for (int c = 1; c < options::v1::Category_ARRAYSIZE; ++c) {
    EXPECT_TRUE(granted.Has(static_cast<Category>(c))) << options::v1::Category_Name(c);
  }
}

// By emergency access alone: what was opened and nothing else, and never a secret or legal advice.
TEST(RedbridgeTest, EmergencyAccessGivesWhatWasOpenedAndNoSecret) {
  const CategorySet opened = SetNamed("operational identity plan_status");
  int given = 0;
  ForEveryCell([&](Asked asked) {
    asked.relations = kBreakGlass;
    const CategorySet all = GivenByAnyone(Redbridge(), asked);
    asked.opened = opened;
    const CategorySet some = GivenByAnyone(Redbridge(), asked);
    asked.opened = CategorySet();
    ASSERT_TRUE(GivenByAnyone(Redbridge(), asked).empty() ||
                asked.role == options::v1::ROLE_HUB_SERVICE)
        << TextOf(asked);
    if (asked.role == options::v1::ROLE_HUB_SERVICE) return;
    ASSERT_TRUE((all & (Secrets() | SetNamed("legal"))).empty()) << TextOf(asked);
    ASSERT_EQ(NamesOf(some), NamesOf(all & opened)) << TextOf(asked);
    given += all.empty() ? 0 : 1;
  });
  EXPECT_GT(given, 10);
}

// What consent opens, closes with it.
TEST(RedbridgeTest, WithoutConsentACommonAssessmentIsItsOwnersAlone) {
  for (const ConsentStanding consent : {ConsentStanding::kNone, ConsentStanding::kRefused}) {
    ForEveryCell([&](Asked asked) {
      asked.relations = kEveryRelation & ~(kOwner | kAuthor | kReleased);
      asked.consent = consent;
      if (asked.record != options::v1::RECORD_KIND_COMMON_ASSESSMENT) return;
      ASSERT_TRUE(GivenByAnyone(Redbridge(), asked).empty()) << TextOf(asked);
    });
  }
}

TEST(RedbridgeTest, NothingIsGivenBeforeTheFirstDay) {
  ForEveryCell([](Asked asked) {
    asked.day = absl::CivilDay(2006, 3, 31);
    ASSERT_TRUE(GivenByAnyone(Redbridge(), asked).empty()) << TextOf(asked);
  });
  Asked asked;
  asked.agency_kind = directory::v1::AGENCY_KIND_COUNCIL;
  asked.role = options::v1::ROLE_SOCIAL_WORKER;
  asked.purpose = options::v1::PURPOSE_ASSESSMENT;
  asked.record = options::v1::RECORD_KIND_CHILD;
  for (const absl::CivilDay day : {absl::CivilDay(2006, 4, 1), absl::CivilDay(2040, 1, 1)}) {
    asked.day = day;
    EXPECT_FALSE(GivenByAnyone(Redbridge(), asked).empty()) << day;
  }
}

// Scenario 15: the whole set, had it ended on the day before.
TEST(RedbridgeTest, AgreementsThatExpiredYesterdayPermitNothing) {
  auto texts = ReadAgreementTexts(kFolder);
  ASSERT_TRUE(texts.ok()) << texts.status();
  for (AgreementText& each : *texts) {
    const std::string ends = absl::StrCat("effective_to: ", absl::FormatCivilTime(kInspectionDay));
    ASSERT_EQ(absl::StrReplaceAll({{"effective_to: open", ends}}, &each.text), 1) << each.file;
  }
  const auto ended = CompileAgreements(*texts);
  ASSERT_TRUE(ended.ok()) << ended.status();
  ForEveryCell([&](Asked asked) {
    ASSERT_EQ(NamesOf(GivenByAnyone(**ended, asked)), NamesOf(GivenByAnyone(Redbridge(), asked)))
        << "on its last day: " << TextOf(asked);
    asked.day = kInspectionDay + 1;
    ASSERT_TRUE(GivenByAnyone(**ended, asked).empty()) << TextOf(asked);
  });
  auth::Principal caller;
  caller.agency = "agencies/redbridge-council";
  caller.agency_kind = directory::v1::AGENCY_KIND_COUNCIL;
  caller.role = options::v1::ROLE_SOCIAL_WORKER;
  EXPECT_TRUE((*ended)->Covers(caller, options::v1::PURPOSE_ASSESSMENT, kInspectionDay));
  EXPECT_FALSE((*ended)->Covers(caller, options::v1::PURPOSE_ASSESSMENT, kInspectionDay + 1));
}

// AGREEMENT_MISSING is for those whom no agreement about children names: reading the directory
// does not count.
TEST(RedbridgeTest, TheDirectoryCoversNoChildren) {
  const auto covered = [](const Agreements& agreements, const char* kind, const char* role,
                          const char* purpose) {
    auth::Principal caller;
    caller.agency = "agencies/some-agency";
    caller.agency_kind =
        static_cast<directory::v1::AgencyKind>(Named(directory::v1::AgencyKind_descriptor(), kind));
    caller.role = static_cast<options::v1::Role>(Named(options::v1::Role_descriptor(), role));
    return agreements.CoversChildren(
        caller, static_cast<Purpose>(Named(options::v1::Purpose_descriptor(), purpose)),
        kInspectionDay);
  };
  EXPECT_TRUE(covered(Redbridge(), "school", "designated_lead", "early_help"));
  EXPECT_FALSE(covered(Redbridge(), "school", "designated_lead", "unscheduled_care"));
  EXPECT_FALSE(covered(Redbridge(), "housing", "housing_officer", "early_help"));
  EXPECT_FALSE(covered(Redbridge(), "inspectorate", "inspector", "assessment"));
  EXPECT_FALSE(covered(Redbridge(), "acute_trust", "emergency_receptionist", "unscheduled_care"));

  // One agreement ends, and what it alone opened is not covered any more.
  auto texts = ReadAgreementTexts(kFolder);
  ASSERT_TRUE(texts.ok()) << texts.status();
  for (AgreementText& each : *texts) {
    if (each.file != "inspection.yaml") continue;
    ASSERT_EQ(absl::StrReplaceAll({{"effective_to: open", "effective_to: 2010-03-15"}}, &each.text),
              1);
  }
  const auto ended = CompileAgreements(*texts);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_TRUE(covered(Redbridge(), "council", "performance_analyst", "inspection"));
  EXPECT_FALSE(covered(**ended, "council", "performance_analyst", "inspection"));
}

// Roles that may ask, so that every worker asks in the same way and is answered as if there were
// nothing, and to whom no agreement ever gives it.
const std::set<std::pair<std::string, int>>& AskInVain() {
  using namespace options::v1;  // NOLINT: only names of the table
  static const auto& roles = *new std::set<std::pair<std::string, int>>{
      {"allegations.get", ROLE_SOCIAL_WORKER},
      {"allegations.get", ROLE_TEAM_MANAGER},
      {"allegations.list", ROLE_SOCIAL_WORKER},
      {"allegations.list", ROLE_TEAM_MANAGER},
      {"consultations.get", ROLE_DESIGNATED_LEAD},
      {"consultations.get", ROLE_VIRTUAL_SCHOOL_HEAD},
      {"consultations.list", ROLE_DESIGNATED_LEAD},
      {"consultations.list", ROLE_VIRTUAL_SCHOOL_HEAD},
      {"health_records.get", ROLE_CHILD_ABUSE_INVESTIGATOR},
      {"health_records.get", ROLE_HOUSING_OFFICER},
      {"health_records.get", ROLE_VIRTUAL_SCHOOL_HEAD},
      {"health_records.list", ROLE_CHILD_ABUSE_INVESTIGATOR},
      {"health_records.list", ROLE_HOUSING_OFFICER},
      {"health_records.list", ROLE_VIRTUAL_SCHOOL_HEAD},
      {"placements.get", ROLE_HOUSING_OFFICER},
      {"placements.list", ROLE_HOUSING_OFFICER},
  };
  return roles;
}

std::vector<const google::protobuf::FileDescriptor*> ServiceFiles() {
  return {assessments::v1::RecordAllegationRequest::descriptor()->file(),
          assessments::v1::GetEnquiryRequest::descriptor()->file(),
          assessments::v1::RequestCheckRequest::descriptor()->file(),
          assessments::v1::OpenCommonAssessmentRequest::descriptor()->file(),
          audit::v1::ListEntriesRequest::descriptor()->file(),
          audit::v1::CountDataKeysRequest::descriptor()->file(),
          children::v1::GetAccessReviewRequest::descriptor()->file(),
          children::v1::ListAllocationsRequest::descriptor()->file(),
          children::v1::OpenBreakGlassRequest::descriptor()->file(),
          children::v1::GetChildRequest::descriptor()->file(),
          children::v1::RecordConsentRequest::descriptor()->file(),
          children::v1::RecordSharingDecisionRequest::descriptor()->file(),
          directory::v1::GetAgencyRequest::descriptor()->file(),
          events::v1::WatchRequest::descriptor()->file(),
          health::v1::RecordConsultationRequest::descriptor()->file(),
          health::v1::AddHealthRecordRequest::descriptor()->file(),
          health::v1::GetAttendanceRequest::descriptor()->file(),
          plans::v1::RecordPlacementRequest::descriptor()->file(),
          plans::v1::GetPlanRequest::descriptor()->file(),
          policy::v1::ProposeAgreementSetRequest::descriptor()->file(),
          policy::v1::ExplainDecisionRequest::descriptor()->file(),
          referrals::v1::GetReferralRequest::descriptor()->file()};
}

// Whether someone of `role` is given at least the envelope of the record that a method is about,
// for some purpose of the method.
bool IsServed(const options::v1::MethodRule& rule, int role) {
  Asked asked;
  asked.role = role;
  asked.record = rule.record_kind();
  for (const int purpose : rule.purposes()) {
    asked.purpose = purpose;
    for (int kind = 1; kind < directory::v1::AgencyKind_ARRAYSIZE; ++kind) {
      asked.agency_kind = kind;
      if (GivenByAnyone(Redbridge(), asked).Has(options::v1::CATEGORY_OPERATIONAL)) return true;
    }
  }
  return false;
}

TEST(RedbridgeTest, EveryRoleOfEveryMethodIsServedByAnAgreement) {
  std::set<std::pair<std::string, int>> in_vain;
  int checked = 0;
  for (const google::protobuf::FileDescriptor* file : ServiceFiles()) {
    const google::protobuf::ServiceDescriptor* service = file->service(0);
    for (int m = 0; m < service->method_count(); ++m) {
      const auto& rule = service->method(m)->options().GetExtension(options::v1::rule);
      for (const int role : rule.roles()) {
        // A service that checks a child forwards the nurse's token, so the role is the nurse's.
        if (rule.action() == "children.check" && role == options::v1::ROLE_HUB_SERVICE) continue;
        ++checked;
        if (IsServed(rule, role)) continue;
        in_vain.emplace(rule.action(), role);
        EXPECT_TRUE(AskInVain().count({rule.action(), role}) > 0)
            << rule.action() << " is of no use to "
            << options::v1::Role_Name(static_cast<options::v1::Role>(role));
      }
    }
  }
  EXPECT_EQ(in_vain, AskInVain());
  EXPECT_GT(checked, 400);
}

// --- In words ---------------------------------------------------------------------------------

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
  question.day = kInspectionDay;
  question.provider = "agencies/redbridge-council";
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
  question.day = kInspectionDay;
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
  why = Redbridge().ExplainWithheld(question, options::v1::CATEGORY_ACCESS_HISTORY);
  EXPECT_TRUE(absl::EndsWith(why.reason, "No sharing agreement in force gives it to anyone."));
  EXPECT_EQ(why.released_by, "");
}

}  // namespace
}  // namespace trusthub::policy
