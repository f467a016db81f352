#include "services/health/consultations.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/relations.h"
#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/health/service.h"

namespace trusthub::health {
namespace {

using errors::v1::ERROR_REASON_BASIS_MISSING;
using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_ETAG_STALE;
using errors::v1::ERROR_REASON_RECORD_EXISTS;
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

constexpr char kChild[] = "children/c1";
constexpr char kCouncil[] = "agencies/redbridge-council";
constexpr char kHarm[] = "Disclosed that an adult coerces her; harm is likely tonight.";

// Keeps what the handler told the pipeline beside its answer.
template <class Request, class Response>
class Watched {
 public:
  using Handler = absl::StatusOr<Response> (Consultations::*)(rpc::Call&, const Request&);
  Watched(Consultations* domain, Handler handler) : domain_(domain), handler_(handler) {}
  absl::StatusOr<Response> Run(rpc::Call& call, const Request& request) {
    auto response = (domain_->*handler_)(call, request);
    relations = call.relations;
    return response;
  }
  std::uint32_t relations = 0;

 private:
  Consultations* domain_;
  Handler handler_;
};

class ConsultationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rules = timescales::LoadRules(testing::SourcePath("deploy/config/timescales"));
    ASSERT_THAT(rules, IsOk());
    consultations_ = std::make_unique<Consultations>(*std::move(rules));
    hub_.KnowAgency("nhs-redbridge", "COMMUNITY_HEALTH");
    hub_.KnowAgency("redbridge-council", "COUNCIL");
    hub_.KnowAgency("school", "SCHOOL");
  }
  static v1::Consultation Advice(const char* child = kChild) {
    v1::Consultation advice;
    advice.set_child(child);
    *advice.mutable_care_date() = DateToProto(absl::CivilDay(2010, 3, 30));
    advice.set_advice("Contraception discussed.");
    advice.set_competence("Understands the advice; cannot be persuaded to tell her parents.");
    advice.set_young_person_view("Wishes nobody to know.");
    return advice;
  }
  absl::StatusOr<v1::Consultation> Record(const v1::Consultation& advice) {
    v1::RecordConsultationRequest request;
    *request.mutable_consultation() = advice;
    auto response = hub_.Run(nurse_, *consultations_, &Consultations::RecordConsultation, request);
    if (!response.ok()) return response.status();
    return response->consultation();
  }
  absl::StatusOr<v1::Consultation> ReleaseAs(const auth::Principal& caller,
                                             const v1::Consultation& advice,
                                             const std::string& agency = kCouncil,
                                             const std::string& reason = kHarm) {
    v1::ReleaseConsultationRequest request;
    request.set_name(advice.name());
    request.set_etag(advice.etag());
    request.set_to_agency(agency);
    request.set_reason(reason);
    auto response = hub_.Run(caller, *consultations_, &Consultations::ReleaseConsultation, request);
    if (!response.ok()) return response.status();
    return response->consultation();
  }
  absl::StatusOr<v1::Consultation> Release(const v1::Consultation& advice) {
    return ReleaseAs(guardian_, advice);
  }
  absl::StatusOr<v1::GetConsultationResponse> Get(const auth::Principal& caller,
                                                  const std::string& name) {
    Watched<v1::GetConsultationRequest, v1::GetConsultationResponse> watched(
        consultations_.get(), &Consultations::GetConsultation);
    v1::GetConsultationRequest request;
    request.set_name(name);
    auto response = hub_.Run(caller, watched, &decltype(watched)::Run, request);
    relations_ = watched.relations;
    return response;
  }
  v1::ListConsultationsResponse List(const auth::Principal& caller, int page_size = 0,
                                     const std::string& token = "") {
    Watched<v1::ListConsultationsRequest, v1::ListConsultationsResponse> watched(
        consultations_.get(), &Consultations::ListConsultations);
    v1::ListConsultationsRequest request;
    request.set_child(kChild);
    request.set_page_size(page_size);
    request.set_page_token(token);
    auto response = hub_.Run(caller, watched, &decltype(watched)::Run, request);
    EXPECT_THAT(response, IsOk());
    relations_ = watched.relations;
    return response.ok() ? *response : v1::ListConsultationsResponse();
  }

