// Sets of sharing agreements over real calls: a new set counts in every service within a second,
// what it no longer gives is refused, a rollback gives it again, and no answer mixes two sets.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/ids.h"
#include "common/policy/policy.h"
#include "common/testing/matchers.h"
#include "common/testing/sanitized.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/local_hub.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using policy::AgreementText;
using policy::v1::AgreementSet;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr absl::Duration kSwapBound = absl::Seconds(1);
constexpr int kAttempts = 4;
constexpr char kReference[] = "SETS-1";
constexpr char kGovernance[] = "governance";
constexpr char kRule[] = "referrals/own-referral";
constexpr char kRenamedRule[] = "referrals/own-referral-renamed";

// Calls `step` again and again on a thread of its own, until Stop.
class Repeating {
 public:
  explicit Repeating(std::function<void()> step)
      : thread_([this, step = std::move(step)] {
          while (!stopping_) {
            step();
            ++rounds_;
          }
        }) {}
  ~Repeating() { Stop(); }
  void Stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int rounds() const { return rounds_; }

 private:
  std::atomic<bool> stopping_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

class AgreementSetsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    auto folder = policy::ReadAgreementTexts(
        absl::StrCat(hub_->hub().config_folder(), "/redbridge/agreements"));
    ASSERT_THAT(folder, IsOk());
    folder_ = *std::move(folder);
    council_ = DeskOf("lbr-caldicott-01");
    police_ = DeskOf("met-ig-01");
    auditor_ = DeskOf("hub-auditor-01");
    school_ = DeskOf("uphall-lead-01");
    path_ = std::make_unique<CasePath>(&hub_->hub(), 1, LondonDay(hub_->clock().Now()));
    ASSERT_THAT(path_->Register(), IsOk());
    ASSERT_THAT(path_->Refer(), IsOk());
  }
  std::unique_ptr<hubctl::Desk> DeskOf(absl::string_view worker) {
    auto desk = hub_->hub().DeskOf(worker);
    EXPECT_THAT(desk, IsOk());
    return *std::move(desk);
  }

  // The folder's set with `from` replaced in the agreement on referrals.
  std::vector<AgreementText> Changed(absl::string_view from, absl::string_view to) const {
    std::vector<AgreementText> texts = folder_;
    for (AgreementText& text : texts) {
      if (text.file != "referrals.yaml") continue;
      EXPECT_GT(absl::StrReplaceAll({{from, to}}, &text.text), 0);
    }
    return texts;
  }
  static std::string VersionOf(const std::vector<AgreementText>& texts) {
    auto compiled = policy::CompileAgreements(texts);
    EXPECT_THAT(compiled, IsOk());
    return compiled.ok() ? std::string((*compiled)->version()) : "";
  }

  template <class Response>
  static absl::StatusOr<AgreementSet> SetOf(absl::StatusOr<Response> response) {
    if (!response.ok()) return response.status();
    return std::move(*response->mutable_agreement_set());
  }
  absl::StatusOr<AgreementSet> Propose(hubctl::Desk& desk,
                                       const std::vector<AgreementText>& texts) {
    policy::v1::ProposeAgreementSetRequest request;
    request.set_request_id(RandomUuid());
    request.mutable_agreement_set()->set_note("Trial of the tests");
    for (const AgreementText& text : texts) {
      auto* file = request.mutable_agreement_set()->add_files();
      file->set_file(text.file);
      file->set_text(text.text);
    }
    return SetOf(desk.Call<policy::v1::ProposeAgreementSetResponse>(request, kGovernance,
                                                                    kReference, "directory"));
  }
  absl::StatusOr<AgreementSet> Sign(hubctl::Desk& desk, const AgreementSet& set) {
    policy::v1::SignAgreementSetRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(set.name());
    request.set_etag(set.etag());
    return SetOf(desk.Call<policy::v1::SignAgreementSetResponse>(request, kGovernance, kReference,
                                                                 "directory"));
  }
  absl::StatusOr<AgreementSet> Activate(hubctl::Desk& desk, const AgreementSet& set) {
    policy::v1::ActivateAgreementSetRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(set.name());
    request.set_etag(set.etag());
    return SetOf(desk.Call<policy::v1::ActivateAgreementSetResponse>(request, kGovernance,
                                                                     kReference, "directory"));
  }
  // The set of `version` as it stands now.
  absl::StatusOr<AgreementSet> Find(hubctl::Desk& desk, const std::string& version) {
    const auto page = desk.Call<policy::v1::ListAgreementSetsResponse>(
        policy::v1::ListAgreementSetsRequest(), kGovernance, kReference, "directory");
    if (!page.ok()) return page.status();
    for (const AgreementSet& set : page->agreement_sets()) {
      if (set.version() == version) return set;
    }
    return absl::NotFoundError("no such set");
  }
  // Proposed by the council and signed by the police.
  AgreementSet Signed(const std::vector<AgreementText>& texts) {
    const auto proposed = Propose(*council_, texts);
    EXPECT_THAT(proposed, IsOk());
    if (!proposed.ok()) return {};
    const auto ready = Sign(*police_, *proposed);
    EXPECT_THAT(ready, IsOk());
    return ready.ok() ? *ready : AgreementSet();
  }

  absl::Status ReadReferral(hubctl::Desk& desk) {
    referrals::v1::GetReferralRequest request;
    request.set_name(path_->referral.name());
    return desk
        .Call<referrals::v1::GetReferralResponse>(request, "safeguarding_referral", kReference)
        .status();
  }
  // Of the referral, as the school is given it now: the name of the decision.
  std::string DecisionOfSchool() {
    referrals::v1::GetReferralRequest request;
    request.set_name(path_->referral.name());
    const auto read = school_->Call<referrals::v1::GetReferralResponse>(
        request, "safeguarding_referral", kReference);
    EXPECT_THAT(read, IsOk());
    return read.ok() ? read->disclosure().decision() : "";
  }
  policy::v1::ExplainDecisionResponse ExplainedToAuditor(const std::string& decision) {
    policy::v1::ExplainDecisionRequest request;
    request.set_decision(decision);
    const auto explained = auditor_->Call<policy::v1::ExplainDecisionResponse>(
        request, "audit_review", kReference, "referrals");
    EXPECT_THAT(explained, IsOk());
    return explained.ok() ? *explained : policy::v1::ExplainDecisionResponse();
  }
  static bool IsRefused(const absl::Status& status) {
    const error::Reason reason = error::ReasonOf(status);
    return reason == errors::v1::ERROR_REASON_RECORD_NOT_FOUND ||
           reason == errors::v1::ERROR_REASON_AGREEMENT_MISSING;
  }
  // Every audit entry of a service so far.
  std::vector<audit::v1::AuditEntry> EntriesOf(absl::string_view service) {
    std::vector<audit::v1::AuditEntry> entries;
    for (bool more = true; more;) {
      audit::v1::ListEntriesRequest request;
      request.set_first_index(static_cast<std::int64_t>(entries.size()));
      request.set_page_size(500);
      const auto page = auditor_->Call<audit::v1::ListEntriesResponse>(request, "audit_review",
                                                                       kReference, service);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const auto& logged : page->entries()) {
        EXPECT_TRUE(entries.emplace_back().ParseFromString(logged.leaf_input()));
      }
      more = page->entries_size() == 500;
    }
    return entries;
  }

  // How long after `acknowledged` the last call of any service was decided by `former`, as the logs
  // tell; each took up `latter`, recorded that, and decided calls by it.
  absl::Duration LagOf(absl::Time acknowledged, const std::string& former,
                       const std::string& latter) {
    absl::Duration lag = absl::ZeroDuration();
    for (const char* service : hubctl::kServices) {
      int under_latter = 0, taken_up = 0;
      for (const audit::v1::AuditEntry& entry : EntriesOf(service)) {
        const absl::Time time = TimeFromProto(entry.entry_time());
        if (entry.action() == "agreement_sets.apply") {
          EXPECT_EQ(entry.decision(), audit::v1::AUDIT_DECISION_RECORDED) << service;
          taken_up += entry.agreement_version() == latter ? 1 : 0;
        }
        if (entry.action() != "audit.head.get" || time <= acknowledged) continue;
        if (entry.agreement_version() == former) lag = std::max(lag, time - acknowledged);
        under_latter += entry.agreement_version() == latter ? 1 : 0;
      }
      EXPECT_GT(under_latter, 0) << service;
      EXPECT_GT(taken_up, 0) << service;
    }
    return lag;
  }

  std::unique_ptr<LocalHub> hub_;
  std::vector<AgreementText> folder_;
  std::unique_ptr<CasePath> path_;
  std::unique_ptr<hubctl::Desk> council_, police_, auditor_, school_;
};

