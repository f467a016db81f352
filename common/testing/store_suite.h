// File: store_suite.h
//
// What every engine of the store must do, as one parametrised suite. An engine instantiates it with
// a factory of its own:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, StoreSuite, ::testing::Values(MakeSqliteFactory));
#ifndef TRUSTHUB_COMMON_TESTING_STORE_SUITE_H_
#define TRUSTHUB_COMMON_TESTING_STORE_SUITE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/store/store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/write_sets.h"

namespace trusthub::testing {

// One set of data on disk, empty at first, removed with the factory.
class StoreFactory {
 public:
  virtual ~StoreFactory() = default;
  // Opens the same data again at every call; the earlier store is gone by then.
  virtual absl::StatusOr<std::unique_ptr<store::Store>> Open(store::LeafSequencer* sequencer,
                                                             int queued_sets_max) = 0;
};

using MakeStoreFactory = std::unique_ptr<StoreFactory> (*)();

class StoreSuite : public ::testing::TestWithParam<MakeStoreFactory> {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Closes the store and opens it again, as a restart of the service does.
  void Reopen();
  store::Store& store() { return *store_; }
  std::unique_ptr<store::Snapshot> Snap();
  absl::StatusOr<store::Committed> Commit(store::WriteSet set);

  std::unique_ptr<StoreFactory> factory_;
  std::unique_ptr<FakeLeafSequencer> sequencer_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_STORE_SUITE_H_
