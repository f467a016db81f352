// A withdrawal takes effect in every service within a second, and where it cannot, nothing that
// rests on consent is shown: reads of a common assessment in one service race with consents that
// are taken back and given again in another, over real streams, whole, stalled and cut.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/stalling_relay.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"

namespace trusthub::testing {
namespace {

using assessments::v1::GetCommonAssessmentResponse;
using assessments::v1::ListCommonAssessmentsResponse;
using children::v1::Consent;

// The promise, whatever constants the services have.
constexpr absl::Duration kBound = absl::Seconds(1);
constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr char kPurpose[] = "early_help";
constexpr char kReference[] = "CAF-1";
constexpr char kNeeds[] = "Sleeps badly since the move; behind in reading.";

// Lets time pass: what is waited for is that a bound is behind us.
void Pass(absl::Duration time) {
  Within(time, [] { return false; });
}

// What was shown to a reader. Times are of the monotonic clock, as the reader sees them.
struct Read {
  absl::Duration begun;
  absl::Duration ended;
  bool shown = false;
  error::Reason refusal = errors::v1::ERROR_REASON_UNSPECIFIED;
};

// A change of consent as its writer sees it.
struct Said {
  bool given = false;
  absl::Duration begun;
  absl::Duration acknowledged;
};

// One child, its common assessment by a health visitor, and the consent to share it with NELFT.
// The writer's and the reader's methods may run side by side.
class Family {
 public:
  Family(const hubctl::Hub& hub, int number, absl::CivilDay today)
      : number_(number),
        today_(today),
        visitor_(*hub.DeskOf("nhsr-visitor-01")),
        camhs_(*hub.DeskOf("nelft-camhs-01")) {}

  // Both agencies know the child; the family agreed; the assessment is open.
  void SetUp() {
    for (hubctl::Desk* desk : {visitor_.get(), camhs_.get()}) {
      const auto registered = desk->Call<children::v1::RegisterChildResponse>(
          RegistrationOf(number_, RandomUuid()), "health_care", kReference);
      ASSERT_THAT(registered, IsOk());
      child_ = registered->child();
    }
    // The directory's news of the agencies that the consent names may still be on its way.
    ASSERT_TRUE(Within(kSoon, [&] { return Give().ok(); }));
    assessments::v1::OpenCommonAssessmentRequest open;
    open.set_request_id(RandomUuid());
    open.mutable_common_assessment()->set_child(child_);
    open.mutable_common_assessment()->set_consent(consent_.name());
    open.mutable_common_assessment()->set_strengths("Close to her grandmother.");
    open.mutable_common_assessment()->set_needs(kNeeds);
    open.mutable_common_assessment()->set_child_views("She wants her own bed.");
    absl::StatusOr<assessments::v1::OpenCommonAssessmentResponse> opened;
    ASSERT_TRUE(Within(kSoon, [&] {
      opened =
          visitor_->Call<assessments::v1::OpenCommonAssessmentResponse>(open, kPurpose, kReference);
      return opened.ok();
    })) << opened.status();
    assessment_ = opened->common_assessment().name();
  }

  // --- The writer's
  absl::Status Give() {
    children::v1::RecordConsentRequest request;
    request.set_request_id(RandomUuid());
    Consent& consent = *request.mutable_consent();
    consent.set_child(child_);
    consent.set_decision(children::v1::CONSENT_DECISION_GIVEN);
    consent.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    consent.add_agencies("agencies/nelft");
    consent.add_agencies("agencies/nhs-redbridge");
    consent.add_excluded_agencies("agencies/met-police");
    consent.set_given_by(children::v1::CONSENT_GIVER_PARENT);
    consent.set_capacity_basis(children::v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY);
    *consent.mutable_decision_date() = DateToProto(today_);
    return Say(true, [&] {
      auto answer =
          visitor_->Call<children::v1::RecordConsentResponse>(request, kPurpose, kReference);
      if (answer.ok()) consent_ = answer->consent();
      return answer.status();
    });
  }
  // Wholly, or for NELFT alone.
  absl::Status TakeBack(bool wholly) {
    children::v1::WithdrawConsentRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(consent_.name());
    request.set_etag(consent_.etag());
    if (!wholly) request.add_agencies("agencies/nelft");
    request.set_withdrawn_by(children::v1::CONSENT_GIVER_PARENT);
    request.set_reason("Mother does not want it any more.");
    return Say(false, [&] {
      return visitor_->Call<children::v1::WithdrawConsentResponse>(request, kPurpose, kReference)
          .status();
    });
  }
  // Whether a read that began after the last change was shown the assessment, within kSoon.
  bool IsSeen() {
    const absl::Duration since = said_.back().acknowledged;
    return Within(kSoon, [&] {
      MutexLock lock(mutex_);
      return last_shown_.has_value() && *last_shown_ >= since;
    });
  }
  const std::vector<Said>& said() const { return said_; }

