#include "common/store/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "common/error/error.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "trusthub/children/v1/child.pb.h"
#include "trusthub/directory/v1/directory.pb.h"
#include "trusthub/plans/v1/plan.pb.h"

namespace trusthub::store {
namespace {

using children::v1::Child;
using directory::v1::Agency;
using plans::v1::Plan;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1'268'733'600);  // 16 March 2010, 10:00
constexpr char kCouncil[] = "agencies/council";
constexpr char kTrust[] = "agencies/trust";

// Not keyed: tests must see that the field is mixed in.
std::string TestHash(absl::string_view text) { return "#" + std::string(text); }

class TransactionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SqliteOptions options;
    options.path = folder_.File("store.db");
    auto opened = OpenSqlite(options);
    ASSERT_THAT(opened, IsOk());
    store_ = *std::move(opened);
  }

  Transaction Begin(absl::Time now = kNow) {
    return Transaction(*store_->Open(absl::InfiniteFuture()), TestHash, now);
  }
  absl::Status Commit(Transaction tx) { return CommitAndWait(*store_, tx.TakeWrites()).status(); }

  Plan MakePlan(absl::string_view child, std::vector<IndexKey> extra = {}) {
    Transaction tx = Begin();
    Plan plan;
    plan.set_child(std::string(child));
    plan.set_state(plans::v1::PLAN_STATE_ACTIVE);
    EXPECT_THAT(tx.Create(&plan, kCouncil, kTrust, std::move(extra)), IsOk());
    EXPECT_THAT(Commit(std::move(tx)), IsOk());
    return plan;
  }

  testing::TempFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(TransactionTest, CreateSetsTheCommonFields) {
  const Plan made = MakePlan("children/c1");
  EXPECT_EQ(made.name().rfind("plans/", 0), 0u);
  Transaction tx = Begin();
  const auto read = tx.Get<Plan>(made.name());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->etag(), "\"1\"");
  EXPECT_EQ(read->owner_agency(), kCouncil);
  EXPECT_EQ(read->author_agency(), kTrust);
  EXPECT_EQ(read->create_time().seconds(), absl::ToUnixSeconds(kNow));
  EXPECT_EQ(read->update_time().seconds(), absl::ToUnixSeconds(kNow));
  const auto head = tx.Head(made.name());
  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->child, "children/c1");
  EXPECT_EQ(head->kind, options::v1::RECORD_KIND_PLAN);
  EXPECT_FALSE(tx.has_writes());
}

