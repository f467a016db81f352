// What of a batch of events one caller is told, and what audit says of it.
#include "common/rpc/granting.h"

#include <memory>
#include <string>
#include <vector>

#include "common/rpc/pipeline_fixture.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kClinic[] = "agencies/nelft";
constexpr char kNeighbour[] = "agencies/havering-council";

class EventsGrantingTest : public PipelineFixture {
 protected:
  void SetUp() override {
    PipelineFixture::SetUp();
    method_.rule.set_record_kind(options::v1::RECORD_KIND_EVENT);
    auto plan = policy::CompileGrantPlan(events::v1::WatchResponse::descriptor());
    ASSERT_TRUE(plan.ok()) << plan.status();
    method_.grant_plan = *std::move(plan);
    agreements_.decide = [this](const policy::Question& question) {
      const bool gives = (question.relations & gives_to_) != 0;
      return gives ? ScriptedAgreements::Everything() : policy::Decision();
    };
  }

  // The council asks `agency` about `child`.
  void Asked(const std::string& name, const std::string& agency,
             const std::string& child = kChild) {
    events::v1::Event& event = *batch_.add_events();
    event.set_name("events/" + name);
    event.set_kind(events::v1::EVENT_KIND_CHECK_CHANGED);
    event.set_child(child);
    event.set_record("checks/" + name);
    event.set_owner_agency(kCouncil);
    event.set_asked_agency(agency);
    Involve(child, agency, "ASKED");
  }
  // Records that events tell `agency` of.
  std::vector<std::string> Told(const std::string& agency, audit::v1::AuditEntry* entry = nullptr) {
    auth::Principal caller;
    caller.agency = agency;
    caller.worker = "workers/w";
    caller.role = is_service_ ? options::v1::ROLE_HUB_SERVICE : options::v1::ROLE_SOCIAL_WORKER;
    auto snapshot = store_->Open(absl::InfiniteFuture());
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    store::Transaction tx(*std::move(snapshot), Hash(), domain_clock_.Now());
    constexpr auto kPurpose = options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY;
    CallerFacts facts(&tx, &caller, kPurpose, &rules_);
    constexpr std::uint32_t kNoRelations = 0;
    Granting granting(agreements_, caller, kPurpose, LondonDay(tx.now()), kNoRelations, &facts);
    events::v1::WatchResponse granted;
    const absl::Status built = granting.Build(method_, batch_, "", &granted);
    EXPECT_TRUE(built.ok()) << built;
    if (entry != nullptr) {
      const auto filled = granting.FillEntry(*pseudonyms_, Granting::About::kGiven, entry);
      EXPECT_TRUE(filled.ok()) << filled;
    }
    std::vector<std::string> records;
    for (const events::v1::Event& event : granted.events()) records.push_back(event.record());
    return records;
  }

  Method method_;
  ScriptedAgreements agreements_;
  std::uint32_t gives_to_ = 0;  // relations of which any one gives everything
  bool is_service_ = false;
  events::StandingRules rules_;
  events::v1::WatchResponse batch_;
};

TEST_F(EventsGrantingTest, WhoIsAskedIsToldOfItsOwnQuestionAlone) {
  gives_to_ = policy::kAsked;
  Asked("one", kClinic);
  Asked("two", kNeighbour);
  EXPECT_THAT(Told(kClinic), ElementsAre("checks/one"));
  EXPECT_THAT(Told(kNeighbour), ElementsAre("checks/two"));
  EXPECT_THAT(Told(kCouncil), IsEmpty()) << "it asks and is asked nothing";
}

// To be asked opens the question, nothing else that is told of the child.
TEST_F(EventsGrantingTest, AQuestionOpensNoOtherNews) {
  gives_to_ = policy::kAsked;
  Asked("one", kClinic);
  events::v1::Event& other = *batch_.add_events();
  other.set_name("events/plan");
  other.set_child(kChild);
  other.set_record("plans/one");
  other.set_owner_agency(kCouncil);
  EXPECT_THAT(Told(kClinic), ElementsAre("checks/one"));
}

TEST_F(EventsGrantingTest, NoOtherTieToTheChildTellsOfOthersQuestions) {
  gives_to_ = policy::kAsked | policy::kResponsible | policy::kOwner;
  Asked("one", kClinic);
  Asked("two", kNeighbour);
  Involve(kChild, kNeighbour, "RESPONSIBLE");
  EXPECT_THAT(Told(kNeighbour), ElementsAre("checks/two"));
  EXPECT_THAT(Told(kCouncil), ElementsAre("checks/one", "checks/two"));
  is_service_ = true;
  gives_to_ = policy::kResponsible;
  EXPECT_THAT(Told(kNeighbour), ElementsAre("checks/one", "checks/two"))
      << "the hub's own services keep the facts";
}

// The log says what was told, and about whom: not whose news was only looked at.
TEST_F(EventsGrantingTest, TheEntryOfAStreamIsAboutWhatWasGiven) {
  gives_to_ = policy::kOwner | policy::kAsked;
  Asked("one", kClinic);
  Asked("one", kClinic);
  Asked("other", kNeighbour, kStranger);
  audit::v1::AuditEntry entry;
  EXPECT_THAT(Told(kClinic, &entry), ElementsAre("checks/one", "checks/one"));
  EXPECT_THAT(entry.records(), UnorderedElementsAre("events/one", "events/one", "checks/one"));
  ASSERT_EQ(entry.child_pseudonyms_size(), 1);
  auto view = store_->Open(absl::InfiniteFuture());
  ASSERT_TRUE(view.ok()) << view.status();
  const auto pseudonym = pseudonyms_->Of(kChild, **view);
  ASSERT_TRUE(pseudonym.ok()) << pseudonym.status();
  EXPECT_EQ(entry.child_pseudonyms(0), *pseudonym);
}

}  // namespace
}  // namespace trusthub::rpc
