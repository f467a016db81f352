#include "tests/fault/numbered_store.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/log_check.h"
#include "common/audit/proof.h"
#include "common/audit/tree.h"
#include "common/testing/write_sets.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::testing {
namespace {

// Few, so that faults come into the sorting of keys as well.
constexpr std::int64_t kRecentLeavesMax = 5;
constexpr char kTree[] = "auditTrees/fault";
constexpr char kField[] = "fault.number";
constexpr char kOnlyField[] = "fault.only";
constexpr char kSpace[] = "fault";
constexpr char kNeverTouched[] = "fault.never";
constexpr int kChildren = 5;
constexpr char kRefused[] = "fault.refused";

std::string ChildOf(std::int64_t number) { return absl::StrCat("children/", number % kChildren); }
std::string RecordOf(std::int64_t number, absl::string_view which) {
  return absl::StrCat("referrals/", number, which);
}

std::string LeafOf(std::int64_t number) {
  audit::v1::AuditEntry entry;
  entry.set_salt(crypto::Sha256(absl::StrCat("salt ", number)).substr(0, audit::kSaltBytes));
  *entry.mutable_entry_time() = TimeToProto(TestWritten(number));
  entry.set_agency("agencies/council");
  entry.set_worker("workers/w1");
  entry.set_action("referrals.submit");
  entry.set_case_reference(absl::StrCat(number));
  entry.set_decision(audit::v1::AUDIT_DECISION_RECORDED);
  entry.set_content_hash(crypto::Sha256(NumberedText(number, "a1")));
  return audit::CanonicalBytes(entry);
}

struct FoundLeaf {
  std::int64_t number = -1;  // -1 when the leaf is none of ours
  bool spooled = false;
};

FoundLeaf Recognise(absl::string_view leaf) {
  FoundLeaf found;
  const auto entry = audit::ParseEntry(leaf);
  if (!entry.ok() || !absl::SimpleAtoi(entry->case_reference(), &found.number)) return {};
  found.spooled = entry->action() == kRefused;
  return found;
}

}  // namespace

std::string SpooledLeaf(std::int64_t number) {
  audit::v1::AuditEntry entry;
  entry.set_salt(crypto::Sha256(absl::StrCat("spooled ", number)).substr(0, audit::kSaltBytes));
  *entry.mutable_entry_time() = TimeToProto(TestWritten(number));
  entry.set_action(kRefused);
  entry.set_case_reference(absl::StrCat(number));
  entry.set_decision(audit::v1::AUDIT_DECISION_REFUSED);
  return audit::CanonicalBytes(entry);
}

// Mostly smaller than a page, some over several; no compressible padding, so that a byte out of
// place shows.
std::string NumberedText(std::int64_t number, absl::string_view which) {
  std::string text = absl::StrCat(number, which, "|");
  std::mt19937_64 random(static_cast<std::uint64_t>(number) * 31 +
                         static_cast<unsigned char>(which.back()));
  const std::size_t size = number % 11 == 3 ? 9'000 : 40 + random() % 700;
  while (text.size() < size) text.push_back(static_cast<char>(random() & 0xff));
  return text;
}

store::WriteSet NumberedSet(std::int64_t number, std::optional<std::int64_t> previous) {
  store::WriteSet set;
  const std::string digits = absl::StrCat(number);
  for (const char* half : {"a", "b"}) {
    set.records.push_back(RecordPut(RecordOf(number, half), 1,
                                    NumberedText(number, absl::StrCat(half, 1)), ChildOf(number)));
    set.records.back().index = {{kField, digits}, {kOnlyField, digits + half, true}};
  }
  if (previous.has_value()) {
    set.records.push_back(
        RecordPut(RecordOf(*previous, "a"), 2, NumberedText(*previous, "a2"), ChildOf(*previous)));
    set.records.back().index = {{kField, absl::StrCat(*previous)},
                                {kOnlyField, absl::StrCat(*previous, "a"), true},
                                {kField, absl::StrCat("after ", *previous)}};
  }
  set.states.push_back({kSpace, digits, digits});
  set.events.push_back({ChildOf(number), digits});
  set.answer = store::PutAnswer{absl::StrCat("key ", digits), "digest", digits,
                                RealClock().Now() + absl::Hours(1)};
  set.touches.push_back(ChildOf(number));
  set.guards.push_back({kNeverTouched, 0});
  set.leaves.emplace_back(LeafOf(number), std::vector<std::string>{absl::StrCat("by ", number)});
  return set;
}