  // --- The reader's
  Read ReadOne() {
    assessments::v1::GetCommonAssessmentRequest request;
    request.set_name(assessment_);
    return Time([&](Read* read) {
      const auto answer = camhs_->Call<GetCommonAssessmentResponse>(request, kPurpose, kReference);
      read->refusal = error::ReasonOf(answer.status());
      read->shown = answer.ok() && answer->common_assessment().needs() == kNeeds;
      EXPECT_TRUE(read->shown || !answer.ok()) << "a part of it is no answer";
    });
  }
  Read ReadList() {
    assessments::v1::ListCommonAssessmentsRequest request;
    request.set_child(child_);
    return Time([&](Read* read) {
      const auto answer =
          camhs_->Call<ListCommonAssessmentsResponse>(request, kPurpose, kReference);
      read->refusal = error::ReasonOf(answer.status());
      read->shown = answer.ok() && !answer->common_assessments().empty();
    });
  }

 private:
  template <class Call>
  absl::Status Say(bool given, Call call) {
    Said said{.given = given, .begun = MonotonicNow(), .acknowledged = absl::ZeroDuration()};
    const absl::Status status = call();
    said.acknowledged = MonotonicNow();
    // One that failed may have been recorded, or not; the writer stops, and so does its log.
    if (status.ok()) said_.push_back(said);
    return status;
  }
  template <class Call>
  Read Time(Call call) {
    Read read;
    read.begun = MonotonicNow();
    call(&read);
    read.ended = MonotonicNow();
    if (read.shown) {
      MutexLock lock(mutex_);
      last_shown_ = std::max(last_shown_.value_or(read.begun), read.begun);
    }
    return read;
  }

  const int number_;
  const absl::CivilDay today_;
  const std::unique_ptr<hubctl::Desk> visitor_;
  const std::unique_ptr<hubctl::Desk> camhs_;
  std::string child_;
  std::string assessment_;
  Consent consent_;
  std::vector<Said> said_;
  Mutex mutex_;
  std::optional<absl::Duration> last_shown_ ABSL_GUARDED_BY(mutex_);  // when it began
};

// What the reads of a family prove.
struct Tally {
  int shown = 0;
  int refused_past_the_bound = 0;  // begun when nothing but a refusal was right
};

// Whether a read may show the data: consent was given at some moment between a bound before it
// began and its end, as far as the writer can tell: from before a giving was sent until a taking
// back was acknowledged.
bool MayShow(const std::vector<Said>& said, const Read& read) {
  for (std::size_t i = 0; i < said.size(); ++i) {
    const absl::Duration until =
        i + 1 < said.size() ? said[i + 1].acknowledged : absl::InfiniteDuration();
    if (said[i].given && said[i].begun <= read.ended && until >= read.begun - kBound) return true;
  }
  return false;
}

Tally CheckReads(const std::vector<Said>& said, const std::vector<Read>& reads) {
  Tally tally;
  for (const Read& read : reads) {
    const bool may_show = MayShow(said, read);
    EXPECT_TRUE(may_show || !read.shown)
        << "shown by a read that began " << read.begun - said.front().begun
        << " after the first consent";
    tally.shown += read.shown ? 1 : 0;
    tally.refused_past_the_bound += may_show ? 0 : 1;
    EXPECT_THAT(read.refusal, ::testing::AnyOf(errors::v1::ERROR_REASON_UNSPECIFIED,
                                               errors::v1::ERROR_REASON_RECORD_NOT_FOUND,
                                               errors::v1::ERROR_REASON_PROJECTION_STALE));
  }
  return tally;
}

// Reads until told to stop, by turns one and the list.
class Reader {
 public:
  explicit Reader(Family* family) : thread_([this, family] { Run(family); }) {}
  ~Reader() { Stop(); }
  const std::vector<Read>& Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return reads_;
  }