TEST_F(AgreementSetsTest, ANewSetCountsInEveryServiceWithinASecond) {
  ASSERT_THAT(ReadReferral(*school_), IsOk());
  const std::string decision = DecisionOfSchool();
  const std::vector<AgreementText> suspended = Changed("status: signed", "status: suspended");
  const AgreementSet ready = Signed(suspended);
  EXPECT_GT(ready.access_lost(), 0);
  EXPECT_EQ(ready.access_gained(), 0);
  EXPECT_THAT(ReadReferral(*school_), IsOk()) << "signed is not in force";

  Repeating reader([this] {
    for (const char* service : hubctl::kServices) {
      EXPECT_THAT(auditor_->Call<audit::v1::GetTreeHeadResponse>(
                      audit::v1::GetTreeHeadRequest(), "audit_review", kReference, service),
                  IsOk());
    }
  });
  const std::string former = VersionOf(folder_), latter = VersionOf(suspended);
  AgreementSet next = ready;
  absl::Duration lag = absl::InfiniteDuration();
  // A machine that is busy with other things may be late, but not every time.
  for (int attempt = 0; attempt < kAttempts && lag > kSwapBound; ++attempt) {
    if (attempt > 0) {
      ASSERT_THAT(Activate(*council_, *Find(*council_, former)), IsOk());
      ASSERT_TRUE(Within(kSoon, [&] { return ReadReferral(*school_).ok(); }));
      next = *Find(*council_, latter);
    }
    ASSERT_THAT(Activate(*police_, next), IsOk());
    const absl::Time acknowledged = RealClock().Now();
    EXPECT_TRUE(Within(kSoon, [&] { return IsRefused(ReadReferral(*school_)); }));
    const int rounds = reader.rounds();
    EXPECT_TRUE(Within(kSoon, [&] {
      return RealClock().Now() > acknowledged + Patience(kSwapBound) &&
             reader.rounds() > rounds + 1;
    }));
    lag = LagOf(acknowledged, former, latter);
  }
  reader.Stop();
  EXPECT_LE(lag, Patience(kSwapBound));
  RecordProperty("lag_milliseconds", static_cast<int>(absl::ToInt64Milliseconds(lag)));

  // What was activated last counts also after a restart; what was decided before is explained by
  // the set of then.
  hub_->StopService("referrals");
  ASSERT_THAT(hub_->StartService("referrals"), IsOk());
  EXPECT_TRUE(Within(kSoon, [&] { return IsRefused(ReadReferral(*school_)); }));
  const policy::v1::ExplainDecisionResponse explained = ExplainedToAuditor(decision);
  EXPECT_TRUE(explained.same_again());
  EXPECT_EQ(explained.agreement_version(), former);
  const auto& rows = explained.categories();
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return row.category() == options::v1::CATEGORY_REFERRAL_CONCERN && row.given() &&
           row.rule() == kRule;
  })) << explained.summary();

  const auto superseded = Find(*council_, former);
  ASSERT_THAT(superseded, IsOk());
  EXPECT_EQ(superseded->state(), policy::v1::AGREEMENT_SET_STATE_SUPERSEDED);
  const auto back = Activate(*council_, *superseded);
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->state(), policy::v1::AGREEMENT_SET_STATE_ACTIVE);
  EXPECT_TRUE(Within(kSoon, [&] { return ReadReferral(*school_).ok(); }));
}

