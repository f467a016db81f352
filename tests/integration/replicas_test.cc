// Two replicas of services on one database: whichever a call reaches, the answer is the service's.
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"
#include "common/rpc/decision_name.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/disclosures.h"
#include "deploy/hubctl/logs.h"
#include "deploy/hubctl/readiness.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/local_hub.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr absl::Duration kSoon = absl::Seconds(20);
constexpr char kReference[] = "REPLICA-1";
constexpr char kService[] = "referrals";
constexpr char kLead[] = "uphall-lead-01";
constexpr char kScreening[] = "lbr-screening-01";
constexpr char kOfficer[] = "lbr-dpo-01";

class ReplicasTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Replicas share a database, whatever the other tests run on.
    setenv("TRUSTHUB_TEST_ENGINE", "postgres", 1);  // NOLINT(concurrency-mt-unsafe)
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    for (const char* service : {"referrals", "children"}) {
      ASSERT_THAT(hub_->StartReplica(service), IsOk());
    }
    there_ = HubWith(hub_->AddressOfReplica(kService));
    there_->Redirect("children", hub_->AddressOfReplica("children"));
    ASSERT_THAT(hubctl::WaitUntilFresh(*there_, kSoon), IsOk());
    path_ = std::make_unique<CasePath>(&here(), 1, LondonDay(hub_->clock().Now()));
    ASSERT_THAT(path_->Register(), IsOk());
    ASSERT_THAT(path_->Refer(), IsOk());
  }

  const hubctl::Hub& here() const { return hub_->hub(); }
  const hubctl::Hub& there() const { return *there_; }
  // The hub with the referrals at other addresses.
  std::unique_ptr<hubctl::Hub> HubWith(const std::string& addresses) const {
    auto opened = hubctl::Hub::Open(here().folder());
    EXPECT_THAT(opened, IsOk());
    (*opened)->Redirect(kService, addresses);
    return *std::move(opened);
  }
  static std::unique_ptr<hubctl::Desk> DeskOf(const hubctl::Hub& hub, absl::string_view worker) {
    auto desk = hub.DeskOf(worker);
    EXPECT_THAT(desk, IsOk());
    return *std::move(desk);
  }
  absl::StatusOr<referrals::v1::GetReferralResponse> Read(hubctl::Desk& desk) const {
    referrals::v1::GetReferralRequest request;
    request.set_name(path_->referral.name());
    return desk.Call<referrals::v1::GetReferralResponse>(request, "screening", kReference);
  }
  hubctl::DisclosureQuery Query() const {
    hubctl::DisclosureQuery query;
    query.child = path_->child;
    query.case_reference = kReference;
    query.page_size = 3;  // so that pages end within logs and between them
    return query;
  }
  static std::set<std::string> NamesOf(const hubctl::FoundDisclosures& found) {
    std::set<std::string> names;
    for (const auto& each : found.rows) {
      if (each.service == kService) names.insert(each.row.name());
    }
    return names;
  }

  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<hubctl::Hub> there_;
  std::unique_ptr<CasePath> path_;
};

