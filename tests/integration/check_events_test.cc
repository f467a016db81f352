// A check is between the council that asks and the agency that is asked, also on Watch: an agency
// that was asked one question about a child is told of no question to another, whatever else ties
// it to the child. Two councils, of which one asks.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/told_of.h"
#include "trusthub/assessments/v1/checks_service.pb.h"

namespace trusthub::testing {
namespace {

using assessments::v1::Check;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kEnquiry[] = "child_protection_enquiry";
constexpr char kReference[] = "ENQ-1";
constexpr absl::Duration kSoon = absl::Seconds(60);

// Beside those of the directory that ships.
constexpr char kNeighbour[] = R"(  - id: havering-council
    title: London Borough of Havering, Children's Services
    kind: COUNCIL
    local_authority_code: "311"
    office_telephone: 020 7946 0311

)";
constexpr char kItsWorkers[] = R"(
  - id: hav-sw-01
    agency: havering-council
    role: SOCIAL_WORKER
    display_name: Ruth Adeyemi
  - id: hav-manager-01
    agency: havering-council
    role: TEAM_MANAGER
    display_name: Owen Price
)";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

class CheckEventsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LocalHubOptions options;
    options.config_folder = folder_.File("config");
    std::error_code error;
    std::filesystem::copy(testing::SourcePath("deploy/config"), options.config_folder,
                          std::filesystem::copy_options::recursive, error);
    ASSERT_FALSE(error) << error.message();
    const std::string path = options.config_folder + "/redbridge/directory.yaml";
    std::string directory = ReadAll(path);
    constexpr char kAgencies[] = "agencies:\n";
    const std::size_t at = directory.find(kAgencies);
    ASSERT_NE(at, std::string::npos);
    directory.insert(at + sizeof(kAgencies) - 1, kNeighbour);
    directory += kItsWorkers;
    std::ofstream(path) << directory;
    auto started = LocalHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    path_ = std::make_unique<CasePath>(&hub_->hub(), 1, LondonDay(hub_->clock().Now()));
    ASSERT_THAT(path_->Register(), IsOk());
    ASSERT_THAT(path_->Refer(), IsOk());
    ASSERT_THAT(path_->Decide(), IsOk());
    ASSERT_THAT(path_->Discuss(), IsOk());
    ASSERT_THAT(path_->StartEnquiry(), IsOk());
  }

  Check Ask(const std::string& agency, assessments::v1::CheckKind kind) {
    assessments::v1::RequestCheckRequest request;
    request.set_request_id(RandomUuid());
    Check& check = *request.mutable_check();
    check.set_child(path_->child);
    check.set_kind(kind);
    check.set_enquiry(path_->enquiry.name());
    check.set_to_agency("agencies/" + agency);
    check.set_question("What do you know of the family since January?");
    *check.mutable_due_time() = TimeToProto(hub_->clock().Now() + absl::Hours(24));
    const auto answer = OnceKnown<assessments::v1::RequestCheckResponse>([&] {
      return path_->At("lbr-manager-01")
          .Call<assessments::v1::RequestCheckResponse>(request, kEnquiry, kReference);
    });
    EXPECT_THAT(answer, IsOk());
    return answer.ok() ? answer->check() : Check();
  }
  absl::Status Answer(const std::string& worker, const Check& check) {
    assessments::v1::AnswerCheckRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(check.name());
    request.set_etag(check.etag());
    request.set_answer("Two missed appointments");
    return path_->At(worker)
        .Call<assessments::v1::AnswerCheckResponse>(request, kEnquiry, kReference)
        .status();
  }
  // Names of the checks that events tell the worker of, in order.
  std::vector<std::string> ChecksToldTo(const std::string& worker) {
    events::v1::WatchRequest request;
    request.add_kinds(events::v1::EVENT_KIND_CHECK_CHANGED);
    const auto told = ToldOf(path_->At(worker), "assessments", request, kEnquiry);
    EXPECT_THAT(told, IsOk()) << worker;
    std::vector<std::string> checks;
    if (!told.ok()) return checks;
    for (const events::v1::Event& event : *told) checks.push_back(event.record());
    return checks;
  }

  TempFolder folder_;
  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<CasePath> path_;
};

