#include "common/testing/write_sets.h"

namespace trusthub::testing {

using store::PutRecord;
using store::WriteSet;

absl::Time TestWritten(std::int64_t version) {
  return absl::FromUnixSeconds(1'290'000'000) + absl::Seconds(version);
}

PutRecord RecordPut(absl::string_view name, std::int64_t version, absl::string_view bytes,
                    absl::string_view child) {
  PutRecord put;
  put.head.name = std::string(name);
  put.head.kind = kTestKind;
  put.head.child = std::string(child);
  put.head.owner_agency = "agencies/council";
  put.head.author_agency = "agencies/trust";
  put.head.version = version;
  put.bytes = std::string(bytes);
  put.written = TestWritten(version);
  return put;
}

WriteSet RecordSet(absl::string_view name, std::int64_t version, absl::string_view bytes,
                   absl::string_view child) {
  WriteSet set;
  set.records.push_back(RecordPut(name, version, bytes, child));
  return set;
}

WriteSet EventSet(absl::string_view child, absl::string_view bytes) {
  WriteSet set;
  set.events.push_back({std::string(child), std::string(bytes)});
  return set;
}

WriteSet LeafSet(absl::string_view leaf) {
  WriteSet set;
  set.leaves.emplace_back(std::string(leaf));
  return set;
}

}  // namespace trusthub::testing
