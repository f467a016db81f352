#include "common/store/sealed/sealed_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/store/sealed/tampering_engine.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/matchers.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Pair;
using testing::RecordPut;
using testing::RecordSet;
using testing::RingOf;
using testing::StatusIs;

constexpr char kChild[] = "children/c1";
constexpr char kOther[] = "children/c2";
const RecordKind kKind = testing::kTestKind;

class SealedStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(Reopen({"kek-1"}), IsOk()); }

  absl::Status Reopen(const std::vector<std::string>& ring, const std::string& service = "test",
                      const std::string& file = "store.db") {
    store_.reset();
    auto engine = Engine(file);
    if (!engine.ok()) return engine.status();
    SealedOptions options;
    options.service = service;
    options.ring = RingOf(ring);
    options.damaged = [this] { ++damaged_; };
    auto opened = SealedStore::Over(
        std::make_unique<testing::TamperingEngine>(*std::move(engine), &tampering_),
        std::move(options));
    if (!opened.ok()) return opened.status();
    store_ = *std::move(opened);
    return absl::OkStatus();
  }

  // The engine alone, as whoever holds the file opens it. No store may be open.
  absl::StatusOr<std::unique_ptr<Store>> Engine(const std::string& file = "store.db") {
    sequencer_ = std::make_unique<testing::FakeLeafSequencer>();
    SqliteOptions options;
    options.path = folder_.File(file);
    options.sequencer = sequencer_.get();
    return OpenSqlite(options);
  }

  std::unique_ptr<Snapshot> Snap() { return store_->Open(absl::InfiniteFuture()).value(); }
  absl::Status Commit(WriteSet set) { return CommitAndWait(*store_, std::move(set)).status(); }
  absl::Status Forget(const std::string& child) {
    WriteSet set;
    set.forgotten = {child};
    return Commit(std::move(set));
  }
  std::string TextOf(const std::string& name) {
    const auto found = Snap()->Find(name);
    if (!found.ok()) return std::string(found.status().message());
    return found->has_value() ? (*found)->bytes : "(none)";
  }
  // Everything on disk, as one text.
  std::string Files() const {
    std::string all;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
      std::ifstream bytes(file.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(bytes), std::istreambuf_iterator<char>());
    }
    return all;
  }
  // A row in which whatever the caller of `with` changes must not open.
  template <class Ask>
  void ExpectDamaged(Ask ask, const std::string& what) {
    const int before = damaged_;
    EXPECT_THAT(ask().status(), StatusIs(StatusCode::kDataLoss)) << what;
    EXPECT_GT(damaged_, before) << what << " is not counted";
  }

  const testing::TempFolder folder_;
  std::unique_ptr<testing::FakeLeafSequencer> sequencer_;
  testing::Tampering tampering_;
  std::atomic<int> damaged_ = 0;
  std::unique_ptr<SealedStore> store_;
};

