#include "common/rpc/pipeline.h"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "common/audit/answer.h"
#include "common/error/error.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/testing/sanitized.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/errors/v1/details.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::rpc {
namespace {

using referrals::v1::GetReferralRequest;
using referrals::v1::GetReferralResponse;
using referrals::v1::Referral;
using referrals::v1::SubmitReferralRequest;
using referrals::v1::SubmitReferralResponse;
using ::testing::ElementsAre;

class PipelineTest : public PipelineFixture {};

TEST_F(PipelineTest, StepsRunInTheirOrder) {
  Submit();
  MutexLock lock(mutex_);
  EXPECT_THAT(steps_,
              ElementsAre(Step::kDeadline, Step::kAuthenticate, Step::kPurpose, Step::kMethodAccess,
                          Step::kAgreement, Step::kParse, Step::kFields, Step::kSnapshot,
                          Step::kReplay, Step::kSubject, Step::kHandler, Step::kGrant, Step::kAudit,
                          Step::kCommit, Step::kAnswer));
}

TEST_F(PipelineTest, AnswerCarriesAReceiptThatVerifiesOffline) {
  const Answer answer = Run(NewCall("SubmitReferral", GoodReferral().SerializeAsString()));
  SubmitReferralResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.bytes));
  const absl::Status genuine = audit::VerifyAnswer(answer.bytes, {{key_->public_key(), ""}});
  EXPECT_TRUE(genuine.ok()) << genuine;
  // The receipt covers exactly what was delivered without it: the terms, too.
  const auto split = audit::SplitAnswer(answer.bytes);
  ASSERT_TRUE(split.ok()) << split.status();
  SubmitReferralResponse delivered;
  ASSERT_TRUE(delivered.ParseFromString(std::string(split->content)));
  EXPECT_FALSE(delivered.disclosure().has_receipt());
  EXPECT_EQ(delivered.disclosure().terms_size(), response.disclosure().terms_size());
  EXPECT_EQ(delivered.referral().name(), response.referral().name());
  const auto log = Log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].decision(), audit::v1::AUDIT_DECISION_RECORDED);
  EXPECT_EQ(log[0].worker(), "workers/dsl");
  EXPECT_EQ(log[0].content_hash(), response.disclosure().receipt().content_hash());
}

TEST_F(PipelineTest, NothingIsDisclosedWhileWitnessesAreOverdue) {
  const Referral submitted = Submit();
  const std::size_t entries = Log().size();
  overdue_ = true;
  const Answer refused = Run("GetReferral", GetOf(submitted.name()));
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(error::ReasonOf(refused.status), errors::v1::ERROR_REASON_WITNESSES_OVERDUE);
  EXPECT_TRUE(refused.bytes.empty());
  EXPECT_EQ(CountReferrals(), 1);
  Run("SubmitReferral", GoodReferral());
  EXPECT_EQ(CountReferrals(), 1) << "nor is anything recorded that could not be answered";
  EXPECT_EQ(Log().size(), entries);
  overdue_ = false;
  EXPECT_TRUE(Run("GetReferral", GetOf(submitted.name())).status.ok());
}

TEST_F(PipelineTest, TheReferrerIsNotGivenTheRationale) {
  const Referral submitted = Submit();
  GetReferralRequest get;
  get.set_name(submitted.name());
  const Answer answer = Run(NewCall("GetReferral", get.SerializeAsString()));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  GetReferralResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.bytes));
  EXPECT_EQ(response.referral().concern(), submitted.concern());
  EXPECT_TRUE(response.referral().decision_rationale().empty());
  ASSERT_EQ(response.disclosure().withheld_size(), 1);
  EXPECT_EQ(response.disclosure().withheld(0).category(),
            options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
  EXPECT_FALSE(response.disclosure().withheld(0).reason().empty());
}

