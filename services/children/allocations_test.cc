// Allocations and conflicts: who works with a child, and who must not see it.
#include "services/children/allocations.h"

#include <string>
#include <vector>

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/children_fixture.h"
#include "services/children/conflicts.h"

namespace trusthub::children {
namespace {

using events::v1::EVENT_KIND_ALLOCATION_CHANGED;
using events::v1::EVENT_KIND_CONFLICT_CHANGED;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

constexpr char kNobody[] = "children/00000000000000000000000000";

class AllocationsTest : public ChildrenTest {
 protected:
  AllocationsTest() {
    fixture_.KnowWorker("asha", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER);
    fixture_.KnowWorker("ben", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER);
    fixture_.KnowWorker("lead", "uphall-primary", options::v1::ROLE_DESIGNATED_LEAD);
  }

  void Leaves(absl::string_view worker, const types::v1::Date& date) {
    events::v1::Event event;
    event.mutable_worker()->set_worker(absl::StrCat("workers/", worker));
    event.mutable_worker()->set_agency("agencies/redbridge-council");
    *event.mutable_worker()->mutable_leave_date() = date;
    fixture_.Know(event);
  }
  absl::StatusOr<v1::Allocation> Allocate(absl::string_view worker,
                                          const auth::Principal* caller = nullptr) {
    v1::AllocateWorkerRequest request;
    request.mutable_allocation()->set_child(child_);
    request.mutable_allocation()->set_worker(absl::StrCat("workers/", worker));
    const auto response = fixture_.Run(caller == nullptr ? manager_ : *caller, allocations_,
                                       &Allocations::AllocateWorker, request);
    if (!response.ok()) return response.status();
    return response->allocation();
  }
  absl::StatusOr<v1::Allocation> End(const v1::Allocation& allocation,
                                     const auth::Principal* caller = nullptr) {
    v1::EndAllocationRequest request;
    request.set_name(allocation.name());
    request.set_etag(allocation.etag());
    request.set_end_reason("Moved to another team.");
    const auto response = fixture_.Run(caller == nullptr ? manager_ : *caller, allocations_,
                                       &Allocations::EndAllocation, request);
    if (!response.ok()) return response.status();
    return response->allocation();
  }
  absl::StatusOr<v1::Conflict> Declare(absl::string_view worker, absl::string_view child,
                                       const auth::Principal* caller = nullptr) {
    v1::DeclareConflictRequest request;
    request.mutable_conflict()->set_child(std::string(child));
    request.mutable_conflict()->set_worker(absl::StrCat("workers/", worker));
    request.mutable_conflict()->set_kind(v1::CONFLICT_KIND_OWN_FAMILY);
    const auto response = fixture_.Run(caller == nullptr ? guardian_ : *caller, conflicts_,
                                       &Conflicts::DeclareConflict, request);
    if (!response.ok()) return response.status();
    return response->conflict();
  }
  absl::StatusOr<v1::Conflict> EndConflict(const v1::Conflict& conflict,
                                           const auth::Principal& caller) {
    v1::EndConflictRequest request;
    request.set_name(conflict.name());
    request.set_etag(conflict.etag());
    const auto response = fixture_.Run(caller, conflicts_, &Conflicts::EndConflict, request);
    if (!response.ok()) return response.status();
    return response->conflict();
  }
  std::vector<std::string> ConflictsOf(const auth::Principal& caller) {
    std::vector<std::string> names;
    v1::ListConflictsRequest list;
    list.set_page_size(1);
    do {
      const auto page = fixture_.Run(caller, conflicts_, &Conflicts::ListConflicts, list);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const v1::Conflict& conflict : page->conflicts()) names.push_back(conflict.name());
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());
    return names;
  }
  // How the council's worker stands to the child by the facts.
  policy::Standing StandingOf(absl::string_view worker) {
    store::Transaction tx = fixture_.Begin();
    const std::string name = absl::StrCat("workers/", worker);
    return events::StandingOf(
        *events::ChildFactsOf(tx, child_),
        {"agencies/redbridge-council", "COUNCIL", name, options::v1::PURPOSE_ASSESSMENT},
        fixture_.now(), {});
  }

  Allocations allocations_;
  Conflicts conflicts_;
  const auth::Principal manager_ =
      testing::Caller("redbridge-council", "manager", options::v1::ROLE_TEAM_MANAGER);
  const auth::Principal guardian_ =
      testing::Caller("redbridge-council", "guardian", options::v1::ROLE_CALDICOTT_GUARDIAN);
  const auth::Principal school_lead_ =
      testing::Caller("uphall-primary", "lead", options::v1::ROLE_DESIGNATED_LEAD);
  const std::string child_ = Registered("uphall-primary", Ayesha());
};

const auto kInvalid =
    StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
const auto kNotFound =
    StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
const auto kExists =
    StatusIs(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS);
const auto kForbids =
    StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS);

TEST_F(AllocationsTest, AllocatedUntilItEnds) {
  const auto allocation = Allocate("asha");
  ASSERT_THAT(allocation, IsOk());
  EXPECT_EQ(allocation->owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(TimeFromProto(allocation->start_time()), fixture_.now());
  EXPECT_EQ(StandingOf("asha").relations, policy::kAllocated);
  EXPECT_EQ(StandingOf("ben").relations, 0u);

  fixture_.SetNow(fixture_.now() + absl::Hours(24));
  const auto ended = End(*allocation);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(TimeFromProto(ended->end_time()), fixture_.now());
  EXPECT_EQ(ended->end_reason(), "Moved to another team.");
  EXPECT_EQ(StandingOf("asha").relations, 0u);
  EXPECT_THAT(End(*ended), kForbids);

  const auto told = EventsOf(EVENT_KIND_ALLOCATION_CHANGED);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[1].allocation().worker(), "workers/asha");
  EXPECT_EQ(told[1].allocation().agency(), "agencies/redbridge-council");
  EXPECT_TRUE(told[1].allocation().has_end_time());

  EXPECT_THAT(Allocate("asha"), IsOk()) << "again, now that it ended";
}