WriteSet Everything(absl::string_view child) {
  WriteSet set = RecordSet("referrals/a", 1, "canary-record", child);
  set.records[0].index = {{"f.name", "canary-index"}};
  set.events.push_back({std::string(child), "canary-event"});
  set.states.push_back({"child", std::string(child), "canary-fact"});
  set.states.push_back({absl::StrCat("seen/", child), "1", "canary-seen"});
  set.touches = {"canary-sequence"};
  set.answer.emplace();
  set.answer->key = "request-1";
  set.answer->request_digest = "canary-digest";
  set.answer->response = "canary-response";
  set.answer->expires = absl::FromUnixSeconds(4'000'000'000);
  return set;
}

TEST_F(SealedStoreTest, TheEngineSeesNothingOfSubstance) {
  ASSERT_THAT(Commit(Everything(kChild)), IsOk());
  ASSERT_THAT(Commit(RecordSet("referrals/a", 2, "canary-second")), IsOk());
  ASSERT_THAT(Commit(RecordSet(kChild, 1, "canary-child", kChild)), IsOk());
  store_->Close();
  const std::string files = Files();
  EXPECT_FALSE(absl::StrContains(files, "canary"));
  EXPECT_FALSE(absl::StrContains(files, kChild)) << "an alias stands for the child's name";
  EXPECT_TRUE(absl::StrContains(files, "referrals/a")) << "the search finds what is there";

  // The same in a store that is not sealed: the search would find it.
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  store_.reset();
  auto plain = Engine("plain.db");
  ASSERT_THAT(plain, IsOk());
  ASSERT_THAT(CommitAndWait(**plain, Everything(kChild)).status(), IsOk());
  (*plain)->Close();
  for (const char* canary : {"canary-record", "canary-index", "canary-event", "canary-fact",
                             "canary-sequence", "canary-digest", "canary-response", kChild}) {
    EXPECT_TRUE(absl::StrContains(Files(), canary)) << canary;
  }
}

TEST_F(SealedStoreTest, EqualValuesLookDifferentEachTime) {
  ASSERT_THAT(Commit(RecordSet("referrals/a", 1, "same", kChild)), IsOk());
  ASSERT_THAT(Commit(RecordSet("referrals/b", 1, "same", kChild)), IsOk());
  store_.reset();
  const auto engine = Engine();
  const auto view = (*engine)->Open(absl::InfiniteFuture());
  EXPECT_NE((*view)->Find("referrals/a").value()->bytes,
            (*view)->Find("referrals/b").value()->bytes);
}

// --- Tampering
// ------------------------------------------------------------------------------------

TEST_F(SealedStoreTest, EveryFlippedBitOfEveryKindOfRowIsFound) {
  ASSERT_THAT(Commit(Everything(kChild)), IsOk());
  std::size_t at = 0;
  std::size_t size = 1;
  const auto flip = [&](std::string* bytes) {
    size = bytes->size();
    (*bytes)[at / 8] = static_cast<char>((*bytes)[at / 8] ^ (1 << at % 8));
  };
  const auto each_bit = [&](auto ask, const std::string& what) {
    for (at = 0, size = 1; at < 8 * size; ++at) {
      ExpectDamaged(ask, absl::StrCat(what, " bit ", at));
    }
    EXPECT_GT(size, 40u) << what;
    tampering_.Clear();
  };
  tampering_.record = [&](StoredRecord* row) { flip(&row->bytes); };
  each_bit([&] { return Snap()->Find("referrals/a"); }, "record");
  tampering_.record = [&](StoredRecord* row) { flip(&row->bytes); };
  each_bit([&] { return Snap()->ListByIndex(kKind, "f.name", "canary-index", 0, 9); }, "list");
  tampering_.version = [&](absl::string_view, StoredVersion* row) { flip(&row->bytes); };
  each_bit([&] { return Snap()->Versions("referrals/a"); }, "version");
  tampering_.event = [&](StoredEvent* row) { flip(&row->bytes); };
  each_bit([&] { return Snap()->ReadEvents(0, 9); }, "event");
  tampering_.answer = [&](StoredAnswer* row) { flip(&row->response); };
  each_bit([&] { return Snap()->FindAnswer("request-1", absl::UnixEpoch()); }, "answer");
  const auto flip_child = [&](absl::string_view space, absl::string_view, std::string* value) {
    if (space == "child") flip(value);
  };
  tampering_.state = flip_child;
  each_bit([&] { return Snap()->FindState("child", kChild); }, "state");
  tampering_.state = flip_child;
  each_bit([&] { return Snap()->ListState("child", "", 9); }, "listed state");
}

TEST_F(SealedStoreTest, EveryLostByteIsFound) {
  ASSERT_THAT(Commit(Everything(kChild)), IsOk());
  const std::string whole = [&] {
    std::string bytes;
    tampering_.record = [&](StoredRecord* row) { bytes = row->bytes; };
    EXPECT_THAT(Snap()->Find("referrals/a").status(), IsOk());
    return bytes;
  }();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    tampering_.record = [&](StoredRecord* row) { row->bytes.resize(size); };
    ExpectDamaged([&] { return Snap()->Find("referrals/a"); }, absl::StrCat(size, " bytes"));
  }
  tampering_.record = [&](StoredRecord* row) { row->bytes.push_back('\0'); };
  ExpectDamaged([&] { return Snap()->Find("referrals/a"); }, "one byte more");
}

