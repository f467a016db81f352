#include "common/store/copy/copy_fixture.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/postgres/row_store.h"
#include "common/store/postgres/store_fixture.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/sqlite/row_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/postgres_server.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::testing {
namespace {

constexpr char kTree[] = "auditTrees/fake";  // as FakeLeafSequencer calls it
constexpr char kSpace[] = "copy";
constexpr int kChildren = 5;
constexpr int kAll = 1'000'000;

class SqlitePlace final : public StorePlace {
 public:
  absl::StatusOr<std::unique_ptr<store::copy::RowSource>> Source() const override {
    return store::OpenSqliteRows(folder_.path(), kTree);
  }
  absl::StatusOr<std::unique_ptr<store::copy::RowTarget>> Target() const override {
    return store::OpenSqliteRowTarget(folder_.path(), kTree);
  }

 protected:
  absl::StatusOr<std::unique_ptr<store::Store>> OpenEngine(
      store::LeafSequencer* sequencer) const override {
    store::SqliteOptions options;
    options.path = folder_.File("store.db");
    options.sequencer = sequencer;
    return store::OpenSqlite(options);
  }

 private:
  const TempFolder folder_;
};

class PostgresPlace final : public StorePlace {
 public:
  absl::StatusOr<std::unique_ptr<store::copy::RowSource>> Source() const override {
    return store::OpenPostgresRows(Rows());
  }
  absl::StatusOr<std::unique_ptr<store::copy::RowTarget>> Target() const override {
    return store::OpenPostgresRowTarget(Rows());
  }

 protected:
  absl::StatusOr<std::unique_ptr<store::Store>> OpenEngine(
      store::LeafSequencer* sequencer) const override {
    return store::OpenPostgres(OptionsFor(database_.url(), sequencer, kTree));
  }

 private:
  store::PostgresRowOptions Rows() const {
    store::PostgresRowOptions options;
    options.url = database_.url();
    options.service = "test";
    return options;
  }

  const PostgresDatabase database_;
};

std::string ChildOf(int number) { return absl::StrCat("children/c", number % kChildren); }
std::string NameOf(int number) { return absl::StrCat("referrals/r", number); }

// Mostly small, some over several pages.
std::string TextOf(int number) {
  return absl::StrCat("text of ", number, std::string(number % 11 == 3 ? 9'000 : 50, 'x'));
}

store::PutRecord Indexed(store::PutRecord put, int number, absl::string_view parity) {
  put.index = {{"copy.number", absl::StrCat(number), /*unique=*/true},
               {"copy.parity", std::string(parity), /*unique=*/false}};
  return put;
}

std::string TextOf(const store::StoredRecord& record) {
  return absl::StrCat(record.name, "|", record.kind, "|", record.child, "|", record.owner_agency,
                      "|", record.author_agency, "|", record.version, "|", record.position, "|",
                      record.bytes);
}

template <class Values, class Text>
std::string Lines(const absl::StatusOr<Values>& values, Text text) {
  if (!values.ok()) return values.status().ToString();
  std::string lines;
  for (const auto& value : *values) absl::StrAppend(&lines, text(value), "\n");
  return lines;
}

std::string TextOf(const absl::StatusOr<std::vector<store::StoredRecord>>& records) {
  return Lines(records, [](const store::StoredRecord& record) { return TextOf(record); });
}

std::string TextOf(const absl::StatusOr<std::vector<store::StoredLeaf>>& leaves) {
  return Lines(leaves, [](const store::StoredLeaf& leaf) {
    return absl::StrCat(leaf.index, "|", leaf.bytes);
  });
}

std::string TextOf(const absl::StatusOr<std::shared_ptr<const store::SealedHead>>& head) {
  if (!head.ok()) return head.status().ToString();
  if (*head == nullptr) return "none";
  return absl::StrCat((*head)->tree, "|", (*head)->size, "|", (*head)->root, "|",
                      absl::ToUnixMicros((*head)->sign_time), "|", (*head)->signature);
}

}  // namespace

absl::StatusOr<std::unique_ptr<store::Store>> StorePlace::Open(bool sealed) {
  sequencers_.push_back(std::make_unique<FakeLeafSequencer>());
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Store> engine,
                            OpenEngine(sequencers_.back().get()));
  if (!sealed) return engine;
  store::SealedOptions options;
  options.service = "test";
  options.ring = RingOf({"kek-1"});
  TRUSTHUB_ASSIGN_OR_RETURN(auto over,
                            store::SealedStore::Over(std::move(engine), std::move(options)));
  return std::unique_ptr<store::Store>(std::move(over));
}

std::unique_ptr<StorePlace> MakeSqlitePlace() { return std::make_unique<SqlitePlace>(); }
std::unique_ptr<StorePlace> MakePostgresPlace() { return std::make_unique<PostgresPlace>(); }

store::WriteSet SetWithEverything(int number) {
  store::WriteSet set;
  set.records.push_back(
      Indexed(RecordPut(NameOf(number), 1, TextOf(number), ChildOf(number)), number, "new"));
  set.records.push_back(RecordPut(NameOf(number) + "-of-nobody", 1, TextOf(number), ""));
  if (number % 3 == 2) {
    const int before = number - 1;
    set.records.push_back(
        Indexed(RecordPut(NameOf(before), 2, TextOf(number), ChildOf(before)), before, "changed"));
  }
  set.events.push_back({ChildOf(number), absl::StrCat("event ", number)});
  set.events.push_back({"", absl::StrCat("event of nobody ", number)});
  set.states.push_back({kSpace, absl::StrCat(number), TextOf(number)});
  if (number % 4 == 3) set.states.push_back({kSpace, absl::StrCat(number - 1), std::nullopt});
  set.answer = store::PutAnswer{absl::StrCat("answer ", number), absl::StrCat("digest ", number),
                                TextOf(number), RealClock().Now() + absl::Hours(24)};
  set.touches = {ChildOf(number)};
  set.leaves.emplace_back(absl::StrCat("leaf ", number),
                          std::vector<std::string>{absl::StrCat("by ", number % 3)});
  set.keys_of = {ChildOf(number)};
  return set;
}

absl::Status FillStore(store::Store& store, int first, int end) {
  for (int number = first; number < end; ++number) {
    TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(store, SetWithEverything(number)).status());
  }
  return absl::OkStatus();
}

