// What sealing costs: one value of 1 KiB, one read of a record, one page, one write, beside the
// same without it. Medians of rounds that alternate, for the machine may do other things.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/sealed/envelope.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"

namespace trusthub::store {
namespace {

constexpr int kRounds = 15;
constexpr int kRecords = 500;
const std::string& Text() {
  static const auto& text = *new std::string(1024, 'x');
  return text;
}

// Microseconds of one of `times` runs.
double Once(int times, const std::function<void(int)>& run) {
  const absl::Duration before = MonotonicNow();
  for (int i = 0; i < times; ++i) run(i);
  return absl::ToDoubleMicroseconds(MonotonicNow() - before) / times;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string NameOf(int i) { return absl::StrCat("referrals/r", i % kRecords); }
std::string ChildOf(int i) { return absl::StrCat("children/c", i % kRecords / 10); }

struct Side {
  const char* name;
  std::unique_ptr<testing::StoreFactory> factory;
  testing::FakeLeafSequencer sequencer;
  std::unique_ptr<Store> store;
  std::vector<double> finds, pages, writes;
};

class UnboundedFactory : public testing::StoreFactory {
 public:
  absl::StatusOr<std::unique_ptr<Store>> Open(LeafSequencer* sequencer, int queued) override {
    auto engine = engine_.Open(sequencer, queued);
    if (!engine.ok()) return engine.status();
    SealedOptions options;
    options.service = "bench";
    options.ring = testing::RingOf({"kek-1"});
    auto sealed = SealedStore::Over(*std::move(engine), std::move(options));
    if (!sealed.ok()) return sealed.status();
    return std::unique_ptr<Store>(*std::move(sealed));
  }

 private:
  testing::SqliteFactory engine_;
};

void Fill(Side* side) {
  side->store = side->factory->Open(&side->sequencer, 4096).value();
  WriteSet set;
  for (int i = 0; i < kRecords; ++i) {
    set.records.push_back(testing::RecordPut(NameOf(i), 1, Text(), ChildOf(i)));
  }
  if (!CommitAndWait(*side->store, std::move(set)).ok()) std::abort();
}

void Measure(Side* side, int round) {
  side->finds.push_back(Once(2'000, [&](int i) {
    const auto view = side->store->Open(absl::InfiniteFuture());
    if (!(*view)->Find(NameOf(i)).value().has_value()) std::abort();
  }));
  side->pages.push_back(Once(200, [&](int i) {
    const auto view = side->store->Open(absl::InfiniteFuture());
    if ((*view)->ListByChild(testing::kTestKind, ChildOf(i * 10), 0, 50)->size() != 10) {
      std::abort();
    }
  }));
  side->writes.push_back(Once(50, [&](int i) {
    WriteSet set =
        testing::RecordSet(absl::StrCat("referrals/w", round, "-", i), 1, Text(), ChildOf(i * 10));
    set.records[0].index = {{"f.state", "new"}, {"f.agency", "x"}, {"f.child", ChildOf(i)}};
    set.events.push_back({ChildOf(i * 10), Text().substr(0, 200)});
    set.touches = {ChildOf(i * 10)};
    set.leaves.emplace_back("leaf");
    if (!CommitAndWait(*side->store, std::move(set)).ok()) std::abort();
  }));
}

void Run() {
  const sealed::DataKeyPtr key =
      sealed::MakeDataKey(std::string(16, 'i'), "children/c1", crypto::Secret::Random(32));
  std::vector<double> seals, opens;
  const std::string sealed_text =
      sealed::SealValue(*key, sealed::Holds::kRecord, {"referrals/a", "version1"}, Text());
  Side sides[] = {{"plain", testing::MakeSqliteFactory(), {}, nullptr, {}, {}, {}},
                  {"sealed", std::make_unique<UnboundedFactory>(), {}, nullptr, {}, {}, {}}};
  for (Side& side : sides) Fill(&side);
  for (int round = 0; round < kRounds; ++round) {
    seals.push_back(Once(5'000, [&](int) {
      sealed::SealValue(*key, sealed::Holds::kRecord, {"referrals/a", "version1"}, Text());
    }));
    opens.push_back(Once(5'000, [&](int) {
      if (!sealed::OpenValue(*key, sealed::Holds::kRecord, {"referrals/a", "version1"}, sealed_text)
               .ok()) {
        std::abort();
      }
    }));
    for (Side& side : sides) Measure(&side, round);
  }
  std::printf("1 KiB: seal %.2f us, open %.2f us\n", Median(seals), Median(opens));
  for (const Side& side : sides) {
    std::printf("%-7s open and find %.2f us, page of 10 %.2f us, durable write %.0f us\n",
                side.name, Median(side.finds), Median(side.pages), Median(side.writes));
  }
}

}  // namespace
}  // namespace trusthub::store

int main() { trusthub::store::Run(); }
