#include "common/store/sealed/sealed_store.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/sealed/data_keys.h"
#include "common/store/sealed/envelope.h"
#include "common/store/sealed/rewrapping.h"
#include "common/store/sealed/sealed_snapshot.h"
#include "common/store/sealed/set_sealer.h"
#include "common/store/set_group.h"
#include "common/store/walk.h"

namespace trusthub::store {
namespace {

using sealed::DataKeyPtr;
using sealed::KeyOfChild;
using sealed::KeyTable;

// Longest wait for a reader of the engine when a commit must look up keys.
constexpr absl::Duration kLookUpMax = absl::Seconds(2);
// Longest count of all keys.
constexpr absl::Duration kCountMax = absl::Seconds(10);
// Rows read at a time.
constexpr int kRowsRead = 500;

struct Pending {
  WriteSet set;
  CommitCallback done;
};

// A child's key on its way to the disk.
struct Making {
  std::string ring_key;
  bool made = false;  // of use to the engine's thread alone, which sets it
};

// A set whose keys are known.
struct Plan {
  KeyTable table;
  std::vector<DataKeyPtr> fresh;      // no disk has them, as far as the set's view tells
  std::vector<DataKeyPtr> destroyed;  // destroyed with this set
  // Whose keys this set makes last; and those that it uses before it is known whether they last.
  std::vector<std::pair<DataKeyPtr, std::shared_ptr<Making>>> makes, relies_on;
  std::int64_t destructions = 0;  // of keys, that were known before
  bool only_leaves = false;
  bool has_conditions = false;  // guards of its own

  bool Makes(const DataKeyPtr& key) const {
    return std::any_of(makes.begin(), makes.end(),
                       [&](const auto& row) { return row.first == key; });
  }
};

class SealedStoreImpl final : public SealedStore {
 public:
  SealedStoreImpl(std::unique_ptr<Store> engine, SealedOptions options)
      : clock_(*options.clock),
        shared_(options.shared),
        keys_({std::move(options.service), std::move(options.ring), options.cached_keys_max,
               std::move(options.damaged), options.shared}),
        engine_(std::move(engine)),
        rewrapping_(engine_.get(), &keys_) {}
  ~SealedStoreImpl() override { Close(); }

  absl::Status Start() {
    TRUSTHUB_RETURN_IF_ERROR(keys_.Open(*engine_));
    rewrapping_.Start();
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) override {
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Snapshot> engine, engine_->Open(deadline));
    return sealed::OpenSealed(std::move(engine), &keys_);
  }

  void Commit(WriteSet set, CommitCallback done) override {
    {
      MutexLock lock(mutex_);
      if (closing_) return std::move(done)(error::ServerStopping());
    }
    Submit({std::move(set), std::move(done)});
  }

  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    engine_->SetEventListener(std::move(listener));
  }

  void Close() override {
    rewrapping_.Stop();
    {
      // What relies on a key that did not come to be must be sent to the engine again.
      MutexLock lock(mutex_);
      closing_ = true;
      while (on_their_way_ > 0) changed_.Wait(mutex_);
    }
    engine_->Close();
  }