  HandlerFixture hub_{LondonTime(2010, 4, 1, 12)};  // the Thursday before Easter
  std::unique_ptr<Consultations> consultations_;
  std::uint32_t relations_ = 0;  // that the last read established
  const auth::Principal nurse_ = Caller("nhs-redbridge", "nurse", options::v1::ROLE_SCHOOL_NURSE);
  const auth::Principal guardian_ =
      Caller("nhs-redbridge", "guardian", options::v1::ROLE_CALDICOTT_GUARDIAN);
  const auth::Principal worker_ = Caller("redbridge-council", "asha");
  const auth::Principal lead_ = Caller("school", "lead", options::v1::ROLE_DESIGNATED_LEAD);
};

TEST_F(ConsultationsTest, ItsAuthorsAgencyReadsItAndNobodyIsTold) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  const auto read = Get(nurse_, advice->name());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->consultation().SerializeAsString(), advice->SerializeAsString());
  EXPECT_EQ(relations_, 0u) << "owner and author are for the pipeline to see";
  EXPECT_THAT(List(nurse_).consultations(), SizeIs(1));
  EXPECT_THAT(hub_.Events(), IsEmpty());
}

TEST_F(ConsultationsTest, ToEveryOtherAgencyThereIsNone) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  for (const auth::Principal& other : {worker_, lead_}) {
    const auto there = Get(other, advice->name());
    const auto not_there = Get(other, "consultations/none");
    EXPECT_THAT(there, StatusIs(absl::StatusCode::kNotFound, ERROR_REASON_RECORD_NOT_FOUND));
    EXPECT_EQ(there.status(), not_there.status()) << "the same in every byte";
    EXPECT_EQ(relations_, 0u);
    EXPECT_EQ(List(other).ByteSizeLong(), 0u) << "no row and no page token";
  }
}

TEST_F(ConsultationsTest, AReleaseOpensItToOneAgency) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  const auto released = Release(*advice);
  ASSERT_THAT(released, IsOk());
  ASSERT_THAT(released->releases(), SizeIs(1));
  EXPECT_EQ(released->releases(0).approved_by(), "workers/guardian");
  EXPECT_EQ(FormatDay(*DateFromProto(released->releases(0).review_due_date())), "2010-04-06")
      << "the working day after Easter Monday";

  const auto read = Get(worker_, advice->name());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(relations_, static_cast<std::uint32_t>(policy::kReleased));
  EXPECT_EQ(read->consultation().advice(), Advice().advice());
  EXPECT_THAT(List(worker_).consultations(), SizeIs(1));
  EXPECT_EQ(relations_, static_cast<std::uint32_t>(policy::kReleased));
  EXPECT_THAT(Get(lead_, advice->name()), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List(lead_).consultations(), IsEmpty());
  EXPECT_THAT(List(nurse_).consultations(), SizeIs(1));
  EXPECT_EQ(relations_, 0u);
}

TEST_F(ConsultationsTest, TheEventIsItsAuthorsAloneAndNamesNoChild) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  ASSERT_THAT(Release(*advice), IsOk());
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_CONSULTATION_RELEASED);
  EXPECT_EQ(events[0].record(), advice->name());
  EXPECT_EQ(events[0].owner_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(events[0].author_agency(), "agencies/nhs-redbridge");
  EXPECT_EQ(events[0].child(), "");
  EXPECT_EQ(events[0].SerializeAsString().find(kChild), std::string::npos);
  EXPECT_EQ(events[0].SerializeAsString().find("council"), std::string::npos);
}