TEST_F(SealedStoreTest, RowsInOthersPlacesDoNotOpen) {
  WriteSet set = RecordSet("referrals/a", 1, "a one", kChild);
  set.records.push_back(RecordPut("referrals/b", 1, "b one", kChild));
  set.records.push_back(RecordPut("referrals/c", 1, "c one", kOther));
  set.records.push_back(RecordPut("workers/w", 1, "of no child", ""));
  set.records.push_back(RecordPut("referrals/a", 2, "a two", kChild));
  ASSERT_THAT(Commit(std::move(set)), IsOk());
  std::map<std::string, std::string> rows;
  std::vector<std::string> versions;
  tampering_.record = [&](StoredRecord* row) { rows[row->name] = row->bytes; };
  tampering_.version = [&](absl::string_view, StoredVersion* row) {
    versions.push_back(row->bytes);
  };
  for (const char* name : {"referrals/a", "referrals/b", "referrals/c", "workers/w"}) {
    ASSERT_THAT(Snap()->Find(name).status(), IsOk());
  }
  ASSERT_THAT(Snap()->Versions("referrals/a").status(), IsOk());
  ASSERT_EQ(versions.size(), 2u);
  tampering_.Clear();

  const auto with = [&](const std::function<void(StoredRecord*)>& change, const char* what) {
    tampering_.record = change;
    ExpectDamaged([&] { return Snap()->Find("referrals/a"); }, what);
  };
  with([&](StoredRecord* row) { row->bytes = rows["referrals/b"]; }, "another of the child");
  with([&](StoredRecord* row) { row->bytes = rows["referrals/c"]; }, "another child's");
  with([&](StoredRecord* row) { row->bytes = rows["workers/w"]; }, "of no child");
  with([&](StoredRecord* row) { row->bytes = versions[0]; }, "an earlier version");
  with([&](StoredRecord* row) { --row->version; }, "another version's number");
  // What the row says in the clear decides who may know of the record.
  with([](StoredRecord* row) { row->owner_agency = "agencies/thief"; }, "another owner");
  with([](StoredRecord* row) { row->author_agency = "agencies/thief"; }, "another author");
  with([](StoredRecord* row) { row->kind = options::v1::RECORD_KIND_PLAN; }, "another kind");
  with([](StoredRecord* row) { row->child.clear(); }, "no child");
  with([](StoredRecord* row) { row->child = "children/c2"; }, "another child");
  with([](StoredRecord* row) { row->name = "referrals/b"; }, "another name");
  tampering_.Clear();
  tampering_.version = [&](absl::string_view, StoredVersion* row) {
    row->bytes = versions[row->version == 1 ? 1 : 0];
  };
  ExpectDamaged([&] { return Snap()->Versions("referrals/a"); }, "versions exchanged");
  tampering_.version = [](absl::string_view, StoredVersion* row) {
    row->written += absl::Hours(1);
  };
  ExpectDamaged([&] { return Snap()->Versions("referrals/a"); }, "another time");
  tampering_.Clear();
  EXPECT_EQ(TextOf("referrals/a"), "a two");
}

