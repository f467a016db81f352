#include "services/assessments/worker.h"

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::assessments {
namespace {

using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

constexpr char kCouncil[] = "agencies/redbridge-council";
const absl::CivilDay kToday(2010, 3, 30);

events::v1::WorkerFact Qualified(absl::CivilDay since) {
  events::v1::WorkerFact worker;
  worker.set_worker("workers/asha");
  worker.set_agency(kCouncil);
  worker.set_role(options::v1::ROLE_SOCIAL_WORKER);
  *worker.mutable_qualified_date() = DateToProto(since);
  return worker;
}

void ExpectNotQualified(const std::optional<events::v1::WorkerFact>& worker) {
  EXPECT_THAT(CheckMayLeadEnquiry(worker, kCouncil, kToday),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED));
}

TEST(CheckMayLeadEnquiry, QualifiedSocialWorkersAndManagersMay) {
  events::v1::WorkerFact worker = Qualified(absl::CivilDay(2006, 7, 1));
  EXPECT_THAT(CheckMayLeadEnquiry(worker, kCouncil, kToday), IsOk());
  worker.set_role(options::v1::ROLE_TEAM_MANAGER);
  EXPECT_THAT(CheckMayLeadEnquiry(worker, kCouncil, kToday), IsOk());
  EXPECT_THAT(CheckMayLeadEnquiry(Qualified(kToday), kCouncil, kToday), IsOk());
}

TEST(CheckMayLeadEnquiry, OthersMayNot) {
  ExpectNotQualified(std::nullopt);
  ExpectNotQualified(Qualified(kToday + 1));

  events::v1::WorkerFact worker = Qualified(absl::CivilDay(2006, 7, 1));
  worker.set_agency("agencies/newham-council");
  ExpectNotQualified(worker);

  worker = Qualified(absl::CivilDay(2006, 7, 1));
  worker.set_role(options::v1::ROLE_SCREENING_MANAGER);
  ExpectNotQualified(worker);

  worker.set_role(options::v1::ROLE_SOCIAL_WORKER);
  worker.mutable_qualified_date()->set_day(0);
  ExpectNotQualified(worker);
  worker.clear_qualified_date();
  ExpectNotQualified(worker);
}

TEST(IsWorkerOf, AsksTheDirectory) {
  EXPECT_TRUE(IsWorkerOf(Qualified(kToday), kCouncil));
  EXPECT_FALSE(IsWorkerOf(Qualified(kToday), "agencies/newham-council"));
  EXPECT_FALSE(IsWorkerOf(std::nullopt, kCouncil));
}

}  // namespace
}  // namespace trusthub::assessments