TEST_F(ConsultationsTest, OnlyTheAuthorsGuardianReleases) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  const auto not_found = StatusIs(absl::StatusCode::kNotFound, ERROR_REASON_RECORD_NOT_FOUND);
  const auth::Principal other =
      Caller("redbridge-council", "guardian", options::v1::ROLE_CALDICOTT_GUARDIAN);
  EXPECT_THAT(ReleaseAs(other, *advice, "agencies/school"), not_found);
  const auto released = Release(*advice);
  ASSERT_THAT(released, IsOk());
  EXPECT_THAT(ReleaseAs(other, *released, "agencies/school"), not_found)
      << "who received it does not pass it on";
}

TEST_F(ConsultationsTest, AReleaseNeedsAReasonAndAKnownAgency) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument, ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(ReleaseAs(guardian_, *advice, kCouncil, ""), invalid);
  EXPECT_THAT(ReleaseAs(guardian_, *advice, kCouncil, "significant harm"), invalid);
  EXPECT_THAT(ReleaseAs(guardian_, *advice, "agencies/nhs-redbridge"), invalid);
  EXPECT_THAT(ReleaseAs(guardian_, *advice, "agencies/nobody"),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_BASIS_MISSING));
  EXPECT_THAT(hub_.Events(), IsEmpty());
  EXPECT_THAT(List(worker_).consultations(), IsEmpty());
}

TEST_F(ConsultationsTest, AReleaseRestsOnTheNewestVersionAndHappensOnce) {
  const auto advice = Record(Advice());
  ASSERT_THAT(advice, IsOk());
  const auto released = Release(*advice);
  ASSERT_THAT(released, IsOk());
  EXPECT_THAT(ReleaseAs(guardian_, *advice, "agencies/school"),
              StatusIs(absl::StatusCode::kAborted, ERROR_REASON_ETAG_STALE));
  EXPECT_THAT(Release(*released),
              StatusIs(absl::StatusCode::kAlreadyExists, ERROR_REASON_RECORD_EXISTS));
  const auto twice = ReleaseAs(guardian_, *released, "agencies/school");
  ASSERT_THAT(twice, IsOk());
  EXPECT_THAT(twice->releases(), SizeIs(2));
  EXPECT_THAT(Get(worker_, advice->name()), IsOk()) << "the first release stands";
  EXPECT_THAT(Get(lead_, advice->name()), IsOk());
}

TEST_F(ConsultationsTest, PagesHoldWhatIsReadableAndNothingTellsOfTheRest) {
  std::vector<std::string> released;
  for (int i = 0; i < 9; ++i) {
    const auto advice = Record(Advice());
    ASSERT_THAT(advice, IsOk());
    ASSERT_THAT(Record(Advice("children/c2")), IsOk());
    if (i % 3 != 1) continue;
    ASSERT_THAT(Release(*advice), IsOk());
    released.push_back(advice->name());
  }
  std::vector<std::string> listed;
  std::string token;
  do {
    const v1::ListConsultationsResponse page = List(worker_, 1, token);
    ASSERT_THAT(page.consultations(), SizeIs(1)) << "no page is short, none is empty";
    listed.push_back(page.consultations(0).name());
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(listed, released);
  EXPECT_THAT(List(nurse_).consultations(), SizeIs(9));
}

TEST_F(ConsultationsTest, AdviceLiesNotAhead) {
  v1::Consultation advice = Advice();
  *advice.mutable_care_date() = DateToProto(absl::CivilDay(2010, 4, 2));
  EXPECT_THAT(Record(advice),
              StatusIs(absl::StatusCode::kInvalidArgument, ERROR_REASON_REQUEST_INVALID));
  advice = Advice();
  *advice.mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Record(advice),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(ConsultationsTest, EveryMethodHasARoute) {
  const rpc::Routes routes = ConsultationsRoutes(consultations_.get());
  EXPECT_EQ(routes.routes().size(),
            static_cast<std::size_t>(routes.file()->service(0)->method_count()));
}

}  // namespace
}  // namespace trusthub::health
