// File: entries.h
//
// The index entries of a record as one string, kept beside the record: an update compares the two
// lists and touches only the entries that differ.
#ifndef TRUSTHUB_COMMON_STORE_ENTRIES_H_
#define TRUSTHUB_COMMON_STORE_ENTRIES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/store/store.h"

namespace trusthub::store {

struct EntryView {
  absl::string_view field;
  absl::string_view key;
  bool unique = false;
};

// Sorted, without doubles; an entry given both ways is unique. Views into `index`.
std::vector<EntryView> SortedEntries(const std::vector<IndexKey>& index);
std::string PackEntries(const std::vector<EntryView>& entries);
// Views into `packed`; what does not parse ends the list.
std::vector<EntryView> UnpackEntries(absl::string_view packed);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_ENTRIES_H_
