// File: forwarding_store.h
//
// A store that passes everything on to another one: what stores of tests that change one thing
// derive from.
#ifndef TRUSTHUB_COMMON_TESTING_FORWARDING_STORE_H_
#define TRUSTHUB_COMMON_TESTING_FORWARDING_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "common/store/store.h"

namespace trusthub::testing {

class ForwardingStore : public store::Store {
 public:
  explicit ForwardingStore(std::unique_ptr<store::Store> inner)
      : owned_(std::move(inner)), inner_(owned_.get()) {}
  // `inner` outlives this.
  explicit ForwardingStore(store::Store* inner) : inner_(inner) {}

  absl::StatusOr<std::unique_ptr<store::Snapshot>> Open(absl::Time deadline) override {
    return inner_->Open(deadline);
  }
  void Commit(store::WriteSet set, store::CommitCallback done) override {
    inner_->Commit(std::move(set), std::move(done));
  }
  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    inner_->SetEventListener(std::move(listener));
  }
  void Close() override { inner_->Close(); }

 protected:
  store::Store& inner() { return *inner_; }

 private:
  const std::unique_ptr<store::Store> owned_;  // null: not owned
  store::Store* const inner_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_FORWARDING_STORE_H_
