// File: pipeline_fixture.h
//
// The path of a call with a real store, log and agreements, around the least that can be called a
// service: for tests of the path itself.
#ifndef TRUSTHUB_COMMON_RPC_PIPELINE_FIXTURE_H_
#define TRUSTHUB_COMMON_RPC_PIPELINE_FIXTURE_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/audit/spool.h"
#include "common/base/mutex.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/rpc/agreement_sets.h"
#include "common/rpc/decisions.h"
#include "common/rpc/disclosures.h"
#include "common/rpc/evidence.h"
#include "common/rpc/pipeline.h"
#include "common/store/store.h"
#include "common/store/timely_store.h"
#include "common/testing/failing_store.h"
#include "common/testing/fake_clock.h"
#include "common/testing/gate.h"
#include "common/testing/slow_store.h"
#include "common/testing/temp_folder.h"
#include "gtest/gtest.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::rpc {

inline constexpr char kChild[] = "children/c1";
inline constexpr char kStranger[] = "children/c2";  // another school's
inline constexpr char kRequestId[] = "0d9b1c6e-3f0a-4c55-9a0e-111111111111";
inline constexpr char kSchool[] = "agencies/uphall-primary";
inline constexpr char kCouncil[] = "agencies/redbridge-council";
inline constexpr char kLead[] = "workers/dsl";             // of the school: "Bearer school"
inline constexpr char kScreening[] = "workers/screening";  // of the council: "Bearer council"

// The least that can be called a referrals service.
class TinyReferrals {
 public:
  absl::StatusOr<referrals::v1::SubmitReferralResponse> Submit(
      Call& call, const referrals::v1::SubmitReferralRequest& request);
  absl::StatusOr<referrals::v1::GetReferralResponse> Get(
      Call& call, const referrals::v1::GetReferralRequest& request);
  absl::StatusOr<referrals::v1::ListReferralsResponse> List(
      Call& call, const referrals::v1::ListReferralsRequest& request);
  absl::StatusOr<referrals::v1::DecideReferralResponse> Decide(
      Call& call, const referrals::v1::DecideReferralRequest& request);
  absl::StatusOr<referrals::v1::SubmitContactResponse> SubmitContact(
      Call& call, const referrals::v1::SubmitContactRequest& request);
  absl::StatusOr<referrals::v1::GetContactResponse> GetContact(
      Call& call, const referrals::v1::GetContactRequest& request);
  Routes MakeRoutes();

  std::atomic<int> runs = 0;
  std::atomic<bool> fail_after_write = false;
  // What Decide does, where a test needs a handler of its own.
  std::function<absl::StatusOr<referrals::v1::DecideReferralResponse>(
      Call&, const referrals::v1::DecideReferralRequest&)>
      decide;
};

// Knows callers by their "Bearer …" alone.
class FakeAuthenticator final : public auth::Authenticator {
 public:
  FakeAuthenticator();
  absl::StatusOr<std::shared_ptr<const auth::Principal>> Authenticate(
      const auth::Connection&, const auth::Credentials& credentials, absl::Time) override;

  std::map<std::string, auth::Principal, std::less<>> callers;
};

// Agreements that a test spells as functions.
class ScriptedAgreements final : public policy::Agreements {
 public:
  explicit ScriptedAgreements(std::string version = "scripted") : version_(std::move(version)) {}

  std::function<policy::Decision(const policy::Question&)> decide;
  std::function<bool(const auth::Principal&, policy::Purpose, absl::CivilDay)> covers;
  bool asks_for_provider = false;
  policy::CategorySet secret;
  std::map<std::string, policy::v1::Item, std::less<>> items;  // by rule

  policy::Decision Decide(const policy::Question& question) const override;
  absl::string_view version() const override { return version_; }
  bool IsSecret(policy::Category category) const override { return secret.Has(category); }
  policy::Explanation ExplainWithheld(const policy::Question& question,
                                      policy::Category category) const override;
  bool Covers(const auth::Principal& caller, policy::Purpose purpose,
              absl::CivilDay day) const override;
  bool CoversChildren(const auth::Principal& caller, policy::Purpose purpose,
                      absl::CivilDay day) const override {
    return Covers(caller, purpose, day);
  }
  bool AsksForProvider(options::v1::Role, policy::Purpose, policy::RecordKind) const override {
    return asks_for_provider;
  }
  const policy::v1::Item* ItemOf(absl::string_view rule) const override {
    const auto item = items.find(rule);
    return item == items.end() ? nullptr : &item->second;
  }
  const std::vector<policy::v1::Agreement>& agreements() const override { return agreements_; }

