// File: write_sets.h
//
// Small write sets for tests of stores. Kinds and names mean nothing to a store.
#ifndef TRUSTHUB_COMMON_TESTING_WRITE_SETS_H_
#define TRUSTHUB_COMMON_TESTING_WRITE_SETS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/store.h"

namespace trusthub::testing {

inline constexpr store::RecordKind kTestKind = options::v1::RECORD_KIND_REFERRAL;
// When version `version` of a record of RecordPut was written.
absl::Time TestWritten(std::int64_t version);

store::PutRecord RecordPut(absl::string_view name, std::int64_t version, absl::string_view bytes,
                           absl::string_view child = "children/c1");
store::WriteSet RecordSet(absl::string_view name, std::int64_t version, absl::string_view bytes,
                          absl::string_view child = "children/c1");
store::WriteSet EventSet(absl::string_view child, absl::string_view bytes);
store::WriteSet LeafSet(absl::string_view leaf);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_WRITE_SETS_H_
