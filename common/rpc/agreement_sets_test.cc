#include "common/rpc/agreement_sets.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/audit/entry.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/testing/forwarding_store.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using referrals::v1::DecideReferralRequest;
using referrals::v1::DecideReferralResponse;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

const std::string& kFolder =
    *new std::string(testing::SourcePath("deploy/config/redbridge/agreements"));

class AgreementSetsTest : public PipelineFixture {
 protected:
  void SetUp() override {
    PipelineFixture::SetUp();
    files_ = ReadAgreementFiles(kFolder);
    ASSERT_THAT(files_, IsOk());
  }
  AgreementSets::Options Options() {
    return {"referrals", {&RealClock(), &domain_clock_}, &metrics_};
  }
  std::string FolderVersion() const { return std::string(files_->compiled->version()); }

  // The shipped files with one change, as an event would carry them.
  events::v1::Event Activation(const std::string& from = "", const std::string& to = "") {
    std::vector<policy::AgreementText> texts = files_->texts;
    for (policy::AgreementText& text : texts) {
      if (!from.empty()) text.text = absl::StrReplaceAll(text.text, {{from, to}});
    }
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_AGREEMENTS_ACTIVATED);
    event.set_record("agreementSets/a1");
    event.set_author_agency(kCouncil);
    for (const policy::AgreementText& text : texts) {
      auto* file = event.mutable_agreements()->add_files();
      file->set_file(text.file);
      file->set_text(text.text);
    }
    const auto compiled = policy::CompileAgreements(texts);
    event.mutable_agreements()->set_version(compiled.ok() ? std::string((*compiled)->version())
                                                          : "0123456789abcdef");
    return event;
  }
  // Another set that may come into force.
  events::v1::Event Other() { return Activation("review_date: 20", "review_date: 21"); }

  // As a projection does it.
  void Receive(AgreementSets& sets, const events::v1::Event& event) {
    auto snapshot = store_->Open(absl::InfiniteFuture());
    ASSERT_THAT(snapshot, IsOk());
    store::Transaction tx(*std::move(snapshot), Hash(), domain_clock_.Now());
    ASSERT_THAT(sets.Apply(tx, event), IsOk());
    const auto before = sets.InForce();
    ASSERT_THAT(store::CommitAndWait(*store_, tx.TakeWrites()), IsOk());
    EXPECT_EQ(sets.InForce(), before) << "not before it is on disk";
    sets.Applied(event);
  }
  std::string Kept(absl::string_view key) {
    auto snapshot = store_->Open(absl::InfiniteFuture());
    EXPECT_THAT(snapshot, IsOk());
    return (*snapshot)->FindState("agreements", key)->value_or("");
  }

  absl::StatusOr<AgreementFiles> files_;
};

TEST_F(AgreementSetsTest, AtFirstTheFolderIsInForceAndKept) {
  const auto sets = AgreementSets::Open(Options(), *store_, files_);
  ASSERT_THAT(sets, IsOk());
  EXPECT_EQ((*sets)->InForce()->version(), FolderVersion());
  EXPECT_THAT(Kept(FolderVersion()), ::testing::Not(IsEmpty()));
  EXPECT_THAT(Kept("active"), IsEmpty()) << "nobody activated it: another folder may replace it";
  auto snapshot = store_->Open(absl::InfiniteFuture());
  AgreementSets later(Options(), std::make_shared<ScriptedAgreements>());
  const auto found = later.Find(**snapshot, FolderVersion());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->version(), FolderVersion());
  EXPECT_TRUE(absl::IsNotFound(later.Find(**snapshot, "ffffffffffffffff").status()));
  EXPECT_TRUE(absl::IsNotFound(later.Find(**snapshot, "active").status()));
}

TEST_F(AgreementSetsTest, AnActivatedSetComesIntoForceAndStaysOverARestart) {
  auto sets = AgreementSets::Open(Options(), *store_, files_);
  ASSERT_THAT(sets, IsOk());
  const events::v1::Event event = Other();
  Receive(**sets, event);
  const std::string version = event.agreements().version();
  EXPECT_NE(version, FolderVersion());
  EXPECT_EQ((*sets)->InForce()->version(), version);
  const audit::v1::AuditEntry entry = Log().back();
  EXPECT_EQ(entry.action(), "agreement_sets.apply");
  EXPECT_EQ(entry.decision(), audit::v1::AUDIT_DECISION_RECORDED);
  EXPECT_EQ(entry.agreement_version(), version);
  EXPECT_EQ(entry.agency(), kCouncil);
  EXPECT_EQ(entry.system(), "/service/referrals");

  // Even when the folder can no longer be read.
  auto restarted =
      AgreementSets::Open(Options(), *store_, absl::FailedPreconditionError("unreadable"));
  ASSERT_THAT(restarted, IsOk());
  EXPECT_EQ((*restarted)->InForce()->version(), version);
  // Rollback is an activation like any other.
  Receive(**restarted, Activation());
  EXPECT_EQ((*restarted)->InForce()->version(), FolderVersion());
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_THAT((*restarted)->Find(**snapshot, version), IsOk()) << "decisions of its time";
}

