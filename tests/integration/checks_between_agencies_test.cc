// Checks and allegations over real calls: who is asked comes to read and answer by being asked, and
// nobody else learns that there was a question; of an allegation nobody learns but its officers.
// Scenario 4 of the domain reference.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/local_hub.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"

namespace trusthub::testing {
namespace {

using assessments::v1::Allegation;
using assessments::v1::Check;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kEnquiry[] = "child_protection_enquiry";
constexpr char kReference[] = "ENQ-1";

const auto kNotFound =
    StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
const auto kNoBasis =
    StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING);

class ChecksBetweenAgenciesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    path_ = std::make_unique<CasePath>(&hub_->hub(), 1, LondonDay(hub_->clock().Now()));
    ASSERT_THAT(path_->Register(), IsOk());
    ASSERT_THAT(path_->Refer(), IsOk());
    ASSERT_THAT(path_->Decide(), IsOk());
    ASSERT_THAT(path_->Discuss(), IsOk());
    ASSERT_THAT(path_->StartEnquiry(), IsOk());
  }

  assessments::v1::RequestCheckRequest Asking(
      const std::string& agency,
      assessments::v1::CheckKind kind = assessments::v1::CHECK_KIND_SECTION_47_ASSIST) {
    assessments::v1::RequestCheckRequest request;
    request.set_request_id(RandomUuid());
    Check& check = *request.mutable_check();
    check.set_child(path_->child);
    check.set_kind(kind);
    check.set_enquiry(path_->enquiry.name());
    check.set_to_agency("agencies/" + agency);
    check.set_question("What do you know of the family since January?");
    *check.mutable_due_time() = TimeToProto(hub_->clock().Now() + absl::Hours(24));
    return request;
  }
  absl::StatusOr<assessments::v1::RequestCheckResponse> AskOnce(
      const assessments::v1::RequestCheckRequest& request) {
    return path_->At("lbr-manager-01")
        .Call<assessments::v1::RequestCheckResponse>(request, kEnquiry, kReference);
  }
  absl::StatusOr<Check> Ask(const assessments::v1::RequestCheckRequest& request) {
    return CheckIn(
        OnceKnown<assessments::v1::RequestCheckResponse>([&] { return AskOnce(request); }));
  }
  absl::StatusOr<Check> Get(const std::string& worker, const std::string& name) {
    assessments::v1::GetCheckRequest request;
    request.set_name(name);
    return CheckIn(
        path_->At(worker).Call<assessments::v1::GetCheckResponse>(request, kEnquiry, kReference));
  }
  std::vector<std::string> List(const std::string& worker) {
    assessments::v1::ListChecksRequest request;
    request.set_child(path_->child);
    const auto page =
        path_->At(worker).Call<assessments::v1::ListChecksResponse>(request, kEnquiry, kReference);
    EXPECT_THAT(page, IsOk());
    std::vector<std::string> names;
    if (!page.ok()) return names;
    for (const Check& check : page->checks()) names.push_back(check.name());
    EXPECT_THAT(page->next_page_token(), IsEmpty());
    EXPECT_EQ(page->disclosure().withheld_size(), 0) << "nothing says that there are others";
    return names;
  }
  static assessments::v1::AnswerCheckRequest AnswerTo(const Check& check) {
    assessments::v1::AnswerCheckRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(check.name());
    request.set_etag(check.etag());
    request.set_answer("Two missed appointments");
    return request;
  }
  absl::StatusOr<Check> Answer(const std::string& worker,
                               const assessments::v1::AnswerCheckRequest& request) {
    return CheckIn(path_->At(worker).Call<assessments::v1::AnswerCheckResponse>(request, kEnquiry,
                                                                                kReference));
  }
  static assessments::v1::RefuseCheckRequest RefusalOf(const Check& check) {
    assessments::v1::RefuseCheckRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(check.name());
    request.set_etag(check.etag());
    request.set_refusal(assessments::v1::CHECK_REFUSAL_NOT_HELD);
    request.set_note("The family never was our tenant");
    return request;
  }
  absl::StatusOr<Check> Refuse(const std::string& worker,
                               const assessments::v1::RefuseCheckRequest& request) {
    return CheckIn(path_->At(worker).Call<assessments::v1::RefuseCheckResponse>(request, kEnquiry,
                                                                                kReference));
  }
  template <class Response>
  static absl::StatusOr<Check> CheckIn(absl::StatusOr<Response> response) {
    if (!response.ok()) return response.status();
    EXPECT_TRUE(response->has_check()) << "given to whom it concerns";
    return std::move(*response->mutable_check());
  }

  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<CasePath> path_;
};

