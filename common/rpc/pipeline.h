// File: pipeline.h
//
// The one path of a call. Every RPC of every service passes these steps in this order; a handler is
// one of them. No gRPC here: the glue (front.cc, watch.cc) hands in an Incoming and gets one
// answer.
//
//   deadline       min(caller's, method's, ours); already past -> refused
//   authenticate   certificate and token -> Principal; refusals are recorded from here on
//   purpose        declared, known, with a case reference
//   method access  role and purpose against the method's rule; WITNESSES_OVERDUE where the borough
//                  says so
//   agreement      some agreement in force covers agency, role and purpose; else AGREEMENT_MISSING
//   parse          what does not parse is INVALID_ARGUMENT
//   fields         every violation at once
//   snapshot       the transaction opens; a worker who left the agency is refused
//   replay         request_id seen before -> the stored answer
//   subject        a caller without relationship is answered as if there were nothing
//   handler        domain code
//   grant          the answer is built from what the agreements grant
//   audit          a leaf over exactly what will be delivered, the terms included
//   commit         versions, indexes, event, answer, leaf: one transaction, one shared fsync
//   answer         receipt added; the one completion
//
// That there is no such record is told at even times (even_times.h), for a record that is hidden as
// for one that does not exist: no time tells which.
//
// A commit that another change overtook starts again at `snapshot`, a bounded number of times. One
// call decides by one set of agreements, whatever is activated meanwhile.
#ifndef TRUSTHUB_COMMON_RPC_PIPELINE_H_
#define TRUSTHUB_COMMON_RPC_PIPELINE_H_

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/audit/pseudonyms.h"
#include "common/audit/spool.h"
#include "common/auth/authenticator.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/policy/policy.h"
#include "common/proto/page_token.h"
#include "common/rpc/agreement_sets.h"
#include "common/rpc/completions.h"
#include "common/rpc/even_times.h"
#include "common/rpc/executor.h"
#include "common/rpc/method_table.h"
#include "common/rpc/metrics.h"
#include "common/store/store.h"
#include "common/store/transaction.h"
#include "common/time/clock.h"
#include "google/protobuf/message.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::rpc {

enum class Step {
  kDeadline,
  kAuthenticate,
  kPurpose,
  kMethodAccess,
  kAgreement,
  kParse,
  kFields,
  kSnapshot,
  kReplay,
  kSubject,
  kHandler,
  kGrant,
  kAudit,
  kCommit,
  kAnswer,
};

// A call as the transport delivers it. Views live as long as it does: a call may be answered while
// its handler still waits for a store that hangs.
struct Incoming {
  const Method* method = nullptr;
  auth::Connection connection;
  auth::Credentials credentials;
  absl::string_view purpose;         // x-trusthub-purpose, e.g. "unscheduled_care"
  absl::string_view case_reference;  // x-trusthub-case-reference
  std::string trace_id;
  absl::Time deadline = absl::InfiniteFuture();
  std::string request_bytes;
  std::string headers;                     // what all other views point into
  std::shared_ptr<const void> keep_alive;  // what the views of `connection` point into
  std::function<bool()> cancelled;         // not to be called once `done` was
  // Called exactly once: an error, or the serialised response.
  absl::AnyInvocable<void(absl::Status, std::string)> done;
};

// Everything the path needs; the whole dependency injection. Outlives the pipeline.
struct Stages {
  Executor* executor;
  auth::Authenticator* authenticator;
  AgreementSets* agreements;
  events::StandingRules standing_rules;
  store::Store* store;
  store::IndexHash index_hash;
  Clocks clocks;
  const proto::PageTokens* page_tokens;
  audit::Spool* spool;            // for refusals that cannot be recorded
  audit::Pseudonyms* pseudonyms;  // of children in audit entries
  Metrics* metrics;
  // How old the facts of children are; null: this service owns them, and they never are.
  std::function<absl::Duration()> child_facts_age;
  // Whether too long nobody witnessed the log to disclose anything; null: that never matters.
  std::function<bool()> witnesses_overdue;
  // Whether the store holds up the threads that read it (store::TimelyStore); null: it never does.
  std::function<bool()> store_hangs;
  // Tests: told of each step as it begins.
  std::function<void(Step)> observer;
};

// What is known once a caller was let in; shared by unary calls and streams.
struct Admission {
  std::shared_ptr<const auth::Principal> caller;
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  std::shared_ptr<const policy::Agreements> agreements;  // the set by which the call is decided
  absl::Time domain_now = absl::InfinitePast();          // of the whole call
};

