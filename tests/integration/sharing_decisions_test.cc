// Decisions not to share, and refusals of one agency to another, over real connections: kept with
// the reasons, who took them and when they are looked at again, and read by nobody whom they would
// tell what there is.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/told_of.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/children/v1/sharing_decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using children::v1::GetSharingDecisionResponse;
using children::v1::ListSharingDecisionsResponse;
using children::v1::SharingDecision;
using ::testing::IsEmpty;

constexpr char kReference[] = "SHARE-1";
constexpr char kReasoning[] = "The request names no offence; the clinic is where she feels safe.";

class SharingDecisionsTest : public ::testing::Test {
 protected:
  // The council is responsible and lbr-sw-01 allocated; health visiting holds the child.
  void SetUp() override {
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    cast_ = std::make_unique<Cast>(&hub_->hub());
    family_ = std::make_unique<Family>(&hub_->hub(), cast_.get(), 1, Today());
    ASSERT_THAT(family_->Register(), IsOk());
    ASSERT_THAT(family_->Refer(), IsOk());
  }

  absl::CivilDay Today() const { return LondonDay(hub_->clock().Now()); }
  absl::StatusOr<SharingDecision> Record(const char* worker, const char* to, const char* purpose,
                                         const std::string& asked_by = "") {
    children::v1::RecordSharingDecisionRequest request;
    request.set_request_id(RandomUuid());
    SharingDecision& decision = *request.mutable_sharing_decision();
    decision.set_child(family_->child());
    decision.set_outcome(children::v1::SHARING_OUTCOME_REFUSED);
    decision.set_to_agency(to);
    decision.add_categories(options::v1::CATEGORY_HEALTH_DETAIL);
    decision.set_purpose(options::v1::PURPOSE_POLICE_PROTECTION);
    decision.set_reasoning(kReasoning);
    decision.set_request_record(asked_by);
    *decision.mutable_review_date() = DateToProto(Today() + 90);
    const auto recorded = OnceKnown<children::v1::RecordSharingDecisionResponse>([&] {
      return cast_->At(worker).Call<children::v1::RecordSharingDecisionResponse>(request, purpose,
                                                                                 kReference);
    });
    if (!recorded.ok()) return recorded.status();
    return recorded->sharing_decision();
  }
  Answer Get(const char* worker, const std::string& name, const char* purpose) {
    children::v1::GetSharingDecisionRequest get;
    get.set_name(name);
    return Ask(cast_->At(worker), get, purpose, kReference);
  }
  // Names of the decisions about the child that a worker's list holds.
  std::vector<std::string> Listed(const char* worker, const char* purpose) {
    children::v1::ListSharingDecisionsRequest list;
    list.set_child(family_->child());
    const auto page =
        cast_->At(worker).Call<ListSharingDecisionsResponse>(list, purpose, kReference);
    EXPECT_THAT(page, IsOk()) << worker;
    std::vector<std::string> names;
    if (!page.ok()) return names;
    for (const SharingDecision& decision : page->sharing_decisions()) {
      names.push_back(decision.name());
    }
    return names;
  }

  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<Cast> cast_;
  std::unique_ptr<Family> family_;
};

TEST_F(SharingDecisionsTest, AreKeptWithReasonsMakerAndReviewDate) {
  const auto recorded = Record("nhsr-gp-01", "agencies/met-police", "health_care");
  ASSERT_THAT(recorded, IsOk());
  for (const auto& [worker, purpose] : std::vector<std::pair<const char*, const char*>>{
           {"nhsr-gp-01", "health_care"}, {"nhsr-caldicott-01", "governance"}}) {
    const Answer read = Get(worker, recorded->name(), purpose);
    ASSERT_THAT(read.status, IsOk()) << worker;
    const auto& decision =
        static_cast<const GetSharingDecisionResponse&>(*read.response).sharing_decision();
    EXPECT_EQ(decision.outcome(), children::v1::SHARING_OUTCOME_REFUSED);
    EXPECT_EQ(decision.to_agency(), "agencies/met-police");
    EXPECT_EQ(decision.reasoning(), kReasoning);
    EXPECT_EQ(decision.decision_maker(), "workers/nhsr-gp-01");
    EXPECT_EQ(*DateFromProto(decision.review_date()), Today() + 90);
  }
}

