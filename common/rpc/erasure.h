// File: erasure.h
//
// How a service destroys what it keeps of a child: its key, and with it everything that the key
// seals (store::WriteSet::forgotten). What stays are the log, which names the child by a pseudonym
// that nobody can make any more, its entry that certifies the destruction, and a tombstone.
#ifndef TRUSTHUB_COMMON_RPC_ERASURE_H_
#define TRUSTHUB_COMMON_RPC_ERASURE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/audit/pseudonyms.h"
#include "common/store/transaction.h"
#include "common/time/clock.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::rpc {

// Thread-safe: holds no state beside the store.
class Erasure {
 public:
  struct Options {
    std::string service;  // "referrals"
    Clocks clocks;
    audit::Pseudonyms* pseudonyms;
  };
  // What `options` points to outlives this.
  explicit Erasure(Options options) : options_(std::move(options)) {}

  // Takes up DESTRUCTION_ORDERED of the children service; every other event does nothing. Counts
  // the records, finds in the log who received something, forgets the child, certifies it by an
  // audit entry, and tells by RECORDS_DESTROYED: one transaction. The same order twice does it
  // once.
  absl::Status ApplyEvent(store::Transaction& tx, const events::v1::Event& event) const;

  // The same for the service that gives the order, without the event.
  absl::StatusOr<events::v1::DestructionFact> Erase(store::Transaction& tx, absl::string_view child,
                                                    absl::string_view destruction) const;

 private:
  const Options options_;
};

// What was destroyed of the child that had this name; nothing when nothing was.
absl::StatusOr<std::optional<events::v1::DestructionFact>> TombstoneOf(store::Transaction& tx,
                                                                       absl::string_view child);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_ERASURE_H_
