// File: replay.h
//
// An audit entry's decisions, taken again: with the inputs that it recorded and the agreements of
// its time.
#ifndef TRUSTHUB_COMMON_RPC_REPLAY_H_
#define TRUSTHUB_COMMON_RPC_REPLAY_H_

#include <memory>
#include <vector>

#include "common/auth/principal.h"
#include "common/policy/policy.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::rpc {

// Points into itself: neither copied nor moved.
class Replay {
 public:
  struct Made {
    const audit::v1::DecisionInputs* inputs;
    policy::Question question;
    policy::Decision decision;
  };

  // `entry` outlives the replay. `agreements` are those of the version that it names; null when
  // they are not kept any more.
  Replay(const audit::v1::AuditEntry& entry, std::shared_ptr<const policy::Agreements> agreements);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // In the order recorded; empty without agreements.
  const std::vector<Made>& made() const { return made_; }
  const policy::Agreements* agreements() const { return agreements_.get(); }
  // Whether each decision, and the rules that gave what was disclosed, come out as recorded.
  bool same_again() const { return same_again_; }

  // The decision that gave the category, with a rule where one did; null when none did.
  const Made* WhoGave(policy::Category category) const;
  // The decision that explains why the category was withheld; null when none can. Decisions about
  // records that the caller was not to know of explain nothing, unless `with_hidden`.
  const Made* WhoWithheld(policy::Category category, bool with_hidden) const;

 private:
  bool IsSameAgain(const audit::v1::AuditEntry& entry) const;

  const std::shared_ptr<const policy::Agreements> agreements_;
  auth::Principal caller_;
  std::vector<Made> made_;
  bool same_again_ = false;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_REPLAY_H_