TEST_F(SealedStoreTest, StatesEventsAndAnswersKeepTheirPlaces) {
  WriteSet set;
  set.states = {{"s", "a", "1"}, {"s", "b", "2"}, {"t", "a", "3"}};
  set.events = {{kChild, "event"}};
  ASSERT_THAT(Commit(std::move(set)), IsOk());
  std::map<std::string, std::string> values;
  tampering_.state = [&](absl::string_view space, absl::string_view key, std::string* value) {
    values[absl::StrCat(space, key)] = *value;
  };
  ASSERT_THAT(Snap()->ListState("s", "", 9).status(), IsOk());
  ASSERT_THAT(Snap()->ListState("t", "", 9).status(), IsOk());
  std::string event;
  tampering_.event = [&](StoredEvent* row) { event = row->bytes; };
  ASSERT_THAT(Snap()->ReadEvents(0, 9).status(), IsOk());
  tampering_.Clear();
  for (const auto& bytes : {values["sb"], values["ta"], event}) {
    tampering_.state = [&](absl::string_view space, absl::string_view key, std::string* value) {
      if (space == "s" && key == "a") *value = bytes;
    };
    ExpectDamaged([&] { return Snap()->FindState("s", "a"); }, "another's value");
    ExpectDamaged([&] { return Snap()->ListState("s", "", 9); }, "another's value in a list");
  }
  tampering_.Clear();
  tampering_.event = [&](StoredEvent* row) { row->bytes = values["sa"]; };
  ExpectDamaged([&] { return Snap()->ReadEvents(0, 9); }, "a state in an event's place");
}

TEST_F(SealedStoreTest, WrappedKeysKeepTheirPlaces) {
  ASSERT_THAT(Commit(RecordSet("referrals/a", 1, "one", kChild)), IsOk());
  ASSERT_THAT(Commit(RecordSet("referrals/b", 1, "two", kOther)), IsOk());
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());  // nothing is unwrapped yet
  std::map<std::string, std::string> keys;
  tampering_.state = [&](absl::string_view space, absl::string_view key, std::string* value) {
    keys.emplace(absl::StrCat(space, " ", key), *value);
  };
  EXPECT_EQ(TextOf("referrals/a"), "one");
  EXPECT_EQ(TextOf("referrals/b"), "two");
  ASSERT_EQ(keys.size(), 2u) << "one look at each key";
  // Every bit of a row, the other child's row, and none.
  const std::string id = keys.begin()->first;
  const std::string row = keys.begin()->second;
  const std::string others = std::next(keys.begin())->second;
  std::vector<std::string> changed = {others, "", row.substr(0, row.size() / 2)};
  for (std::size_t bit = 0; bit < 8 * row.size(); ++bit) {
    changed.push_back(row);
    changed.back()[bit / 8] = static_cast<char>(row[bit / 8] ^ (1 << bit % 8));
  }
  tampering_.Clear();
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  for (const std::string& value : changed) {
    tampering_.state = [&](absl::string_view space, absl::string_view key, std::string* bytes) {
      if (absl::StrCat(space, " ", key) == id) *bytes = value;
    };
    int refused = 0;
    for (const char* name : {"referrals/a", "referrals/b"}) {
      const auto found = Snap()->Find(name);
      // A changed id of the ring's key names none that there is; the rest is damage.
      if (found.ok()) continue;
      ++refused;
      EXPECT_TRUE(absl::IsDataLoss(found.status()) || absl::IsUnavailable(found.status()))
          << found.status();
    }
    EXPECT_EQ(refused, 1);
  }
}

TEST_F(SealedStoreTest, AnotherServicesKeysOpenNothing) {
  ASSERT_THAT(Commit(RecordSet("referrals/a", 1, "one", kChild)), IsOk());
  EXPECT_THAT(Reopen({"kek-1"}, "other"), StatusIs(StatusCode::kDataLoss));
}

TEST_F(SealedStoreTest, NoncesNeverRepeat) {
  // 200,000 values under one key; a nonce of fewer than 96 random bits, or one that depends on the
  // value, would be seen twice.
  constexpr int kSets = 20;
  constexpr int kValues = 10'000;
  for (int s = 0; s < kSets; ++s) {
    WriteSet set;
    for (int i = 0; i < kValues; ++i) set.states.push_back({"n", absl::StrCat(s, "/", i), "x"});
    ASSERT_THAT(Commit(std::move(set)), IsOk());
  }
  std::set<std::string> nonces;
  tampering_.state = [&](absl::string_view, absl::string_view, std::string* value) {
    nonces.insert(value->substr(17, 12));
  };
  EXPECT_EQ(Snap()->ListState("n", "", kSets * kValues)->size(),
            static_cast<std::size_t>(kSets * kValues));
  EXPECT_EQ(nonces.size(), static_cast<std::size_t>(kSets * kValues));
}