  // Every category.
  static policy::Decision Everything();

 private:
  const std::string version_;
  const std::vector<policy::v1::Agreement> agreements_;
};

// Keeps what was counted. Thread-safe.
class KeptMetrics final : public Metrics {
 public:
  void Announce(absl::string_view) override {}
  void CountCall(absl::string_view method, absl::StatusCode code, absl::Duration) override {
    Count(absl::StrCat("call ", method, " ", absl::StatusCodeToString(code)));
  }
  void CountRefusal(absl::string_view reason) override { Count(absl::StrCat("refusal ", reason)); }
  void CountOverload() override { Count("overload"); }
  void CountSpooled() override { Count("spooled"); }
  void CountAgreementsRefused() override { Count("agreements refused"); }
  void CountTlsRefused() override { Count("tls refused"); }
  void CountDamaged() override { Count("damaged"); }
  void CountKeyRingRefused() override { Count("key ring refused"); }
  void SetCertificateExpiry(absl::Time) override { Count("certificate expiry"); }
  void SetWitnessed(absl::Time) override { Count("witnessed"); }
  void SetProjectionAge(absl::string_view source, absl::Duration) override {
    Count(absl::StrCat("projection age of ", source));
  }

  std::map<std::string, int> counts() const {
    MutexLock lock(mutex_);
    return counts_;
  }

 private:
  void Count(const std::string& what) {
    MutexLock lock(mutex_);
    ++counts_[what];
  }
  mutable Mutex mutex_;
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
};

struct Answer {
  absl::Status status;
  std::string bytes;
  template <class Response>
  Response As() const {
    Response response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    return response;
  }
};

class PipelineFixture : public ::testing::Test {
 protected:
  // The school holds a record of kChild, another school one of kStranger.
  void SetUp() override;
  void TearDown() override;

  static store::IndexHash Hash();
  // Applies the facts of an event, as a projection would.
  void Know(const events::v1::Event& event);
  void Involve(const std::string& child, const std::string& agency, const std::string& kind,
               absl::Time end = absl::InfiniteFuture());
  void Conflict(const std::string& child, const std::string& worker);
  // Puts `agreements` in force.
  void Use(std::shared_ptr<const policy::Agreements> agreements);

  const Method* MethodNamed(absl::string_view name);
  std::unique_ptr<Incoming> NewCall(absl::string_view method, std::string bytes,
                                    absl::string_view who = "Bearer school",
                                    absl::string_view purpose = "safeguarding_referral");
  Answer Run(std::unique_ptr<Incoming> incoming);
  Answer Run(absl::string_view method, const google::protobuf::Message& request,
             absl::string_view who = "Bearer school",
             absl::string_view purpose = "safeguarding_referral");

  // About kChild, by the school.
  static referrals::v1::SubmitReferralRequest GoodReferral();
  referrals::v1::Referral Submit();
  static referrals::v1::GetReferralRequest GetOf(absl::string_view name);
  std::vector<audit::v1::AuditEntry> Log();
  int CountReferrals();
  // After commits were released: until the last that was late came back through every layer.
  void WaitUntilStoreAnswers();

  testing::TempFolder folder_;
  testing::FakeClock domain_clock_;
  proto::PageTokens page_tokens_{std::string(32, 't')};
  const std::unique_ptr<audit::Pseudonyms> pseudonyms_ =
      audit::MakeKeyedPseudonyms(std::string(32, 'p'));
  std::unique_ptr<crypto::SigningKey> key_;
  std::unique_ptr<store::LeafSequencer> tree_;
  testing::FailingStore* failing_ = nullptr;
  testing::Gate finds_;  // before each Find of the store
  testing::SlowStore* slow_ = nullptr;
  std::unique_ptr<store::TimelyStore> store_;
  std::unique_ptr<audit::Spool> spool_;
  KeptMetrics metrics_;
  std::unique_ptr<AgreementSets> sets_;
  FakeAuthenticator authenticator_;
  TinyReferrals domain_;
  std::unique_ptr<Decisions> decisions_;
  std::unique_ptr<Evidence> evidence_;
  std::unique_ptr<Disclosures> disclosures_;
  std::unique_ptr<MethodTable> methods_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<Pipeline> pipeline_;
  absl::Duration age_ = absl::ZeroDuration();  // of the facts of children
  std::atomic<bool> overdue_ = false;          // too long without witnesses
  Mutex mutex_;
  std::vector<Step> steps_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_PIPELINE_FIXTURE_H_