TEST_F(TransactionTest, AbsentAndForeignNamesAreTheSame) {
  const Plan made = MakePlan("children/c1");
  Transaction tx = Begin();
  const auto absent = tx.Get<Plan>("plans/none");
  const auto foreign = tx.Get<Child>(made.name());
  EXPECT_THAT(absent,
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
  EXPECT_EQ(absent.status(), foreign.status());
}

TEST_F(TransactionTest, ChosenNameIsTakenOnce) {
  Agency agency;
  agency.set_name("agencies/a");
  Transaction first = Begin();
  Transaction second = Begin();
  ASSERT_THAT(first.Create(&agency, "agencies/a", "agencies/hub"), IsOk());
  EXPECT_THAT(first.Create(&agency, "agencies/a", "agencies/hub"),
              StatusIs(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS));
  ASSERT_THAT(second.Create(&agency, "agencies/a", "agencies/hub"), IsOk());
  EXPECT_THAT(Commit(std::move(first)), IsOk());
  EXPECT_TRUE(IsConflict(Commit(std::move(second))));
}

TEST_F(TransactionTest, UpdateNeedsTheNewestEtagAndKeepsWhatIsFixed) {
  Plan plan = MakePlan("children/c1");
  const std::string first_etag = plan.etag();
  plan.set_child("children/other");
  plan.set_owner_agency("agencies/other");
  plan.clear_create_time();
  plan.set_state(plans::v1::PLAN_STATE_ENDED);
  Transaction tx = Begin(kNow + absl::Hours(1));
  ASSERT_THAT(tx.Update(&plan, first_etag), IsOk());
  EXPECT_EQ(plan.child(), "children/c1");
  EXPECT_EQ(plan.owner_agency(), kCouncil);
  EXPECT_EQ(plan.create_time().seconds(), absl::ToUnixSeconds(kNow));
  EXPECT_EQ(plan.update_time().seconds(), absl::ToUnixSeconds(kNow) + 3600);
  EXPECT_EQ(plan.etag(), "\"2\"");
  ASSERT_THAT(Commit(std::move(tx)), IsOk());

  Transaction late = Begin();
  EXPECT_THAT(late.Update(&plan, first_etag),
              StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  EXPECT_THAT(late.UpdateNewest(&plan), IsOk());
  EXPECT_EQ(plan.etag(), "\"3\"");
}

TEST_F(TransactionTest, OvertakenUpdateConflicts) {
  Plan plan = MakePlan("");
  Plan same = plan;
  Transaction one = Begin();
  Transaction two = Begin();
  ASSERT_THAT(one.Update(&plan, plan.etag()), IsOk());
  ASSERT_THAT(two.Update(&same, same.etag()), IsOk());
  EXPECT_THAT(Commit(std::move(one)), IsOk());
  EXPECT_TRUE(IsConflict(Commit(std::move(two))));
}

TEST_F(TransactionTest, ReadsItsOwnWrites) {
  Plan stored = MakePlan("children/c1");
  MakePlan("children/c2");
  Transaction tx = Begin();
  stored.set_state(plans::v1::PLAN_STATE_ENDED);
  ASSERT_THAT(tx.Update(&stored, stored.etag()), IsOk());
  Plan added;
  added.set_child("children/c1");
  added.set_state(plans::v1::PLAN_STATE_ACTIVE);
  ASSERT_THAT(tx.Create(&added, kCouncil, kTrust), IsOk());

  EXPECT_EQ(tx.Get<Plan>(stored.name())->etag(), "\"2\"");
  EXPECT_EQ(tx.Get<Plan>(added.name())->state(), plans::v1::PLAN_STATE_ACTIVE);
  const auto of_child = tx.ListByChild<Plan>("children/c1", 0, 10);
  ASSERT_THAT(of_child->records, SizeIs(2));
  EXPECT_EQ(of_child->records[0].state(), plans::v1::PLAN_STATE_ENDED);
  EXPECT_EQ(of_child->records[1].name(), added.name());
  const auto first = tx.ListByChild<Plan>("children/c1", 0, 1);
  EXPECT_TRUE(first->more);
  EXPECT_EQ(tx.ListByChild<Plan>("children/c1", first->last_position, 1)->records[0].name(),
            added.name());
  EXPECT_THAT(tx.ListAll<Plan>(0, 10)->records, SizeIs(3));
  EXPECT_THAT(tx.ListByIndex<Plan>("state", "PLAN_STATE_ENDED", 0, 10)->records, SizeIs(1));
  EXPECT_THAT(tx.ListByIndex<Plan>("state", "PLAN_STATE_ACTIVE", 0, 10)->records, SizeIs(2));

  tx.PutState("space", "key", "value");
  EXPECT_EQ(*tx.FindState("space", "key"), "value");
  tx.PutState("space", "key", std::nullopt);
  EXPECT_EQ(*tx.FindState("space", "key"), std::nullopt);
}

TEST_F(TransactionTest, ListByChildConflictsWithEveryChangeOfTheChild) {
  Transaction list = Begin();
  ASSERT_THAT(list.ListByChild<Plan>("children/c1", 0, 10), IsOk());
  list.Touch("children/c1");
  Transaction other = Begin();
  ASSERT_THAT(other.ListByChild<Plan>("children/c2", 0, 10), IsOk());
  other.Touch("children/c2");
  MakePlan("children/c1");
  EXPECT_TRUE(IsConflict(Commit(std::move(list))));
  EXPECT_THAT(Commit(std::move(other)), IsOk());
}

TEST_F(TransactionTest, EventsTouchTheirChildAndSayTheKind) {
  Transaction tx = Begin();
  Plan plan;
  plan.set_child("children/c1");
  ASSERT_THAT(tx.Create(&plan, kCouncil, kTrust), IsOk());
  events::v1::Event event;
  event.set_child("children/c2");
  event.set_record(plan.name());
  tx.Emit(event);
  ASSERT_THAT(Commit(std::move(tx)), IsOk());
  Transaction after = Begin();
  EXPECT_EQ(*after.GuardOn("children/c1"), 1);
  EXPECT_EQ(*after.GuardOn("children/c2"), 1);
  const auto stored = after.snapshot().ReadEvents(0, 10);
  ASSERT_THAT(*stored, SizeIs(1));
  events::v1::Event read;
  ASSERT_TRUE(read.ParseFromString((*stored)[0].bytes));
  EXPECT_EQ(read.name().rfind("events/", 0), 0u);
  EXPECT_EQ(read.record_kind(), options::v1::RECORD_KIND_PLAN);
  EXPECT_EQ(read.create_time().seconds(), absl::ToUnixSeconds(kNow));
}

TEST_F(TransactionTest, IdentifiersAreIndexedByHashOfFieldAndValue) {
  Transaction tx = Begin();
  Child child;
  child.set_nhs_number("9434765919");
  ASSERT_THAT(tx.Create(&child, kCouncil, kTrust), IsOk());
  EXPECT_EQ(child.child(), child.name());
  const WriteSet set = tx.TakeWrites();
  ASSERT_THAT(set.records, SizeIs(1));
  ASSERT_THAT(set.records[0].index, SizeIs(1)) << "the empty upn has no entry";
  EXPECT_EQ(set.records[0].index[0].field, "trusthub.children.v1.Child.nhs_number");
  EXPECT_EQ(set.records[0].index[0].key,
            TestHash(std::string("trusthub.children.v1.Child.nhs_number\0", 38) + "9434765919"));
  ASSERT_THAT(CommitAndWait(*store_, set), IsOk());
  Transaction after = Begin();
  EXPECT_THAT(after.ListByIndex<Child>("nhs_number", "9434765919", 0, 10)->records, SizeIs(1));
  EXPECT_THAT(after.ListByIndex<Child>("upn", "9434765919", 0, 10)->records, SizeIs(0));
}

TEST_F(TransactionTest, UniqueExtraKeyIsFoundAndHeldOnce) {
  MakePlan("children/c1", {{"plans/open", "children/c1", true}});
  Transaction tx = Begin();
  EXPECT_THAT(tx.ListByIndex<Plan>("plans/open", "children/c1", 0, 1)->records, SizeIs(1));
  Plan second;
  second.set_child("children/c1");
  ASSERT_THAT(tx.Create(&second, kCouncil, kTrust, {{"plans/open", "children/c1", true}}), IsOk());
  EXPECT_TRUE(IsConflict(Commit(std::move(tx))));
}

TEST_F(TransactionTest, WhatIsNoRecordIsRefused) {
  Transaction tx = Begin();
  events::v1::PlanFact fact;
  EXPECT_THAT(tx.Create(&fact, kCouncil, kTrust), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace trusthub::store