 private:
  void Run(Family* family) {
    for (int i = 0; !stop_; ++i) {
      reads_.push_back(i % 4 == 3 ? family->ReadList() : family->ReadOne());
    }
  }

  std::atomic<bool> stop_ = false;
  std::vector<Read> reads_;
  std::thread thread_;
};

// The port of "127.0.0.1:7402".
int PortOf(const std::string& address) {
  int port = 0;
  const std::pair<std::string, std::string> parts = absl::StrSplit(address, ':');
  EXPECT_TRUE(absl::SimpleAtoi(parts.second, &port)) << address;
  return port;
}

// Holds one call of the assessments service when it has taken its snapshot.
class Gate {
 public:
  // Told of each step of each call.
  void Observe(absl::string_view service, rpc::Step step) {
    if (service != "assessments" || step != rpc::Step::kHandler) return;
    MutexLock lock(mutex_);
    if (!hold_) return;
    hold_ = false;
    held_ = true;
    while (held_) changed_.Wait(mutex_);
  }
  void HoldNext() {
    MutexLock lock(mutex_);
    hold_ = true;
  }
  bool IsHolding() {
    return Within(kSoon, [&] {
      MutexLock lock(mutex_);
      return held_;
    });
  }
  void LetGo() {
    MutexLock lock(mutex_);
    hold_ = held_ = false;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool hold_ ABSL_GUARDED_BY(mutex_) = false;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
};

// A hub in which a relay lies between assessments and children.
struct World {
  Gate gate;
  std::unique_ptr<StallingRelay> relay;  // outlives the hub
  std::unique_ptr<LocalHub> hub;
};

class ConsentRaceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = new World;
    LocalHubOptions options;
    options.adjust = [](absl::string_view service, config::Config* config) {
      if (service != "assessments") return;
      std::string& address = config->services.at("children");
      auto relay = StallingRelay::To(PortOf(address));
      ASSERT_THAT(relay, IsOk());
      world_->relay = *std::move(relay);
      address = world_->relay->address();
    };
    options.observer = [](absl::string_view service, rpc::Step step) {
      world_->gate.Observe(service, step);
    };
    auto started = LocalHub::Start(std::move(options));
    ASSERT_THAT(started, IsOk());
    world_->hub = *std::move(started);
  }
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(world_->hub, nullptr); }
  void TearDown() override {
    world_->gate.LetGo();
    world_->relay->Resume();
  }

  static LocalHub& hub() { return *world_->hub; }
  static StallingRelay& relay() { return *world_->relay; }
  static Gate& gate() { return world_->gate; }
  static std::unique_ptr<Family> MakeFamily(int number) {
    auto family = std::make_unique<Family>(hub().hub(), number, LondonDay(hub().clock().Now()));
    family->SetUp();
    return family;
  }

 private:
  static World* world_;
};

World* ConsentRaceTest::world_ = nullptr;

// A writer's changes: some in quick succession, then one that lasts past the bound, then given
// again until it is seen.
void Change(Family* family, std::mt19937_64 random, int rounds) {
  const auto millis = [&](int most) {
    return absl::Milliseconds(std::uniform_int_distribution<int>(0, most)(random));
  };
  for (int round = 0; round < rounds; ++round) {
    for (int flips = std::uniform_int_distribution<int>(0, 3)(random); flips > 0; --flips) {
      ASSERT_THAT(family->TakeBack(random() % 2 == 0), IsOk());
      Pass(millis(80));
      ASSERT_THAT(family->Give(), IsOk());
      Pass(millis(80));
    }
    ASSERT_THAT(family->TakeBack(random() % 2 == 0), IsOk());
    Pass(kBound + absl::Milliseconds(150) + millis(200));
    ASSERT_THAT(family->Give(), IsOk());
    ASSERT_TRUE(family->IsSeen()) << "what is given again is shown again";
  }
}

// The network between the services, at times for longer than the bound.
void Disturb(StallingRelay* relay, std::mt19937_64 random, const std::atomic<bool>* stop) {
  const auto millis = [&](int least, int most) {
    return absl::Milliseconds(std::uniform_int_distribution<int>(least, most)(random));
  };
  while (!*stop) {
    Pass(millis(100, 500));
    relay->Stall();
    Pass(millis(50, 2200));
    relay->Resume();
  }
}

