// The story of the demo on six real processes, asserted call by call: who is answered what, with
// which dates, what is withheld, what is refused and why.
#include "deploy/hubctl/story/story.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/loading.h"
#include "deploy/hubctl/readiness.h"
#include "deploy/hubctl/story/cast.h"
#include "deploy/hubctl/story/steps.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/processes.h"

namespace trusthub::story {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;
using trusthub::testing::IsOk;
using trusthub::testing::RunningHub;

constexpr absl::Duration kReadyLimit = absl::Seconds(60);
constexpr char kSaid[] = "";  // for facts whose value is a name given by the hub

struct Told {
  int step;
  const char* day;  // of the domain clock in London
  const char* worker;
  const char* purpose;
  const char* call;
  const char* refusal;
  std::vector<std::string> withheld = {};
  std::vector<std::pair<const char*, const char*>> facts = {};
};

const std::vector<Told>& WholeStory() {
  static const auto& story = *new std::vector<Told>{
      // 1. A school refers; the same request twice is one referral, due the next working day.
      {1,
       "2010-01-19",
       "uphall-lead-01",
       "safeguarding_referral",
       "RegisterChild",
       "",
       {},
       {{"child", kSaid}}},
      {1,
       "2010-01-19",
       "uphall-lead-01",
       "safeguarding_referral",
       "SubmitReferral",
       "",
       {},
       {{"referral", kSaid}, {"decision due", "Wednesday 2010-01-20"}}},
      {1,
       "2010-01-19",
       "uphall-lead-01",
       "safeguarding_referral",
       "SubmitReferral",
       "",
       {},
       {{"referral", kSaid}, {"decision due", "Wednesday 2010-01-20"}, {"same referral", "yes"}}},
      // 2. The police and health hold the same child; the council sees how each was linked.
      {2,
       "2010-01-19",
       "met-cait-01",
       "police_protection",
       "RegisterChild",
       "",
       {},
       {{"child", kSaid}}},
      {2,
       "2010-01-19",
       "nhsr-visitor-01",
       "health_care",
       "RegisterChild",
       "",
       {},
       {{"child", kSaid}}},
      {2,
       "2010-01-19",
       "lbr-screening-01",
       "screening",
       "GetChild",
       "",
       {},
       {{"agencies/uphall-primary", kSaid},
        {"agencies/met-police", kSaid},
        {"agencies/nhs-redbridge", kSaid}}},
      {2,
       "2010-01-19",
       "lbr-screening-01",
       "screening",
       "ListReferrals",
       "",
       {},
       {{"referrals", "1"}}},
      // 3. Decided in time and allocated; seven working days for the assessment; the school learns
      // the
      // decision.
      {3,
       "2010-01-20",
       "lbr-screening-01",
       "screening",
       "GetReferral",
       "",
       {},
       {{"concern", kSaid}, {"decision due", "Wednesday 2010-01-20"}}},
      {3,
       "2010-01-20",
       "lbr-screening-01",
       "screening",
       "DecideReferral",
       "",
       {},
       {{"decision", "ASSESS"}, {"late", "no"}}},
      {3,
       "2010-01-20",
       "lbr-manager-01",
       "assessment",
       "AllocateWorker",
       "",
       {},
       {{"allocated to", "workers/lbr-sw-01"}}},
      {3,
       "2010-01-20",
       "lbr-sw-01",
       "assessment",
       "StartAssessment",
       "",
       {},
       {{"assessment", kSaid}, {"due", "Thursday 2010-01-28"}, {"rule", "ASSESS.INITIAL@WT06"}}},
      {3,
       "2010-01-20",
       "uphall-lead-01",
       "safeguarding_referral",
       "GetReferral",
       "",
       {"assessment_narrative"},
       {{"decision", "ASSESS"}, {"reasons", "not given"}}},
      {3, "2010-01-20", "uphall-lead-01", "assessment", "GetAssessment", "METHOD_NOT_PERMITTED"},
      {3, "2010-01-27", "lbr-manager-01", "assessment", "AuthoriseAssessment",
       "CHILD_VIEWS_MISSING"},
      {3,
       "2010-01-27",
       "lbr-manager-01",
       "assessment",
       "AuthoriseAssessment",
       "",
       {},
       {{"state", "AUTHORISED"}}},
      // 4. The incident; the brother under the guidance of 2010 and across Easter; the enquiry,
      // whose
      // minutes are the allocated worker's and not a colleague's.
      {4,
       "2010-03-30",
       "met-cait-01",
       "police_protection",
       "SubmitContact",
       "",
       {},
       {{"contact", kSaid}}},
      {4, "2010-03-30", "nhsr-visitor-01", "safeguarding_referral", "RegisterChild", ""},
      {4,
       "2010-03-30",
       "nhsr-visitor-01",
       "safeguarding_referral",
       "SubmitReferral",
       "",
       {},
       {{"decision due", "Wednesday 2010-03-31"}}},
      {4, "2010-03-30", "lbr-screening-01", "screening", "DecideReferral", ""},
      {4,
       "2010-03-30",
       "lbr-sw-01",
       "assessment",
       "StartAssessment",
       "",
       {},
       {{"due", "Thursday 2010-04-15"}, {"rule", "ASSESS.INITIAL@WT10"}}},
      {4,
       "2010-03-30",
       "lbr-manager-01",
       "child_protection_enquiry",
       "RecordStrategyDiscussion",
       "",
       {},
       {{"discussion", kSaid}, {"conference due", "Thursday 2010-04-22"}}},
      {4, "2010-03-30", "lbr-manager-01", "child_protection_enquiry", "StartEnquiry",
       "WORKER_NOT_QUALIFIED"},
      {4,
       "2010-03-30",
       "lbr-manager-01",
       "child_protection_enquiry",
       "StartEnquiry",
       "",
       {},
       {{"enquiry", kSaid}, {"conference due", "Thursday 2010-04-22"}}},
      {4,
       "2010-03-30",
       "lbr-sw-01",
       "child_protection_enquiry",
       "GetStrategyDiscussion",
       "",
       {},
       {{"interim safety", "The children stay with their grandmother until the conference."}}},
      {4, "2010-03-30", "lbr-sw-03", "child_protection_enquiry", "GetStrategyDiscussion",
       "RECORD_NOT_FOUND"},
      {4,
       "2010-04-19",
       "lbr-sw-01",
       "child_protection_enquiry",
       "ConcludeEnquiry",
       "",
       {},
       {{"outcome", "SUBSTANTIATED_CONFERENCE"}}},
      // 5. The conference, its plan, and the dates that follow.
      {5, "2010-04-22", "lbr-chair-01", "child_protection_planning", "RecordConference",
       "QUORUM_MISSING"},
      {5,
       "2010-04-22",
       "lbr-chair-01",
       "child_protection_planning",
       "RecordConference",
       "",
       {},
       {{"plan", kSaid},
        {"starts", "Thursday 2010-04-22"},
        {"first core group by", "Friday 2010-05-07"},
        {"first review by", "Thursday 2010-07-22"}}},
      {5,
       "2010-04-22",
       "uphall-lead-01",
       "education_support",
       "GetPlan",
       "",
       {},
       {{"action", "She eats before school and is there every day: Jane Prior, by 2010-05-07"},
        {"action", "Nobody is hurt and the nights are quiet: DC Paul Brennan, by 2010-04-30"},
        {"action", "The mother is well enough to care: Farida Rahman, by 2010-05-14"}}},
      // 6. The night at King George.
      {6,
       "2010-04-22",
       "lbr-sw-01",
       "child_protection_planning",
       "GetChild",
       "",
       {},
       {{"status", "CHILD_PROTECTION_PLAN from Thursday 2010-04-22"}}},
      {6,
       "2010-04-22",
       "bhrut-nurse-01",
       "unscheduled_care",
       "RegisterAttendance",
       "",
       {},
       {{"attendance", kSaid},
        {"flag", "CHILD PROTECTION PLAN"},
        {"since", "Thursday 2010-04-22"},
        {"council", "London Borough of Redbridge, Children's Services"},
        {"office telephone", "020 7946 0317"},
        {"emergency telephone", "020 7946 0999"}}},
      {6,
       "2010-04-22",
       "lbr-sw-01",
       "child_protection_planning",
       "Watch",
       "",
       {},
       {{"event", "STATUS_ACCESSED"},
        {"child", "the same"},
        {"by", "agencies/bhrut"},
        {"role", "EMERGENCY NURSE"},
        {"arrived", kSaid}}},
      // 7. What must be refused.
      {7,
       "2010-04-22",
       "bhrut-nurse-01",
       "unscheduled_care",
       "GetPlan",
       "",
       {"plan_content", "worker"},
       {{"starts", "Thursday 2010-04-22"}, {"actions told", "0"}, {"contingency told", "no"}}},
      {7, "2010-04-22", "housing-officer-01", "housing_support", "GetAttendance",
       "METHOD_NOT_PERMITTED"},
      {7, "2010-04-22", "housing-officer-01", "safeguarding_referral", "GetReferral",
       "TOKEN_BINDING_MISMATCH"},
      {7, "2010-04-22", "valentines-lead-01", "education_support", "GetChild", "RECORD_NOT_FOUND"},
      {7, "2010-04-22", "valentines-lead-01", "education_support", "GetChild", "RECORD_NOT_FOUND"},
      {7, "2010-04-22", "bhrut-nurse-01", "unscheduled_care", "RegisterAttendance",
       "REQUEST_INVALID"},
      {7,
       "2010-04-22",
       "uphall-lead-01",
       "audit_review",
       "VerifyReceipt",
       "",
       {},
       {{"receipt", kSaid}, {"altered by one", "refused"}}}};
  return story;
}

void ExpectTold(const Told& told, const Entry& entry) {
  EXPECT_EQ(entry.step, told.step);
  EXPECT_EQ(FormatDay(LondonDay(entry.domain_time)), told.day);
  EXPECT_EQ(entry.worker, std::string("workers/") + told.worker);
  EXPECT_EQ(entry.purpose, told.purpose);
  EXPECT_EQ(entry.call, told.call);
  EXPECT_EQ(entry.reason, told.refusal) << entry.message;
  EXPECT_EQ(entry.withheld, told.withheld);
  ASSERT_EQ(entry.facts.size(), told.facts.size());
  for (std::size_t i = 0; i < told.facts.size(); ++i) {
    EXPECT_EQ(entry.facts[i].first, told.facts[i].first);
    if (*told.facts[i].second == '\0') {
      EXPECT_NE(entry.facts[i].second, "") << told.facts[i].first;
    } else {
      EXPECT_EQ(entry.facts[i].second, told.facts[i].second) << told.facts[i].first;
    }
  }
  if (entry.answered()) return;
  EXPECT_NE(entry.message, "");
  EXPECT_THAT(entry.next, ::testing::Not(IsEmpty())) << "a refusal says what to do";
}

std::string NameOf(const children::v1::ChildDetails& details) {
  return details.person_name().given() + " " + details.person_name().family();
}

class StoryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RunningHub::Options options;
    options.domain_now = absl::FromCivil(absl::CivilMinute(2010, 1, 4, 9, 0), London());
    absl::StatusOr<std::unique_ptr<RunningHub>> started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    running_ = started->release();
    ASSERT_THAT(hubctl::LoadDirectory(running_->hub(), nullptr), IsOk());
    ASSERT_THAT(hubctl::WaitUntilFresh(running_->hub(), kReadyLimit), IsOk());
  }
  static void TearDownTestSuite() {
    delete running_;
    running_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(running_, nullptr); }

  static absl::StatusOr<Transcript> PlayWith(absl::string_view seed) {
    const std::unique_ptr<Narrator> silent = SilentNarrator();
    return PlayStory(running_->hub(), *silent, seed);
  }

  static RunningHub* running_;
};