TEST_F(PipelineTest, TheAnswerSaysOnWhatTermsItWasGiven) {
  const Referral submitted = Submit();
  auto agreements = std::make_shared<ScriptedAgreements>();
  policy::v1::Item& item = agreements->items["scripted/terms"];
  item.set_onward(types::v1::ONWARD_SHARING_NOT_PERMITTED);
  item.set_handling("Keep it apart.");
  agreements->items["scripted/everything"];  // asks nothing
  agreements->decide = [](const policy::Question&) {
    policy::Decision decision = ScriptedAgreements::Everything();
    decision.rules[options::v1::CATEGORY_REFERRAL_CONCERN] = "scripted/terms";
    decision.rules[options::v1::CATEGORY_HEALTH_DETAIL] = "scripted/terms";  // it holds none
    return decision;
  };
  Use(agreements);
  GetReferralRequest get;
  get.set_name(submitted.name());
  const Answer answer = Run(NewCall("GetReferral", get.SerializeAsString()));
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  GetReferralResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.bytes));
  ASSERT_EQ(response.disclosure().terms_size(), 1);
  const types::v1::Terms& terms = response.disclosure().terms(0);
  EXPECT_EQ(terms.rule(), "scripted/terms");
  ASSERT_EQ(terms.categories_size(), 1);
  EXPECT_EQ(terms.categories(0), options::v1::CATEGORY_REFERRAL_CONCERN);
  EXPECT_EQ(terms.onward(), types::v1::ONWARD_SHARING_NOT_PERMITTED);
  EXPECT_EQ(terms.handling(), "Keep it apart.");
}

TEST_F(PipelineTest, SameRequestTwiceGivesOneRecordAndTheSameAnswer) {
  const Referral first = Submit();
  const Referral second = Submit();
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(domain_.runs, 1);
  EXPECT_EQ(CountReferrals(), 1);
  EXPECT_EQ(Log().size(), 2u);  // both disclosures left their evidence
}

TEST_F(PipelineTest, SameRequestIdWithOtherContentIsRefused) {
  Submit();
  SubmitReferralRequest other = GoodReferral();
  other.mutable_referral()->set_immediate_danger(true);
  const Answer answer = Run(NewCall("SubmitReferral", other.SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_REQUEST_ID_REUSED);
  EXPECT_EQ(CountReferrals(), 1);
}

TEST_F(PipelineTest, ConcurrentDuplicatesMakeOneRecord) {
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 6; ++i) {
    auto promise = std::make_shared<std::promise<Answer>>();
    answers.push_back(promise->get_future());
    auto call = NewCall("SubmitReferral", GoodReferral().SerializeAsString());
    call->done = [promise](absl::Status status, std::string bytes) {
      promise->set_value({std::move(status), std::move(bytes)});
    };
    pipeline_->Start(std::move(call));
  }
  std::string name;
  for (auto& future : answers) {
    const Answer answer = future.get();
    ASSERT_TRUE(answer.status.ok()) << answer.status;
    SubmitReferralResponse response;
    ASSERT_TRUE(response.ParseFromString(answer.bytes));
    if (name.empty()) name = response.referral().name();
    EXPECT_EQ(response.referral().name(), name);
  }
  EXPECT_EQ(CountReferrals(), 1);
}

TEST_F(PipelineTest, EveryRefusalBeforeTheHandlerIsRecordedAndRunsNothing) {
  const std::string good = GoodReferral().SerializeAsString();
  SubmitReferralRequest bad = GoodReferral();
  bad.mutable_referral()->set_source("ZZ");
  bad.mutable_referral()->clear_concern();
  bad.mutable_referral()->set_upn("Z317200109013");
  auto no_case = NewCall("SubmitReferral", good);
  no_case->case_reference = "two words are free text";
  auto with_number = NewCall("SubmitReferral", good);
  with_number->case_reference = "REF/943-476-5919";
  auto past = NewCall("SubmitReferral", good);
  past->deadline = RealClock().Now() - absl::Seconds(1);
  struct Case {
    std::unique_ptr<Incoming> call;
    errors::v1::ErrorReason reason;
    bool recorded;
  };
  std::vector<Case> cases;
  cases.push_back(
      {NewCall("SubmitReferral", good, ""), errors::v1::ERROR_REASON_TOKEN_MISSING, true});
  cases.push_back({NewCall("SubmitReferral", good, "Bearer school", ""),
                   errors::v1::ERROR_REASON_PURPOSE_MISSING, true});
  cases.push_back({NewCall("SubmitReferral", good, "Bearer school", "curiosity"),
                   errors::v1::ERROR_REASON_PURPOSE_MISSING, true});
  cases.push_back({std::move(no_case), errors::v1::ERROR_REASON_PURPOSE_MISSING, true});
  cases.push_back({std::move(with_number), errors::v1::ERROR_REASON_PURPOSE_MISSING, true});
  cases.push_back({NewCall("SubmitReferral", good, "Bearer school", "screening"),
                   errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED, true});
  cases.push_back({NewCall("ListReferrals", "", "Bearer school", "screening"),
                   errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED, true});
  cases.push_back(
      {NewCall("SubmitReferral", "\xff\xff"), errors::v1::ERROR_REASON_MESSAGE_MALFORMED, true});
  cases.push_back({NewCall("SubmitReferral", bad.SerializeAsString()),
                   errors::v1::ERROR_REASON_REQUEST_INVALID, true});
  cases.push_back({std::move(past), errors::v1::ERROR_REASON_DEADLINE_EXCEEDED, false});
  std::size_t recorded = 0;
  for (Case& c : cases) {
    const Answer answer = Run(std::move(c.call));
    EXPECT_EQ(error::ReasonOf(answer.status), c.reason) << answer.status;
    EXPECT_TRUE(answer.bytes.empty());
    if (c.recorded) {
      ++recorded;
      const auto log = Log();
      ASSERT_EQ(log.size(), recorded);
      EXPECT_EQ(log.back().decision(), audit::v1::AUDIT_DECISION_REFUSED);
      EXPECT_EQ(log.back().reason(), error::ReasonName(c.reason));
    }
  }
  EXPECT_EQ(domain_.runs, 0);
}

