#include "common/store/sealed/sealed_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/sealed/data_keys.h"
#include "common/store/sealed/envelope.h"
#include "common/store/sealed/rewrapping.h"
#include "common/store/sealed/sealed_snapshot.h"
#include "common/store/sealed/set_sealer.h"

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

// A set whose keys are known.
struct Plan {
  KeyTable table;
  std::vector<DataKeyPtr> fresh;      // made with this set
  std::vector<DataKeyPtr> destroyed;  // destroyed with this set
  bool only_leaves = false;
};

bool IsOnlyLeaves(const WriteSet& set) {
  return !set.leaves.empty() && set.records.empty() && set.events.empty() && set.states.empty() &&
         !set.answer.has_value() && set.forgotten.empty();
}

class SealedStoreImpl final : public SealedStore {
 public:
  SealedStoreImpl(std::unique_ptr<Store> engine, SealedOptions options)
      : clock_(*options.clock),
        keys_(std::move(options.service), std::move(options.ring), options.cached_keys_max,
              std::move(options.damaged)),
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
    Submit({std::move(set), std::move(done)});
  }

  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    engine_->SetEventListener(std::move(listener));
  }

  void Close() override {
    rewrapping_.Stop();
    engine_->Close();
  }

  absl::StatusOr<std::string> PseudonymOf(absl::string_view child, Snapshot& view) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const KeyOfChild found, keys_.OfChild(child, view));
    if (found.destroyed) return absl::NotFoundError("the child's key was destroyed");
    return found.key != nullptr ? found.key->pseudonym : keys_.Proposed(child)->pseudonym;
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
      for (const auto& [child, making] : making_) ++use.keys[making.ring_key];
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
  // A child's key on its way to the disk, and the sets that wait to use it.
  struct Making {
    std::string ring_key;
    std::vector<Pending> waiting;
  };

  void Submit(Pending pending) {
    Plan plan;
    absl::Status status = LookUp(pending.set, &plan);
    if (!status.ok()) return std::move(pending.done)(std::move(status));
    std::shared_ptr<const crypto::KeyRing> ring;
    if (!plan.fresh.empty()) {
      ring = Claim(&pending, &plan);
      if (ring == nullptr) return;  // waits for another set, or there is nothing left to make
    }
    status = Seal(plan, ring.get(), &pending.set);
    if (!status.ok()) return Finish(std::move(plan), std::move(pending.done), std::move(status));
    if (plan.fresh.empty() && plan.destroyed.empty()) {
      return engine_->Commit(std::move(pending.set), std::move(pending.done));
    }
    engine_->Commit(std::move(pending.set),
                    [this, plan = std::move(plan),
                     done = std::move(pending.done)](absl::StatusOr<Committed> committed) mutable {
                      Finish(std::move(plan), std::move(done), std::move(committed));
                    });
  }

  // Fills the table; children without a key get one proposed.
  absl::Status LookUp(const WriteSet& set, Plan* plan) {
    const sealed::ChildrenOfSet children = sealed::ChildrenOf(set);
    plan->only_leaves = IsOnlyLeaves(set);
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

  // Takes the making of all fresh keys upon this set, and the ring to wrap them with. Null:
  // `pending` was handed on, to wait for a set that makes one of them already, or to be looked at
  // again.
  std::shared_ptr<const crypto::KeyRing> Claim(Pending* pending, Plan* plan) {
    bool again = false;
    {
      MutexLock lock(mutex_);
      for (const DataKeyPtr& key : plan->fresh) {
        if (keys_.Cached(key->child) != nullptr) again = true;
        const auto making = making_.find(key->child);
        if (making == making_.end()) continue;
        making->second.waiting.push_back(std::move(*pending));
        return nullptr;
      }
      if (!again) {
        std::shared_ptr<const crypto::KeyRing> ring = keys_.ring();
        for (const DataKeyPtr& key : plan->fresh) {
          making_[key->child].ring_key = ring->current().id();
        }
        return ring;
      }
    }
    Submit(std::move(*pending));
    return nullptr;
  }

  absl::Status Seal(Plan& plan, const crypto::KeyRing* ring, WriteSet* set) {
    const sealed::ChildrenOfSet children = sealed::ChildrenOf(*set);
    TRUSTHUB_RETURN_IF_ERROR(sealed::SealSet(keys_, plan.table, set));
    for (const std::string& child : children.written) {
      const KeyOfChild& row = plan.table[child];
      const bool is_fresh =
          std::find(plan.fresh.begin(), plan.fresh.end(), row.key) != plan.fresh.end();
      if (row.key != nullptr && !is_fresh && !Contains(set->forgotten, child)) {
        keys_.GuardKey(*row.key, set);
      }
    }
    for (const DataKeyPtr& key : plan.fresh) {
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
    const auto* kinds = options::v1::RecordKind_descriptor();
    for (int i = 0; i < kinds->value_count(); ++i) {
      const auto kind = static_cast<RecordKind>(kinds->value(i)->number());
      std::int64_t after = 0;
      while (true) {
        TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<StoredRecord> rows,
                                  view->ListByChild(kind, known.key->alias, after, kRowsRead));
        for (const StoredRecord& row : rows) {
          after = row.position;
          set->records.push_back(Tombstone(row, *known.key));
        }
        if (static_cast<int>(rows.size()) < kRowsRead) break;
      }
    }
    return absl::OkStatus();
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
  void Finish(Plan plan, CommitCallback done, absl::StatusOr<Committed> committed) {
    if (committed.ok()) {
      for (const DataKeyPtr& key : plan.fresh) keys_.Added(key);
      for (const DataKeyPtr& key : plan.destroyed) keys_.Destroyed(*key);
    }
    std::vector<Pending> waiting;
    {
      MutexLock lock(mutex_);
      for (const DataKeyPtr& key : plan.fresh) {
        const auto making = making_.find(key->child);
        if (making == making_.end()) continue;
        std::move(making->second.waiting.begin(), making->second.waiting.end(),
                  std::back_inserter(waiting));
        making_.erase(making);
      }
    }
    const absl::Status outcome = committed.status();
    // The engine took a set that makes keys for more than a record of what was disclosed.
    if (plan.only_leaves &&
        error::ReasonOf(outcome) == errors::v1::ERROR_REASON_STORE_UNAVAILABLE) {
      std::move(done)(error::AuditUnavailable());
    } else {
      std::move(done)(std::move(committed));
    }
    for (Pending& pending : waiting) {
      if (outcome.ok() || IsConflict(outcome)) {
        Submit(std::move(pending));
      } else {
        std::move(pending.done)(outcome);
      }
    }
  }

  const Clock& clock_;
  sealed::DataKeys keys_;
  Mutex mutex_;
  std::map<std::string, Making, std::less<>> making_ ABSL_GUARDED_BY(mutex_);
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
