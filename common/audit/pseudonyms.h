// File: pseudonyms.h
//
// How audit entries name children: by pseudonyms, which only the service that keeps the log can
// make. Every pseudonym of a child comes from a key of the child's own, so that destroying the key
// leaves entries that nobody can tell to be about the child, and a log that still verifies.
#ifndef TRUSTHUB_COMMON_AUDIT_PSEUDONYMS_H_
#define TRUSTHUB_COMMON_AUDIT_PSEUDONYMS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::store {
class SealedStore;
}  // namespace trusthub::store

namespace trusthub::audit {

// Thread-safe.
class Pseudonyms {
 public:
  virtual ~Pseudonyms() = default;
  // The pseudonym of `child` ("children/x"), the same at every call; 32 bytes. `view` is any
  // snapshot of the service's store that the caller has open: the child's key may have to be read.
  // A child that the store does not know yet gets a key that lasts when a set that names it is
  // committed (store::WriteSet::keys_of). NOT_FOUND when the child's key was destroyed: nothing may
  // name it any more. UNAVAILABLE when the key cannot be had.
  virtual absl::StatusOr<std::string> Of(absl::string_view child, store::Snapshot& view) = 0;
};

// Pseudonyms from the keys that `store` keeps of each child. Not owned.
std::unique_ptr<Pseudonyms> MakeChildPseudonyms(store::SealedStore* store);
// Pseudonyms under one key for all children; none can be made to be forgotten. For tests.
std::unique_ptr<Pseudonyms> MakeKeyedPseudonyms(absl::string_view key);

// Adds the pseudonym of `child` to `entry`; nothing when the child's key was destroyed.
absl::Status AddChild(Pseudonyms& pseudonyms, absl::string_view child, store::Snapshot& view,
                      v1::AuditEntry* entry);

// Adds `record` to the records of `entry`. The name of a child stands there too as a pseudonym,
// `pseudonyms/{hex}`: else destroying the child's key would not make the entry forget. Nothing when
// that key was destroyed.
absl::Status AddRecord(Pseudonyms& pseudonyms, absl::string_view record, store::Snapshot& view,
                       v1::AuditEntry* entry);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_PSEUDONYMS_H_
