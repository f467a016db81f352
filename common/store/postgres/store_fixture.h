// File: store_fixture.h
//
// What tests of the engine begin with: options for a store in a database of a test's own.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_STORE_FIXTURE_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_STORE_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/store/postgres/postgres_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/postgres_server.h"
#include "common/testing/write_sets.h"

namespace trusthub::testing {

inline store::PostgresOptions OptionsFor(const std::string& url, store::LeafSequencer* sequencer,
                                         const std::string& tree = "auditTrees/fake") {
  store::PostgresOptions options;
  options.url = url;
  options.service = "test";
  options.tree = tree;
  options.sequencer = sequencer;
  return options;
}

// The line that a start with `options` fails with; empty when it does not.
inline std::string ErrorOf(const store::PostgresOptions& options) {
  return std::string(store::OpenPostgres(options).status().message());
}

inline std::unique_ptr<store::Snapshot> Snap(store::Store& store) {
  return store.Open(absl::InfiniteFuture()).value();
}

// A record of its own, with an event and a leaf.
inline store::WriteSet NumberedSet(const std::string& writer, int number) {
  const std::string name = absl::StrCat("referrals/", writer, "-", number);
  store::WriteSet set = RecordSet(name, 1, name, absl::StrCat("children/", writer));
  set.events.push_back({absl::StrCat("children/", writer), name});
  set.leaves.emplace_back(name);
  return set;
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_STORE_FIXTURE_H_
