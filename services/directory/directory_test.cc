// The directory on a store, and the borough's own directory file through it.
#include "services/directory/directory.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config/yaml.h"
#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::directory {
namespace {

using ::testing::SizeIs;
using testing::StatusIs;

class DirectoryTest : public ::testing::Test {
 protected:
  v1::CreateAgencyRequest Council() {
    v1::CreateAgencyRequest request;
    request.set_agency_id("redbridge-council");
    request.mutable_agency()->set_title("London Borough of Redbridge");
    request.mutable_agency()->set_kind(v1::AGENCY_KIND_COUNCIL);
    request.mutable_agency()->set_local_authority_code("317");
    request.mutable_agency()->set_office_telephone("020 7946 0317");
    return request;
  }
  v1::CreateWorkerRequest SocialWorker() {
    v1::CreateWorkerRequest request;
    request.set_worker_id("lbr-sw-01");
    request.mutable_worker()->set_agency("agencies/redbridge-council");
    request.mutable_worker()->set_role(options::v1::ROLE_SOCIAL_WORKER);
    request.mutable_worker()->set_display_name("Sunita Bhatt");
    request.mutable_worker()->mutable_qualified_date()->set_year(2003);
    request.mutable_worker()->mutable_qualified_date()->set_month(9);
    request.mutable_worker()->mutable_qualified_date()->set_day(1);
    return request;
  }
  absl::StatusOr<v1::CreateAgencyResponse> Create(const v1::CreateAgencyRequest& request) {
    return fixture_.Run(administrator_, directory_, &Directory::CreateAgency, request);
  }
  absl::StatusOr<v1::CreateWorkerResponse> Create(const v1::CreateWorkerRequest& request) {
    return fixture_.Run(administrator_, directory_, &Directory::CreateWorker, request);
  }

  testing::HandlerFixture fixture_{testing::LondonTime(2010, 1, 18, 9)};
  Directory directory_;
  const auth::Principal administrator_ =
      testing::Caller("trust-hub", "admin", options::v1::ROLE_DIRECTORY_ADMINISTRATOR);
};

TEST_F(DirectoryTest, AnAgencyIsCreatedReadAndTold) {
  const auto created = Create(Council());
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->agency().name(), "agencies/redbridge-council");
  EXPECT_EQ(created->agency().owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(created->agency().author_agency(), kHubAgency);
  v1::GetAgencyRequest get;
  get.set_name("agencies/redbridge-council");
  const auto read = fixture_.Run(administrator_, directory_, &Directory::GetAgency, get);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->agency().SerializeAsString(), created->agency().SerializeAsString());
  const auto events = fixture_.Events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_AGENCY_CHANGED);
  EXPECT_EQ(events[0].child(), "");
  EXPECT_EQ(events[0].agency().kind(), "COUNCIL");
  EXPECT_EQ(events[0].agency().office_telephone(), "020 7946 0317");
  EXPECT_EQ(events[0].agency().local_authority_code(), "317");
}

TEST_F(DirectoryTest, AWorkerIsCreatedReadAndTold) {
  ASSERT_TRUE(Create(Council()).ok());
  const auto created = Create(SocialWorker());
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->worker().owner_agency(), "agencies/redbridge-council");
  v1::GetWorkerRequest get;
  get.set_name("workers/lbr-sw-01");
  const auto read = fixture_.Run(administrator_, directory_, &Directory::GetWorker, get);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->worker().display_name(), "Sunita Bhatt");
  const auto events = fixture_.Events();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[1].kind(), events::v1::EVENT_KIND_WORKER_CHANGED);
  EXPECT_EQ(events[1].worker().qualified_date().year(), 2003);
  EXPECT_EQ(events[1].worker().role(), options::v1::ROLE_SOCIAL_WORKER);
}

TEST_F(DirectoryTest, OnlyTheHubsAdministratorsCreate) {
  const auth::Principal stranger =
      testing::Caller("redbridge-council", "admin", options::v1::ROLE_DIRECTORY_ADMINISTRATOR);
  const auto refused =
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
  EXPECT_THAT(fixture_.Run(stranger, directory_, &Directory::CreateAgency, Council()), refused);
  EXPECT_THAT(fixture_.Run(stranger, directory_, &Directory::CreateWorker, SocialWorker()),
              refused);
}

