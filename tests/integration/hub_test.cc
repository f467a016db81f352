// The six services together: facts cross between them, old facts are refused, streams go on where
// they stopped.
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/rpc/channel.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/local_hub.h"

namespace trusthub::testing {
namespace {

using ::testing::IsEmpty;

constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr char kReference[] = "HUB-1";

class HubTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
  }
  CasePath Path(int number) {
    return CasePath(&hub_->hub(), number, LondonDay(hub_->clock().Now()));
  }
  std::unique_ptr<hubctl::Desk> DeskOf(absl::string_view worker) {
    auto desk = hub_->hub().DeskOf(worker);
    EXPECT_THAT(desk, IsOk());
    return *std::move(desk);
  }
  static absl::Status GetReferral(hubctl::Desk& desk, const std::string& name,
                                  absl::string_view purpose) {
    referrals::v1::GetReferralRequest request;
    request.set_name(name);
    return desk.Call<referrals::v1::GetReferralResponse>(request, purpose, kReference).status();
  }

  std::unique_ptr<LocalHub> hub_;
};

TEST_F(HubTest, FactsCrossFromServiceToService) {
  CasePath path = Path(1);
  ASSERT_THAT(path.ToPlan(), IsOk());
  EXPECT_EQ(path.referral.decision(), referrals::v1::REFERRAL_DECISION_STRATEGY_DISCUSSION);
  EXPECT_EQ(path.discussion.conference_due_date().day(), 1) << "15 working days from 11 January";
  EXPECT_EQ(path.plan.state(), plans::v1::PLAN_STATE_ACTIVE);

  // The school learns the decision and not the reason.
  referrals::v1::GetReferralRequest ask;
  ask.set_name(path.referral.name());
  const auto seen =
      path.At("uphall-lead-01")
          .Call<referrals::v1::GetReferralResponse>(ask, "safeguarding_referral", kReference);
  ASSERT_THAT(seen, IsOk());
  EXPECT_EQ(seen->referral().decision(), referrals::v1::REFERRAL_DECISION_STRATEGY_DISCUSSION);
  EXPECT_THAT(seen->referral().decision_rationale(), IsEmpty());
  EXPECT_GT(seen->disclosure().withheld_size(), 0);

  // plans -> children -> health: the flag is there that night, with whom to ring.
  hub_->clock().Advance(absl::Hours(14));
  ASSERT_TRUE(Within(
      kSoon, [&] { return path.Attend().ok() && path.attendance.flags().flags_size() > 0; }));
  const health::v1::StatusFlag& flag = path.attendance.flags().flags(0);
  EXPECT_EQ(flag.kind(), "CHILD_PROTECTION_PLAN");
  EXPECT_EQ(flag.responsible_agency(), "agencies/redbridge-council");
  EXPECT_EQ(flag.emergency_telephone(), "020 7946 0999");
  EXPECT_EQ(flag.start_date().day(), 11);

  // The council's stream shows the access.
  events::v1::WatchRequest watch;
  watch.set_child(path.child);
  watch.add_kinds(events::v1::EVENT_KIND_STATUS_ACCESSED);
  auto stream =
      path.At("lbr-sw-01").Watch("children", watch, "child_protection_planning", kReference);
  ASSERT_THAT(stream, IsOk());
  events::v1::WatchResponse response;
  while (response.events().empty()) ASSERT_THAT((*stream)->Read(&response), IsOk());
  EXPECT_EQ(response.events(0).child(), path.child);
  (*stream)->Cancel();
  for (const char* service : hubctl::kServices) {
    EXPECT_THAT(CheckAuditLog(hub_->hub(), service, {}), IsOk()) << service;
  }
}

TEST_F(HubTest, OldFactsOfChildrenDecideNothing) {
  CasePath path = Path(2);
  ASSERT_THAT(path.Register(), IsOk());
  ASSERT_THAT(path.Refer(), IsOk());
  const auto police = DeskOf("met-cait-01");
  const std::string unknown = "referrals/" + std::string(26, '0');
  const auto both_are = [&](error::Reason reason) {
    const absl::Status real = GetReferral(*police, path.referral.name(), "safeguarding_referral");
    const absl::Status none = GetReferral(*police, unknown, "safeguarding_referral");
    return error::ReasonOf(real) == reason && error::ReasonOf(none) == reason &&
           real.code() == none.code() && real.message() == none.message();
  };
  EXPECT_TRUE(Within(kSoon, [&] { return both_are(errors::v1::ERROR_REASON_RECORD_NOT_FOUND); }));

  hub_->StopService("children");
  EXPECT_TRUE(Within(kSoon, [&] { return both_are(errors::v1::ERROR_REASON_PROJECTION_STALE); }));
  EXPECT_THAT(GetReferral(path.At("uphall-lead-01"), path.referral.name(), "safeguarding_referral"),
              IsOk())
      << "who wrote it needs no facts of the child";

  ASSERT_THAT(hub_->StartService("children"), IsOk());
  EXPECT_TRUE(Within(kSoon, [&] { return both_are(errors::v1::ERROR_REASON_RECORD_NOT_FOUND); }));
}

