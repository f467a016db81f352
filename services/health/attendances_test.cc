#include "services/health/attendances.h"

#include <cstdint>
#include <string>
#include <vector>

#include "common/error/error.h"
#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/health/service.h"
#include "trusthub/children/v1/children_service.pb.h"

namespace trusthub::health {
namespace {

using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_RECORD_EXISTS;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trusthub::testing::Caller;
using trusthub::testing::HandlerFixture;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

constexpr char kNhsNumber[] = "9434765919";
constexpr char kChild[] = "children/c1";

// The children service, as far as health knows it.
class FakeChildren : public rpc::Services {
 public:
  absl::Status Ask(const rpc::Call& call, const google::protobuf::Message& request,
                   google::protobuf::Message* response) override {
    if (!error.ok()) return error;
    asked.push_back(static_cast<const children::v1::CheckChildRequest&>(request));
    purposes.push_back(call.purpose);
    *static_cast<children::v1::CheckChildResponse*>(response) = answer;
    return absl::OkStatus();
  }

  absl::Status error;
  children::v1::CheckChildResponse answer;
  std::vector<children::v1::CheckChildRequest> asked;
  std::vector<options::v1::Purpose> purposes;
};

// Keeps what the handler told the pipeline beside its answer.
class Watched {
 public:
  explicit Watched(Attendances* domain) : domain_(domain) {}
  absl::StatusOr<v1::RegisterAttendanceResponse> Register(
      rpc::Call& call, const v1::RegisterAttendanceRequest& request) {
    auto response = domain_->RegisterAttendance(call, request);
    relations = call.relations;
    child = call.child;
    return response;
  }

  std::uint32_t relations = 0;
  std::string child;

 private:
  Attendances* domain_;
};

class AttendancesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    children_.answer.mutable_status()->set_child(kChild);
    children::v1::Status& status = *children_.answer.mutable_status()->add_statuses();
    status.set_kind(children::v1::STATUS_KIND_CHILD_PROTECTION_PLAN);
    status.set_emergency_telephone("020 7946 0002");
  }
  static v1::RegisterAttendanceRequest Request(const std::string& id = "KGH-100423-0117") {
    v1::RegisterAttendanceRequest request;
    v1::Attendance& attendance = *request.mutable_attendance();
    attendance.set_attendance_id(id);
    attendance.set_nhs_number(kNhsNumber);
    attendance.set_setting("ED");
    attendance.set_site("King George Hospital");
    attendance.set_reason_class("INJURY");
    attendance.set_clinical_note("Bruising to the left forearm.");
    return request;
  }
  auto Register(const v1::RegisterAttendanceRequest& request) {
    return hub_.Run(nurse_, watched_, &Watched::Register, request);
  }

  HandlerFixture hub_{LondonTime(2010, 4, 23, 1, 17)};
  FakeChildren children_;
  Attendances attendances_{&children_};
  Watched watched_{&attendances_};
  const auth::Principal nurse_ = Caller("bhr-trust", "nina", options::v1::ROLE_EMERGENCY_NURSE);
};

TEST_F(AttendancesTest, TheAnswerCarriesTheFlag) {
  const auto response = Register(Request());
  ASSERT_THAT(response, IsOk());
  ASSERT_THAT(response->flags().flags(), SizeIs(1));
  EXPECT_EQ(response->flags().flags(0).kind(), "CHILD_PROTECTION_PLAN");
  EXPECT_EQ(response->flags().flags(0).emergency_telephone(), "020 7946 0002");
  const v1::Attendance& attendance = response->attendance();
  EXPECT_EQ(attendance.child(), kChild);
  EXPECT_EQ(attendance.owner_agency(), "agencies/bhr-trust");
  EXPECT_EQ(attendance.author_agency(), "agencies/bhr-trust");
  EXPECT_EQ(TimeFromProto(attendance.occurred_at()), hub_.now());

  v1::GetAttendanceRequest get;
  get.set_name(attendance.name());
  const auto read = hub_.Run(nurse_, attendances_, &Attendances::GetAttendance, get);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->attendance().SerializeAsString(), attendance.SerializeAsString());
}

TEST_F(AttendancesTest, ThePipelineLearnsThatTheChildIsPresenting) {
  ASSERT_THAT(Register(Request()), IsOk());
  EXPECT_EQ(watched_.relations, static_cast<std::uint32_t>(policy::kPresenting));
  EXPECT_EQ(watched_.child, kChild);
}

TEST_F(AttendancesTest, ChildrenIsAskedAboutThisAttendance) {
  ASSERT_THAT(Register(Request()), IsOk());
  ASSERT_THAT(children_.asked, SizeIs(1));
  EXPECT_EQ(children_.asked[0].nhs_number(), kNhsNumber);
  EXPECT_EQ(children_.asked[0].attendance_id(), "KGH-100423-0117");
}

TEST_F(AttendancesTest, TheEventTellsWhoSawTheChildAndNothingClinical) {
  const auto response = Register(Request());
  ASSERT_THAT(response, IsOk());
  ASSERT_THAT(hub_.Events(), SizeIs(1));
  const events::v1::Event event = hub_.Events()[0];
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_ATTENDANCE_REGISTERED);
  EXPECT_EQ(event.child(), kChild);
  EXPECT_EQ(event.record(), response->attendance().name());
  EXPECT_EQ(event.access().agency(), "agencies/bhr-trust");
  EXPECT_EQ(event.access().role(), options::v1::ROLE_EMERGENCY_NURSE);
  EXPECT_EQ(event.access().site(), "King George Hospital");
  EXPECT_EQ(TimeFromProto(event.access().access_time()), hub_.now());
  EXPECT_TRUE(event.access().status_found());
  const std::string bytes = event.SerializeAsString();
  for (const char* hidden : {"Bruising", "INJURY", kNhsNumber}) {
    EXPECT_EQ(bytes.find(hidden), std::string::npos) << hidden;
  }
}

