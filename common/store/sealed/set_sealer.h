// File: set_sealer.h
//
// The writing half of a sealed store: which children a write set is about, and the set as the
// engine may see it.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_SET_SEALER_H_
#define TRUSTHUB_COMMON_STORE_SEALED_SET_SEALER_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/store/sealed/data_keys.h"
#include "common/store/store.h"

namespace trusthub::store::sealed {

struct ChildrenOfSet {
  std::set<std::string, std::less<>> written;  // records, events and states are about them
  std::set<std::string, std::less<>> named;    // leaves name them
  std::set<std::string, std::less<>> dropped;  // states of theirs are removed
};
ChildrenOfSet ChildrenOf(const WriteSet& set);

// What is known of the keys of the children of one set.
using KeyTable = std::map<std::string, KeyOfChild, std::less<>>;

// Seals everything in `set`. `table` has a row for each child of ChildrenOf and of set.forgotten.
// Conflict: a record or event is about a child who was forgotten. States of such a child are left
// out, for what other services still tell of it must not stop them. Events about children whom the
// set itself forgets stay readable: others learn by them.
absl::Status SealSet(const DataKeys& keys, const KeyTable& table, WriteSet* set);

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_SET_SEALER_H_