absl::Status AddStates(store::Store& store, int count) {
  store::WriteSet set;
  for (int i = 0; i < count; ++i) {
    set.states.push_back({"copy-many", absl::StrCat("key ", i), absl::StrCat("value ", i)});
  }
  return store::CommitAndWait(store, std::move(set)).status();
}

absl::Status AddLeaves(store::Store& store, int count) {
  store::WriteSet set;
  for (int i = 0; i < count; ++i) {
    set.leaves.emplace_back(absl::StrCat("leaf ", i),
                            std::vector<std::string>{absl::StrCat("by ", i % 3), "by many"});
  }
  return store::CommitAndWait(store, std::move(set)).status();
}

std::vector<std::pair<std::string, std::string>> ReadAll(store::Store& store, int end) {
  const auto opened = store.Open(absl::InfiniteFuture());
  if (!opened.ok()) return {{"Open", opened.status().ToString()}};
  store::Snapshot& view = **opened;
  std::vector<std::pair<std::string, std::string>> all;
  const auto add = [&all](std::string what, std::string gave) {
    all.emplace_back(std::move(what), std::move(gave));
  };
  for (int n = 0; n < end; ++n) {
    for (const std::string& name : {NameOf(n), NameOf(n) + "-of-nobody"}) {
      const auto found = view.Find(name);
      add("Find " + name, !found.ok()           ? found.status().ToString()
                          : !found->has_value() ? "none"
                                                : TextOf(**found));
      add("Versions " + name, Lines(view.Versions(name), [](const store::StoredVersion& version) {
            return absl::StrCat(version.version, "|", absl::ToUnixMicros(version.written), "|",
                                version.bytes);
          }));
    }
    add(absl::StrCat("ListByIndex ", n),
        TextOf(view.ListByIndex(kTestKind, "copy.number", absl::StrCat(n), 0, kAll)));
    const auto answer = view.FindAnswer(absl::StrCat("answer ", n), RealClock().Now());
    add(absl::StrCat("FindAnswer ", n),
        answer.ok() && answer->has_value()
            ? absl::StrCat((*answer)->request_digest, "|", (*answer)->response)
            : "none");
  }
  for (const char* parity : {"new", "changed"}) {
    add(absl::StrCat("ListByIndex ", parity),
        TextOf(view.ListByIndex(kTestKind, "copy.parity", parity, 0, kAll)));
  }
  for (int child = 0; child < kChildren; ++child) {
    add("ListByChild", TextOf(view.ListByChild(kTestKind, ChildOf(child), 0, kAll)));
    add("Sequence", absl::StrCat(view.Sequence(ChildOf(child)).value_or(-1)));
  }
  add("ListByKind", TextOf(view.ListByKind(kTestKind, 0, kAll)));
  for (const char* space : {kSpace, "copy-many"}) {
    add(absl::StrCat("ListState ", space),
        Lines(view.ListState(space, "", kAll),
              [](const auto& state) { return absl::StrCat(state.first, "|", state.second); }));
  }
  add("ReadEvents", Lines(view.ReadEvents(0, kAll), [](const store::StoredEvent& event) {
        return absl::StrCat(event.sequence, "|", event.child_sequence, "|", event.bytes);
      }));
  add("LastEventSequence", absl::StrCat(view.LastEventSequence().value_or(-1)));
  add("ReadLeaves", TextOf(view.ReadLeaves(0, kAll)));
  add("LeafCount", absl::StrCat(view.LeafCount().value_or(-1)));
  for (const char* key : {"by 0", "by 1", "by 2", "by many"}) {
    add(absl::StrCat("ListLeavesByKey ", key), TextOf(view.ListLeavesByKey(key, 0, kAll)));
  }
  for (int level = 0; level < 2; ++level) {
    add("ReadTiles", Lines(view.ReadTiles(level, 0, kAll), [](const store::Tile& tile) {
          return absl::StrCat(tile.index, "|", tile.bytes);
        }));
  }
  add("Head", TextOf(view.Head()));
  return all;
}

}  // namespace trusthub::testing