// Names of events, read from `cursor` on until `count` were seen; moves the cursor.
std::vector<std::string> ReadEvents(hubctl::Desk& desk, int count, std::string* cursor) {
  std::vector<std::string> names;
  events::v1::WatchRequest request;
  request.set_cursor(*cursor);
  auto stream = desk.Watch("referrals", request, "screening", kReference);
  EXPECT_THAT(stream, IsOk());
  if (!stream.ok()) return names;
  events::v1::WatchResponse response;
  while (static_cast<int>(names.size()) < count) {
    const absl::Status status = (*stream)->Read(&response);
    EXPECT_THAT(status, IsOk());
    if (!status.ok()) break;
    for (const events::v1::Event& event : response.events()) names.push_back(event.name());
    *cursor = response.cursor();
  }
  (*stream)->Cancel();
  return names;
}

TEST_F(HubTest, StreamsGoOnWhereTheyStopped) {
  CasePath path = Path(3);
  ASSERT_THAT(path.Register(), IsOk());
  const auto watcher = DeskOf("lbr-screening-01");
  std::string cursor;
  std::vector<std::string> pieces;
  // Events before the stream begins, between streams, and over a restart of the service.
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 3; ++i) ASSERT_THAT(path.Refer(), IsOk());
    if (round == 2) {
      hub_->StopService("referrals");
      ASSERT_THAT(hub_->StartService("referrals"), IsOk());
      ASSERT_TRUE(Within(
          kSoon, [&] { return GetReferral(*watcher, path.referral.name(), "screening").ok(); }));
    }
    const std::vector<std::string> piece = ReadEvents(*watcher, 3, &cursor);
    pieces.insert(pieces.end(), piece.begin(), piece.end());
  }
  std::string beginning;
  const std::vector<std::string> whole = ReadEvents(*watcher, 12, &beginning);
  EXPECT_EQ(pieces, whole) << "the same events in the same order";
  EXPECT_EQ(std::set<std::string>(whole.begin(), whole.end()).size(), 12u);
}

TEST_F(HubTest, StrangersSeeNoEvents) {
  CasePath path = Path(4);
  ASSERT_THAT(path.Register(), IsOk());
  ASSERT_THAT(path.Refer(), IsOk());
  // Of another agency, with a role that may watch: one whom no agreement covers is refused, one
  // whom an agreement covers sees nothing of a child that is not theirs.
  hubctl::ListedWorker worker;
  worker.id = "housing-sw-01";
  worker.worker.set_agency("agencies/redbridge-housing");
  worker.worker.set_role(options::v1::ROLE_SOCIAL_WORKER);
  hubctl::Desk uncovered(&hub_->hub(), worker);
  auto refused = uncovered.Watch("referrals", events::v1::WatchRequest(), "screening", kReference);
  ASSERT_THAT(refused, IsOk());
  events::v1::WatchResponse nothing;
  EXPECT_EQ(error::ReasonOf((*refused)->Read(&nothing)),
            errors::v1::ERROR_REASON_AGREEMENT_MISSING);
  const auto stranger = DeskOf("nelft-caldicott-01");
  for (const char* service : {"referrals", "children"}) {
    auto stream = stranger->Watch(service, events::v1::WatchRequest(), "governance", kReference);
    ASSERT_THAT(stream, IsOk());
    events::v1::WatchResponse response;
    // Up to an answer that says "complete up to here", and one more.
    for (int complete = 0; complete < 2; complete += response.has_as_of() ? 1 : 0) {
      ASSERT_THAT((*stream)->Read(&response), IsOk());
      EXPECT_THAT(response.events(), IsEmpty()) << service;
    }
    (*stream)->Cancel();
  }
}

}  // namespace
}  // namespace trusthub::testing