TEST_F(PipelineTest, EveryViolationIsListedAndNoValueEchoed) {
  SubmitReferralRequest bad = GoodReferral();
  bad.mutable_referral()->set_source("ZZ-secret");
  bad.mutable_referral()->clear_concern();
  bad.mutable_referral()->set_upn("Z317200109013");
  bad.set_request_id("not-a-uuid");
  const Answer answer = Run(NewCall("SubmitReferral", bad.SerializeAsString()));
  const std::vector<std::string> lines = error::Explain(answer.status);
  EXPECT_THAT(
      lines, ::testing::IsSupersetOf(
                 {::testing::HasSubstr("request_id"), ::testing::HasSubstr("referral.source"),
                  ::testing::HasSubstr("referral.concern"), ::testing::HasSubstr("referral.upn")}));
  for (const std::string& line : lines) {
    EXPECT_THAT(line, ::testing::Not(::testing::HasSubstr("secret")));
    EXPECT_THAT(line, ::testing::Not(::testing::HasSubstr("Z317200109013")));
  }
}

TEST_F(PipelineTest, AStrangersChildAndAMissingOneGetTheSameAnswer) {
  SubmitReferralRequest hidden = GoodReferral();
  hidden.mutable_referral()->set_child(kStranger);
  SubmitReferralRequest missing = GoodReferral();
  missing.mutable_referral()->set_child("children/c9");
  const Answer to_hidden = Run(NewCall("SubmitReferral", hidden.SerializeAsString()));
  const Answer to_missing = Run(NewCall("SubmitReferral", missing.SerializeAsString()));
  EXPECT_EQ(to_hidden.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(to_hidden.status.message(), to_missing.status.message());
  // All but the numbers of their audit entries, which are of one length.
  EXPECT_NE(error::DecisionOf(to_hidden.status), error::DecisionOf(to_missing.status));
  EXPECT_EQ(error::WireDetails(error::WithDecision(to_hidden.status, "")),
            error::WireDetails(error::WithDecision(to_missing.status, "")));
  EXPECT_EQ(domain_.runs, 0);
}

TEST_F(PipelineTest, StaleFactsRefuseAStrangerInsteadOfDenyingTheRecord) {
  age_ = absl::Seconds(6);
  SubmitReferralRequest hidden = GoodReferral();
  hidden.mutable_referral()->set_child(kStranger);
  const Answer answer = Run(NewCall("SubmitReferral", hidden.SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_PROJECTION_STALE);
}

TEST_F(PipelineTest, WhenEvidenceCannotBeWrittenNothingIsDisclosed) {
  const Referral submitted = Submit();
  GetReferralRequest get;
  get.set_name(submitted.name());
  failing_->RefuseCommits(1);
  const Answer answer = Run(NewCall("GetReferral", get.SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE);
  EXPECT_TRUE(answer.bytes.empty());
  // The store works again: so does the service.
  EXPECT_TRUE(Run(NewCall("GetReferral", get.SerializeAsString())).status.ok());
}

// A disk that hangs: nobody waits for it, nothing is disclosed, and what was written in the end is
// found again.
TEST_F(PipelineTest, WhenTheStoreHangsEveryCallIsAnsweredWithinASecond) {
  const GetReferralRequest get = GetOf(Submit().name());
  const auto expect_at_once = [](const Answer& answer, absl::Duration began, error::Reason reason) {
    EXPECT_EQ(error::ReasonOf(answer.status), reason) << answer.status;
    EXPECT_TRUE(answer.bytes.empty());
    EXPECT_LT(MonotonicNow() - began, testing::Patience(absl::Seconds(1)));
  };
  failing_->HoldCommits();
  absl::Duration began = MonotonicNow();
  expect_at_once(Run(NewCall("GetReferral", get.SerializeAsString())), began,
                 errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE);
  failing_->ReleaseCommits();
  WaitUntilStoreAnswers();

  failing_->HoldCommits();
  SubmitReferralRequest submit = GoodReferral();
  submit.set_request_id("0d9b1c6e-3f0a-4c55-9a0e-222222222222");
  began = MonotonicNow();
  expect_at_once(Run(NewCall("SubmitReferral", submit.SerializeAsString())), began,
                 errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  // It is known to hang now: reads and refusals wait no more.
  began = MonotonicNow();
  expect_at_once(Run(NewCall("GetReferral", get.SerializeAsString())), began,
                 errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  expect_at_once(Run(NewCall("SubmitReferral", "", "")), began,
                 errors::v1::ERROR_REASON_TOKEN_MISSING);
  EXPECT_FALSE(spool_->empty());

  failing_->ReleaseCommits();
  WaitUntilStoreAnswers();
  EXPECT_EQ(CountReferrals(), 2) << "the write whose outcome was unknown";
  EXPECT_TRUE(Run(NewCall("SubmitReferral", submit.SerializeAsString())).status.ok());
  EXPECT_EQ(CountReferrals(), 2) << "sent again it is made once";
  EXPECT_TRUE(Run(NewCall("GetReferral", get.SerializeAsString())).status.ok());
}

// Two threads, both held up by the disk, and six calls that wait for them.
TEST_F(PipelineTest, WhenReadsHangEveryCallIsAnsweredWithinASecondAndOnce) {
  const Referral referral = Submit();
  const std::string get = GetOf(referral.name()).SerializeAsString();
  const std::size_t entries = Log().size();
  finds_.Shut();
  std::vector<std::thread> callers;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([this, get, &answered] {
      const absl::Duration began = MonotonicNow();
      const Answer answer = Run(NewCall("GetReferral", get));
      EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_STORE_UNAVAILABLE)
          << answer.status;
      EXPECT_TRUE(answer.bytes.empty());
      EXPECT_LT(MonotonicNow() - began, testing::Patience(absl::Seconds(1)));
      ++answered;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(answered, 8);

  // It is known to hang now: nobody waits any more.
  const absl::Duration began = MonotonicNow();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(error::ReasonOf(Run(NewCall("GetReferral", get)).status),
              errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  }
  EXPECT_LT(MonotonicNow() - began, testing::Patience(absl::Milliseconds(500)));

  finds_.Open();
  // Behind those that were held up, whose work is dropped: the store is asked once they are done.
  while (store_->reads_hang()) std::this_thread::yield();
  EXPECT_EQ(Log().size(), entries) << "who was told of a failure is not told of the child as well";
  EXPECT_TRUE(Run(NewCall("GetReferral", get)).status.ok());
}

TEST_F(PipelineTest, ARefusalThatCannotBeRecordedIsSpooledAndStillRefused) {
  failing_->RefuseCommits(1);
  const Answer answer = Run(NewCall("SubmitReferral", "", ""));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_TOKEN_MISSING);
  EXPECT_FALSE(spool_->empty());
  ASSERT_TRUE(spool_->Drain(*store_).ok());
  const auto log = Log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].reason(), "TOKEN_MISSING");
}

TEST_F(PipelineTest, SpooledRefusalsAreRecordedWhenTheStoreWorksAgain) {
  failing_->RefuseCommits(1);
  Run(NewCall("SubmitReferral", "", ""));
  ASSERT_FALSE(spool_->empty());
  Submit();
  executor_->Stop();  // the answer came first; what followed it has run now
  EXPECT_TRUE(spool_->empty());
  const auto log = Log();
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[1].reason(), "TOKEN_MISSING");
}

TEST_F(PipelineTest, AnOvertakenCommitRunsTheHandlerAgain) {
  failing_->OvertakeCommits(2);
  Submit();
  EXPECT_EQ(domain_.runs, 3);
  EXPECT_EQ(CountReferrals(), 1);
}

TEST_F(PipelineTest, AlwaysOvertakenEndsInAbortedWithoutATrace) {
  failing_->OvertakeCommits(100);
  const Answer answer = Run(NewCall("SubmitReferral", GoodReferral().SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_CONCURRENT_CHANGE);
  EXPECT_EQ(CountReferrals(), 0);
}

TEST_F(PipelineTest, AHandlersErrorLeavesNothingButItsRefusal) {
  domain_.fail_after_write = true;
  const Answer answer = Run(NewCall("SubmitReferral", GoodReferral().SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_STATE_FORBIDS);
  EXPECT_EQ(CountReferrals(), 0);
  EXPECT_EQ(Log().size(), 1u);
  // A failure is not remembered: the same request may succeed later.
  domain_.fail_after_write = false;
  Submit();
  EXPECT_EQ(CountReferrals(), 1);
}

TEST_F(PipelineTest, CancelledBeforeCommitDoesNothing) {
  auto call = NewCall("SubmitReferral", GoodReferral().SerializeAsString());
  call->cancelled = [] { return true; };
  EXPECT_EQ(Run(std::move(call)).status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(CountReferrals(), 0);
  EXPECT_TRUE(Log().empty());
}

TEST_F(PipelineTest, AFullQueueRefusesAtOnceWithADelay) {
  // Both threads are held, then the queue is filled.
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> held[2];
  for (auto& promise : held) {
    ASSERT_TRUE(executor_->TryPost([&promise, released] {
      promise.set_value();
      released.wait();
    }));
  }
  for (auto& promise : held) promise.get_future().wait();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(executor_->TryPost([] {}));
  const Answer answer = Run(NewCall("SubmitReferral", GoodReferral().SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_SERVER_BUSY);
  EXPECT_TRUE(answer.status.GetPayload(error::kRetryInfoUrl).has_value());
  release.set_value();
}

TEST_F(PipelineTest, DrainingRefusesNewCalls) {
  pipeline_->BeginDrain();
  const Answer answer = Run(NewCall("SubmitReferral", GoodReferral().SerializeAsString()));
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_SERVER_STOPPING);
}

TEST_F(PipelineTest, APageTokenServesOnlyItsCallerAndArguments) {
  for (int i = 0; i < 3; ++i) {
    SubmitReferralRequest request = GoodReferral();
    request.set_request_id("0d9b1c6e-3f0a-4c55-9a0e-22222222222" + std::to_string(i));
    ASSERT_TRUE(Run(NewCall("SubmitReferral", request.SerializeAsString())).status.ok());
  }
  Involve(kChild, "agencies/redbridge-council", "RESPONSIBLE");
  referrals::v1::ListReferralsRequest list;
  list.set_child(kChild);
  list.set_page_size(2);
  const auto page = [&] {
    return Run(NewCall("ListReferrals", list.SerializeAsString(), "Bearer council", "screening"));
  };
  Answer answer = page();
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  referrals::v1::ListReferralsResponse response;
  ASSERT_TRUE(response.ParseFromString(answer.bytes));
  EXPECT_EQ(response.referrals_size(), 2);
  ASSERT_FALSE(response.next_page_token().empty());
  list.set_page_token(response.next_page_token());
  answer = page();
  ASSERT_TRUE(response.ParseFromString(answer.bytes));
  EXPECT_EQ(response.referrals_size(), 1);
  EXPECT_TRUE(response.next_page_token().empty());
  std::string forged = list.page_token();
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  list.set_page_token(forged);
  EXPECT_EQ(error::ReasonOf(page().status), errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID);
}

}  // namespace
}  // namespace trusthub::rpc
