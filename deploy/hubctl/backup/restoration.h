// File: restoration.h
//
// What a restore says of itself, for whoever watches the audit log. A restored log goes on where
// the backup ends: entries that were made after it are gone, and others will stand in their places.
// The first of those says that it was restored, and from which backup. The statement proves it, by
// the hub's audit key and without the hub: a head of the backup, a head with that entry after it,
// and that the second extends the first.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_RESTORATION_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_RESTORATION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/audit/key_list.h"
#include "common/store/store.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::hubctl {

// Action of the entry.
inline constexpr char kRestoredAction[] = "log.restored";

struct Restoration {
  std::string service;
  std::string backup;                          // its name
  store::SealedHead restored;                  // the log as the backup has it
  store::SealedHead after;                     // with the entry that tells of it
  std::string entry;                           // its canonical bytes
  std::vector<std::string> inclusion_proof;    // of the entry, in `after`
  std::vector<std::string> consistency_proof;  // from `restored` to `after`
};

// The entry. `case_reference` is the operator's own.
audit::v1::AuditEntry RestoredEntry(absl::string_view service, absl::string_view backup,
                                    absl::string_view case_reference, absl::Time now);

std::string RestorationText(const Restoration& restoration);
// INVALID_ARGUMENT for what is no such file.
absl::StatusOr<Restoration> ParseRestoration(absl::string_view text);

// OK when a key of `keys` vouches for all of it; else DATA_LOSS saying what does not fit.
absl::Status VerifyRestoration(const Restoration& restoration, const audit::KeyList& keys);

// What two people compare by telephone: 16 hex digits of the root with the entry.
std::string RestorationId(const Restoration& restoration);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_RESTORATION_H_
