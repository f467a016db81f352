// File: witness.h
//
// A witness at work: reads the newest head of each log of a service (one of each of its replicas),
// has it proved that it extends what was seen before, cosigns it and hands the cosignature in.
// Where the hub shows two histories it keeps the evidence and never cosigns that log again.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_WITNESS_WITNESS_H_
#define TRUSTHUB_DEPLOY_HUBCTL_WITNESS_WITNESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/time/clock.h"
#include "deploy/hubctl/backup/restoration.h"
#include "deploy/hubctl/logs.h"
#include "deploy/hubctl/witness/witness_folder.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::hubctl {

// A log that the hub shows, or that this witness saw and the hub shows no more.
struct WitnessedLog {
  std::string service;
  std::string tree;
  std::string file;  // what the folder calls it
  bool is_shown = true;
};

// What one check of one log found.
struct WitnessCheck {
  std::int64_t seen = 0;      // size of the newest head that was proved
  std::int64_t cosigned = 0;  // size of the head that was cosigned
  int cosignatures = 0;       // that head has now
  bool caught_up = false;     // the folder was older than the witness's own cosignature
  std::string misbehaviour =
      {};  // "rollback", "fork", "another tree", "log gone": what the hub did; else empty
  std::string evidence = {};  // the file that shows it
};

class Witness {
 public:
  // None is owned.
  Witness(const WitnessFolder* folder, AskAuditService ask, const Clock* clock)
      : folder_(*folder), ask_(std::move(ask)), clock_(*clock) {}

  // The logs of a service in the order in which they were registered, then those that are gone.
  absl::StatusOr<std::vector<WitnessedLog>> LogsOf(absl::string_view service) const;
  // An error when the check could not be made: it says nothing about the log. DATA_LOSS when what
  // the service answered is not signed by a published key, or the folder is damaged.
  absl::StatusOr<WitnessCheck> Check(const WitnessedLog& log) const;

  // Takes up a log that was restored from a backup where `restoration` says, though entries that
  // were seen are gone: a decision of the witness's agency. The statement must be proved, what the
  // hub shows now must extend it, and what was cosigned of the part that stayed must be in it. Each
  // statement counts once: a second loss needs a second one. FAILED_PRECONDITION when there is
  // nothing to accept, DATA_LOSS when it does not fit.
  absl::Status Accept(const Restoration& restoration) const;

 private:
  class Visit;

  const WitnessFolder& folder_;
  const AskAuditService ask_;
  const Clock& clock_;
};

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_WITNESS_WITNESS_H_