TEST_F(AgreementSetsTest, NoAnswerMixesTwoSets) {
  // The same access by a rule of another name: each answer says by which set it was given.
  const std::vector<AgreementText> renamed =
      Changed("- id: own-referral\n", "- id: own-referral-renamed\n");
  const AgreementSet ready = Signed(renamed);
  EXPECT_EQ(ready.access_lost(), 0) << "a name is no access";
  EXPECT_EQ(ready.access_gained(), 0);

  std::vector<std::unique_ptr<Repeating>> readers;
  for (int i = 0; i < 4; ++i) {
    readers.push_back(std::make_unique<Repeating>(
        [this] { EXPECT_THAT(ReadReferral(*school_), IsOk()) << "given by both sets"; }));
  }
  const auto let_them_read = [&] {
    for (const auto& reader : readers) {
      const int seen = reader->rounds();
      ASSERT_TRUE(Within(kSoon, [&] { return reader->rounds() > seen + 5; }));
    }
  };
  AgreementSet next = ready;
  for (int swap = 0; swap < 6; ++swap) {
    let_them_read();
    ASSERT_THAT(Activate(*council_, next), IsOk());
    const auto other = Find(*council_, swap % 2 == 0 ? VersionOf(folder_) : VersionOf(renamed));
    ASSERT_THAT(other, IsOk());
    next = *other;
  }
  let_them_read();
  for (const auto& reader : readers) reader->Stop();

  const std::string former = VersionOf(folder_), latter = VersionOf(renamed);
  std::map<std::string, int> answers;
  for (const audit::v1::AuditEntry& entry : EntriesOf("referrals")) {
    if (entry.action() != "referrals.get") continue;
    EXPECT_EQ(entry.decision(), audit::v1::AUDIT_DECISION_DISCLOSED);
    ++answers[entry.agreement_version()];
    const bool by_folder = entry.agreement_version() == former;
    EXPECT_THAT(entry.rules(), Contains(by_folder ? kRule : kRenamedRule));
    EXPECT_THAT(entry.rules(), Not(Contains(by_folder ? kRenamedRule : kRule)));
  }
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_GT(answers[former], 0);
  EXPECT_GT(answers[latter], 0);
}