TEST_F(ChecksBetweenAgenciesTest, WhoIsAskedReadsAndAnswersAndNobodyElse) {
  // The clinic knows nothing of the child: not even that there is one.
  EXPECT_THAT(Get("nelft-camhs-01", "checks/" + std::string(26, '0')), kNotFound);
  const auto check = Ask(Asking("nelft"));
  ASSERT_THAT(check, IsOk());
  const auto read = Get("nelft-camhs-01", check->name());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->question(), "What do you know of the family since January?");
  const absl::Status unknown = Get("housing-officer-01", "checks/" + std::string(26, '0')).status();
  for (const char* other : {"housing-officer-01", "bhrut-nurse-01", "met-cait-01"}) {
    EXPECT_THAT(Get(other, check->name()), kNotFound) << other;
    EXPECT_THAT(Answer(other, AnswerTo(*read)), kNotFound) << other;
  }

  const auto answered = Answer("nelft-camhs-01", AnswerTo(*read));
  ASSERT_THAT(answered, IsOk());
  EXPECT_EQ(answered->answer(), "Two missed appointments");
  const auto seen = Get("lbr-manager-01", check->name());
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->state(), assessments::v1::CHECK_STATE_ANSWERED);
  EXPECT_EQ(seen->answer(), "Two missed appointments");

  // The answer can be read again for the closing window, and then no more.
  hub_->clock().Advance(absl::Hours(24));
  EXPECT_THAT(Get("nelft-camhs-01", check->name()), IsOk());
  hub_->clock().Advance(absl::Hours(15 * 24));
  EXPECT_THAT(Get("nelft-camhs-01", check->name()), kNotFound);
  EXPECT_THAT(Get("lbr-manager-01", check->name()), IsOk());
}

TEST_F(ChecksBetweenAgenciesTest, PoliceInformationGoesToTheCouncilWithItsGrading) {
  EXPECT_THAT(AskOnce(Asking("met-police")), kNoBasis) << "not under section 47(11)";
  const auto police = Ask(Asking("met-police", assessments::v1::CHECK_KIND_CO_OPERATION));
  ASSERT_THAT(police, IsOk());
  const auto clinic = Ask(Asking("nelft"));
  ASSERT_THAT(clinic, IsOk());

  assessments::v1::AnswerCheckRequest request = AnswerTo(*police);
  request.mutable_intelligence()->set_summary("Two call-outs since Christmas");
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(Answer("met-cait-01", request), invalid) << "ungraded";
  referrals::v1::PoliceGrading& grading = *request.mutable_intelligence()->mutable_grading();
  grading.set_source_evaluation("B");
  grading.set_information_evaluation("2");
  grading.set_handling_code("5");
  request.set_request_id(RandomUuid());
  EXPECT_THAT(Answer("met-cait-01", request), invalid) << "handling code 5 without conditions";
  grading.set_handling_conditions("Not to the family");
  request.set_request_id(RandomUuid());
  ASSERT_THAT(Answer("met-cait-01", request), IsOk());

  const auto seen = Get("lbr-manager-01", police->name());
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->intelligence().SerializeAsString(), request.intelligence().SerializeAsString());
  EXPECT_THAT(Get("nelft-camhs-01", police->name()), kNotFound);
  EXPECT_THAT(List("nelft-camhs-01"), ElementsAre(clinic->name()));
  EXPECT_THAT(List("lbr-manager-01"), ElementsAre(police->name(), clinic->name()));
}