// A refusal and what only the log is told of it.
struct Refusal {
  absl::Status why;
  // Where the log must not say what the caller is told; unspecified: the reason in `why`.
  error::Reason recorded = errors::v1::ERROR_REASON_UNSPECIFIED;
  // Merged into the entry: the children and decisions that were looked at.
  audit::v1::AuditEntry grounds = {};
  // Those children, by name: their pseudonyms in the entry must last.
  std::vector<std::string> children = {};
};

// PROJECTION_STALE when facts of children that are so old cannot be rested on, to tell who stands
// how to a child, or what was agreed to.
absl::Status CheckChildFacts(absl::Duration age);
absl::Status CheckConsentFacts(absl::Duration age);

class CallState;
class Granting;
struct Subject;

class Pipeline {
 public:
  explicit Pipeline(Stages stages);

  // Takes the call over. Never blocks; refuses at once when the queue is full or the service stops.
  void Start(std::unique_ptr<Incoming> incoming);
  // Refuses new calls from now on; calls under way go on.
  void BeginDrain() { draining_ = true; }
  // Answers every call under way with `why`, wherever it is: the store holds up the threads that
  // would. What those threads come to later is dropped, unless it had been handed to the store
  // already; the caller cannot tell and sends the call again.
  void AnswerForStore(const absl::Status& why);
  // After BeginDrain: waits until every call is answered; false when `limit` passed before.
  bool WaitIdle(absl::Duration limit);

  // Steps deadline to method access. Fills what became known even when it refuses.
  absl::Status Admit(const Incoming& incoming, absl::Time deadline, Admission* admission) const;
  // Records a refusal and then runs `then` with it, naming its entry. Falls back to the spool, and
  // runs `then` in any case.
  void RecordRefusal(const Incoming& incoming, const Admission& admission, Refusal refusal,
                     absl::AnyInvocable<void(absl::Status)> then);
  // How old the facts of children are. To be asked before the snapshot that is rested on is opened:
  // a projection that catches up between the two would lend its freshness to what it replaced.
  absl::Duration ChildFactsAge() const;
  // WITNESSES_OVERDUE when nothing may be disclosed. Evidence itself still is, so that witnesses
  // can end it, and the hub's own services go on following each other.
  absl::Status CheckWitnessed(const Method& method, const auth::Principal& caller) const;
  const Stages& stages() const { return stages_; }

 private:
  friend class CallState;
  void Run(std::shared_ptr<CallState> call);
  void Attempt(std::shared_ptr<CallState> call);
  absl::Status RunHandler(CallState& call);
  absl::Status FindAnswer(CallState& call, google::protobuf::Message* full, bool* replayed) const;
  absl::Status Grant(CallState& call, Granting& granting, const google::protobuf::Message& full,
                     absl::string_view child) const;
  absl::Status TakeWrites(CallState& call, const Granting& granting,
                          const google::protobuf::Message* to_remember) const;
  void Commit(std::shared_ptr<CallState> call);
  void Refuse(std::shared_ptr<CallState> call, absl::Status why);
  // Once it is in the log.
  void TellRefusal(std::shared_ptr<CallState> call, absl::Status refused);
  void Finish(CallState& call, absl::Status status, std::string bytes);
  absl::Status RefuseSubject(CallState& call, const Subject& subject, absl::Status why) const;
  // Keeps a refusal that could not be recorded.
  void Spool(const std::string& leaf);
  // Commits refusals that were spooled while the store failed, now that it works again.
  void DrainSpool();
  // Takes note of a call; false when it is not to be begun.
  bool Enter(const std::shared_ptr<CallState>& call);
  void Leave();
  void Observe(Step step) const {
    if (stages_.observer) stages_.observer(step);
  }

  const Stages stages_;
  Completions completions_;
  std::atomic<bool> draining_ = false;
  std::atomic<int> in_flight_ = 0;  // started and not yet answered
  std::atomic<bool> draining_spool_ = false;
  Mutex calls_mutex_;
  std::list<std::shared_ptr<CallState>> calls_ ABSL_GUARDED_BY(calls_mutex_);  // not yet answered
  Mutex idle_mutex_;
  CondVar idle_;
  // Last: what waits in it is answered before the rest goes.
  EvenTimes even_times_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_PIPELINE_H_
