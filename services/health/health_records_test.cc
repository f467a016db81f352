#include "services/health/health_records.h"

#include <string>
#include <vector>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/health/service.h"

namespace trusthub::health {
namespace {

using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
using errors::v1::ERROR_REASON_REQUEST_INVALID;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trusthub::testing::Caller;
using trusthub::testing::HandlerFixture;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

class HealthRecordsTest : public ::testing::Test {
 protected:
  static v1::HealthRecord Plan(const char* child = "children/c1") {
    v1::HealthRecord record;
    record.set_child(child);
    record.set_kind(v1::HEALTH_RECORD_KIND_HEALTH_PLAN);
    *record.mutable_care_date() = DateToProto(absl::CivilDay(2010, 3, 30));
    record.set_summary("Asthma, well controlled.");
    record.set_medical_needs("Inhaler before sport.");
    record.set_detail("Salbutamol 100 micrograms.");
    record.set_mental_health("Seen once by CAMHS.");
    return record;
  }
  absl::StatusOr<v1::HealthRecord> Add(const v1::HealthRecord& record) {
    v1::AddHealthRecordRequest request;
    *request.mutable_health_record() = record;
    auto response = hub_.Run(visitor_, records_, &HealthRecords::AddHealthRecord, request);
    if (!response.ok()) return response.status();
    return response->health_record();
  }

  HandlerFixture hub_{LondonTime(2010, 3, 30, 12)};
  HealthRecords records_;
  const auth::Principal visitor_ =
      Caller("nhs-redbridge", "visitor", options::v1::ROLE_HEALTH_VISITOR);
};

TEST_F(HealthRecordsTest, ARecordIsAddedAndReadWhole) {
  const auto added = Add(Plan());
  ASSERT_THAT(added, IsOk());
  EXPECT_EQ(added->owner_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(added->author_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(TimeFromProto(added->occurred_at()), hub_.now());
  v1::GetHealthRecordRequest get;
  get.set_name(added->name());
  const auto read = hub_.Run(visitor_, records_, &HealthRecords::GetHealthRecord, get);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->health_record().SerializeAsString(), added->SerializeAsString());
  EXPECT_EQ(read->health_record().detail(), Plan().detail());
  EXPECT_EQ(read->health_record().mental_health(), Plan().mental_health());
  EXPECT_THAT(hub_.Events(), IsEmpty());
}

TEST_F(HealthRecordsTest, CareLiesNotAhead) {
  v1::HealthRecord record = Plan();
  *record.mutable_care_date() = DateToProto(absl::CivilDay(2010, 3, 31));
  EXPECT_THAT(Add(record),
              StatusIs(absl::StatusCode::kInvalidArgument, ERROR_REASON_REQUEST_INVALID));
  record = Plan();
  *record.mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Add(record),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(HealthRecordsTest, AListIsOfOneChildOldestFirst) {
  std::vector<std::string> added;
  for (int i = 0; i < 3; ++i) {
    const auto record = Add(Plan());
    ASSERT_THAT(record, IsOk());
    added.push_back(record->name());
    ASSERT_THAT(Add(Plan("children/c2")), IsOk());
  }
  std::vector<std::string> listed;
  v1::ListHealthRecordsRequest list;
  list.set_child("children/c1");
  list.set_page_size(2);
  do {
    const auto page = hub_.Run(visitor_, records_, &HealthRecords::ListHealthRecords, list);
    ASSERT_THAT(page, IsOk());
    for (const v1::HealthRecord& record : page->health_records()) listed.push_back(record.name());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(listed, added);
}

TEST_F(HealthRecordsTest, WhatDoesNotExistIsNotFound) {
  v1::GetHealthRecordRequest get;
  get.set_name("healthRecords/none");
  EXPECT_THAT(hub_.Run(visitor_, records_, &HealthRecords::GetHealthRecord, get),
              StatusIs(absl::StatusCode::kNotFound, ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(HealthRecordsTest, EveryMethodHasARoute) {
  const rpc::Routes routes = HealthRecordsRoutes(&records_);
  EXPECT_EQ(routes.routes().size(),
            static_cast<std::size_t>(routes.file()->service(0)->method_count()));
}

}  // namespace
}  // namespace trusthub::health