TEST_F(AgreementSetsTest, WhatAnotherReplicaActivatedIsTakenUp) {
  const auto here = AgreementSets::Open(Options(), *store_, files_);
  const auto there = AgreementSets::Open(Options(), *store_, files_);
  ASSERT_THAT(here, IsOk());
  ASSERT_THAT(there, IsOk());
  EXPECT_THAT((*there)->TakeUpActive(*store_), IsOk()) << "nothing was activated yet";
  EXPECT_EQ((*there)->InForce()->version(), FolderVersion());
  const events::v1::Event other = Other();
  Receive(**here, other);
  EXPECT_EQ((*there)->InForce()->version(), FolderVersion());
  EXPECT_THAT((*there)->TakeUpActive(*store_), IsOk());
  EXPECT_EQ((*there)->InForce()->version(), other.agreements().version());
}

// A store in which something happens once a view of it has begun.
class EventfulStore final : public testing::ForwardingStore {
 public:
  EventfulStore(store::Store* inner, std::function<void()> meanwhile)
      : ForwardingStore(inner), meanwhile_(std::move(meanwhile)) {}
  absl::StatusOr<std::unique_ptr<store::Snapshot>> Open(absl::Time deadline) override {
    auto view = ForwardingStore::Open(deadline);
    EXPECT_TRUE(view.ok() && (*view)->LeafCount().ok());
    meanwhile_();
    return view;
  }

 private:
  const std::function<void()> meanwhile_;
};

TEST_F(AgreementSetsTest, WhatComesIntoForceMeanwhileIsNotPutBack) {
  const auto here = AgreementSets::Open(Options(), *store_, files_);
  const auto there = AgreementSets::Open(Options(), *store_, files_);
  ASSERT_THAT(here, IsOk());
  ASSERT_THAT(there, IsOk());
  Receive(**here, Other());
  const events::v1::Event newest = Activation("review_date: 2027", "review_date: 2028");
  EventfulStore store(store_.get(), [&] { Receive(**there, newest); });
  EXPECT_THAT((*there)->TakeUpActive(store), IsOk());
  EXPECT_EQ((*there)->InForce()->version(), newest.agreements().version());
}

TEST_F(AgreementSetsTest, WithoutAnySetNothingStarts) {
  const auto sets = AgreementSets::Open(
      Options(), *store_, absl::FailedPreconditionError("agreements: holds no agreement"));
  EXPECT_THAT(sets.status().message(), HasSubstr("holds no agreement"));
  const auto missing = ReadAgreementFiles(folder_.File("nowhere"));
  EXPECT_THAT(missing.status().message(), HasSubstr("cannot be read"));
  std::filesystem::create_directory(folder_.File("bad"));
  std::ofstream(folder_.File("bad/x.yaml")) << "id: x\nunknown: y\n";
  EXPECT_THAT(ReadAgreementFiles(folder_.File("bad")).status().message(),
              AllOf(HasSubstr(folder_.File("bad/x.yaml")), HasSubstr(":")));
}

TEST_F(AgreementSetsTest, AKeptSetThatNoLongerCompilesStopsTheStart) {
  {
    const auto sets = AgreementSets::Open(Options(), *store_, files_);
    ASSERT_THAT(sets, IsOk());
    Receive(**sets, Other());
  }
  const std::string active = Kept("active");
  events::v1::Event spoilt = Activation("status: signed", "status: whatever");
  spoilt.mutable_agreements()->set_version(active);
  store::WriteSet set;
  set.states.push_back({"agreements", active, spoilt.agreements().SerializeAsString()});
  ASSERT_THAT(store::CommitAndWait(*store_, std::move(set)), IsOk());
  const auto sets = AgreementSets::Open(Options(), *store_, files_);
  EXPECT_THAT(sets.status().message(),
              AllOf(HasSubstr(active), HasSubstr("does not compile"), HasSubstr(".yaml:")));
  EXPECT_EQ(std::string(sets.status().message()).find('\n'), std::string::npos) << "one line";
}

