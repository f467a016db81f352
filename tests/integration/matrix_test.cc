// The access matrix (domain.md 8) over real RPCs: each of its 80 cells as the calls that a worker
// of that column makes, and what comes back, field by field, or the refusal. What is given is the
// set of categories of every field that the answer holds; nothing beside it came.
#include <array>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/proto/print.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/answers.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"

namespace trusthub::testing {
namespace {

constexpr char kReference[] = "MATRIX-1";

// What is asked about, a row of the matrix or a part of one.
enum class Data {
  kChild,   // status as it stands in the child's record
  kStatus,  // status by NHS number, from unscheduled care
  kPlan,
  kOwnActions,
  kReferral,     // the school's
  kOwnReferral,  // the asking agency's
  kMinutes,
  kHealthPlan,
  kPoliceReport,   // the contact, as the police sent it
  kPoliceSummary,  // the check, as the police answered it
  kPlacement,
  kAllegation,
};

// Which child.
enum class Case {
  // Strategy: council, police, health visiting; core group: council, school. Looked after at a
  // hidden
  // address, with every record there is.
  kUsual,
  // The same, but every agency is at every table, and does an action of the plan.
  kAllThere,
  // With a plan, whose core group is council and health visiting, and not looked after.
  kAtHome,
};

struct Cell {
  const char* worker;
  const char* purpose;
  Data data;
  Case which;
  const char* expected;  // KindsIn the answer
};

std::ostream& operator<<(std::ostream& out, const Cell& cell) {
  return out << cell.worker << " for " << cell.purpose << ", data " << static_cast<int>(cell.data)
             << ", case " << static_cast<int>(cell.which);
}

// One hub and two families for all cells.
class Stage {
 public:
  static absl::StatusOr<std::unique_ptr<Stage>> Set() {
    auto stage = std::make_unique<Stage>();
    TRUSTHUB_ASSIGN_OR_RETURN(stage->hub_, LocalHub::Start());
    const hubctl::Hub* hub = &stage->hub_->hub();
    const absl::CivilDay today = LondonDay(stage->hub_->clock().Now());
    stage->cast_ = std::make_unique<Cast>(hub);
    stage->usual_ = std::make_unique<Family>(hub, stage->cast_.get(), 1, today);
    stage->all_there_ = std::make_unique<Family>(hub, stage->cast_.get(), 2, today);
    stage->at_home_ = std::make_unique<Family>(hub, stage->cast_.get(), 3, today);
    TRUSTHUB_RETURN_IF_ERROR(stage->usual_->Build(Tables()));
    Tables all;
    all.strategy = {"redbridge-council", "met-police",       "nhs-redbridge", "bhrut", "nelft",
                    "uphall-primary",    "redbridge-housing"};
    all.conference = all.strategy;
    all.core_group = all.strategy;
    all.action_owners = all.strategy;
    TRUSTHUB_RETURN_IF_ERROR(stage->all_there_->Build(all));
    for (const char* worker : {"bhrut-nurse-01", "nhsr-visitor-01", "uphall-lead-01", "met-cait-01",
                               "housing-officer-01", "nelft-camhs-01"}) {
      TRUSTHUB_RETURN_IF_ERROR(stage->all_there_->ReferAs(worker));
    }
    Family& at_home = *stage->at_home_;
    Tables home;
    home.core_group = {"redbridge-council", "nhs-redbridge"};
    TRUSTHUB_RETURN_IF_ERROR(at_home.Register());
    TRUSTHUB_RETURN_IF_ERROR(at_home.Refer());
    TRUSTHUB_RETURN_IF_ERROR(at_home.Enquire(home));
    TRUSTHUB_RETURN_IF_ERROR(at_home.Confer(home));
    return stage;
  }

  LocalHub& hub() { return *hub_; }
  Cast& cast() { return *cast_; }
  const Family& family(Case which) {
    if (which == Case::kAtHome) return *at_home_;
    return which == Case::kUsual ? *usual_ : *all_there_;
  }