// One agency refuses another: the one that asked learns that and on what ground; why, by whom and
// until when is kept with the one that refused, beside the question.
TEST_F(SharingDecisionsTest, ARefusalToAnotherAgencyIsKeptWithItsQuestion) {
  ASSERT_THAT(family_->Enquire(Tables()), IsOk());
  assessments::v1::RequestCheckRequest ask;
  ask.set_request_id(RandomUuid());
  assessments::v1::Check& check = *ask.mutable_check();
  check.set_child(family_->child());
  check.set_kind(assessments::v1::CHECK_KIND_SECTION_47_ASSIST);
  check.set_enquiry(family_->path().enquiry.name());
  check.set_to_agency("agencies/nhs-redbridge");
  check.set_question("What is known of the household?");
  *check.mutable_due_time() = TimeToProto(hub_->clock().Now() + absl::Hours(72));
  const auto asked = OnceKnown<assessments::v1::RequestCheckResponse>([&] {
    return cast_->At("lbr-sw-01")
        .Call<assessments::v1::RequestCheckResponse>(ask, "child_protection_enquiry", kReference);
  });
  ASSERT_THAT(asked, IsOk());
  assessments::v1::RefuseCheckRequest refuse;
  refuse.set_request_id(RandomUuid());
  refuse.set_name(asked->check().name());
  refuse.set_etag(asked->check().etag());
  refuse.set_refusal(assessments::v1::CHECK_REFUSAL_LEGALLY_BARRED);
  refuse.set_note("Ask the guardian.");
  *refuse.mutable_review_date() = DateToProto(Today() + 30);
  const auto refused = OnceKnown<assessments::v1::RefuseCheckResponse>([&] {
    return cast_->At("nhsr-gp-01")
        .Call<assessments::v1::RefuseCheckResponse>(refuse, "child_protection_enquiry", kReference);
  });
  ASSERT_THAT(refused, IsOk());
  const auto kept = Record("nhsr-gp-01", "agencies/redbridge-council", "child_protection_enquiry",
                           asked->check().name());
  ASSERT_THAT(kept, IsOk());

  assessments::v1::GetCheckRequest get;
  get.set_name(asked->check().name());
  const Answer told = Ask(cast_->At("lbr-sw-01"), get, "child_protection_enquiry", kReference);
  ASSERT_THAT(told.status, IsOk());
  const auto& seen = static_cast<const assessments::v1::GetCheckResponse&>(*told.response).check();
  EXPECT_EQ(seen.state(), assessments::v1::CHECK_STATE_REFUSED);
  EXPECT_EQ(seen.refusal(), assessments::v1::CHECK_REFUSAL_LEGALLY_BARRED);
  EXPECT_EQ(KindsIn(Get("lbr-sw-01", kept->name(), "child_protection_enquiry")),
            "RECORD_NOT_FOUND");
  const Answer own = Get("nhsr-caldicott-01", kept->name(), "governance");
  ASSERT_THAT(own.status, IsOk());
  const auto& decision =
      static_cast<const GetSharingDecisionResponse&>(*own.response).sharing_decision();
  EXPECT_EQ(decision.request_record(), asked->check().name());
  EXPECT_EQ(decision.decision_maker(), "workers/nhsr-gp-01");
  EXPECT_EQ(decision.reasoning(), kReasoning);
  EXPECT_TRUE(decision.has_review_date());
}

// The reasons tell what there is: they stay with the agency that has them.
TEST_F(SharingDecisionsTest, AreReadByNobodyElse) {
  const auto recorded = Record("nhsr-gp-01", "agencies/met-police", "health_care");
  ASSERT_THAT(recorded, IsOk());
  const auto own = Record("lbr-manager-01", "agencies/met-police", "assessment");
  ASSERT_THAT(own, IsOk());
  ASSERT_TRUE(Within(absl::Seconds(20), [&] {
    return KindsIn(Get("lbr-sw-01", own->name(), "assessment")) == "sharing_decision";
  })) << "the allocated worker reads the council's own";
  for (const auto& [worker, purpose] :
       std::vector<std::pair<const char*, const char*>>{{"lbr-sw-01", "assessment"},
                                                        {"lbr-sw-01", "child_protection_enquiry"},
                                                        {"lbr-manager-01", "assessment"},
                                                        {"lbr-caldicott-01", "governance"},
                                                        {"met-cait-01", "police_protection"},
                                                        {"met-ig-01", "governance"},
                                                        {"uphall-lead-01", "education_support"},
                                                        {"nelft-camhs-01", "health_care"}}) {
    const Answer there = Get(worker, recorded->name(), purpose);
    EXPECT_EQ(KindsIn(there), "RECORD_NOT_FOUND") << worker;
    EXPECT_EQ(Canonical().TextOf(there),
              Canonical().TextOf(Get(worker, NewName("sharingDecisions"), purpose)))
        << worker;
  }
  EXPECT_THAT(Listed("lbr-sw-01", "assessment"), ::testing::ElementsAre(own->name()));
  EXPECT_THAT(Listed("met-cait-01", "police_protection"), IsEmpty());
  EXPECT_THAT(Listed("nhsr-gp-01", "health_care"), ::testing::ElementsAre(recorded->name()));
  // Nor does a stream tell that there is one.
  for (const auto& [worker, purpose] : std::vector<std::pair<const char*, const char*>>{
           {"lbr-sw-01", "assessment"}, {"lbr-manager-01", "assessment"}}) {
    const auto events = ToldOf(cast_->At(worker), "children", events::v1::WatchRequest(), purpose);
    ASSERT_THAT(events, IsOk()) << worker;
    for (const events::v1::Event& event : *events) EXPECT_NE(event.record(), recorded->name());
  }
}

}  // namespace
}  // namespace trusthub::testing