TEST_F(CheckEventsTest, WhoIsAskedIsToldOfItsOwnQuestionAlone) {
  const Check clinic = Ask("nelft", assessments::v1::CHECK_KIND_SECTION_47_ASSIST);
  const Check council = Ask("havering-council", assessments::v1::CHECK_KIND_SECTION_47_ASSIST);
  ASSERT_THAT(Answer("nelft-camhs-01", clinic), IsOk());

  EXPECT_THAT(ChecksToldTo("lbr-manager-01"),
              ElementsAre(clinic.name(), council.name(), clinic.name()));
  EXPECT_THAT(ChecksToldTo("hav-sw-01"), ElementsAre(council.name()));
  EXPECT_THAT(ChecksToldTo("hav-manager-01"), IsEmpty()) << "who has no part in the case";
  // Nor does the question open what else is told of the child.
  const auto all =
      ToldOf(path_->At("hav-sw-01"), "assessments", events::v1::WatchRequest(), kEnquiry);
  ASSERT_THAT(all, IsOk());
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().asked_agency(), "agencies/havering-council");
  EXPECT_EQ(all->front().involvement().agency(), "agencies/havering-council");
}

TEST_F(CheckEventsTest, NoOtherTieToTheChildTellsOfOthersQuestions) {
  // The neighbour becomes responsible for the child as well: the school refers to it too.
  referrals::v1::SubmitReferralRequest refer = ReferralOf(path_->child, RandomUuid());
  refer.set_to_agency("agencies/havering-council");
  ASSERT_THAT(
      path_->At("uphall-lead-01")
          .Call<referrals::v1::SubmitReferralResponse>(refer, "safeguarding_referral", kReference),
      IsOk());
  const Check clinic = Ask("nelft", assessments::v1::CHECK_KIND_SECTION_47_ASSIST);
  const Check council = Ask("havering-council", assessments::v1::CHECK_KIND_SECTION_47_ASSIST);
  // It is told of the child's enquiry once assessments knows that it is responsible.
  events::v1::WatchRequest of_enquiry;
  of_enquiry.add_kinds(events::v1::EVENT_KIND_ENQUIRY_STARTED);
  ASSERT_TRUE(Within(kSoon, [&] {
    const auto told = ToldOf(path_->At("hav-manager-01"), "assessments", of_enquiry, kEnquiry);
    return told.ok() && told->size() == 1;
  }));
  EXPECT_THAT(ChecksToldTo("hav-manager-01"), ElementsAre(council.name()));
  EXPECT_THAT(ChecksToldTo("lbr-manager-01"), ElementsAre(clinic.name(), council.name()));
}

// Connexions and voluntary organisations co-operate too (Children Act 2004 s10).
TEST_F(CheckEventsTest, AnAdviserAndAVoluntaryWorkerAreAskedAndAnswer) {
  for (const auto& [agency, worker] : std::vector<std::pair<std::string, std::string>>{
           {"connexions-redbridge", "connexions-adviser-01"},
           {"redbridge-young-carers", "young-carers-01"}}) {
    const Check check = Ask(agency, assessments::v1::CHECK_KIND_CO_OPERATION);
    ASSERT_THAT(Answer(worker, check), IsOk()) << worker;
    assessments::v1::GetCheckRequest get;
    get.set_name(check.name());
    const auto read = path_->At("lbr-manager-01")
                          .Call<assessments::v1::GetCheckResponse>(get, kEnquiry, kReference);
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(read->check().answer(), "Two missed appointments") << worker;
  }
}

}  // namespace
}  // namespace trusthub::testing
