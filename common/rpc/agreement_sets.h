// File: agreement_sets.h
//
// The sets of sharing agreements that this service knows: the one in force, by which calls are
// decided, and every one that ever was, so that a decision can be replayed by the version it names.
// They are kept in the service's store (space "agreements": version -> AgreementsFact, "active" ->
// version).
//
// At start the set that was activated last is in force, else that of the configured folder. A set
// comes into force with the event AGREEMENTS_ACTIVATED: compiled and stored in the transaction that
// applies the event, with an audit entry, and swapped for the old one once that is on disk. A set
// that does not compile, has another version than the event says, or would shut out the hub's own
// services, is refused: logged, counted, recorded, and the old one stays.
#ifndef TRUSTHUB_COMMON_RPC_AGREEMENT_SETS_H_
#define TRUSTHUB_COMMON_RPC_AGREEMENT_SETS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/policy/policy.h"
#include "common/rpc/metrics.h"
#include "common/store/store.h"
#include "common/store/transaction.h"
#include "common/time/clock.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::rpc {

// A set as it was read, with what it was read from.
struct AgreementFiles {
  std::vector<policy::AgreementText> texts;
  std::shared_ptr<const policy::Agreements> compiled;
};
// Errors name the file with its folder, the line and what to do.
absl::StatusOr<AgreementFiles> ReadAgreementFiles(absl::string_view folder);

// Thread-safe.
class AgreementSets {
 public:
  struct Options {
    std::string service;  // name in audit entries
    Clocks clocks;
    Metrics* metrics = nullptr;  // may be null
  };
  // With `first` in force and nothing kept yet; for tests, and the beginning of Open.
  AgreementSets(Options options, std::shared_ptr<const policy::Agreements> first);

  // `folder` is what the configured folder holds. Keeps it, and puts in force what was activated
  // last, or it. One line that says what to do when there is nothing to put in force, or what was
  // activated last no longer compiles.
  static absl::StatusOr<std::unique_ptr<AgreementSets>> Open(
      Options options, store::Store& store, const absl::StatusOr<AgreementFiles>& folder);

  std::shared_ptr<const policy::Agreements> InForce() const;
  // The set of `version`, compiled from what is kept; NOT_FOUND when it is not.
  absl::StatusOr<std::shared_ptr<const policy::Agreements>> Find(store::Snapshot& snapshot,
                                                                 absl::string_view version);

  // For events of another service. Apply is part of their transaction, Applied comes after its
  // commit. Events without agreements do nothing.
  absl::Status Apply(store::Transaction& tx, const events::v1::Event& event);
  void Applied(const events::v1::Event& event);

  // For this service's own: adds to `set` what its event of activation asks for, and gives what is
  // to be put in force after its commit; null without such an event. FAILED_PRECONDITION when the
  // set is refused.
  absl::StatusOr<std::shared_ptr<const policy::Agreements>> TakeUp(store::WriteSet* set);
  void PutInForce(std::shared_ptr<const policy::Agreements> compiled);

  // For what the store says was activated without this process: puts that set in force, unless
  // another came into force meanwhile. Fails as the store does, or when it does not compile.
  absl::Status TakeUpActive(store::Store& store);

 private:
  using Compiled = std::shared_ptr<const policy::Agreements>;
  // The set of `fact`, if it may come into force.
  absl::StatusOr<Compiled> Check(const events::v1::AgreementsFact& fact);
  // The audit entry of an activation, or of its refusal.
  std::string LeafOf(const events::v1::Event& event, bool refused) const;
  void ReportRefusal(const events::v1::Event& event, const absl::Status& why) const;
  static void ReportInForce(const Compiled& before, const Compiled& now);
  Compiled Remembered(absl::string_view version) const;
  void Remember(Compiled compiled);

  const Options options_;
  mutable Mutex mutex_;
  Compiled in_force_ ABSL_GUARDED_BY(mutex_);
  // The newest few that were compiled, by version, oldest first in `order_`.
  std::map<std::string, Compiled, std::less<>> compiled_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_AGREEMENT_SETS_H_