TEST_F(DirectoryTest, TakenIdsAndUnknownAgenciesAreRefused) {
  ASSERT_TRUE(Create(Council()).ok());
  EXPECT_THAT(Create(Council()),
              StatusIs(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS));
  v1::CreateWorkerRequest worker = SocialWorker();
  worker.mutable_worker()->set_agency("agencies/nowhere");
  const auto no_basis =
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING);
  EXPECT_THAT(Create(worker), no_basis);
  v1::CreateAgencyRequest merged = Council();
  merged.set_agency_id("old-council");
  merged.mutable_agency()->set_successor("agencies/nowhere");
  EXPECT_THAT(Create(merged), no_basis);
  merged.mutable_agency()->set_successor("agencies/redbridge-council");
  EXPECT_TRUE(Create(merged).ok());
}

TEST_F(DirectoryTest, EveryWrongCodeIsNamedAtOnce) {
  v1::CreateAgencyRequest request = Council();
  request.mutable_agency()->set_local_authority_code("999");
  request.mutable_agency()->set_ods_code("rf4");
  request.mutable_agency()->set_police_force_code("99");
  const auto answer = Create(request);
  ASSERT_THAT(answer, StatusIs(absl::StatusCode::kInvalidArgument,
                               errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(error::Explain(answer.status()), SizeIs(::testing::Ge(3u)));
}

TEST_F(DirectoryTest, AQualificationCannotLieAheadNorBePartial) {
  ASSERT_TRUE(Create(Council()).ok());
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  v1::CreateWorkerRequest request = SocialWorker();
  request.mutable_worker()->mutable_qualified_date()->set_year(2011);
  EXPECT_THAT(Create(request), invalid);
  request = SocialWorker();
  request.mutable_worker()->mutable_qualified_date()->set_day(0);
  EXPECT_THAT(Create(request), invalid);
  request = SocialWorker();
  request.mutable_worker()->set_role(options::v1::ROLE_HUB_SERVICE);
  EXPECT_THAT(Create(request), invalid);
}

class EndWorkerTest : public DirectoryTest {
 protected:
  EndWorkerTest() {
    EXPECT_TRUE(Create(Council()).ok());
    const auto created = Create(SocialWorker());
    EXPECT_TRUE(created.ok()) << created.status();
    worker_ = created->worker();
  }
  v1::EndWorkerRequest Leaving(int day) const {
    v1::EndWorkerRequest request;
    request.set_name(worker_.name());
    request.set_etag(worker_.etag());
    *request.mutable_leave_date() = DateToProto(absl::CivilDay(2010, 1, day));
    return request;
  }
  absl::StatusOr<v1::EndWorkerResponse> End(const v1::EndWorkerRequest& request) {
    return fixture_.Run(administrator_, directory_, &Directory::EndWorker, request);
  }

  v1::Worker worker_;
};

TEST_F(EndWorkerTest, KeepsTheWorkerAndTellsTheLastDay) {
  const auto ended = End(Leaving(29));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->worker().leave_date().day(), 29);
  EXPECT_EQ(ended->worker().display_name(), "Sunita Bhatt") << "records go on naming the worker";
  EXPECT_EQ(ended->worker().owner_agency(), "agencies/redbridge-council");
  const events::v1::Event event = fixture_.Events().back();
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_WORKER_CHANGED);
  EXPECT_EQ(event.record(), "workers/lbr-sw-01");
  EXPECT_EQ(event.worker().leave_date().day(), 29);
  EXPECT_EQ(event.worker().role(), options::v1::ROLE_SOCIAL_WORKER);
  EXPECT_EQ(event.worker().qualified_date().year(), 2003);
}