// --- Opening
// --------------------------------------------------------------------------------------

TEST_F(SealedStoreTest, AStoreThatIsNotSealedIsRefused) {
  store_.reset();
  {
    const auto plain = Engine("plain.db");
    ASSERT_THAT(CommitAndWait(**plain, RecordSet("workers/w", 1, "one", "")).status(), IsOk());
  }
  const absl::Status refused = Reopen({"kek-1"}, "test", "plain.db");
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("not sealed"));
}

TEST_F(SealedStoreTest, ARingWithoutItsKeyIsRefused) {
  const absl::Status refused = Reopen({"kek-2"});
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("kek-1"));
}

// --- Keys of children
// -----------------------------------------------------------------------------

TEST_F(SealedStoreTest, PseudonymsLastFromTheFirstNaming) {
  const std::string before = store_->PseudonymOf(kChild, *Snap()).value();
  EXPECT_EQ(before.size(), 32u);
  EXPECT_EQ(store_->PseudonymOf(kChild, *Snap()).value(), before);
  EXPECT_NE(store_->PseudonymOf(kOther, *Snap()).value(), before);
  WriteSet set = testing::LeafSet("leaf");
  set.keys_of = {kChild};
  ASSERT_THAT(Commit(std::move(set)), IsOk());
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  EXPECT_EQ(store_->PseudonymOf(kChild, *Snap()).value(), before);
  EXPECT_EQ(store_->CountKeys()->keys["kek-1"], 2) << "the store's own, and one child's";
}

// The first set about a new child brings its key; when another set overtakes the first, those that
// came behind it bring the key themselves, and nobody is told of a conflict that is not theirs.
TEST_F(SealedStoreTest, AKeyThatDidNotComeToBeIsMadeByTheNextSet) {
  Mutex mutex;
  CondVar changed;
  bool go = false;
  WriteSet first = testing::LeafSet("gate");
  store_->Commit(std::move(first), [&](absl::StatusOr<Committed>) {
    MutexLock lock(mutex);
    while (!go) changed.Wait(mutex);
  });
  std::vector<absl::Status> outcomes(3, absl::UnknownError("not answered"));
  const auto commit = [&](std::size_t i, WriteSet set) {
    store_->Commit(std::move(set),
                   [&outcomes, i](absl::StatusOr<Committed> done) { outcomes[i] = done.status(); });
  };
  WriteSet overtaken = RecordSet("referrals/overtaken", 1, "one", kChild);
  overtaken.guards.push_back({"key", 7});
  commit(0, std::move(overtaken));
  commit(1, RecordSet("referrals/behind", 1, "two", kChild));
  WriteSet read = testing::LeafSet("leaf");
  read.keys_of = {kChild};
  commit(2, std::move(read));
  {
    MutexLock lock(mutex);
    go = true;
    changed.NotifyAll();
  }
  store_->Close();
  EXPECT_TRUE(IsConflict(outcomes[0]));
  EXPECT_THAT(outcomes[1], IsOk());
  EXPECT_THAT(outcomes[2], IsOk());
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  EXPECT_EQ(store_->CountKeys()->keys["kek-1"], 2) << "the store's own, and one child's";
  EXPECT_EQ(Snap()->Find("referrals/behind")->value().bytes, "two");
}