TEST_F(AttendancesTest, AKnownChildWithoutStatusIsToldWithoutFlag) {
  children_.answer.mutable_status()->clear_statuses();
  const auto response = Register(Request());
  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(response->flags().flags(), IsEmpty());
  ASSERT_THAT(hub_.Events(), SizeIs(1));
  EXPECT_FALSE(hub_.Events()[0].access().status_found());
}

TEST_F(AttendancesTest, AnUnknownChildIsAttendedWithoutFlagOrEvent) {
  children_.answer.Clear();
  const auto response = Register(Request());
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->attendance().child(), "");
  EXPECT_THAT(response->flags().flags(), IsEmpty());
  EXPECT_THAT(hub_.Events(), IsEmpty());
  EXPECT_EQ(watched_.child, "");
}

TEST_F(AttendancesTest, WhenChildrenFailsNothingIsRecorded) {
  children_.error = error::ServiceUnavailable("children");
  EXPECT_EQ(Register(Request()).status(), children_.error);
  EXPECT_EQ(watched_.relations, 0u);
  EXPECT_THAT(hub_.Events(), IsEmpty());
  // The id is free for the retry.
  children_.error = absl::OkStatus();
  EXPECT_THAT(Register(Request()), IsOk());
}

TEST_F(AttendancesTest, AnAttendanceCountsOncePerAgency) {
  ASSERT_THAT(Register(Request()), IsOk());
  EXPECT_THAT(Register(Request()),
              StatusIs(absl::StatusCode::kAlreadyExists, ERROR_REASON_RECORD_EXISTS));
  // The child was not looked up once more for it.
  EXPECT_THAT(children_.asked, SizeIs(1));
  EXPECT_THAT(Register(Request("KGH-100423-0118")), IsOk());
  const auth::Principal other = Caller("whipps-cross", "omar", options::v1::ROLE_EMERGENCY_NURSE);
  EXPECT_THAT(hub_.Run(other, watched_, &Watched::Register, Request()), IsOk());
}

TEST_F(AttendancesTest, TheSameAttendanceAtOnceCountsOnce) {
  std::vector<store::Transaction> both;
  both.push_back(hub_.Begin());
  both.push_back(hub_.Begin());
  const proto::PageTokens tokens(std::string(32, 'k'));
  for (store::Transaction& tx : both) {
    rpc::Call call{.caller = nurse_,
                   .purpose = options::v1::PURPOSE_UNSCHEDULED_CARE,
                   .case_reference = "",
                   .trace_id = "",
                   .now = hub_.now(),
                   .deadline = absl::InfiniteFuture(),
                   .tx = tx,
                   .authorization = "",
                   .page_tokens = tokens,
                   .child = ""};
    ASSERT_THAT(attendances_.RegisterAttendance(call, Request()), IsOk());
  }
  // The question goes out with the user's own purpose.
  EXPECT_THAT(children_.purposes, ElementsAre(options::v1::PURPOSE_UNSCHEDULED_CARE,
                                              options::v1::PURPOSE_UNSCHEDULED_CARE));
  EXPECT_THAT(store::CommitAndWait(hub_.store(), both[0].TakeWrites()), IsOk());
  const auto late = store::CommitAndWait(hub_.store(), both[1].TakeWrites());
  EXPECT_TRUE(store::IsConflict(late.status())) << late.status();
}

TEST_F(AttendancesTest, AnAttendanceMayBeEnteredLateButNotEarly) {
  v1::RegisterAttendanceRequest late = Request();
  *late.mutable_attendance()->mutable_occurred_at() = TimeToProto(hub_.now() - absl::Hours(48));
  const auto response = Register(late);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(TimeFromProto(response->attendance().occurred_at()), hub_.now() - absl::Hours(48));
  v1::RegisterAttendanceRequest early = Request("KGH-100425-0001");
  *early.mutable_attendance()->mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Register(early),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(AttendancesTest, AttendancesOfAChildAreListedOldestFirst) {
  for (const char* id : {"a1", "a2", "a3"}) ASSERT_THAT(Register(Request(id)), IsOk());
  children_.answer.mutable_status()->set_child("children/c2");
  ASSERT_THAT(Register(Request("b1")), IsOk());
  v1::ListAttendancesRequest list;
  list.set_child(kChild);
  list.set_page_size(2);
  std::vector<std::string> ids;
  do {
    const auto page = hub_.Run(nurse_, attendances_, &Attendances::ListAttendances, list);
    ASSERT_THAT(page, IsOk());
    for (const v1::Attendance& each : page->attendances()) ids.push_back(each.attendance_id());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("a1", "a2", "a3"));
}

TEST_F(AttendancesTest, EveryMethodHasARoute) {
  const rpc::Routes routes = HealthRoutes(&attendances_);
  EXPECT_EQ(routes.routes().size(),
            static_cast<std::size_t>(routes.file()->service(0)->method_count()));
}

}  // namespace
}  // namespace trusthub::health
