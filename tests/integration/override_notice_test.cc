// Who is told that a family's consent is overridden learns by whom, why and until when: the
// guardian by the event, and the agency that recorded the consent by reading the override, also
// when nothing ties it to the child any more.
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/told_of.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"

namespace trusthub::testing {
namespace {

using assessments::v1::Check;
using children::v1::ConsentOverride;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kEnquiry[] = "child_protection_enquiry";
constexpr char kReference[] = "ENQ-1";
constexpr char kReason[] = "The family would leave if it heard of the enquiry first";

const auto kNotFound =
    StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);

// The clinic is asked about a child of a live enquiry, and records what the family says of sharing.
class OverrideNoticeTest : public ::testing::Test {
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
    AskClinic();
    RefuseConsent();
  }

  template <class Response>
  absl::StatusOr<Response> Ask(absl::string_view worker, const google::protobuf::Message& request,
                               absl::string_view purpose) {
    return OnceKnown<Response>(
        [&] { return path_->At(worker).Call<Response>(request, purpose, kReference); });
  }
  void AskClinic() {
    assessments::v1::RequestCheckRequest request;
    request.set_request_id(RandomUuid());
    Check& check = *request.mutable_check();
    check.set_child(path_->child);
    check.set_kind(assessments::v1::CHECK_KIND_SECTION_47_ASSIST);
    check.set_enquiry(path_->enquiry.name());
    check.set_to_agency("agencies/nelft");
    check.set_question("What do you know of the family since January?");
    *check.mutable_due_time() = TimeToProto(hub_->clock().Now() + absl::Hours(24));
    const auto asked =
        Ask<assessments::v1::RequestCheckResponse>("lbr-manager-01", request, kEnquiry);
    ASSERT_THAT(asked, IsOk());
    check_ = asked->check();
  }
  void RefuseConsent() {
    children::v1::RecordConsentRequest request;
    request.set_request_id(RandomUuid());
    children::v1::Consent& consent = *request.mutable_consent();
    consent.set_child(path_->child);
    consent.set_decision(children::v1::CONSENT_DECISION_REFUSED);
    consent.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    consent.set_given_by(children::v1::CONSENT_GIVER_PARENT);
    consent.set_capacity_basis(children::v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY);
    consent.set_reason("The mother wants nobody else to know.");
    *consent.mutable_decision_date() = DateToProto(LondonDay(hub_->clock().Now()));
    ASSERT_THAT(Ask<children::v1::RecordConsentResponse>("nelft-camhs-01", request, "early_help"),
                IsOk());
  }
  ConsentOverride Override() {
    children::v1::OverrideConsentRequest request;
    request.set_request_id(RandomUuid());
    ConsentOverride& record = *request.mutable_consent_override();
    record.set_child(path_->child);
    record.set_basis(children::v1::OVERRIDE_BASIS_SECTION_47);
    record.set_basis_record(path_->enquiry.name());
    record.add_to_agencies("agencies/met-police");
    record.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    record.set_reason(kReason);
    *record.mutable_expire_time() = TimeToProto(hub_->clock().Now() + absl::Hours(24 * 40));
    const auto made =
        Ask<children::v1::OverrideConsentResponse>("lbr-manager-01", request, kEnquiry);
    EXPECT_THAT(made, IsOk());
    if (!made.ok()) return ConsentOverride();
    EXPECT_THAT(made->consent_override().told_agencies(), ElementsAre("agencies/nelft"));
    return made->consent_override();
  }
  absl::StatusOr<ConsentOverride> Get(absl::string_view worker, const std::string& name,
                                      absl::string_view purpose) {
    children::v1::GetConsentOverrideRequest request;
    request.set_name(name);
    const auto read = path_->At(worker).Call<children::v1::GetConsentOverrideResponse>(
        request, purpose, kReference);
    if (!read.ok()) return read.status();
    return read->consent_override();
  }

  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<CasePath> path_;
  Check check_;
};

TEST_F(OverrideNoticeTest, TheGuardianIsToldByWhomWhyAndUntilWhen) {
  const ConsentOverride made = Override();
  events::v1::WatchRequest request;
  request.add_kinds(events::v1::EVENT_KIND_CONSENT_OVERRIDDEN);
  const auto told = ToldOf(path_->At("nelft-caldicott-01"), "children", request, "governance");
  ASSERT_THAT(told, IsOk());
  ASSERT_THAT(*told, SizeIs(1));
  const events::v1::Event& notice = told->front();
  EXPECT_EQ(notice.record(), made.name());
  EXPECT_EQ(notice.author_agency(), "agencies/redbridge-council");
  EXPECT_EQ(notice.consent_override().basis(), "SECTION_47");
  EXPECT_THAT(notice.consent_override().to_agencies(), ElementsAre("agencies/met-police"));
  EXPECT_EQ(TimeFromProto(notice.consent_override().expire_time()),
            TimeFromProto(made.expire_time()));
  const auto others = ToldOf(path_->At("bhrut-caldicott-01"), "children", request, "governance");
  ASSERT_THAT(others, IsOk());
  EXPECT_THAT(*others, IsEmpty());

  const auto read = Get("nelft-caldicott-01", made.name(), "governance");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->reason(), kReason);
  EXPECT_THAT(read->decided_by(), IsEmpty()) << "the council answers for it, not its worker";
  const auto own = Get("lbr-caldicott-01", made.name(), "governance");
  ASSERT_THAT(own, IsOk());
  EXPECT_EQ(own->decided_by(), "workers/lbr-manager-01");
  EXPECT_THAT(Get("bhrut-caldicott-01", made.name(), "governance"), kNotFound);
}

TEST_F(OverrideNoticeTest, WhoWasToldReadsItWhenNothingTiesThemToTheChildAnyMore) {
  const ConsentOverride made = Override();
  assessments::v1::AnswerCheckRequest answer;
  answer.set_request_id(RandomUuid());
  answer.set_name(check_.name());
  answer.set_etag(check_.etag());
  answer.set_answer("Two missed appointments");
  ASSERT_THAT(Ask<assessments::v1::AnswerCheckResponse>("nelft-camhs-01", answer, kEnquiry),
              IsOk());
  const auto see_child = [&] {
    children::v1::ListConsentsRequest list;
    list.set_child(path_->child);
    return path_->At("nelft-camhs-01")
        .Call<children::v1::ListConsentsResponse>(list, "early_help", kReference)
        .status();
  };
  // The answer ends the tie, two weeks later.
  hub_->clock().Advance(absl::Hours(24 * 15));
  ASSERT_TRUE(Within(absl::Seconds(60), [&] { return absl::IsNotFound(see_child()); }));
  const auto read = Get("nelft-camhs-01", made.name(), "early_help");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->reason(), kReason);
  EXPECT_EQ(read->basis(), children::v1::OVERRIDE_BASIS_SECTION_47);
  EXPECT_EQ(TimeFromProto(read->expire_time()), TimeFromProto(made.expire_time()));
  EXPECT_THAT(Get("nhsr-visitor-01", made.name(), "early_help"), kNotFound);
}

}  // namespace
}  // namespace trusthub::testing