TEST_F(AgreementSetsTest, ABadSetIsRefusedLoudlyAndTheOldOneStays) {
  const auto sets = AgreementSets::Open(Options(), *store_, files_);
  ASSERT_THAT(sets, IsOk());
  events::v1::Event claims_another = Other();
  claims_another.mutable_agreements()->set_version(FolderVersion());
  const events::v1::Event refused[] = {
      Activation("status: signed", "status: whatever"),        // does not compile
      Activation("roles: [hub_service]", "roles: [auditor]"),  // shuts out the hub itself
      claims_another,                                          // is not what it says
  };
  int count = 0;
  for (const events::v1::Event& event : refused) {
    SCOPED_TRACE(count);
    Receive(**sets, event);
    EXPECT_EQ((*sets)->InForce()->version(), FolderVersion());
    EXPECT_THAT(Kept("active"), IsEmpty());
    EXPECT_EQ(metrics_.counts().at("agreements refused"), ++count);
    EXPECT_EQ(Log().back().action(), "agreement_sets.apply");
    EXPECT_EQ(Log().back().decision(), audit::v1::AUDIT_DECISION_REFUSED);
  }
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_THAT((*sets)->Find(**snapshot, FolderVersion()), IsOk());
  Receive(**sets, Other());
  EXPECT_EQ((*sets)->InForce()->version(), Other().agreements().version()) << "and it goes on";
}

// --- In the service that activates -------------------------------------------------------------

class OwnActivationTest : public AgreementSetsTest {
 protected:
  void SetUp() override {
    AgreementSetsTest::SetUp();
    Involve(kChild, kCouncil, "RESPONSIBLE");
    referral_ = Submit();
  }
  // A call whose handler emits `event`, and answers with the referral.
  Answer Activate(const events::v1::Event& event, const std::string& request_id) {
    domain_.decide = [this, event](
                         Call& call,
                         const DecideReferralRequest&) -> absl::StatusOr<DecideReferralResponse> {
      TRUSTHUB_RETURN_IF_ERROR(events::EmitAndApply(call.tx, event));
      in_handler_ = std::string(sets_->InForce()->version());
      DecideReferralResponse response;
      *response.mutable_referral() = referral_;
      return response;
    };
    DecideReferralRequest request;
    request.set_request_id(request_id);
    request.set_name(referral_.name());
    request.set_etag(referral_.etag());
    request.set_decision(referrals::v1::REFERRAL_DECISION_ASSESS);
    request.set_rationale("because");
    return Run("DecideReferral", request, "Bearer council", "screening");
  }

  referrals::v1::Referral referral_;
  std::string in_handler_;
};

TEST_F(OwnActivationTest, TheSetIsSwappedWithTheCommitOfItsCall) {
  const events::v1::Event event = Other();
  const Answer answer = Activate(event, "0d9b1c6e-3f0a-4c55-9a0e-444444444444");
  ASSERT_THAT(answer.status, IsOk());
  const std::string version = event.agreements().version();
  EXPECT_EQ(in_handler_, FolderVersion());
  EXPECT_EQ(sets_->InForce()->version(), version) << "before the caller hears of it";
  EXPECT_EQ(Kept("active"), version);
  const auto log = Log();
  EXPECT_EQ(log[log.size() - 2].action(), "agreement_sets.apply");
  EXPECT_EQ(log[log.size() - 2].agreement_version(), version);
  EXPECT_EQ(log.back().action(), "referrals.decide");
  EXPECT_EQ(log.back().agreement_version(), FolderVersion()) << "the call is of the old set";
  // The receipt is for the call's own entry.
  const auto response = answer.As<DecideReferralResponse>();
  EXPECT_EQ(response.disclosure().receipt().entry_index(),
            static_cast<std::int64_t>(log.size()) - 1);
  EXPECT_EQ(response.disclosure().decision(),
            absl::StrCat("auditTrees/test/entries/", log.size() - 1));
}

TEST_F(OwnActivationTest, ABadSetRefusesItsCallWhole) {
  const std::size_t before = Log().size();
  const Answer answer = Activate(Activation("status: signed", "status: whatever"),
                                 "0d9b1c6e-3f0a-4c55-9a0e-555555555555");
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_BASIS_MISSING);
  EXPECT_EQ(sets_->InForce()->version(), FolderVersion());
  EXPECT_THAT(Kept("active"), IsEmpty());
  EXPECT_EQ(Log().size(), before + 1) << "its refusal";
}

TEST_F(OwnActivationTest, OneCallIsDecidedByOneSet) {
  // Another set comes into force while the handler runs; it would give nothing.
  domain_.decide = [this](Call&, const DecideReferralRequest&) {
    Use(std::make_shared<ScriptedAgreements>());
    DecideReferralResponse response;
    *response.mutable_referral() = referral_;
    return response;
  };
  DecideReferralRequest request;
  request.set_request_id("0d9b1c6e-3f0a-4c55-9a0e-666666666666");
  request.set_name(referral_.name());
  request.set_etag(referral_.etag());
  request.set_decision(referrals::v1::REFERRAL_DECISION_ASSESS);
  request.set_rationale("because");
  failing_->OvertakeCommits(1);  // and the handler runs again
  const Answer answer = Run("DecideReferral", request, "Bearer council", "screening");
  ASSERT_THAT(answer.status, IsOk());
  EXPECT_TRUE(answer.As<DecideReferralResponse>().has_referral());
  EXPECT_EQ(Log().back().agreement_version(), FolderVersion());
}

}  // namespace
}  // namespace trusthub::rpc