TEST_F(SealedStoreTest, ManyWritersMakeOneKeyForAChild) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string child = absl::StrCat("children/many", i);
        WriteSet set = RecordSet(absl::StrCat("referrals/t", t, "-", i), 1, child, child);
        set.keys_of = {child};
        if (!Commit(std::move(set)).ok()) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0) << "waiting for a key is no conflict";
  EXPECT_EQ(store_->CountKeys()->keys["kek-1"], 1 + 20);
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  for (int i = 0; i < 20; ++i) {
    const std::string child = absl::StrCat("children/many", i);
    EXPECT_EQ(Snap()->ListByChild(kKind, child, 0, 99)->size(), 8u);
  }
}

// --- Forgetting
// -----------------------------------------------------------------------------------

TEST_F(SealedStoreTest, AForgottenChildIsNowhere) {
  ASSERT_THAT(Commit(Everything(kChild)), IsOk());
  ASSERT_THAT(Commit(RecordSet("referrals/a", 2, "canary-second", kChild)), IsOk());
  WriteSet child = RecordSet(kChild, 1, "canary-child", kChild);
  child.records[0].index = {{"nhs", "9434765919", /*unique=*/true}};
  ASSERT_THAT(Commit(child), IsOk());
  WriteSet others = RecordSet("referrals/z", 1, "of another", kOther);
  others.events.push_back({kOther, "event of another"});
  others.states.push_back({"child", kOther, "fact of another"});
  ASSERT_THAT(Commit(std::move(others)), IsOk());
  const std::string pseudonym = store_->PseudonymOf(kChild, *Snap()).value();

  WriteSet forget = RecordSet("certificates/1", 1, "certificate", "");
  forget.forgotten = {kChild};
  forget.events.push_back({kChild, "told to others"});
  forget.leaves.emplace_back("leaf");
  forget.keys_of = {kChild};
  ASSERT_THAT(Commit(std::move(forget)), IsOk());

  for (int round = 0; round < 2; ++round) {
    const auto view = Snap();
    EXPECT_FALSE(view->Find("referrals/a").value().has_value());
    EXPECT_FALSE(view->Find(kChild).value().has_value());
    EXPECT_TRUE(view->Versions("referrals/a")->empty());
    EXPECT_TRUE(view->ListByChild(kKind, kChild, 0, 9)->empty());
    EXPECT_TRUE(view->ListByIndex(kKind, "f.name", "canary-index", 0, 9)->empty());
    const auto listed = view->ListByKind(kKind, 0, 2);
    ASSERT_EQ(listed->size(), 2u) << "pages are full although rows are passed over";
    EXPECT_EQ((*listed)[0].name, "referrals/z");
    EXPECT_FALSE(view->FindState("child", kChild).value().has_value());
    EXPECT_THAT(view->ListState("child", "", 1).value(),
                ElementsAre(Pair(kOther, "fact of another")));
    EXPECT_FALSE(view->FindAnswer("request-1", absl::UnixEpoch()).value().has_value());
    const auto events = view->ReadEvents(0, 9);
    ASSERT_EQ(events->size(), 2u);
    EXPECT_EQ((*events)[0].bytes, "event of another");
    EXPECT_EQ((*events)[1].bytes, "told to others") << "what tells of it can be read";
    EXPECT_THAT(store_->PseudonymOf(kChild, *view).status(), StatusIs(StatusCode::kNotFound));
    EXPECT_EQ(view->LeafCount().value(), 1);
    EXPECT_EQ(store_->CountKeys()->destroyed, 1);
    EXPECT_EQ(damaged_, 0);
    ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  }

  // Nothing is written about the child again, and no key is made.
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/n", 1, "again", kChild))));
  EXPECT_TRUE(IsConflict(Commit(testing::EventSet(kChild, "again"))));
  WriteSet fact;
  fact.states.push_back({"child", kChild, "again"});
  fact.keys_of = {kChild};
  EXPECT_THAT(Commit(std::move(fact)), IsOk()) << "what others still tell stops nobody";
  EXPECT_FALSE(Snap()->FindState("child", kChild).value().has_value());
  EXPECT_THAT(Forget(kChild), IsOk()) << "again";
  // The unique key that the child held is free.
  child.records[0].head.name = child.records[0].head.child = "children/c3";
  EXPECT_THAT(Commit(child), IsOk());
}

