// File: copy_fixture.h
//
// For tests of copies: places for stores of either engine, a filler that leaves something in every
// table, and everything that a store answers.
#ifndef TRUSTHUB_COMMON_STORE_COPY_COPY_FIXTURE_H_
#define TRUSTHUB_COMMON_STORE_COPY_COPY_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/copy/rows.h"
#include "common/store/store.h"
#include "common/testing/fake_leaf_sequencer.h"

namespace trusthub::testing {

// Where a store of a test is, or shall be.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  // As a service opens it: sealed or not.
  absl::StatusOr<std::unique_ptr<store::Store>> Open(bool sealed);
  virtual absl::StatusOr<std::unique_ptr<store::copy::RowSource>> Source() const = 0;
  virtual absl::StatusOr<std::unique_ptr<store::copy::RowTarget>> Target() const = 0;

 protected:
  virtual absl::StatusOr<std::unique_ptr<store::Store>> OpenEngine(
      store::LeafSequencer* sequencer) const = 0;

 private:
  std::vector<std::unique_ptr<FakeLeafSequencer>> sequencers_;  // outlive the stores
};

std::unique_ptr<StorePlace> MakeSqlitePlace();
std::unique_ptr<StorePlace> MakePostgresPlace();

// Set `number`: records with and without a child, a further version, index entries of both kinds,
// events, a state and the removal of one, an answer, a touched child, a leaf with keys.
store::WriteSet SetWithEverything(int number);
// Sets from `first` to before `end`, acknowledged.
absl::Status FillStore(store::Store& store, int first, int end);
// So many states at once: more than one batch of a copy holds.
absl::Status AddStates(store::Store& store, int count);
// Adds so many leaves, each found by two keys.
absl::Status AddLeaves(store::Store& store, int count);

// Every read of the interface over sets before `end`: what was asked, and all that was answered.
std::vector<std::pair<std::string, std::string>> ReadAll(store::Store& store, int end);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_STORE_COPY_COPY_FIXTURE_H_
