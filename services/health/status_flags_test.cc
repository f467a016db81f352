#include "services/health/status_flags.h"

#include "gtest/gtest.h"

namespace trusthub::health {
namespace {

children::v1::Status PlanStatus() {
  children::v1::Status status;
  status.set_kind(children::v1::STATUS_KIND_CHILD_PROTECTION_PLAN);
  status.mutable_start_date()->set_year(2010);
  status.mutable_start_date()->set_month(4);
  status.mutable_start_date()->set_day(22);
  status.set_responsible_agency("agencies/redbridge-council");
  status.set_responsible_title("London Borough of Redbridge");
  status.set_office_telephone("020 7946 0001");
  status.set_emergency_telephone("020 7946 0002");
  status.set_basis("plans/p1");
  return status;
}

TEST(StatusFlags, SayWhatTheNightMustKnow) {
  children::v1::ChildStatus status;
  *status.add_statuses() = PlanStatus();
  const v1::AttendanceFlags flags = FlagsFrom(status);
  ASSERT_EQ(flags.flags_size(), 1);
  const v1::StatusFlag& flag = flags.flags(0);
  EXPECT_EQ(flag.kind(), "CHILD_PROTECTION_PLAN");
  EXPECT_EQ(flag.start_date().day(), 22);
  EXPECT_FALSE(flag.has_end_date());
  EXPECT_EQ(flag.responsible_agency(), "agencies/redbridge-council");
  EXPECT_EQ(flag.responsible_title(), "London Borough of Redbridge");
  EXPECT_EQ(flag.office_telephone(), "020 7946 0001");
  EXPECT_EQ(flag.emergency_telephone(), "020 7946 0002");
  // Which plan it is does not leave.
  EXPECT_EQ(flags.SerializeAsString().find("plans/"), std::string::npos);
}

TEST(StatusFlags, KeepTheOrderAndTheEnd) {
  children::v1::ChildStatus status;
  *status.add_statuses() = PlanStatus();
  status.mutable_statuses(0)->mutable_end_date()->set_year(2010);
  status.add_statuses()->set_kind(children::v1::STATUS_KIND_LOOKED_AFTER);
  const v1::AttendanceFlags flags = FlagsFrom(status);
  ASSERT_EQ(flags.flags_size(), 2);
  EXPECT_TRUE(flags.flags(0).has_end_date());
  EXPECT_EQ(flags.flags(1).kind(), "LOOKED_AFTER");
}

TEST(StatusFlags, AreNoneWithoutStatuses) {
  EXPECT_EQ(FlagsFrom(children::v1::ChildStatus()).flags_size(), 0);
}

}  // namespace
}  // namespace trusthub::health