 private:
  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<Cast> cast_;
  std::unique_ptr<Family> usual_;
  std::unique_ptr<Family> all_there_;
  std::unique_ptr<Family> at_home_;
};

template <class Request>
std::unique_ptr<google::protobuf::Message> Named(const std::string& name) {
  auto request = std::make_unique<Request>();
  request->set_name(name);
  return request;
}

std::unique_ptr<google::protobuf::Message> RequestFor(const Family& family, const Cell& cell) {
  switch (cell.data) {
    case Data::kChild:
      return Named<children::v1::GetChildRequest>(family.child());
    case Data::kStatus: {
      auto request = std::make_unique<children::v1::CheckChildRequest>();
      request->set_nhs_number(family.nhs_number());
      request->set_attendance_id(family.path().attendance.attendance().attendance_id());
      return request;
    }
    case Data::kPlan:
      return Named<plans::v1::GetPlanRequest>(family.path().plan.name());
    case Data::kOwnActions: {
      auto request = std::make_unique<plans::v1::ListOwnActionsRequest>();
      request->set_child(family.child());
      return request;
    }
    case Data::kReferral:
      return Named<referrals::v1::GetReferralRequest>(family.path().referral.name());
    case Data::kOwnReferral:
      return Named<referrals::v1::GetReferralRequest>(family.referral_of(cell.worker));
    case Data::kMinutes:
      return Named<assessments::v1::GetStrategyDiscussionRequest>(family.path().discussion.name());
    case Data::kHealthPlan:
      return Named<health::v1::GetHealthRecordRequest>(family.health_record().name());
    case Data::kPoliceReport:
      return Named<referrals::v1::GetContactRequest>(family.contact().name());
    case Data::kPoliceSummary:
      return Named<assessments::v1::GetCheckRequest>(family.check().name());
    case Data::kPlacement:
      return Named<plans::v1::GetPlacementRequest>(family.placement().name());
    case Data::kAllegation:
      return Named<assessments::v1::GetAllegationRequest>(family.allegation().name());
  }
  return nullptr;
}

Stage* stage = nullptr;

// Whether the news that came last has reached every service: what these cells give rests on it.
bool IsSettled(Stage& set) {
  const Cell last[] = {
      {"bhrut-nurse-01", "unscheduled_care", Data::kStatus, Case::kUsual,
       "access_history plan_status"},
      {"bhrut-nurse-01", "unscheduled_care", Data::kHealthPlan, Case::kUsual, "health_summary"},
      {"bhrut-nurse-01", "unscheduled_care", Data::kHealthPlan, Case::kAllThere, "health_summary"},
      {"bhrut-nurse-01", "unscheduled_care", Data::kPlan, Case::kUsual, "plan_status"},
      {"bhrut-nurse-01", "unscheduled_care", Data::kPlan, Case::kAllThere, "plan_status"},
      {"lbr-virtual-school-01", "education_support", Data::kPlacement, Case::kAllThere,
       "plan_status"},
      {"lbr-virtual-school-01", "education_support", Data::kOwnActions, Case::kAllThere,
       "plan_content plan_status"},
      {"lbr-virtual-school-01", "education_support", Data::kChild, Case::kUsual,
       "characteristics identity plan_status"}};
  for (const Cell& cell : last) {
    const auto request = RequestFor(set.family(cell.which), cell);
    const Answer answer = Ask(set.cast().At(cell.worker), *request, cell.purpose, kReference);
    if (KindsIn(answer) != cell.expected) return false;
  }
  return true;
}

class MatrixTest : public ::testing::TestWithParam<Cell> {
 protected:
  static void SetUpTestSuite() {
    if (stage != nullptr) return;
    auto set = Stage::Set();
    ASSERT_THAT(set, IsOk());
    ASSERT_TRUE(Within(absl::Seconds(20), [&] { return IsSettled(**set); }));
    stage = set->release();
  }
  void SetUp() override { ASSERT_NE(stage, nullptr); }
};

class EndOfHub : public ::testing::Environment {
 public:
  void TearDown() override { delete stage; }
};
const auto* const kEndOfHub = ::testing::AddGlobalTestEnvironment(new EndOfHub);

TEST_P(MatrixTest, GivesExactly) {
  const Cell& cell = GetParam();
  const auto request = RequestFor(stage->family(cell.which), cell);
  const Answer answer = Ask(stage->cast().At(cell.worker), *request, cell.purpose, kReference);
  EXPECT_EQ(KindsIn(answer), cell.expected)
      << (answer.status.ok() ? proto::PrintOperational(*answer.response)
                             : answer.status.ToString());
}

// What answers hold, beside what is operational; by whom they are read.
constexpr char kKnown[] = "characteristics contact identity involvement plan_status";
constexpr char kPartner[] = "characteristics contact identity plan_status";
constexpr char kNotFound[] = "RECORD_NOT_FOUND";
constexpr char kNotPermitted[] = "METHOD_NOT_PERMITTED";
constexpr char kCoreGroup[] = "plan_content plan_status worker";
constexpr char kOwnPart[] = "plan_content plan_status";
constexpr char kReferral[] = "assessment_narrative referral_concern referral_decision worker";
constexpr char kOwnReferral[] = "referral_concern referral_decision worker";
constexpr char kSent[] = "referral_concern worker";
constexpr char kMinutes[] = "assessment_narrative assessment_status";
constexpr char kHealthPlan[] = "health_detail health_summary medical_needs";
constexpr char kClinical[] = "health_detail health_summary medical_needs mental_health";
constexpr char kPoliceSummary[] = "assessment_narrative assessment_status police_intelligence";
constexpr char kHiddenAddress[] = "confidential_address contact plan_status";
constexpr char kHiddenAddressAndApprover[] = "confidential_address contact plan_status worker";

const Cell kPlanStatusCells[] = {
    // The allocated worker, and colleagues who cover.
    Cell{"lbr-sw-01", "child_protection_planning", Data::kChild, Case::kUsual, kKnown},
    Cell{"lbr-sw-02", "child_protection_planning", Data::kChild, Case::kUsual, kKnown},
    Cell{"lbr-sw-01", "unscheduled_care", Data::kChild, Case::kUsual, kNotFound},
    // A&E: only for a child who presents, and never by reception.
    Cell{"bhrut-nurse-01", "unscheduled_care", Data::kStatus, Case::kUsual,
         "access_history plan_status"},
    Cell{"bhrut-nurse-01", "health_care", Data::kStatus, Case::kUsual, kNotPermitted},
    Cell{"bhrut-reception-01", "unscheduled_care", Data::kStatus, Case::kUsual, kNotPermitted},
    Cell{"whipps-nurse-01", "unscheduled_care", Data::kChild, Case::kUsual, kNotFound},
    // General practitioners and health visitors.
    Cell{"nhsr-visitor-01", "health_care", Data::kChild, Case::kUsual, kPartner},
    Cell{"nhsr-gp-01", "health_care", Data::kChild, Case::kUsual, kPartner},
    Cell{"nhsr-gp-01", "safeguarding_referral", Data::kChild, Case::kUsual,
         "characteristics contact identity"},
    // Schools, of their pupils.
    Cell{"uphall-lead-01", "education_support", Data::kChild, Case::kUsual, kPartner},
    Cell{"uphall-lead-01", "safeguarding_referral", Data::kChild, Case::kUsual,
         "characteristics contact identity"},
    Cell{"valentines-lead-01", "education_support", Data::kChild, Case::kUsual, kNotFound},
    // The police, in an enquiry.
    Cell{"met-cait-01", "child_protection_enquiry", Data::kChild, Case::kUsual, kPartner},
    Cell{"met-cait-01", "police_protection", Data::kChild, Case::kUsual, kPartner},
    // Housing, in the core group alone.
    Cell{"housing-officer-01", "housing_support", Data::kChild, Case::kUsual, "contact identity"},
    Cell{"housing-officer-01", "housing_support", Data::kChild, Case::kAllThere,
         "contact identity plan_status"},
    // CAMHS, the reviewing officer, the virtual school.
    Cell{"nelft-camhs-01", "health_care", Data::kChild, Case::kUsual, kPartner},
    Cell{"nelft-camhs-01", "safeguarding_referral", Data::kChild, Case::kUsual,
         "characteristics contact identity"},
    Cell{"lbr-iro-01", "child_protection_planning", Data::kChild, Case::kUsual, kKnown},
    Cell{"lbr-virtual-school-01", "education_support", Data::kChild, Case::kUsual,
         "characteristics identity plan_status"},
    Cell{"lbr-virtual-school-01", "education_support", Data::kChild, Case::kAtHome, kNotFound}};
INSTANTIATE_TEST_SUITE_P(PlanStatus, MatrixTest, ::testing::ValuesIn(kPlanStatusCells));

const Cell kPlanContentCells[] = {
    // The allocated worker; colleagues too, on record (EveryReadingIsOnRecord).
    Cell{"lbr-sw-01", "child_protection_planning", Data::kPlan, Case::kUsual, kCoreGroup},
    Cell{"lbr-sw-02", "child_protection_planning", Data::kPlan, Case::kUsual, kCoreGroup},
    // A&E: dates alone while the child presents, whatever table the hospital sits at.
    Cell{"bhrut-nurse-01", "unscheduled_care", Data::kPlan, Case::kUsual, "plan_status"},
    Cell{"bhrut-nurse-01", "unscheduled_care", Data::kPlan, Case::kAllThere, "plan_status"},
    Cell{"bhrut-nurse-01", "unscheduled_care", Data::kOwnActions, Case::kAllThere, kNotPermitted},
    // Health visitors, general practitioners: in the core group.
    Cell{"nhsr-visitor-01", "health_care", Data::kPlan, Case::kUsual, kNotFound},
    Cell{"nhsr-visitor-01", "health_care", Data::kPlan, Case::kAllThere, kCoreGroup},
    Cell{"nhsr-gp-01", "health_care", Data::kPlan, Case::kAllThere, kCoreGroup},
    // Schools: in the core group.
    Cell{"uphall-lead-01", "education_support", Data::kPlan, Case::kUsual, kCoreGroup},
    Cell{"uphall-lead-01", "education_support", Data::kPlan, Case::kAtHome, kNotFound},
    Cell{"valentines-lead-01", "education_support", Data::kPlan, Case::kUsual, kNotFound},
    // The police: dates in an enquiry, more in the core group.
    Cell{"met-cait-01", "police_protection", Data::kPlan, Case::kUsual, "plan_status"},
    Cell{"met-cait-01", "police_protection", Data::kPlan, Case::kAllThere, kCoreGroup},
    // Housing: its own actions.
    Cell{"housing-officer-01", "housing_support", Data::kPlan, Case::kAllThere, kNotPermitted},
    Cell{"housing-officer-01", "housing_support", Data::kOwnActions, Case::kAllThere, kOwnPart},
    Cell{"housing-officer-01", "housing_support", Data::kOwnActions, Case::kUsual, "nothing"},
    // CAMHS: its own actions.
    Cell{"nelft-camhs-01", "health_care", Data::kPlan, Case::kAllThere, "plan_status"},
    Cell{"nelft-camhs-01", "health_care", Data::kOwnActions, Case::kAllThere, kOwnPart},
    Cell{"nelft-camhs-01", "health_care", Data::kOwnActions, Case::kUsual, "nothing"},
    // The reviewing officer.
    Cell{"lbr-iro-01", "child_protection_planning", Data::kPlan, Case::kUsual, kCoreGroup},
    // The virtual school: the council's own actions for looked after children.
    Cell{"lbr-virtual-school-01", "education_support", Data::kPlan, Case::kAllThere, kNotPermitted},
    Cell{"lbr-virtual-school-01", "education_support", Data::kOwnActions, Case::kAllThere,
         kOwnPart},
    Cell{"lbr-virtual-school-01", "education_support", Data::kOwnActions, Case::kAtHome,
         "nothing"}};
INSTANTIATE_TEST_SUITE_P(PlanContent, MatrixTest, ::testing::ValuesIn(kPlanContentCells));

const Cell kReferralCells[] = {
    // The council.
    Cell{"lbr-sw-01", "assessment", Data::kReferral, Case::kUsual, kReferral},
    Cell{"lbr-sw-02", "assessment", Data::kReferral, Case::kUsual, kReferral},
    // A&E: what it sent and what became of it, of no other referral.
    Cell{"bhrut-nurse-01", "safeguarding_referral", Data::kOwnReferral, Case::kAllThere,
         kOwnReferral},
    Cell{"bhrut-nurse-01", "safeguarding_referral", Data::kReferral, Case::kAllThere, kNotFound},
    // Health visitors.
    Cell{"nhsr-visitor-01", "safeguarding_referral", Data::kOwnReferral, Case::kAllThere,
         kOwnReferral},
    Cell{"nhsr-visitor-01", "safeguarding_referral", Data::kReferral, Case::kAllThere, kNotFound},
    // Schools.
    Cell{"uphall-lead-01", "safeguarding_referral", Data::kReferral, Case::kUsual, kOwnReferral},
    Cell{"valentines-lead-01", "safeguarding_referral", Data::kReferral, Case::kUsual, kNotFound},
    // The police.
    Cell{"met-cait-01", "safeguarding_referral", Data::kOwnReferral, Case::kAllThere, kOwnReferral},
    Cell{"met-cait-01", "safeguarding_referral", Data::kReferral, Case::kAllThere, kNotFound},
    // Housing: what it sent.
    Cell{"housing-officer-01", "safeguarding_referral", Data::kOwnReferral, Case::kAllThere, kSent},
    Cell{"housing-officer-01", "safeguarding_referral", Data::kReferral, Case::kAllThere,
         kNotFound},
    // CAMHS: what it sent.
    Cell{"nelft-camhs-01", "safeguarding_referral", Data::kOwnReferral, Case::kAllThere, kSent},
    Cell{"nelft-camhs-01", "safeguarding_referral", Data::kReferral, Case::kAllThere, kNotFound},
    // The reviewing officer; the virtual school has no part in it.
    Cell{"lbr-iro-01", "assessment", Data::kReferral, Case::kUsual, kReferral},
    Cell{"lbr-virtual-school-01", "education_support", Data::kReferral, Case::kUsual,
         kNotPermitted}};
INSTANTIATE_TEST_SUITE_P(Referral, MatrixTest, ::testing::ValuesIn(kReferralCells));

const Cell kStrategyMinutesCells[] = {
    // The allocated worker and no colleague.
    Cell{"lbr-sw-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kMinutes},
    Cell{"lbr-sw-02", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    // A&E, health visitors, general practitioners: whose agency attended.
    Cell{"bhrut-nurse-01", "child_protection_enquiry", Data::kMinutes, Case::kAllThere, kMinutes},
    Cell{"bhrut-nurse-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    Cell{"nhsr-visitor-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kMinutes},
    Cell{"nhsr-gp-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kMinutes},
    // Schools.
    Cell{"uphall-lead-01", "child_protection_enquiry", Data::kMinutes, Case::kAllThere, kMinutes},
    Cell{"uphall-lead-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    // The police.
    Cell{"met-cait-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kMinutes},
    // Housing.
    Cell{"housing-officer-01", "child_protection_enquiry", Data::kMinutes, Case::kAllThere,
         kMinutes},
    Cell{"housing-officer-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    // CAMHS.
    Cell{"nelft-camhs-01", "child_protection_enquiry", Data::kMinutes, Case::kAllThere, kMinutes},
    Cell{"nelft-camhs-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    // The reviewing officer; the virtual school has no part in it.
    Cell{"lbr-iro-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kMinutes},
    Cell{"lbr-virtual-school-01", "education_support", Data::kMinutes, Case::kUsual,
         kNotPermitted}};
INSTANTIATE_TEST_SUITE_P(StrategyMinutes, MatrixTest, ::testing::ValuesIn(kStrategyMinutesCells));

const Cell kHealthPlanCells[] = {
    // The allocated worker and no colleague.
    Cell{"lbr-sw-01", "child_protection_planning", Data::kHealthPlan, Case::kUsual, kHealthPlan},
    Cell{"lbr-sw-02", "child_protection_planning", Data::kHealthPlan, Case::kUsual, kNotFound},
    // A&E: a summary while the child presents.
    Cell{"bhrut-nurse-01", "unscheduled_care", Data::kHealthPlan, Case::kUsual, "health_summary"},
    Cell{"whipps-nurse-01", "unscheduled_care", Data::kHealthPlan, Case::kUsual, kNotFound},
    // Those who treat the child.
    Cell{"nhsr-visitor-01", "health_care", Data::kHealthPlan, Case::kUsual, kClinical},
    Cell{"nhsr-gp-01", "health_care", Data::kHealthPlan, Case::kUsual, kClinical},
    // Schools: what they must do.
    Cell{"uphall-lead-01", "education_support", Data::kHealthPlan, Case::kUsual, "medical_needs"},
    // Neither police nor housing, at whatever table.
    Cell{"met-cait-01", "police_protection", Data::kHealthPlan, Case::kAllThere, kNotFound},
    Cell{"met-cait-01", "child_protection_enquiry", Data::kHealthPlan, Case::kAllThere, kNotFound},
    Cell{"housing-officer-01", "housing_support", Data::kHealthPlan, Case::kAllThere, kNotFound},
    // CAMHS, the reviewing officer; not the virtual school.
    Cell{"nelft-camhs-01", "health_care", Data::kHealthPlan, Case::kUsual, kClinical},
    Cell{"lbr-iro-01", "child_protection_planning", Data::kHealthPlan, Case::kUsual, kHealthPlan},
    Cell{"lbr-virtual-school-01", "looked_after_care", Data::kHealthPlan, Case::kUsual, kNotFound}};
INSTANTIATE_TEST_SUITE_P(HealthPlan, MatrixTest, ::testing::ValuesIn(kHealthPlanCells));

const Cell kPoliceIntelligenceCells[] = {
    // The graded summary for the allocated worker; raw reports for nobody who does not screen.
    Cell{"lbr-sw-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kUsual,
         kPoliceSummary},
    Cell{"lbr-sw-02", "child_protection_enquiry", Data::kPoliceSummary, Case::kUsual, kNotFound},
    Cell{"lbr-sw-02", "screening", Data::kPoliceReport, Case::kUsual, kNotFound},
    // Nobody else at the table.
    Cell{"bhrut-nurse-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kAllThere,
         kNotFound},
    Cell{"nhsr-visitor-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kAllThere,
         kNotFound},
    Cell{"nhsr-visitor-01", "safeguarding_referral", Data::kPoliceReport, Case::kAllThere,
         kNotFound},
    Cell{"uphall-lead-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kAllThere,
         kNotFound},
    Cell{"uphall-lead-01", "safeguarding_referral", Data::kPoliceReport, Case::kAllThere,
         kNotFound},
    // The police themselves.
    Cell{"met-cait-01", "police_protection", Data::kPoliceReport, Case::kUsual,
         "police_intelligence"},
    Cell{"met-cait-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kUsual,
         kPoliceSummary},
    // Housing, CAMHS.
    Cell{"housing-officer-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kAllThere,
         kNotFound},
    Cell{"nelft-camhs-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kAllThere,
         kNotFound},
    // The reviewing officer: the summary, not the report; the virtual school: nothing.
    Cell{"lbr-iro-01", "child_protection_enquiry", Data::kPoliceSummary, Case::kUsual,
         kPoliceSummary},
    Cell{"lbr-iro-01", "child_protection_enquiry", Data::kPoliceReport, Case::kUsual,
         kNotPermitted},
    Cell{"lbr-virtual-school-01", "education_support", Data::kPoliceSummary, Case::kUsual,
         kNotPermitted}};
INSTANTIATE_TEST_SUITE_P(PoliceIntelligence, MatrixTest,
                         ::testing::ValuesIn(kPoliceIntelligenceCells));

const Cell kConfidentialAddressCells[] = {
    // The allocated worker and no colleague.
    Cell{"lbr-sw-01", "looked_after_care", Data::kPlacement, Case::kAllThere,
         kHiddenAddressAndApprover},
    Cell{"lbr-sw-02", "looked_after_care", Data::kPlacement, Case::kAllThere, "plan_status"},
    // That the child is placed and since when, without a word of where.
    Cell{"bhrut-nurse-01", "unscheduled_care", Data::kPlacement, Case::kAllThere, "plan_status"},
    Cell{"nhsr-visitor-01", "health_care", Data::kPlacement, Case::kAllThere, "plan_status"},
    Cell{"nhsr-gp-01", "health_care", Data::kPlacement, Case::kAllThere, "plan_status"},
    Cell{"uphall-lead-01", "education_support", Data::kPlacement, Case::kAllThere, "plan_status"},
    // The police in an enquiry.
    Cell{"met-cait-01", "child_protection_enquiry", Data::kPlacement, Case::kAllThere,
         kHiddenAddress},
    // Housing: as if there were no placement.
    Cell{"housing-officer-01", "housing_support", Data::kPlacement, Case::kAllThere, kNotFound},
    Cell{"nelft-camhs-01", "health_care", Data::kPlacement, Case::kAllThere, "plan_status"},
    // The reviewing officer; the virtual school: dates.
    Cell{"lbr-iro-01", "looked_after_care", Data::kPlacement, Case::kAllThere,
         kHiddenAddressAndApprover},
    Cell{"lbr-virtual-school-01", "education_support", Data::kPlacement, Case::kAllThere,
         "plan_status"}};
INSTANTIATE_TEST_SUITE_P(ConfidentialAddress, MatrixTest,
                         ::testing::ValuesIn(kConfidentialAddressCells));

const Cell kLadoCells[] = {
    // The designated officer and nobody else of the council.
    Cell{"lbr-lado-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere, "lado"},
    Cell{"lbr-sw-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere, kNotFound},
    Cell{"lbr-sw-02", "child_protection_enquiry", Data::kAllegation, Case::kAllThere, kNotFound},
    Cell{"lbr-manager-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotFound},
    // No other agency but the police.
    Cell{"bhrut-nurse-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted},
    Cell{"nhsr-visitor-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted},
    Cell{"uphall-lead-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted},
    Cell{"met-cait-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere, "lado"},
    Cell{"housing-officer-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted},
    Cell{"nelft-camhs-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted},
    Cell{"lbr-iro-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted},
    Cell{"lbr-virtual-school-01", "child_protection_enquiry", Data::kAllegation, Case::kAllThere,
         kNotPermitted}};
INSTANTIATE_TEST_SUITE_P(Lado, MatrixTest, ::testing::ValuesIn(kLadoCells));

// Weeks later the child is no longer in the department, and the enquiry is over.
const Cell kWeeksLater[] = {
    {"bhrut-nurse-01", "unscheduled_care", Data::kPlan, Case::kUsual, kNotFound},
    {"bhrut-nurse-01", "unscheduled_care", Data::kHealthPlan, Case::kUsual, kNotFound},
    {"met-cait-01", "child_protection_enquiry", Data::kChild, Case::kUsual,
     "characteristics contact identity"},
    {"met-cait-01", "police_protection", Data::kPlan, Case::kUsual, kNotFound},
    {"met-cait-01", "police_protection", Data::kPlacement, Case::kUsual, kNotFound},
    {"met-cait-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    {"met-cait-01", "child_protection_enquiry", Data::kAllegation, Case::kUsual, kNotFound},
    {"nhsr-visitor-01", "child_protection_enquiry", Data::kMinutes, Case::kUsual, kNotFound},
    // What rests on nothing that ends goes on.
    {"uphall-lead-01", "education_support", Data::kPlan, Case::kUsual, kCoreGroup},
    {"lbr-sw-01", "looked_after_care", Data::kPlacement, Case::kUsual, kHiddenAddressAndApprover}};

// --- That no cell is left out -------------------------------------------------------------------

// What the matrix says in one cell: that some of it is given, that it never is, or when.
enum class Says { kRead, kNo, kSometimes };

// The columns, by the workers who stand in them here.
using Column = std::array<const char*, 3>;
constexpr Column kColumns[] = {
    {"lbr-sw-01"},
    {"lbr-sw-02"},
    {"bhrut-nurse-01", "bhrut-reception-01", "whipps-nurse-01"},
    {"nhsr-visitor-01", "nhsr-gp-01"},
    {"uphall-lead-01", "valentines-lead-01"},
    {"met-cait-01"},
    {"housing-officer-01"},
    {"nelft-camhs-01"},
    {"lbr-iro-01"},
    {"lbr-virtual-school-01"},
};

struct Row {
  const char* name;
  absl::Span<const Cell> cells;
  // The kinds of information that the row is about: whether a cell gives one of them.
  std::vector<absl::string_view> about;
  std::array<Says, std::size(kColumns)> says;
};

const std::vector<Row>& Rows() {
  using enum Says;
  static const auto& rows = *new std::vector<Row>{
      {"plan status",
       kPlanStatusCells,
       {"plan_status"},
       {kRead, kRead, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kRead,
        kSometimes}},
      {"plan content",
       kPlanContentCells,
       {"plan_content"},
       {kRead, kRead, kNo, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kRead,
        kSometimes}},
      {"referral",
       kReferralCells,
       {"referral_concern", "referral_decision"},
       {kRead, kRead, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kRead,
        kNo}},
      {"strategy minutes",
       kStrategyMinutesCells,
       {"assessment_narrative"},
       {kRead, kNo, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kSometimes, kRead,
        kNo}},
      {"health plan",
       kHealthPlanCells,
       {"health_summary", "health_detail", "medical_needs"},
       {kRead, kNo, kSometimes, kRead, kRead, kNo, kNo, kRead, kRead, kNo}},
      {"police intelligence",
       kPoliceIntelligenceCells,
       {"police_intelligence"},
       {kRead, kNo, kNo, kNo, kNo, kRead, kNo, kNo, kSometimes, kNo}},
      {"hidden address",
       kConfidentialAddressCells,
       {"confidential_address"},
       {kRead, kNo, kNo, kNo, kNo, kRead, kNo, kNo, kRead, kNo}},
      {"LADO", kLadoCells, {"lado"}, {kNo, kNo, kNo, kNo, kNo, kRead, kNo, kNo, kNo, kNo}},
  };
  return rows;
}

bool Gives(const Cell& cell, const Row& row) {
  for (const absl::string_view kind : absl::StrSplit(cell.expected, ' ')) {
    if (absl::c_linear_search(row.about, kind)) return true;
  }
  return false;
}

// Of the row, what the workers of a column are given and are not; weeks later, too.
std::pair<int, int> GivenAndNot(const Row& row, const Column& column) {
  std::pair<int, int> found;
  const auto count = [&](const Cell& cell) {
    if (!absl::c_any_of(column, [&](const char* worker) {
          return worker != nullptr && absl::string_view(worker) == cell.worker;
        })) {
      return;
    }
    ++(Gives(cell, row) ? found.first : found.second);
  };
  for (const Cell& cell : row.cells) count(cell);
  for (const Cell& cell : kWeeksLater) {
    if (absl::c_any_of(row.cells, [&](const Cell& other) { return other.data == cell.data; })) {
      count(cell);
    }
  }
  return found;
}

TEST(Matrix, EveryCellIsAskedFor) {
  int cells = 0;
  for (const Row& row : Rows()) {
    for (std::size_t i = 0; i < std::size(kColumns); ++i) {
      SCOPED_TRACE(absl::StrCat(row.name, ", ", kColumns[i][0]));
      const auto [given, not_given] = GivenAndNot(row, kColumns[i]);
      switch (row.says[i]) {
        case Says::kRead:
          EXPECT_GT(given, 0);
          break;
        case Says::kNo:
          EXPECT_EQ(given, 0);
          EXPECT_GT(not_given, 0);
          break;
        case Says::kSometimes:
          EXPECT_GT(given, 0);
          EXPECT_GT(not_given, 0);
          break;
      }
      ++cells;
    }
  }
  EXPECT_EQ(cells, 80);
}

// What the matrix says of writing, and that every reading is on record.
class Beside : public MatrixTest {
 protected:
  static std::string Refusal(absl::string_view worker, const google::protobuf::Message& request,
                             absl::string_view purpose) {
    return KindsIn(Ask(stage->cast().At(worker), request, purpose, kReference));
  }
};

TEST_F(Beside, EveryReadingIsOnRecord) {
  const Family& family = stage->family(Case::kUsual);
  const auto request = Named<plans::v1::GetPlanRequest>(family.path().plan.name());
  const Answer answer =
      Ask(stage->cast().At("lbr-sw-02"), *request, "child_protection_planning", kReference);
  ASSERT_THAT(answer.status, IsOk());
  const auto& disclosure =
      static_cast<const plans::v1::GetPlanResponse&>(*answer.response).disclosure();
  EXPECT_THAT(CheckAuditLog(stage->hub().hub(), "plans", {disclosure.receipt()}), IsOk());
}

TEST_F(Beside, WhoReadsMayNotWrite) {
  const Family& family = stage->family(Case::kAllThere);
  plans::v1::RecordCoreGroupRequest meeting;
  meeting.set_request_id(RandomUuid());
  meeting.set_name(family.path().plan.name());
  meeting.set_etag(family.path().plan.etag());
  *meeting.mutable_meeting_date() = DateToProto(LondonDay(stage->hub().clock().Now()));
  for (const char* worker : {"uphall-lead-01", "nhsr-visitor-01", "met-cait-01", "lbr-iro-01"}) {
    EXPECT_EQ(Refusal(worker, meeting, "child_protection_planning"), kNotPermitted) << worker;
  }
  referrals::v1::DecideReferralRequest decide;
  decide.set_request_id(RandomUuid());
  decide.set_name(family.path().referral.name());
  decide.set_etag(family.path().referral.etag());
  decide.set_decision(referrals::v1::REFERRAL_DECISION_NO_FURTHER_ACTION);
  decide.set_rationale("Not for us to say.");
  for (const char* worker : {"uphall-lead-01", "lbr-sw-01", "lbr-iro-01"}) {
    EXPECT_EQ(Refusal(worker, decide, "screening"), kNotPermitted) << worker;
  }
  health::v1::AddHealthRecordRequest treat;
  treat.set_request_id(RandomUuid());
  *treat.mutable_health_record() = family.health_record();
  for (const char* worker : {"lbr-sw-01", "uphall-lead-01", "bhrut-nurse-01", "lbr-iro-01"}) {
    EXPECT_EQ(Refusal(worker, treat, "health_care"), kNotPermitted) << worker;
  }
  plans::v1::RecordPlacementRequest place = family.PlacementOf(true, false);
  for (const char* worker : {"lbr-iro-01", "met-cait-01", "nhsr-visitor-01"}) {
    EXPECT_EQ(Refusal(worker, place, "looked_after_care"), kNotPermitted) << worker;
  }
}

TEST_F(Beside, TheAllocatedWorkerWritesThePlan) {
  const Family& family = stage->family(Case::kAtHome);
  plans::v1::RecordCoreGroupRequest meeting;
  meeting.set_request_id(RandomUuid());
  meeting.set_name(family.path().plan.name());
  meeting.set_etag(family.path().plan.etag());
  *meeting.mutable_meeting_date() = DateToProto(LondonDay(stage->hub().clock().Now()));
  EXPECT_EQ(Refusal("lbr-sw-01", meeting, "child_protection_planning"), kCoreGroup);
}

TEST_F(Beside, QueriesEndWithTheirOccasion) {
  const absl::Time before = stage->hub().clock().Now();
  stage->hub().clock().Advance(absl::Hours(24 * 60));
  for (const Cell& cell : kWeeksLater) {
    const auto request = RequestFor(stage->family(cell.which), cell);
    EXPECT_EQ(Refusal(cell.worker, *request, cell.purpose), cell.expected) << cell;
  }
  stage->hub().clock().Set(before);
}

}  // namespace
}  // namespace trusthub::testing