const crypto::SigningKey& NumberedStore::Key() {
  static const auto& key = *crypto::SigningKey::Generate().release();
  return key;
}

NumberedStore::NumberedStore(const std::string& path)
    : tree_(audit::MakeTree(kTree, &Key(), &RealClock())) {
  options_.path = path;
  options_.recent_leaves_max = kRecentLeavesMax;
  options_.sequencer = tree_.get();
}

NumberedStore::NumberedStore(OpenEngine open)
    : tree_(audit::MakeTree(kTree, &Key(), &RealClock())), open_(std::move(open)) {}

NumberedStore::~NumberedStore() { Close(); }

absl::Status NumberedStore::Open() {
  auto opened = open_ ? open_(tree_.get()) : store::OpenSqlite(options_);
  if (opened.ok()) store_ = *std::move(opened);
  return opened.status();
}

absl::Status NumberedStore::Commit(std::int64_t number, std::optional<std::int64_t> previous) {
  auto committed = store::CommitAndWait(*store_, NumberedSet(number, previous));
  if (committed.ok()) acknowledged_[number] = *committed;
  return committed.status();
}

void NumberedStore::CommitLater(std::int64_t number, std::optional<std::int64_t> previous,
                                std::function<bool(const absl::Status&)> done) {
  store_->Commit(NumberedSet(number, previous),
                 [this, number, done = std::move(done)](absl::StatusOr<store::Committed> result) {
                   if (done(result.status()) && result.ok()) acknowledged_[number] = *result;
                 });
}

// --- What must hold -----------------------------------------------------------------------------

std::set<std::int64_t> NumberedStore::Check(std::int64_t end) {
  std::set<std::int64_t> found;
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  if (!snapshot.ok()) return found;
  for (std::int64_t number = 0; number < end; ++number) {
    if (IsThere(**snapshot, number)) found.insert(number);
  }
  for (const auto& [number, committed] : acknowledged_) {
    EXPECT_EQ(found.count(number), 1u) << "set " << number << " was acknowledged and is lost";
  }
  CheckStreams(**snapshot, found);
  CheckLog(**snapshot);
  return found;
}

bool NumberedStore::IsThere(store::Snapshot& snapshot, std::int64_t number) {
  const std::string digits = absl::StrCat(number);
  const auto a = snapshot.Find(RecordOf(number, "a"));
  const auto b = snapshot.Find(RecordOf(number, "b"));
  const auto indexed = snapshot.ListByIndex(kTestKind, kField, digits, 0, 9);
  const auto only = snapshot.ListByIndex(kTestKind, kOnlyField, digits + "b", 0, 9);
  const auto versions = snapshot.Versions(RecordOf(number, "a"));
  const auto state = snapshot.FindState(kSpace, digits);
  const auto answer = snapshot.FindAnswer(absl::StrCat("key ", digits), RealClock().Now());
  const auto leaves = snapshot.ListLeavesByKey(absl::StrCat("by ", number), 0, 9);
  for (const absl::Status& status :
       {a.status(), b.status(), indexed.status(), only.status(), versions.status(), state.status(),
        answer.status(), leaves.status()}) {
    EXPECT_TRUE(status.ok()) << number << ": " << status;
    if (!status.ok()) return false;
  }
  const bool there = a->has_value();
  EXPECT_EQ(b->has_value(), there) << number;
  EXPECT_EQ(indexed->size(), there ? 2u : 0u) << number;
  EXPECT_EQ(only->size(), there ? 1u : 0u) << number;
  EXPECT_EQ(state->has_value(), there) << number;
  EXPECT_EQ(answer->has_value(), there) << number;
  EXPECT_EQ(leaves->size(), there ? 1u : 0u) << number;
  EXPECT_EQ(versions->size(), there ? static_cast<std::size_t>((*a)->version) : 0u) << number;
  if (!there) return false;
  EXPECT_EQ((*a)->child, ChildOf(number));
  EXPECT_EQ((*a)->bytes, NumberedText(number, absl::StrCat("a", (*a)->version)));
  EXPECT_EQ(b->value_or(store::StoredRecord()).bytes, NumberedText(number, "b1"));
  for (const store::StoredVersion& version : *versions) {
    EXPECT_EQ(version.bytes, NumberedText(number, absl::StrCat("a", version.version)));
  }
  EXPECT_EQ(state->value_or(""), digits);
  EXPECT_EQ(answer->value_or(store::StoredAnswer()).response, digits);
  return true;
}