  absl::StatusOr<std::string> PseudonymOf(absl::string_view child, Snapshot& view) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const KeyOfChild found, keys_.OfChild(child, view));
    if (found.destroyed) return absl::NotFoundError("the child's key was destroyed");
    if (found.key != nullptr) return found.key->pseudonym;
    return shared_ ? PseudonymOfNew(child) : keys_.Proposed(child)->pseudonym;
  }

  void SetRing(std::shared_ptr<const crypto::KeyRing> ring) override {
    {
      MutexLock lock(mutex_);
      keys_.SetRing(std::move(ring));
    }
    rewrapping_.Wake();
  }

  absl::StatusOr<KeyUse> CountKeys() override {
    KeyUse use;
    {
      MutexLock lock(mutex_);
      use.current = keys_.ring()->current().id();
      for (const auto& [child, making] : making_) ++use.keys[making->ring_key];
    }
    // Only now: what was on its way above and is no more, is in the view.
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                              engine_->Open(clock_.Now() + kCountMax));
    std::string after;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const auto rows,
                                view->ListState(sealed::kKeySpace, after, kRowsRead));
      for (const auto& [id, row] : rows) {
        const std::string ring_key = sealed::DataKeys::RingKeyOf(row);
        ++(ring_key.empty() ? use.destroyed : use.keys[ring_key]);
      }
      if (static_cast<int>(rows.size()) < kRowsRead) return use;
      after = rows.back().first;
    }
  }

 private:
  // The pseudonym of a child that had no key in an earlier view: of the key that is made first, by
  // whatever process.
  absl::StatusOr<std::string> PseudonymOfNew(absl::string_view child) {
    for (int attempt = 0; attempt <= limits::kConflictRetriesMax; ++attempt) {
      WriteSet set;
      set.keys_of.emplace_back(child);
      const absl::Status made = CommitAndWait(*this, std::move(set)).status();
      if (!made.ok() && !IsConflict(made)) return made;
      TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                                engine_->Open(clock_.Now() + kLookUpMax));
      TRUSTHUB_ASSIGN_OR_RETURN(const KeyOfChild found, keys_.OfChild(child, *view));
      if (found.destroyed) return absl::NotFoundError("the child's key was destroyed");
      if (found.key != nullptr) return found.key->pseudonym;
    }
    return error::StoreUnavailable("a data key cannot be made now");
  }

  // Whether the set is what nearly all are: a disclosure to log, about children whose keys are at
  // hand. Nothing of it is to be sealed.
  bool IsToBePassedOn(const WriteSet& set) {
    return IsOnlyLeaves(set) && set.guards.empty() && set.touches.empty() &&
           std::all_of(set.keys_of.begin(), set.keys_of.end(),
                       [this](const std::string& child) { return keys_.Cached(child) != nullptr; });
  }

  void Submit(Pending pending) {
    if (IsToBePassedOn(pending.set)) {
      pending.set.keys_of.clear();
      return engine_->Commit(std::move(pending.set), std::move(pending.done));
    }
    Plan plan;
    plan.destructions = keys_.destructions();
    absl::Status status = LookUp(pending.set, &plan);
    if (!status.ok()) return std::move(pending.done)(std::move(status));
    std::shared_ptr<const crypto::KeyRing> ring;
    std::optional<WriteSet> as_it_came;
    if (!plan.fresh.empty()) {
      ring = Claim(&plan);
      if (ring == nullptr) return Submit(std::move(pending));
      as_it_came = pending.set;
    }
    status = Seal(plan, ring.get(), &pending.set);
    if (!status.ok()) {
      return Finish(std::move(plan), std::nullopt, std::move(pending.done), std::move(status));
    }
    if (plan.fresh.empty() && plan.destroyed.empty()) {
      return engine_->Commit(std::move(pending.set), std::move(pending.done));
    }
    engine_->Commit(std::move(pending.set),
                    [this, plan = std::move(plan), as_it_came = std::move(as_it_came),
                     done = std::move(pending.done)](absl::StatusOr<Committed> committed) mutable {
                      Finish(std::move(plan), std::move(as_it_came), std::move(done),
                             std::move(committed));
                    });
  }

  // Fills the table; children without a key get one proposed.
  absl::Status LookUp(const WriteSet& set, Plan* plan) {
    const sealed::ChildrenOfSet children = sealed::ChildrenOf(set);
    plan->only_leaves = IsOnlyLeaves(set);
    plan->has_conditions = !set.guards.empty();
    std::unique_ptr<Snapshot> view;
    const auto look_up = [&](const std::string& child) -> absl::Status {
      if (plan->table.count(child) != 0) return absl::OkStatus();
      if (DataKeyPtr cached = keys_.Cached(child); cached != nullptr) {
        plan->table[child] = {std::move(cached), false};
        return absl::OkStatus();
      }
      if (view == nullptr) {
        TRUSTHUB_ASSIGN_OR_RETURN(view, engine_->Open(clock_.Now() + kLookUpMax));
      }
      TRUSTHUB_ASSIGN_OR_RETURN(plan->table[child], keys_.OfChild(child, *view));
      return absl::OkStatus();
    };
    for (const std::string& child : set.forgotten) TRUSTHUB_RETURN_IF_ERROR(look_up(child));
    for (const auto* some : {&children.written, &children.named}) {
      for (const std::string& child : *some) {
        TRUSTHUB_RETURN_IF_ERROR(look_up(child));
        KeyOfChild& row = plan->table[child];
        if (row.key != nullptr || row.destroyed || Contains(set.forgotten, child)) continue;
        row.key = keys_.Proposed(child);
        plan->fresh.push_back(row.key);
      }
    }
    for (const std::string& child : children.dropped) TRUSTHUB_RETURN_IF_ERROR(look_up(child));
    return absl::OkStatus();
  }

  static bool Contains(const std::vector<std::string>& children, absl::string_view child) {
    return std::find(children.begin(), children.end(), child) != children.end();
  }

  // Shares out the fresh keys: those that no other set makes already, this one does. So sets about
  // a new child go to the engine one behind the other, in the order of their coming, and none waits
  // for the disk. The ring to wrap with; null when a key has come to last meanwhile, and the set
  // must be looked at again.
  std::shared_ptr<const crypto::KeyRing> Claim(Plan* plan) {
    MutexLock lock(mutex_);
    for (const DataKeyPtr& key : plan->fresh) {
      if (making_.count(key->child) == 0 && keys_.Cached(key->child) != nullptr) return nullptr;
    }
    std::shared_ptr<const crypto::KeyRing> ring = keys_.ring();
    for (const DataKeyPtr& key : plan->fresh) {
      std::shared_ptr<Making>& making = making_[key->child];
      (making == nullptr ? plan->makes : plan->relies_on).emplace_back(key, making);
      if (making != nullptr) continue;
      making = std::make_shared<Making>(Making{ring->current().id()});
      plan->makes.back().second = making;
    }
    ++on_their_way_;
    return ring;
  }

  absl::Status Seal(Plan& plan, const crypto::KeyRing* ring, WriteSet* set) {
    const sealed::ChildrenOfSet children = sealed::ChildrenOf(*set);
    TRUSTHUB_RETURN_IF_ERROR(sealed::SealSet(keys_, plan.table, set));
    for (const std::string& child : children.written) {
      const KeyOfChild& row = plan.table[child];
      if (row.key != nullptr && !plan.Makes(row.key) && !Contains(set->forgotten, child)) {
        keys_.GuardKey(*row.key, set);
      }
    }
    for (const auto& [key, making] : plan.relies_on) {
      if (children.written.count(key->child) == 0) keys_.GuardKey(*key, set);
    }
    for (const auto& [key, making] : plan.makes) {
      TRUSTHUB_RETURN_IF_ERROR(keys_.AddKey(*key, *ring, set));
    }
    for (const std::string& child : set->forgotten) {
      TRUSTHUB_RETURN_IF_ERROR(AddForgetting(child, plan.table[child], &plan, set));
    }
    set->forgotten.clear();
    return absl::OkStatus();
  }

  // The key goes, and with it what the records are found by.
  absl::Status AddForgetting(const std::string& child, const KeyOfChild& known, Plan* plan,
                             WriteSet* set) {
    if (known.destroyed) return absl::OkStatus();
    keys_.AddDestruction(child, known.key.get(), set);
    if (known.key == nullptr) return absl::OkStatus();
    plan->destroyed.push_back(known.key);
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                              engine_->Open(clock_.Now() + kLookUpMax));
    // A record that comes meanwhile makes the set conflict: whoever writes one touches its child.
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t seen, view->Sequence(keys_.SequenceOf(child)));
    set->guards.push_back({keys_.SequenceOf(child), seen});
    return ForEachRecordOf(*view, known.key->alias, [&](const StoredRecord& row) {
      set->records.push_back(Tombstone(row, *known.key));
      return absl::OkStatus();
    });
  }

  // A last version without content and without index entries, under the key that goes.
  PutRecord Tombstone(const RecordHead& row, const sealed::DataKey& key) const {
    PutRecord put;
    put.head = row;
    ++put.head.version;
    put.written = clock_.Now();
    put.bytes = sealed::SealValue(key, sealed::Holds::kRecord,
                                  {put.head.name, sealed::NumberText(put.head.version)}, "");
    return put;
  }

  // On the engine's thread, or on the caller's when nothing was committed.
  void Finish(Plan plan, std::optional<WriteSet> as_it_came, CommitCallback done,
              absl::StatusOr<Committed> committed) {
    const bool again =
        as_it_came.has_value() && IsConflict(committed.status()) && IsNoConflictOfItsOwn(plan);
    Settle(plan, committed.ok());
    // The engine took a set that makes keys for more than a record of what was disclosed.
    const bool of_audit = plan.only_leaves && error::ReasonOf(committed.status()) ==
                                                  errors::v1::ERROR_REASON_STORE_UNAVAILABLE;
    if (again) {
      Submit({*std::move(as_it_came), std::move(done)});
    } else if (of_audit) {
      std::move(done)(error::AuditUnavailable());
    } else {
      std::move(done)(std::move(committed));
    }
    if (plan.fresh.empty()) return;
    // Last, for Close goes on when none is left.
    MutexLock lock(mutex_);
    --on_their_way_;
    changed_.NotifyAll();
  }

  // Whether what overtook the set concerns the keys alone, so that whoever sent it need not know:
  // a key that it relied on did not come to be, or it has no conditions that could fail.
  static bool IsNoConflictOfItsOwn(const Plan& plan) {
    return (plan.only_leaves && !plan.has_conditions) ||
           std::any_of(plan.relies_on.begin(), plan.relies_on.end(),
                       [](const auto& row) { return !row.second->made; });
  }

  void Settle(const Plan& plan, bool committed) {
    if (committed) {
      for (const auto& [key, making] : plan.makes) {
        making->made = true;
        keys_.Added(key, plan.destructions);
      }
      for (const DataKeyPtr& key : plan.destroyed) keys_.Destroyed(*key);
    }
    MutexLock lock(mutex_);
    for (const auto& [key, making] : plan.makes) making_.erase(key->child);
  }

  const Clock& clock_;
  const bool shared_;
  sealed::DataKeys keys_;
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::shared_ptr<Making>, std::less<>> making_ ABSL_GUARDED_BY(mutex_);
  int on_their_way_ ABSL_GUARDED_BY(mutex_) = 0;  // sets with keys that may not last yet
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  const std::unique_ptr<Store> engine_;
  sealed::Rewrapping rewrapping_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SealedStore>> SealedStore::Over(std::unique_ptr<Store> engine,
                                                               SealedOptions options) {
  auto store = std::make_unique<SealedStoreImpl>(std::move(engine), std::move(options));
  TRUSTHUB_RETURN_IF_ERROR(store->Start());
  return std::unique_ptr<SealedStore>(std::move(store));
}

}  // namespace trusthub::store