TEST_F(ReplicasTest, ARequestThatIsSentToBothIsDoneOnce) {
  constexpr int kRequests = 12;
  std::vector<std::string> ids;
  for (int i = 0; i < kRequests; ++i) ids.push_back(RandomUuid());
  Mutex mutex;
  std::map<std::string, std::set<std::string>> names;  // by request
  std::vector<std::thread> threads;
  for (const hubctl::Hub* hub : {&here(), &there()}) {
    threads.emplace_back([&, hub] {
      const auto desk = DeskOf(*hub, kLead);
      for (const std::string& id : ids) {
        const auto answer = desk->Call<referrals::v1::SubmitReferralResponse>(
            ReferralOf(path_->child, id), "safeguarding_referral", kReference);
        EXPECT_THAT(answer, IsOk());
        MutexLock lock(mutex);
        if (answer.ok()) names[id].insert(answer->referral().name());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& [id, of_request] : names) {
    EXPECT_THAT(of_request, SizeIs(1)) << "both replicas gave one answer";
    all.insert(of_request.begin(), of_request.end());
  }
  EXPECT_THAT(all, SizeIs(kRequests));
}

TEST_F(ReplicasTest, PageTokensAndCursorsGoOnAtTheOther) {
  for (int i = 0; i < 5; ++i) ASSERT_THAT(path_->Refer(), IsOk());
  const auto desk_here = DeskOf(here(), kScreening);
  const auto desk_there = DeskOf(there(), kScreening);
  referrals::v1::ListReferralsRequest request;
  request.set_child(path_->child);
  request.set_page_size(2);
  std::set<std::string> listed;
  for (int page = 0; page == 0 || !request.page_token().empty(); ++page) {
    const auto answer =
        (page % 2 == 0 ? desk_here : desk_there)
            ->Call<referrals::v1::ListReferralsResponse>(request, "screening", kReference);
    ASSERT_THAT(answer, IsOk()) << page;
    for (const auto& referral : answer->referrals()) {
      EXPECT_TRUE(listed.insert(referral.name()).second) << "listed twice";
    }
    request.set_page_token(answer->next_page_token());
  }
  EXPECT_THAT(listed, SizeIs(6));

  const auto cursor = CursorAtEnd(here(), kService);
  ASSERT_THAT(cursor, IsOk());
  EXPECT_THAT(FollowFrom(there(), kService, *cursor), IsOk());
  const auto events_here = EventsOf(here(), kService);
  const auto events_there = EventsOf(there(), kService);
  ASSERT_THAT(events_here, IsOk());
  ASSERT_THAT(events_there, IsOk());
  ASSERT_EQ(events_here->size(), events_there->size());
  for (std::size_t i = 0; i < events_here->size(); ++i) {
    EXPECT_EQ((*events_here)[i].SerializeAsString(), (*events_there)[i].SerializeAsString());
  }
}

TEST_F(ReplicasTest, DisclosuresOfBothAreListedAndProvenByEither) {
  const auto desk_here = DeskOf(here(), kScreening);
  const auto desk_there = DeskOf(there(), kScreening);
  for (int i = 0; i < 4; ++i) {
    ASSERT_THAT(Read(*desk_here), IsOk());
    ASSERT_THAT(Read(*desk_there), IsOk());
  }
  const auto officer_here = DeskOf(here(), kOfficer);
  const auto officer_there = DeskOf(there(), kOfficer);
  // Every row's proof is checked on the way.
  const auto found_here = hubctl::FindDisclosures(here(), *officer_here, Query());
  ASSERT_THAT(found_here, IsOk());
  EXPECT_THAT(found_here->Completeness(), IsOk());
  std::map<std::string, int> reads;  // by log
  for (const auto& each : found_here->rows) {
    if (each.row.action() != "referrals.get") continue;
    ++reads[std::string(rpc::TreeOfDecision(each.row.name()))];
  }
  ASSERT_THAT(reads, SizeIs(2));
  for (const auto& [tree, count] : reads) EXPECT_EQ(count, 4) << tree;

  const auto found_there = hubctl::FindDisclosures(there(), *officer_there, Query());
  ASSERT_THAT(found_there, IsOk());
  EXPECT_THAT(found_there->Completeness(), IsOk());
  const std::set<std::string> names_there = NamesOf(*found_there);
  for (const std::string& name : NamesOf(*found_here)) EXPECT_EQ(names_there.count(name), 1u);
}

TEST_F(ReplicasTest, ADecisionOfOneIsExplainedByTheOther) {
  const auto desk_here = DeskOf(here(), kScreening);
  const auto desk_there = DeskOf(there(), kScreening);
  const auto read = Read(*desk_here);
  ASSERT_THAT(read, IsOk());
  policy::v1::ExplainDecisionRequest request;
  request.set_decision(read->disclosure().decision());
  const auto explain = [&](hubctl::Desk& desk) {
    return desk.Call<policy::v1::ExplainDecisionResponse>(request, "screening", kReference,
                                                          kService);
  };
  const auto by_here = explain(*desk_here);
  const auto by_there = explain(*desk_there);
  ASSERT_THAT(by_here, IsOk());
  ASSERT_THAT(by_there, IsOk());
  EXPECT_THAT(by_here->summary(), Not(IsEmpty()));
  EXPECT_EQ(by_here->summary(), by_there->summary());
  request.set_decision("auditTrees/00000000000000000000000000/entries/0");
  EXPECT_THAT(explain(*desk_there), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ReplicasTest, EachHasALogAndAnyAnswersForAll) {
  const auto desk_there = DeskOf(there(), kScreening);
  const auto read = Read(*desk_there);
  ASSERT_THAT(read, IsOk());
  const types::v1::Receipt& receipt = read->disclosure().receipt();
  const auto auditor = DeskOf(here(), "hub-auditor-01");
  const hubctl::AskAuditService ask = hubctl::AskBy(*auditor, kReference);
  const auto trees = hubctl::TreesOf(ask, kService);
  ASSERT_THAT(trees, IsOk());
  ASSERT_THAT(*trees, SizeIs(2));
  EXPECT_EQ((*trees)[1], receipt.tree()) << "registered second";
  // Both logs are read and verified, with the receipt of one, at the other.
  EXPECT_THAT(CheckAuditLog(here(), kService, {receipt}), IsOk());
  EXPECT_THAT(CheckAuditLog(there(), kService, {receipt}), IsOk());

  audit::v1::GetTreeHeadRequest unknown;
  unknown.set_tree("auditTrees/00000000000000000000000000");
  audit::v1::GetTreeHeadResponse head;
  EXPECT_THAT(ask(unknown, kService, &head), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ReplicasTest, WhoKnowsBothGoesOnWhenOneStops) {
  const std::string first = here().addresses().at(kService);
  const auto both = HubWith(absl::StrCat(first, ",", hub_->AddressOfReplica(kService)));
  const auto desk = DeskOf(*both, kScreening);
  const auto reaches = [&](std::size_t replicas) {
    std::set<std::string> trees;
    return Within(kSoon, [&] {
      const auto read = Read(*desk);
      EXPECT_THAT(read, IsOk()) << "no call is lost";
      if (read.ok()) trees.insert(read->disclosure().receipt().tree());
      return !read.ok() || trees.size() == replicas;
    });
  };
  ASSERT_TRUE(reaches(2));
  hub_->StopService(kService);
  for (int i = 0; i < 20; ++i) ASSERT_THAT(Read(*desk), IsOk()) << i;
  ASSERT_THAT(hub_->StartService(kService), IsOk());
  ASSERT_TRUE(reaches(2)) << "the one that came back is used again";
  hub_->StopReplica(kService);
  for (int i = 0; i < 20; ++i) ASSERT_THAT(Read(*desk), IsOk()) << i;
}

}  // namespace
}  // namespace trusthub::testing
