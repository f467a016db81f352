#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/assessments/allegations.h"
#include "services/assessments/assessments_fixture.h"
#include "services/assessments/service.h"

namespace trusthub::assessments {
namespace {

using absl::StatusCode;
using trusthub::testing::Caller;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

class AllegationTest : public AssessmentsFixture {
 protected:
  static v1::RecordAllegationRequest About(const std::string& child) {
    v1::RecordAllegationRequest request;
    request.mutable_allegation()->set_child(child);
    request.mutable_allegation()->set_position("teacher");
    request.mutable_allegation()->set_summary("Held the child by the arm");
    return request;
  }
  absl::StatusOr<v1::Allegation> Keep(const v1::RecordAllegationRequest& request) {
    auto response = hub_.Run(officer_, allegations_, &Allegations::RecordAllegation, request);
    if (!response.ok()) return response.status();
    return response->allegation();
  }

  Allegations allegations_;
  const auth::Principal officer_ =
      Caller("redbridge-council", "lado", options::v1::ROLE_ALLEGATIONS_OFFICER);
};

TEST_F(AllegationTest, IsKeptAndReadAndNobodyIsTold) {
  const auto kept = Keep(About("children/amira"));
  ASSERT_THAT(kept, IsOk());
  EXPECT_EQ(kept->owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(kept->outcome(), v1::ALLEGATION_OUTCOME_UNSPECIFIED);
  EXPECT_EQ(TimeFromProto(kept->occurred_at()), hub_.now());
  EXPECT_TRUE(hub_.Events().empty()) << "not even that there is one";
  store::Transaction tx = hub_.Begin();
  const auto facts = events::ChildFactsOf(tx, "children/amira");
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(facts->ByteSizeLong(), 0u);

  v1::GetAllegationRequest get;
  get.set_name(kept->name());
  const auto got = hub_.Run(officer_, allegations_, &Allegations::GetAllegation, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->allegation().SerializeAsString(), kept->SerializeAsString());
  get.set_name("allegations/unknown");
  EXPECT_THAT(hub_.Run(officer_, allegations_, &Allegations::GetAllegation, get),
              StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(AllegationTest, ListsThoseAboutTheChild) {
  std::vector<std::string> kept;
  for (const char* child : {"children/amira", "children/ben", "children/amira"}) {
    const auto allegation = Keep(About(child));
    ASSERT_THAT(allegation, IsOk());
    if (allegation->child() == "children/amira") kept.push_back(allegation->name());
  }
  v1::ListAllegationsRequest list;
  list.set_child("children/amira");
  list.set_page_size(1);
  std::vector<std::string> names;
  do {
    const auto page = hub_.Run(officer_, allegations_, &Allegations::ListAllegations, list);
    ASSERT_THAT(page, IsOk());
    for (const auto& each : page->allegations()) names.push_back(each.name());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(names, kept);
}

TEST_F(AllegationTest, IsNotAboutTomorrowNight) {
  v1::RecordAllegationRequest request = About("children/amira");
  *request.mutable_allegation()->mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Keep(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(AllegationTest, EveryMethodHasItsRoute) {
  const rpc::Routes routes = AllegationsRoutes(&allegations_);
  EXPECT_EQ(static_cast<int>(routes.routes().size()), routes.file()->service(0)->method_count());
}

}  // namespace
}  // namespace trusthub::assessments