// Events and entries tell the same story as the records, without gaps.
void NumberedStore::CheckStreams(store::Snapshot& snapshot, const std::set<std::int64_t>& found) {
  const auto events = snapshot.ReadEvents(0, 1'000'000);
  const auto leaves = snapshot.ReadLeaves(0, 1'000'000);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_TRUE(leaves.ok()) << leaves.status();
  ASSERT_EQ(events->size(), found.size());
  spooled_.clear();
  std::vector<std::int64_t> logged;
  for (std::size_t i = 0; i < leaves->size(); ++i) {
    EXPECT_EQ((*leaves)[i].index, static_cast<std::int64_t>(i));
    const FoundLeaf leaf = Recognise((*leaves)[i].bytes);
    if (!leaf.spooled) {
      logged.push_back(leaf.number);
    } else {
      EXPECT_TRUE(spooled_.insert(leaf.number).second) << "refusal " << leaf.number << " twice";
    }
  }
  ASSERT_EQ(logged.size(), found.size());
  std::map<std::string, std::int64_t> of_child;
  std::set<std::int64_t> told;
  for (std::size_t i = 0; i < events->size(); ++i) {
    const store::StoredEvent& event = (*events)[i];
    std::int64_t number = -1;
    ASSERT_TRUE(absl::SimpleAtoi(event.bytes, &number)) << "event " << i;
    EXPECT_TRUE(told.insert(number).second) << "set " << number << " came twice";
    EXPECT_EQ(event.sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(event.child_sequence, ++of_child[ChildOf(number)]) << number;
    EXPECT_EQ(logged[i], number);
  }
  EXPECT_EQ(told, found);
  for (const auto& [child, count] : of_child) {
    const auto sequence = snapshot.Sequence(child);
    ASSERT_TRUE(sequence.ok()) << sequence.status();
    EXPECT_EQ(*sequence, count) << child;
  }
}

void NumberedStore::CheckLog(store::Snapshot& snapshot) {
  const auto head = snapshot.Head();
  ASSERT_TRUE(head.ok()) << head.status();
  if (*head == nullptr) {
    EXPECT_TRUE(acknowledged_.empty());
    return;
  }
  audit::Witness witness;
  witness.heads.push_back(**head);
  witness.tiles = [&](int level, std::int64_t first, int limit) {
    return snapshot.ReadTiles(level, first, limit);
  };
  for (const auto& [number, committed] : acknowledged_) {
    const store::LeafPlace& place = committed.leaves.at(0);
    EXPECT_EQ(place.leaf_hash, audit::EntryLeafHash(LeafOf(number)));
    EXPECT_TRUE(audit::VerifyInclusion(place.leaf_hash, place.index, committed.head->size,
                                       audit::HashesIn(place.inclusion_proof), committed.head->root)
                    .ok())
        << number;
    witness.heads.push_back(*committed.head);
    witness.leaf_hashes[place.index] = place.leaf_hash;
  }
  const audit::LogCheck check = audit::VerifyLog(
      [&](std::int64_t first, int limit) { return snapshot.ReadLeaves(first, limit); }, witness,
      Key().public_key());
  EXPECT_TRUE(check.status.ok()) << check.status;
}

std::string IntegrityOf(const std::string& path) {
  sqlite3* db = nullptr;
  std::string found;
  if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
    found = "cannot be opened";
  } else {
    const int code = sqlite3_exec(
        db, "PRAGMA integrity_check",
        [](void* out, int, char** values, char**) {
          absl::StrAppend(static_cast<std::string*>(out), values[0], ";");
          return 0;
        },
        &found, nullptr);
    if (code != SQLITE_OK) absl::StrAppend(&found, sqlite3_errmsg(db));
  }
  sqlite3_close(db);
  return found == "ok;" ? "ok" : found;
}

}  // namespace trusthub::testing
