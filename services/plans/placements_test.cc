#include "services/plans/placements.h"

#include <string>
#include <vector>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/plans/placement_fixture.h"
#include "services/plans/service.h"

namespace trusthub::plans {
namespace {

using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED;
using errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
using errors::v1::ERROR_REASON_REQUEST_INVALID;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trusthub::testing::Caller;
using trusthub::testing::HandlerFixture;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

class PlacementsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    events::v1::Event council;
    council.set_kind(events::v1::EVENT_KIND_AGENCY_CHANGED);
    council.mutable_agency()->set_agency("agencies/redbridge-council");
    council.mutable_agency()->set_kind("COUNCIL");
    council.mutable_agency()->set_local_authority_code("317");
    hub_.Know(council);
    hub_.KnowWorker("nominated", "redbridge-council", options::v1::ROLE_TEAM_MANAGER);
    KnowInvolvement("agencies/redbridge-council", "RESPONSIBLE");
  }
  void KnowInvolvement(const char* agency, const char* kind) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_INVOLVEMENT_CHANGED);
    event.set_child(kPlacedChild);
    event.mutable_involvement()->set_agency(agency);
    event.mutable_involvement()->set_kind(kind);
    hub_.Know(event);
  }
  absl::StatusOr<v1::Placement> RecordAs(const auth::Principal& caller,
                                         const v1::Placement& placement) {
    v1::RecordPlacementRequest request;
    *request.mutable_placement() = placement;
    auto response = hub_.Run(caller, placements_, &Placements::RecordPlacement, request);
    if (!response.ok()) return response.status();
    return response->placement();
  }
  absl::StatusOr<v1::Placement> Record(const v1::Placement& placement) {
    return RecordAs(officer_, placement);
  }
  v1::Placement Stored(const std::string& name) {
    v1::GetPlacementRequest request;
    request.set_name(name);
    const auto response = hub_.Run(officer_, placements_, &Placements::GetPlacement, request);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->placement() : v1::Placement();
  }

  HandlerFixture hub_{LondonTime(2010, 4, 20, 10)};
  Placements placements_;
  const auth::Principal officer_ =
      Caller("redbridge-council", "placements", options::v1::ROLE_PLACEMENT_OFFICER);
};