RunningHub* StoryTest::running_ = nullptr;

TEST_F(StoryTest, GoesAsToldCallByCall) {
  const absl::StatusOr<Transcript> transcript = PlayWith("a1");
  ASSERT_THAT(transcript, IsOk());
  const std::vector<Told>& story = WholeStory();
  ASSERT_EQ(transcript->entries.size(), story.size());
  for (std::size_t i = 0; i < story.size(); ++i) {
    SCOPED_TRACE(::testing::Message() << "call " << i << ": " << story[i].call);
    ExpectTold(story[i], transcript->entries[i]);
  }

  // The same girl under two spellings, linked by likeness alone.
  const Cast cast = CastOf("a1");
  const Entry& holdings = *transcript->Find("GetChild");
  EXPECT_NE(NameOf(cast.at_police), NameOf(cast.at_school));
  EXPECT_EQ(holdings.Fact(kSchool), NameOf(cast.at_school) + ", FIRST 100");
  EXPECT_EQ(holdings.Fact(kPolice), NameOf(cast.at_police) + ", SCORED 100");
  EXPECT_EQ(holdings.Fact(kHealth), NameOf(cast.at_school) + ", SCORED 100");

  // One child for three agencies, one referral for two requests.
  const std::string child = transcript->Find("RegisterChild", 0)->Fact("child");
  EXPECT_THAT(child, StartsWith("children/"));
  EXPECT_EQ(transcript->Find("RegisterChild", 1)->Fact("child"), child);
  EXPECT_EQ(transcript->Find("RegisterChild", 2)->Fact("child"), child);
  EXPECT_EQ(transcript->Find("SubmitReferral", 0)->Fact("referral"),
            transcript->Find("SubmitReferral", 1)->Fact("referral"));

  // Who is not related learns the same of a child that exists and of one that does not.
  const Entry& unrelated = *transcript->Find("GetChild", 2);
  const Entry& missing = *transcript->Find("GetChild", 3);
  EXPECT_EQ(unrelated.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(unrelated.message, missing.message);
  EXPECT_EQ(unrelated.next, missing.next);

  // A wrong digit is named by its field, and the number is not repeated.
  const Entry& wrong = *transcript->Find("RegisterAttendance", 1);
  EXPECT_EQ(wrong.code, absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(wrong.next[0], StartsWith("attendance.nhs_number: "));
}

TEST_F(StoryTest, PlaysAgainOnTheSameHub) {
  const absl::StatusOr<Transcript> first = PlayWith("one");
  ASSERT_THAT(first, IsOk());
  const absl::StatusOr<Transcript> second = PlayWith("two");
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(first->Find("RegisterChild")->Fact("child"),
            second->Find("RegisterChild")->Fact("child"));
  EXPECT_EQ(first->entries.size(), second->entries.size());
}

TEST_F(StoryTest, AStoryThatGoesAnotherWaySaysWhere) {
  // Played twice with one seed, the child has a plan already: some step must notice.
  ASSERT_THAT(PlayWith("again"), IsOk());
  const std::unique_ptr<Narrator> silent = SilentNarrator();
  Transcript so_far;
  const absl::StatusOr<Transcript> again = PlayStory(running_->hub(), *silent, "again", &so_far);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(std::string(again.status().message()),
              ::testing::HasSubstr("the story went another"));
  EXPECT_FALSE(so_far.entries.empty());
}

}  // namespace
}  // namespace trusthub::story