TEST_F(AllocationsTest, OnceAtATimeForEachWorker) {
  ASSERT_THAT(Allocate("asha"), IsOk());
  EXPECT_THAT(Allocate("asha"), kExists);
  EXPECT_THAT(Allocate("ben"), IsOk());
  v1::ListAllocationsRequest list;
  list.set_child(child_);
  const auto page = fixture_.Run(manager_, allocations_, &Allocations::ListAllocations, list);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->allocations(), SizeIs(2));
  EXPECT_EQ(page->allocations(0).worker(), "workers/asha");
}

TEST_F(AllocationsTest, OnlyOwnWorkersWhoAreThereAndMaySeeTheChild) {
  EXPECT_THAT(Allocate("nobody"), kInvalid);
  EXPECT_THAT(Allocate("lead"), kInvalid) << "of another agency";
  Leaves("asha", DateOf(2010, 3, 15));
  EXPECT_THAT(Allocate("asha"), kInvalid);
  Leaves("asha", DateOf(2010, 3, 16));
  EXPECT_THAT(Allocate("asha"), IsOk()) << "the last day is worked";
  ASSERT_THAT(Declare("ben", child_), IsOk());
  const absl::Status conflicted = Allocate("ben").status();
  EXPECT_THAT(conflicted, kInvalid);
  EXPECT_EQ(conflicted, Allocate("nobody").status()) << "the manager learns of no conflict";
}

TEST_F(AllocationsTest, OnlyItsAgencyEndsIt) {
  const auto allocation = Allocate("asha");
  ASSERT_THAT(allocation, IsOk());
  EXPECT_THAT(End(*allocation, &school_lead_), kNotFound);
  EXPECT_EQ(StandingOf("asha").relations, policy::kAllocated);
}

TEST_F(AllocationsTest, AConflictEndsTheAllocationAndOutweighsAll) {
  const auto allocation = Allocate("asha");
  ASSERT_THAT(allocation, IsOk());
  const auto conflict = Declare("asha", child_);
  ASSERT_THAT(conflict, IsOk());
  EXPECT_TRUE(StandingOf("asha").conflicted);
  EXPECT_FALSE(StandingOf("ben").conflicted);
  {
    store::Transaction tx = fixture_.Begin();
    const auto ended = tx.Get<v1::Allocation>(allocation->name());
    ASSERT_THAT(ended, IsOk());
    EXPECT_EQ(TimeFromProto(ended->end_time()), fixture_.now());
  }
  const auto told = EventsOf(EVENT_KIND_CONFLICT_CHANGED);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].conflict().worker(), "workers/asha");
  EXPECT_EQ(told[0].conflict().kind(), "OWN_FAMILY");
  EXPECT_THAT(EventsOf(EVENT_KIND_ALLOCATION_CHANGED), SizeIs(2));

  fixture_.SetNow(fixture_.now() + absl::Hours(24));
  const auto ended = EndConflict(*conflict, guardian_);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(StandingOf("asha"), policy::Standing()) << "the allocation does not come back";
  EXPECT_THAT(EndConflict(*ended, guardian_), kForbids);
  EXPECT_THAT(Declare("asha", child_), IsOk()) << "again, now that it ended";
}

// A name that is no child's is answered as a child's is, field by field.
TEST_F(AllocationsTest, AConflictTellsNothingOfTheChild) {
  const auto with_child = Declare("asha", child_);
  const auto without = Declare("asha", kNobody);
  ASSERT_THAT(with_child, IsOk());
  ASSERT_THAT(without, IsOk());
  v1::Conflict a = *with_child, b = *without;
  for (v1::Conflict* conflict : {&a, &b}) {
    conflict->clear_name();
    conflict->clear_child();
    conflict->clear_etag();
  }
  EXPECT_EQ(a.SerializeAsString(), b.SerializeAsString());
  EXPECT_EQ(Declare("asha", child_).status(), Declare("asha", kNobody).status());
  EXPECT_THAT(ConflictsOf(guardian_), ElementsAre(with_child->name(), without->name()));
}

TEST_F(AllocationsTest, ConflictsAreOfTheAgencyThatDeclaredThem) {
  EXPECT_THAT(Declare("lead", child_), kInvalid) << "a worker of another agency";
  EXPECT_THAT(Declare("nobody", child_), kInvalid);
  const auto conflict = Declare("asha", child_);
  ASSERT_THAT(conflict, IsOk());
  EXPECT_THAT(Declare("asha", child_), kExists);
  const auth::Principal other =
      testing::Caller("uphall-primary", "guardian", options::v1::ROLE_CALDICOTT_GUARDIAN);
  EXPECT_THAT(ConflictsOf(other), IsEmpty());
  EXPECT_THAT(EndConflict(*conflict, other), kNotFound);
  const auth::Principal herself =
      testing::Caller("redbridge-council", "asha", options::v1::ROLE_CALDICOTT_GUARDIAN);
  EXPECT_THAT(EndConflict(*conflict, herself),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_SECOND_PERSON_MISSING));
  EXPECT_TRUE(StandingOf("asha").conflicted);
}

// A leaver may come back, and the bar must stand then.
TEST_F(AllocationsTest, ALeaverIsBarredToo) {
  Leaves("asha", DateOf(2009, 12, 31));
  EXPECT_THAT(Declare("asha", child_), IsOk());
}

}  // namespace
}  // namespace trusthub::children