TEST_F(SealedStoreTest, AViewFromBeforeDoesNotBringTheKeyBack) {
  ASSERT_THAT(Commit(RecordSet("referrals/a", 1, "one", kChild)), IsOk());
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());  // nothing is unwrapped yet
  const auto before = Snap();
  ASSERT_THAT(before->LeafCount().status(), IsOk());  // the view begins
  ASSERT_THAT(Forget(kChild), IsOk());
  EXPECT_EQ(before->Find("referrals/a").value()->bytes, "one") << "a view does not change";
  EXPECT_EQ(TextOf("referrals/a"), "(none)");
  EXPECT_THAT(store_->PseudonymOf(kChild, *Snap()).status(), StatusIs(StatusCode::kNotFound));
}

TEST_F(SealedStoreTest, AChildWhoWasNeverKnownCanBeForgotten) {
  ASSERT_THAT(Forget(kChild), IsOk());
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/a", 1, "one", kChild))));
  EXPECT_THAT(store_->PseudonymOf(kChild, *Snap()).status(), StatusIs(StatusCode::kNotFound));
}

TEST_F(SealedStoreTest, ASetWritesNoRecordsAboutWhomItForgets) {
  WriteSet set = RecordSet("referrals/a", 1, "one", kChild);
  set.forgotten = {kChild};
  EXPECT_THAT(Commit(std::move(set)), StatusIs(StatusCode::kInternal));
}