TEST_F(AgreementSetsTest, TakesTwoPeopleOfTwoAgenciesWhoGovern) {
  const std::vector<AgreementText> texts = Changed("status: signed", "status: suspended");
  const auto denied =
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
  EXPECT_THAT(Propose(*DeskOf("lbr-sw-01"), texts), denied);
  const auto proposed = Propose(*council_, texts);
  ASSERT_THAT(proposed, IsOk());
  EXPECT_THAT(Sign(*DeskOf("lbr-sw-01"), *proposed), denied);
  for (const char* colleague : {"lbr-caldicott-01", "lbr-ig-01"}) {
    EXPECT_THAT(Sign(*DeskOf(colleague), *proposed),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         errors::v1::ERROR_REASON_SECOND_PERSON_MISSING));
  }
  EXPECT_THAT(Activate(*police_, *proposed), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                      errors::v1::ERROR_REASON_STATE_FORBIDS));
  EXPECT_THAT(ReadReferral(*school_), IsOk());

  // Whoever is to sign reads all of it.
  policy::v1::GetAgreementSetRequest get;
  get.set_name(proposed->name());
  const auto read =
      police_->Call<policy::v1::GetAgreementSetResponse>(get, kGovernance, kReference, "directory");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->agreement_set().SerializeAsString(), proposed->SerializeAsString());
  EXPECT_EQ(read->agreement_set().files_size(), static_cast<int>(texts.size()));
  EXPECT_EQ(read->agreement_set().signatures(0).worker(), "workers/lbr-caldicott-01");
}

TEST_F(AgreementSetsTest, TellsOverTheWireWhereEveryFileIsWrong) {
  std::vector<AgreementText> broken = folder_;
  for (AgreementText& text : broken) absl::StrReplaceAll({{"gateways:", "gatways:"}}, &text.text);
  const absl::Status refused = Propose(*council_, broken).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument,
                                errors::v1::ERROR_REASON_REQUEST_INVALID));
  const std::vector<std::string> lines = error::Explain(refused);
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("agreement_set.files[0].text"),
                                    HasSubstr(absl::StrCat(broken[0].file, ":")))));
}

}  // namespace
}  // namespace trusthub::testing
