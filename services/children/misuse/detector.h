// File: detector.h
//
// Looks for misuse in what the audit logs of all services say. Each batch of entries is taken up in
// one transaction with the cursor of its log: after a crash or a restart it goes on where it was,
// and no entry counts twice. Entries of different logs may come in any order: patterns that rest on
// what did not happen, or on what others did, are looked at only when every log was read up to the
// end of the day.
//
// What is found opens a review at the worker's own agency (access_reviews.h).
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_DETECTOR_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_DETECTOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/store/transaction.h"
#include "services/children/misuse/ledger.h"
#include "services/children/misuse/misuse_rules.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/events/v1/fact.pb.h"

namespace trusthub::children {

// Entries of one log, as it was read from `first_index` on.
struct LogBatch {
  std::int64_t first_index = 0;
  audit::v1::ListEntriesResponse log;
  // Set when the log had no more: everything before this instant of the domain clock was read.
  std::optional<absl::Time> complete_time;
};

// Thread-safe: holds no state beside the store.
class Detector {
 public:
  // `sources`: the names of all logs that are read.
  Detector(MisuseRules rules, std::vector<std::string> sources);

  // Index of the entry from which `source` is to be read on.
  absl::StatusOr<std::int64_t> NextIndex(store::Transaction& tx, const std::string& source) const;
  // Takes up a batch; what was taken up before is passed over. False when the batch does not join
  // on to what was read, and NextIndex says from where it is to be read: the log is another one, or
  // it lost entries (restored from a backup) and is read on from its new end.
  absl::StatusOr<bool> Take(store::Transaction& tx, const std::string& source,
                            const LogBatch& batch) const;
  // Looks back on the next day that all logs are complete for; false when there is none.
  absl::StatusOr<bool> LookBack(store::Transaction& tx) const;
  // The directory says, perhaps late, that a worker has left: looks at the days since.
  absl::Status TakeUpWorker(store::Transaction& tx, const events::v1::WorkerFact& worker) const;

  const MisuseRules& rules() const { return rules_; }

 private:
  absl::Status TakeEntries(store::Transaction& tx, Ledger& ledger, const std::string& source,
                           const LogBatch& batch, internal::v1::MisuseCursor* cursor) const;
  absl::Status TakeAccess(store::Transaction& tx, Ledger& ledger, const Access& access) const;
  absl::StatusOr<Circumstances> CircumstancesOf(store::Transaction& tx, const Access& access) const;
  // Opens reviews for what is enough, lets others wait.
  absl::Status Judge(store::Transaction& tx, Ledger& ledger) const;
  absl::Status LookAtBreadth(store::Transaction& tx, Ledger& ledger, absl::CivilDay day) const;
  absl::Status LookAtSearches(store::Transaction& tx, Ledger& ledger, absl::CivilDay day) const;
  absl::Duration RetentionOf(v1::MisusePattern pattern) const;

  const MisuseRules rules_;
  const std::vector<std::string> sources_;
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_DETECTOR_H_