TEST_F(SealedStoreTest, ForgettingRacesWithWriters) {
  ASSERT_THAT(Commit(RecordSet("referrals/a", 1, "one", kChild)), IsOk());
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const absl::Status status = Commit(RecordSet(absl::StrCat("referrals/r", i), 1, "x", kChild));
      if (status.ok()) ++written;
      EXPECT_TRUE(status.ok() || IsConflict(status)) << status;
    }
  });
  while (written < 5) std::this_thread::yield();
  // Records that came meanwhile make it conflict: it is tried again, as the pipeline does.
  absl::Status forgotten = Conflict();
  while (IsConflict(forgotten)) forgotten = Forget(kChild);
  EXPECT_THAT(forgotten, IsOk());
  stop = true;
  writer.join();
  EXPECT_TRUE(Snap()->ListByKind(kKind, 0, 10'000)->empty());
}

// --- Rings
// ----------------------------------------------------------------------------------------

class RotationTest : public SealedStoreTest {
 protected:
  void Fill(int children) {
    for (int i = 0; i < children; ++i) {
      const std::string child = absl::StrCat("children/r", i);
      ASSERT_THAT(Commit(RecordSet(absl::StrCat("referrals/r", i), 1, child, child)), IsOk());
    }
  }
  void ExpectAll(int children) {
    for (int i = 0; i < children; ++i) {
      EXPECT_EQ(TextOf(absl::StrCat("referrals/r", i)), absl::StrCat("children/r", i));
    }
  }
  bool AwaitAllUnder(const std::string& id) {
    const absl::Duration until = MonotonicNow() + absl::Seconds(60);
    while (MonotonicNow() < until) {
      const KeyUse use = store_->CountKeys().value();
      if (use.current == id && use.keys.size() == 1 && use.keys.count(id) == 1) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

TEST_F(RotationTest, ANewRingKeyWrapsEverythingWhileWritersWrite) {
  Fill(300);
  ASSERT_THAT(Forget("children/r7"), IsOk());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const std::string child = absl::StrCat("children/w", i);
      EXPECT_THAT(Commit(RecordSet(absl::StrCat("referrals/w", i), 1, "x", child)), IsOk());
    }
  });
  store_->SetRing(RingOf({"kek-2", "kek-1"}));
  EXPECT_TRUE(AwaitAllUnder("kek-2"));
  stop = true;
  writer.join();
  // The old key is of no use any more, and not needed.
  ASSERT_THAT(Reopen({"kek-2"}), IsOk());
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(TextOf(absl::StrCat("referrals/r", i)),
              i == 7 ? "(none)" : absl::StrCat("children/r", i));
  }
  EXPECT_THAT(Reopen({"kek-1"}), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(RotationTest, ARestartInTheMiddleGoesOn) {
  Fill(50);
  // As a crash leaves it: some wrapped anew, others not.
  store_->SetRing(RingOf({"kek-2", "kek-1"}));
  ASSERT_THAT(Reopen({"kek-2", "kek-1"}), IsOk());
  EXPECT_TRUE(AwaitAllUnder("kek-2"));
  ASSERT_THAT(Reopen({"kek-2"}), IsOk());
  ExpectAll(50);
}

TEST_F(RotationTest, ADestroyedKeyIsNotWrappedAnew) {
  Fill(40);
  store_->SetRing(RingOf({"kek-2", "kek-1"}));
  for (int i = 0; i < 40; ++i) {
    absl::Status forgotten = Conflict();
    while (IsConflict(forgotten)) forgotten = Forget(absl::StrCat("children/r", i));
    ASSERT_THAT(forgotten, IsOk());
  }
  EXPECT_TRUE(AwaitAllUnder("kek-2"));
  EXPECT_EQ(store_->CountKeys()->destroyed, 40);
  EXPECT_TRUE(Snap()->ListByKind(kKind, 0, 99)->empty());
}

// A ring key that cannot be had, as a token that was taken out.
class AbsentKey final : public crypto::KeyWrapper {
 public:
  explicit AbsentKey(std::unique_ptr<crypto::KeyWrapper> key, std::atomic<bool>* absent)
      : key_(std::move(key)), absent_(*absent) {}
  const std::string& id() const override { return key_->id(); }
  absl::StatusOr<std::string> Wrap(const crypto::Secret& key, absl::string_view use) override {
    if (absent_) return absl::UnavailableError("absent");
    return key_->Wrap(key, use);
  }
  absl::StatusOr<crypto::Secret> Unwrap(absl::string_view key, absl::string_view use) override {
    if (absent_) return absl::UnavailableError("absent");
    return key_->Unwrap(key, use);
  }

 private:
  const std::unique_ptr<crypto::KeyWrapper> key_;
  std::atomic<bool>& absent_;
};

TEST_F(SealedStoreTest, WithoutTheRingsKeyNothingNewIsReadOrWrittenAndAllIsWellWhenItIsBack) {
  std::atomic<bool> absent = false;
  std::vector<std::unique_ptr<crypto::KeyWrapper>> keys;
  keys.push_back(std::make_unique<AbsentKey>(
      crypto::MakeKeyWrapper("kek-1", crypto::Secret(crypto::Sha256("kek-1"))), &absent));
  ASSERT_THAT(Commit(RecordSet("referrals/a", 1, "one", kChild)), IsOk());
  ASSERT_THAT(Reopen({"kek-1"}), IsOk());
  store_->SetRing(std::make_shared<const crypto::KeyRing>(std::move(keys)));
  absent = true;
  const auto unavailable =
      StatusIs(StatusCode::kUnavailable, errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_THAT(Snap()->Find("referrals/a").status(), unavailable);
  EXPECT_THAT(Commit(RecordSet("referrals/b", 1, "two", kOther)), unavailable);
  WriteSet read = testing::LeafSet("leaf");
  read.keys_of = {kOther};
  EXPECT_THAT(Commit(std::move(read)),
              StatusIs(StatusCode::kUnavailable, errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE));
  EXPECT_EQ(damaged_, 0);
  absent = false;
  EXPECT_EQ(TextOf("referrals/a"), "one");
  EXPECT_THAT(Commit(RecordSet("referrals/b", 1, "two", kOther)), IsOk());
}

}  // namespace
}  // namespace trusthub::store