TEST_F(EndWorkerTest, ALastDayIsCorrectedByANewVersion) {
  auto ended = End(Leaving(29));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_THAT(End(Leaving(22)),
              StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  worker_ = ended->worker();
  ended = End(Leaving(22));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(fixture_.Events().back().worker().leave_date().day(), 22);
}

TEST_F(EndWorkerTest, IsTheHubsAdministratorsAlone) {
  const auth::Principal stranger =
      testing::Caller("redbridge-council", "admin", options::v1::ROLE_DIRECTORY_ADMINISTRATOR);
  EXPECT_THAT(
      fixture_.Run(stranger, directory_, &Directory::EndWorker, Leaving(29)),
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
}

TEST_F(EndWorkerTest, NeedsAFullDayAndAKnownWorker) {
  v1::EndWorkerRequest request = Leaving(29);
  request.mutable_leave_date()->set_day(0);
  EXPECT_THAT(End(request), StatusIs(absl::StatusCode::kInvalidArgument,
                                     errors::v1::ERROR_REASON_REQUEST_INVALID));
  request = Leaving(29);
  request.set_name("workers/nobody");
  EXPECT_THAT(End(request),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
}

// The borough's own file: every entry is accepted, and lists give back what was created, page by
// page.
class RedbridgeTest : public DirectoryTest {
 protected:
  static std::string TextOf(const config::Yaml& map, absl::string_view key) {
    const auto value = map.Find(key);
    return value.has_value() ? *value->Text() : "";
  }
  static std::vector<config::Yaml> ItemsOf(absl::string_view list) {
    static const auto& root = *new config::Yaml(
        *config::Yaml::ReadFile(testing::SourcePath("deploy/config/redbridge/directory.yaml")));
    EXPECT_TRUE(root.CheckKeys({"agencies", "workers"}).ok());
    return *root.Get(list)->Items();
  }
  void CreateAgencies() {
    for (const config::Yaml& item : ItemsOf("agencies")) {
      EXPECT_TRUE(item.CheckKeys({"id", "title", "kind", "office_telephone"},
                                 {"local_authority_code", "ods_code", "police_force_code",
                                  "establishment_number", "emergency_telephone"})
                      .ok())
          << item.Place();
      v1::CreateAgencyRequest request;
      request.set_agency_id(TextOf(item, "id"));
      v1::Agency& agency = *request.mutable_agency();
      agency.set_title(TextOf(item, "title"));
      v1::AgencyKind kind = v1::AGENCY_KIND_UNSPECIFIED;
      EXPECT_TRUE(v1::AgencyKind_Parse("AGENCY_KIND_" + TextOf(item, "kind"), &kind));
      agency.set_kind(kind);
      agency.set_local_authority_code(TextOf(item, "local_authority_code"));
      agency.set_ods_code(TextOf(item, "ods_code"));
      agency.set_police_force_code(TextOf(item, "police_force_code"));
      agency.set_establishment_number(TextOf(item, "establishment_number"));
      const auto created = Create(request);
      EXPECT_TRUE(created.ok()) << item.Place() << ": " << created.status();
    }
  }
  void CreateWorkers() {
    for (const config::Yaml& item : ItemsOf("workers")) {
      EXPECT_TRUE(item.CheckKeys({"id", "agency", "role", "display_name"},
                                 {"team", "registration_number", "qualified_date", "telephone"})
                      .ok())
          << item.Place();
      v1::CreateWorkerRequest request;
      request.set_worker_id(TextOf(item, "id"));
      request.mutable_worker()->set_agency(absl::StrCat("agencies/", TextOf(item, "agency")));
      options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
      EXPECT_TRUE(options::v1::Role_Parse("ROLE_" + TextOf(item, "role"), &role));
      request.mutable_worker()->set_role(role);
      request.mutable_worker()->set_display_name(TextOf(item, "display_name"));
      if (const auto qualified = item.Find("qualified_date"); qualified.has_value()) {
        *request.mutable_worker()->mutable_qualified_date() = DateToProto(*qualified->Day());
      }
      const auto created = Create(request);
      EXPECT_TRUE(created.ok()) << item.Place() << ": " << created.status();
    }
  }
  std::vector<std::string> List(v1::ListAgenciesRequest request) {
    std::vector<std::string> names;
    do {
      const auto page = fixture_.Run(administrator_, directory_, &Directory::ListAgencies, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return names;
      for (const v1::Agency& agency : page->agencies()) names.push_back(agency.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
};

TEST_F(RedbridgeTest, TheFileIsTheDirectory) {
  CreateAgencies();
  CreateWorkers();
  v1::ListAgenciesRequest all;
  all.set_page_size(5);
  EXPECT_THAT(List(all), SizeIs(ItemsOf("agencies").size()));
  v1::ListAgenciesRequest schools;
  schools.set_kind(v1::AGENCY_KIND_SCHOOL);
  schools.set_page_size(1);
  EXPECT_THAT(List(schools),
              ::testing::ElementsAre("agencies/uphall-primary", "agencies/valentines-high"));

  v1::ListWorkersRequest council;
  council.set_agency("agencies/redbridge-council");
  const auto workers = fixture_.Run(administrator_, directory_, &Directory::ListWorkers, council);
  ASSERT_TRUE(workers.ok());
  int qualified = 0, unqualified = 0;
  for (const v1::Worker& worker : workers->workers()) {
    EXPECT_EQ(worker.agency(), "agencies/redbridge-council");
    if (worker.role() != options::v1::ROLE_SOCIAL_WORKER) continue;
    (worker.has_qualified_date() ? qualified : unqualified) += 1;
  }
  EXPECT_GE(qualified, 1) << "the story needs a qualified social worker";
  EXPECT_GE(unqualified, 1) << "and one who is not";
}

}  // namespace
}  // namespace trusthub::directory