TEST_F(PlacementsTest, APlacementIsRecordedAndRead) {
  const auto placement = Record(FosterCare());
  ASSERT_THAT(placement, IsOk());
  EXPECT_EQ(placement->owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(placement->author_agency(), "agencies/redbridge-council");
  EXPECT_EQ(placement->kind(), v1::PLACEMENT_KIND_FOSTER_CARE);
  EXPECT_FALSE(placement->has_end_date());
  EXPECT_TRUE(placement->has_occurred_at());
  EXPECT_EQ(Stored(placement->name()).SerializeAsString(), placement->SerializeAsString());
}

TEST_F(PlacementsTest, TheEventSaysNeitherWhereNorOfWhichKind) {
  const auto open = Record(FosterCare());
  ASSERT_THAT(open, IsOk());
  v1::Placement secret = HiddenCare(kPlaced + 3);
  *secret.mutable_adoption() = ForAdoption().adoption();
  secret.set_kind(v1::PLACEMENT_KIND_ADOPTION);
  const auto hidden = Record(secret);
  ASSERT_THAT(hidden, IsOk());
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[1].kind(), events::v1::EVENT_KIND_PLACEMENT_RECORDED);
  EXPECT_EQ(events[1].child(), kPlacedChild);
  EXPECT_EQ(events[1].record(), hidden->name());
  EXPECT_EQ(events[1].record_kind(), options::v1::RECORD_KIND_PLACEMENT);
  EXPECT_EQ(events[1].plan().kind(), "LOOKED_AFTER");
  EXPECT_EQ(*DateFromProto(events[1].plan().start_date()), kPlaced + 3);
  // But for the day and what is random, the two are the same bytes.
  std::vector<std::string> bytes;
  for (events::v1::Event event : events) {
    event.clear_name();
    event.clear_record();
    event.mutable_plan()->clear_start_date();
    bytes.push_back(event.SerializeAsString());
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST_F(PlacementsTest, AdoptionStandsInItsOwnPartAlone) {
  const auto placed = Record(ForAdoption());
  ASSERT_THAT(placed, IsOk());
  v1::Placement stored = Stored(placed->name());
  EXPECT_EQ(stored.adoption().matching_panel(), ForAdoption().adoption().matching_panel());
  stored.clear_adoption();
  v1::Placement fostered = FosterCare();
  fostered.set_name(stored.name());
  fostered.set_etag(stored.etag());
  *fostered.mutable_create_time() = stored.create_time();
  *fostered.mutable_update_time() = stored.update_time();
  *fostered.mutable_occurred_at() = stored.occurred_at();
  fostered.set_owner_agency(stored.owner_agency());
  fostered.set_author_agency(stored.author_agency());
  EXPECT_EQ(stored.SerializeAsString(), fostered.SerializeAsString());
}

TEST_F(PlacementsTest, ANewPlacementEndsTheOneBefore) {
  const auto first = Record(FosterCare());
  ASSERT_THAT(first, IsOk());
  const auto second = Record(HiddenCare(kPlaced + 9));
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(FormatDay(*DateFromProto(Stored(first->name()).end_date())), "2010-04-15");
  const auto third = Record(FosterCare(kPlaced + 12));
  ASSERT_THAT(third, IsOk());
  EXPECT_EQ(FormatDay(*DateFromProto(Stored(first->name()).end_date())), "2010-04-15")
      << "what had ended stays as it is";
  EXPECT_EQ(FormatDay(*DateFromProto(Stored(second->name()).end_date())), "2010-04-18");
  EXPECT_FALSE(Stored(third->name()).has_end_date());
}

TEST_F(PlacementsTest, NoPlacementStartsBeforeTheOneItEnds) {
  const auto first = Record(FosterCare());
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Record(FosterCare(kPlaced - 1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_DATE_FORBIDDEN));
  EXPECT_FALSE(Stored(first->name()).has_end_date());
}

TEST_F(PlacementsTest, OnlyTheResponsibleCouncilRecords) {
  const auto refused =
      StatusIs(absl::StatusCode::kPermissionDenied, ERROR_REASON_METHOD_NOT_PERMITTED);
  const auth::Principal other = Caller("newham-council", "officer");
  EXPECT_THAT(RecordAs(other, FosterCare()), refused);
  KnowInvolvement("agencies/newham-council", "HOLDING");
  EXPECT_THAT(RecordAs(other, FosterCare()), refused) << "holding the child is not enough";
  EXPECT_THAT(hub_.Events(), IsEmpty());
}

TEST_F(PlacementsTest, ApproverAndAreaComeFromTheDirectory) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument, ERROR_REASON_REQUEST_INVALID);
  v1::Placement placement = HiddenCare();
  EXPECT_THAT(Record(placement), IsOk());
  placement.set_approved_by("workers/nobody");
  EXPECT_THAT(Record(placement), invalid);
  placement.clear_approved_by();
  EXPECT_THAT(Record(placement), invalid);
  placement = FosterCare();
  placement.set_area_authority("881");
  EXPECT_THAT(Record(placement), invalid);
}

TEST_F(PlacementsTest, AListIsOldestFirstPageByPage) {
  std::vector<std::string> recorded;
  for (int i = 0; i < 3; ++i) {
    const auto placement = Record(FosterCare(kPlaced + i));
    ASSERT_THAT(placement, IsOk());
    recorded.push_back(placement->name());
  }
  v1::ListPlacementsRequest list;
  list.set_child(kPlacedChild);
  list.set_page_size(2);
  const auto page = hub_.Run(officer_, placements_, &Placements::ListPlacements, list);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->placements(), SizeIs(2));
  EXPECT_EQ(page->placements(0).name(), recorded[0]);
  list.set_page_token(page->next_page_token());
  const auto rest = hub_.Run(officer_, placements_, &Placements::ListPlacements, list);
  ASSERT_THAT(rest, IsOk());
  ASSERT_THAT(rest->placements(), SizeIs(1));
  EXPECT_EQ(rest->placements(0).name(), recorded[2]);
  EXPECT_THAT(rest->next_page_token(), IsEmpty());
}

TEST_F(PlacementsTest, WhatDoesNotExistIsNotFound) {
  v1::GetPlacementRequest request;
  request.set_name("placements/none");
  EXPECT_THAT(hub_.Run(officer_, placements_, &Placements::GetPlacement, request),
              StatusIs(absl::StatusCode::kNotFound, ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(PlacementsTest, EveryMethodHasARoute) {
  const rpc::Routes routes = PlacementsRoutes(&placements_);
  EXPECT_EQ(routes.routes().size(),
            static_cast<std::size_t>(routes.file()->service(0)->method_count()));
}

}  // namespace
}  // namespace trusthub::plans