TEST_F(ConsentRaceTest, AReadPastTheBoundShowsNothingThatWasTakenBack) {
  const std::uint64_t seed = TestSeed();
  std::vector<std::unique_ptr<Family>> families;
  for (int i = 0; i < 3; ++i) families.push_back(MakeFamily(700 + i));
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<std::thread> writers;
  for (std::size_t i = 0; i < families.size(); ++i) {
    Family* const family = families[i].get();
    readers.push_back(std::make_unique<Reader>(family));
    writers.emplace_back([=] { Change(family, std::mt19937_64(seed + i), 2); });
  }
  std::atomic<bool> stop = false;
  std::thread network([&] { Disturb(&relay(), std::mt19937_64(seed + 100), &stop); });
  for (std::thread& writer : writers) writer.join();
  stop = true;
  network.join();
  for (std::size_t i = 0; i < families.size(); ++i) {
    const Tally tally = CheckReads(families[i]->said(), readers[i]->Stop());
    EXPECT_GT(tally.shown, 0);
    EXPECT_GT(tally.refused_past_the_bound, 0);
  }
}

// The network between the services loses nothing and delivers nothing: the owner still records the
// withdrawal, the other service cannot know, and so it shows nothing past the bound.
TEST_F(ConsentRaceTest, AStreamThatStallsShowsNothingPastTheBound) {
  const std::uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  const std::unique_ptr<Family> family = MakeFamily(710);
  Reader reader(family.get());
  ASSERT_TRUE(family->IsSeen());
  for (int round = 0; round < 2; ++round) {
    Pass(absl::Milliseconds(std::uniform_int_distribution<int>(0, 250)(random)));
    relay().Stall();
    ASSERT_THAT(family->TakeBack(random() % 2 == 0), IsOk());
    Pass(kBound + absl::Milliseconds(50));
    EXPECT_EQ(family->ReadOne().refusal, errors::v1::ERROR_REASON_PROJECTION_STALE);
    EXPECT_EQ(family->ReadList().refusal, errors::v1::ERROR_REASON_PROJECTION_STALE);
    relay().Resume();
    ASSERT_TRUE(Within(kSoon, [&] {
      return family->ReadOne().refusal == errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
    })) << "it learns of the withdrawal";
    ASSERT_THAT(family->Give(), IsOk());
    ASSERT_TRUE(family->IsSeen());
  }
  const Tally tally = CheckReads(family->said(), reader.Stop());
  EXPECT_GT(tally.shown, 0);
  EXPECT_GT(tally.refused_past_the_bound, 0);
}

// A read took its view of the facts before the withdrawal reached the service, and is decided
// after: that the facts are fresh by then says nothing of its view.
TEST_F(ConsentRaceTest, AReadIsAsFreshAsItsSnapshot) {
  const std::unique_ptr<Family> family = MakeFamily(720);
  ASSERT_TRUE(Within(kSoon, [&] { return family->ReadOne().shown; }));
  relay().Stall();
  ASSERT_THAT(family->TakeBack(/*wholly=*/true), IsOk());
  Pass(kBound + absl::Milliseconds(50));
  gate().HoldNext();
  Read held;
  std::thread reading([&] { held = family->ReadOne(); });
  ASSERT_TRUE(gate().IsHolding());
  relay().Resume();
  EXPECT_TRUE(Within(kSoon, [&] {
    return family->ReadOne().refusal == errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
  })) << "the service knows by now";
  gate().LetGo();
  reading.join();
  EXPECT_FALSE(held.shown);
  EXPECT_EQ(held.refusal, errors::v1::ERROR_REASON_PROJECTION_STALE);
}

TEST_F(ConsentRaceTest, WithoutItsOwnerConsentDecidesNothing) {
  const std::unique_ptr<Family> family = MakeFamily(730);
  ASSERT_TRUE(Within(kSoon, [&] { return family->ReadOne().shown; }));
  hub().StopService("children");
  Pass(kBound);
  EXPECT_EQ(family->ReadOne().refusal, errors::v1::ERROR_REASON_PROJECTION_STALE);
  EXPECT_EQ(family->ReadList().refusal, errors::v1::ERROR_REASON_PROJECTION_STALE);
  ASSERT_THAT(hub().StartService("children"), IsOk());
  EXPECT_TRUE(Within(kSoon, [&] { return family->ReadOne().shown; }));
}

}  // namespace
}  // namespace trusthub::testing