TEST_F(ChecksBetweenAgenciesTest, RefusalNeedsItsReason) {
  const auto check = Ask(Asking("redbridge-housing"));
  ASSERT_THAT(check, IsOk());
  assessments::v1::RefuseCheckRequest request = RefusalOf(*check);
  request.clear_refusal();
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(Refuse("housing-officer-01", request), invalid);
  request = RefusalOf(*check);
  request.set_note(" ");
  EXPECT_THAT(Refuse("housing-officer-01", request), invalid);
  ASSERT_THAT(Refuse("housing-officer-01", RefusalOf(*check)), IsOk());
  const auto seen = Get("lbr-manager-01", check->name());
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->refusal(), assessments::v1::CHECK_REFUSAL_NOT_HELD);
  EXPECT_EQ(seen->refusal_note(), "The family never was our tenant");
}

TEST_F(ChecksBetweenAgenciesTest, NobodyIsCalledOnWithoutALiveEnquiry) {
  ASSERT_THAT(path_->ConcludeEnquiry(), IsOk());
  EXPECT_THAT(AskOnce(Asking("nelft")), kNoBasis);
}

TEST_F(ChecksBetweenAgenciesTest, AllegationsAreTheirOfficersAlone) {
  const auto list = [&](const std::string& worker) {
    assessments::v1::ListAllegationsRequest request;
    request.set_child(path_->child);
    request.set_page_size(1);
    return path_->At(worker).Call<assessments::v1::ListAllegationsResponse>(request, kEnquiry,
                                                                            kReference);
  };
  const auto get = [&](const std::string& worker, const std::string& name) {
    assessments::v1::GetAllegationRequest request;
    request.set_name(name);
    return path_->At(worker).Call<assessments::v1::GetAllegationResponse>(request, kEnquiry,
                                                                          kReference);
  };
  const std::string none = "allegations/" + std::string(26, '0');
  std::vector<std::string> kept;
  for (int i = 0; i < 3; ++i) {
    assessments::v1::RecordAllegationRequest request;
    request.set_request_id(RandomUuid());
    request.mutable_allegation()->set_child(path_->child);
    request.mutable_allegation()->set_position("teacher");
    request.mutable_allegation()->set_summary("Held the child by the arm");
    const auto made = OnceKnown<assessments::v1::RecordAllegationResponse>([&] {
      return path_->At("lbr-lado-01")
          .Call<assessments::v1::RecordAllegationResponse>(request, kEnquiry, kReference);
    });
    ASSERT_THAT(made, IsOk());
    kept.push_back(made->allegation().name());
  }
  const auto own = list("lbr-lado-01");
  ASSERT_THAT(own, IsOk());
  ASSERT_EQ(own->allegations_size(), 1);
  EXPECT_EQ(own->allegations(0).summary(), "Held the child by the arm");
  EXPECT_FALSE(own->next_page_token().empty());
  EXPECT_THAT(OnceKnown<assessments::v1::GetAllegationResponse>(
                  [&] { return get("met-cait-01", kept[0]); }),
              IsOk())
      << "the allegation team of the enquiry";

  // To the child's own social worker and manager there is none.
  for (const char* worker : {"lbr-sw-01", "lbr-manager-01"}) {
    EXPECT_THAT(get(worker, kept[0]), kNotFound) << worker;
    EXPECT_EQ(get(worker, kept[0]).status().message(), get(worker, none).status().message());
    const auto seen = list(worker);
    ASSERT_THAT(seen, IsOk()) << worker;
    EXPECT_EQ(seen->allegations_size(), 0);
    EXPECT_THAT(seen->next_page_token(), IsEmpty());
    EXPECT_EQ(seen->disclosure().withheld_size(), 0);
  }
}

}  // namespace
}  // namespace trusthub::testing
