#include "common/rpc/pipeline.h"

#include <algorithm>
#include <utility>

#include "common/audit/answer.h"
#include "common/audit/entry.h"
#include "common/audit/field_writer.h"
#include "common/audit/receipt.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/base/nobody.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/rpc/admission.h"
#include "common/rpc/caller_facts.h"
#include "common/rpc/decision_name.h"
#include "common/rpc/granting.h"
#include "common/rpc/subject.h"
#include "common/time/civil_date.h"
#include "google/protobuf/arena.h"

namespace trusthub::rpc {

using google::protobuf::Message;

// Everything of one unary call between admission and answer.
class CallState {
 public:
  explicit CallState(std::unique_ptr<Incoming> in) : incoming(std::move(in)), arena(FirstBlock()) {}
  const Method& method() const { return *incoming->method; }

  // One block holds the request and both answers of nearly every call.
  static google::protobuf::ArenaOptions FirstBlock() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = 8 * 1024;
    return options;
  }

  // Whether the caller is still to be answered, by whoever asks first: the one that then answers.
  bool TakeAnswer() {
    MutexLock lock(answer_mutex);
    return !std::exchange(answered, true);
  }
  bool IsAnswered() {
    MutexLock lock(answer_mutex);
    return answered;
  }
  // Whether nobody waits for what the call comes to: it was answered, or cancelled.
  bool IsOver() {
    MutexLock lock(answer_mutex);
    return answered || (incoming->cancelled && incoming->cancelled());
  }

  const std::unique_ptr<Incoming> incoming;
  const absl::Duration came = MonotonicNow();
  std::list<std::shared_ptr<CallState>>::iterator place;  // of Pipeline::calls_
  Mutex answer_mutex;
  bool answered ABSL_GUARDED_BY(answer_mutex) = false;
  google::protobuf::Arena arena;
  Admission admission;
  absl::Time started;
  absl::Time deadline;
  Message* request = nullptr;  // on the arena
  std::string answer_key;      // digest of (caller, method, request_id); empty for reads
  std::string request_digest;
  int attempts = 0;

  // Of the current attempt.
  absl::Duration facts_age;  // of children, as `tx` sees them
  std::unique_ptr<store::Transaction> tx;
  std::string full_response;  // serialised, as the handler gave it
  std::string delivered;      // serialised, as granted: all that the receipt covers
  std::string content_hash;
  std::string entry_hash;
  store::WriteSet writes;
  // Agreements that come into force with the commit; null but for their activation.
  std::shared_ptr<const policy::Agreements> activated;
  // What only the log is told should the attempt be refused.
  error::Reason refused_for = errors::v1::ERROR_REASON_UNSPECIFIED;
  audit::v1::AuditEntry grounds;
  std::vector<std::string> refused_children;
};

namespace {

// About what a receipt adds to an answer, whose bytes then stay where they are.
constexpr std::size_t kEvidenceBytes = 1'500;
// Subject of a method that is about one record itself.
constexpr absl::string_view kItself = "name";

// Errors that say something about who may do or know what, or about what was asked; those of the
// machine are not refusals.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return false;
    default:
      return true;
  }
}

// Last of the answer, where it covers all before it (audit/RECEIPT.md).
void AddReceipt(const store::Committed& committed, CallState& call) {
  const store::LeafPlace& place = committed.leaves.back();
  audit::AppendEvidence(
      call.method().disclosure->number(),
      audit::ReceiptBytes(place, *committed.head, call.entry_hash, call.content_hash),
      DecisionName(committed.head->tree, place.index), &call.delivered);
}

absl::Status Outcome(const absl::Status& status, bool leaves_only) {
  if (store::IsConflict(status)) return error::ConcurrentChange();
  if (leaves_only && status.code() == absl::StatusCode::kUnavailable) {
    return error::AuditUnavailable();
  }
  return status;
}

}  // namespace

Pipeline::Pipeline(Stages stages)
    : stages_(std::move(stages)),
      completions_(stages_.executor),
      even_times_(absl::Milliseconds(limits::kNotFoundStepMillis)) {}

void Pipeline::Start(std::unique_ptr<Incoming> incoming) {
  // Counted before asking: whoever waits for the last call sees this one, or this one is refused.
  ++in_flight_;
  if (draining_) {
    incoming->done(error::ServerStopping(), "");
    return Leave();
  }
  auto call = std::make_shared<CallState>(std::move(incoming));
  call->started = stages_.clocks.real->Now();
  if (!Enter(call)) return Finish(*call, error::StoreUnavailable("it does not answer"), "");
  if (!stages_.executor->TryPost([this, call] { Run(call); })) {
    stages_.metrics->CountOverload();
    Finish(*call, draining_ ? error::ServerStopping() : error::ServerBusy(), "");
  }
}

bool Pipeline::Enter(const std::shared_ptr<CallState>& call) {
  {
    MutexLock lock(calls_mutex_);
    call->place = calls_.insert(calls_.end(), call);
  }
  // Only now: AnswerForStore finds the call, or it is found here.
  return !stages_.store_hangs || !stages_.store_hangs();
}

void Pipeline::AnswerForStore(const absl::Status& why) {
  std::vector<std::shared_ptr<CallState>> calls;
  {
    MutexLock lock(calls_mutex_);
    calls.assign(calls_.begin(), calls_.end());
  }
  for (const std::shared_ptr<CallState>& call : calls) Finish(*call, why, "");
}

absl::Status Pipeline::Admit(const Incoming& incoming, absl::Time deadline,
                             Admission* admission) const {
  Observe(Step::kDeadline);
  const absl::Time now = stages_.clocks.real->Now();
  if (deadline <= now) return error::DeadlineExceeded();

  Observe(Step::kAuthenticate);
  TRUSTHUB_ASSIGN_OR_RETURN(admission->caller, stages_.authenticator->Authenticate(
                                                   incoming.connection, incoming.credentials, now));

  Observe(Step::kPurpose);
  TRUSTHUB_ASSIGN_OR_RETURN(admission->purpose, ParsePurpose(incoming.purpose));
  if (!IsCaseReference(incoming.case_reference)) return error::PurposeMissing("case reference");

  Observe(Step::kMethodAccess);
  if (!MayCall(*incoming.method, *admission->caller, admission->purpose)) {
    return error::MethodNotPermitted(incoming.method->rule.action());
  }

  TRUSTHUB_RETURN_IF_ERROR(CheckWitnessed(*incoming.method, *admission->caller));

  Observe(Step::kAgreement);
  admission->agreements = stages_.agreements->InForce();
  admission->domain_now = stages_.clocks.domain->Now();
  return CheckCovered(*admission->agreements, *incoming.method, *admission->caller,
                      admission->purpose, LondonDay(admission->domain_now));
}

absl::Status Pipeline::CheckWitnessed(const Method& method, const auth::Principal& caller) const {
  if (!stages_.witnesses_overdue || caller.is_service() ||
      method.rule.record_kind() == options::v1::RECORD_KIND_AUDIT_ENTRY) {
    return absl::OkStatus();
  }
  return stages_.witnesses_overdue() ? error::WitnessesOverdue() : absl::OkStatus();
}

absl::Duration Pipeline::ChildFactsAge() const {
  return stages_.child_facts_age ? stages_.child_facts_age() : absl::ZeroDuration();
}

absl::Status CheckChildFacts(absl::Duration age) {
  if (age <= absl::Milliseconds(limits::kProjectionAgeMillisMax)) return absl::OkStatus();
  return error::ProjectionStale("children");
}

absl::Status CheckConsentFacts(absl::Duration age) {
  if (age <= absl::Milliseconds(limits::kConsentAgeMillisMax)) return absl::OkStatus();
  return error::ProjectionStale("children");
}

void Pipeline::Run(std::shared_ptr<CallState> call) {
  if (call->IsAnswered()) return;
  const Incoming& incoming = *call->incoming;
  const absl::Time ceiling =
      call->started + std::min(call->method().timeout, absl::Milliseconds(limits::kCallMillisMax));
  call->deadline = std::min(incoming.deadline, ceiling);
  if (absl::Status status = Admit(incoming, call->deadline, &call->admission); !status.ok()) {
    return Refuse(std::move(call), std::move(status));
  }

  Observe(Step::kParse);
  call->request = call->method().route.request_prototype->New(&call->arena);
  if (!call->request->ParseFromString(incoming.request_bytes)) {
    return Refuse(std::move(call), error::MessageMalformed());
  }

  Observe(Step::kFields);
  if (const auto violations = call->method().field_rules->CheckAndClear(call->request);
      !violations.empty()) {
    return Refuse(std::move(call), error::RequestInvalid(violations));
  }
  if (call->method().rule.mutates()) {
    const Message& request = *call->request;
    const std::string request_id =
        request.GetReflection()->GetString(request, call->method().request_id);
    const auth::Principal& caller = *call->admission.caller;
    call->answer_key = crypto::Sha256(
        {caller.agency, "\n", caller.worker, "\n", call->method().path, "\n", request_id});
    call->request_digest = crypto::Sha256(incoming.request_bytes);
  }
  Attempt(std::move(call));
}

void Pipeline::Attempt(std::shared_ptr<CallState> call) {
  ++call->attempts;
  if (absl::Status status = RunHandler(*call); !status.ok()) {
    return Refuse(std::move(call), std::move(status));
  }
  if (call->IsOver()) return Finish(*call, error::Cancelled(), "");
  Commit(std::move(call));
}

absl::Status Pipeline::RunHandler(CallState& call) {
  const Method& method = call.method();
  const Incoming& incoming = *call.incoming;
  const auth::Principal& caller = *call.admission.caller;
  call.refused_for = errors::v1::ERROR_REASON_UNSPECIFIED;
  call.grounds.Clear();
  call.refused_children.clear();

  Observe(Step::kSnapshot);
  // Asked before the snapshot: a withdrawal that arrives later makes the facts fresh, and the
  // snapshot does not have it.
  call.facts_age = ChildFactsAge();
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot,
                            stages_.store->Open(call.deadline));
  call.tx = std::make_unique<store::Transaction>(std::move(snapshot), stages_.index_hash,
                                                 call.admission.domain_now);
  CallerFacts facts(call.tx.get(), &caller, call.admission.purpose, &stages_.standing_rules);
  TRUSTHUB_ASSIGN_OR_RETURN(const bool has_left, facts.HasLeft());
  if (has_left) return error::MethodNotPermitted(method.rule.action());

  Observe(Step::kReplay);
  Message* const full = method.route.response_prototype->New(&call.arena);
  bool replayed = false;
  TRUSTHUB_RETURN_IF_ERROR(FindAnswer(call, full, &replayed));

  Observe(Step::kSubject);
  Subject subject;
  if (!method.subject_path.empty()) {
    // A first look, whose decisions count only when it ends there.
    Granting look(*call.admission.agreements, caller, call.admission.purpose,
                  LondonDay(call.tx->now()), subject.relations, &facts);
    Asked asked{method.SubjectOf(*call.request)};
    if (method.rule.subject() == kItself) asked.itself = method.rule.record_kind();
    const absl::Status status = CheckSubject(
        *call.tx, caller, facts, [&call] { return CheckChildFacts(call.facts_age); }, asked, look,
        &subject);
    if (!status.ok()) {
      // What was decided of nothing is written down nowhere, in the same time.
      audit::v1::AuditEntry of_nothing;
      look.FillDecisions(subject.record.empty() ? &of_nothing : &call.grounds);
      return RefuseSubject(call, subject, status);
    }
  }

  Call handler_call{caller,
                    call.admission.purpose,
                    incoming.case_reference,
                    incoming.trace_id,
                    call.tx->now(),
                    call.deadline,
                    *call.tx,
                    incoming.credentials.authorization,
                    *stages_.page_tokens,
                    call.facts_age};
  if (IsNameIn("children", method.SubjectOf(*call.request))) handler_call.child = subject.child;
  Granting granting(*call.admission.agreements, caller, call.admission.purpose,
                    LondonDay(call.tx->now()), handler_call.relations, &facts);
  handler_call.visibility = &granting;
  handler_call.relations = subject.relations;

  Observe(Step::kHandler);
  if (!replayed) {
    TRUSTHUB_RETURN_IF_ERROR(method.route.handler(handler_call, *call.request, full));
    if (call.tx->has_writes()) facts.Forget();
  }
  // A child that the handler found by other means than its name. As things stood before: who
  // declares a conflict is not refused for it.
  if (!handler_call.child.empty() && handler_call.child != subject.child) {
    TRUSTHUB_ASSIGN_OR_RETURN(subject.conflicted, facts.WasConflicted(handler_call.child));
    subject.child = handler_call.child;
    if (subject.conflicted) return RefuseSubject(call, subject, error::RecordNotFound());
  }

  Observe(Step::kGrant);
  TRUSTHUB_RETURN_IF_ERROR(Grant(call, granting, *full, handler_call.child));

  Observe(Step::kAudit);
  return TakeWrites(call, granting, replayed ? nullptr : full);
}

absl::Status Pipeline::FindAnswer(CallState& call, Message* full, bool* replayed) const {
  if (call.answer_key.empty()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(
      const std::optional<store::StoredAnswer> stored,
      call.tx->snapshot().FindAnswer(call.answer_key, stages_.clocks.real->Now()));
  if (!stored.has_value()) return absl::OkStatus();
  if (stored->request_digest != call.request_digest) return error::RequestIdReused();
  if (!full->ParseFromString(stored->response)) {
    return error::Internal("a stored answer does not parse");
  }
  *replayed = true;
  return absl::OkStatus();
}

namespace {

// What the log calls the record that a refused call asked for: a child's own record by pseudonym.
absl::Status NameAskedFor(absl::string_view record, audit::Pseudonyms& pseudonyms,
                          store::Snapshot& view, audit::v1::AuditEntry* grounds) {
  audit::v1::AuditEntry named;
  TRUSTHUB_RETURN_IF_ERROR(audit::AddRecord(pseudonyms, record, view, &named));
  grounds->set_asked_for(named.records_size() == 0 ? "" : named.records(0));
  return absl::OkStatus();
}

}  // namespace

absl::Status Pipeline::RefuseSubject(CallState& call, const Subject& subject,
                                     absl::Status why) const {
  TRUSTHUB_RETURN_IF_ERROR(
      NameAskedFor(subject.record, *stages_.pseudonyms, call.tx->snapshot(), &call.grounds));
  if (subject.conflicted) call.refused_for = errors::v1::ERROR_REASON_WORKER_CONFLICTED;
  // What does not exist is about nobody, who has a pseudonym and a key like everybody: no time
  // tells. (RecordRefusal does not name nobody in the entry.)
  call.refused_children = {subject.child.empty() ? std::string(kNobody) : subject.child};
  TRUSTHUB_RETURN_IF_ERROR(audit::AddChild(*stages_.pseudonyms, call.refused_children.front(),
                                           call.tx->snapshot(), &call.grounds));
  return why;
}

absl::Status Pipeline::Grant(CallState& call, Granting& granting, const Message& full,
                             absl::string_view child) const {
  const Method& method = call.method();
  Message* out = method.route.response_prototype->New(&call.arena);
  TRUSTHUB_RETURN_IF_ERROR(granting.Build(method, full, child, out));
  // The one record that a read asked for may not be known to this caller: then it does not exist.
  if (!method.rule.mutates() && granting.records_given() == 0 && granting.records_dropped() > 0 &&
      method.rule.subject() == kItself) {
    TRUSTHUB_RETURN_IF_ERROR(
        granting.FillEntry(*stages_.pseudonyms, Granting::About::kAskedFor, &call.grounds));
    call.refused_children = granting.Children(Granting::About::kAskedFor);
    call.grounds.clear_disclosed();  // the envelope, which is not sent either
    call.grounds.clear_rules();
    TRUSTHUB_RETURN_IF_ERROR(NameAskedFor(method.SubjectOf(*call.request), *stages_.pseudonyms,
                                          call.tx->snapshot(), &call.grounds));
    return error::RecordNotFound();
  }
  if (granting.rests_on_consent()) TRUSTHUB_RETURN_IF_ERROR(CheckConsentFacts(call.facts_age));
  call.delivered.clear();
  if (method.disclosure == nullptr) {
    out->SerializeToString(&call.delivered);
  } else {
    auto* terms = google::protobuf::Arena::CreateMessage<types::v1::Disclosure>(&call.arena);
    granting.FillWithheld(terms);
    granting.FillTerms(terms);
    const std::string bytes = terms->SerializeAsString();
    call.delivered.reserve(out->ByteSizeLong() + bytes.size() + kEvidenceBytes);
    out->AppendToString(&call.delivered);
    // Protobuf merges a repeated occurrence of a field: the receipt comes in a second one.
    audit::FieldWriter(&call.delivered).Item(method.disclosure->number(), bytes);
  }
  call.content_hash = crypto::Sha256(call.delivered);
  return absl::OkStatus();
}

absl::Status Pipeline::TakeWrites(CallState& call, const Granting& granting,
                                  const Message* to_remember) const {
  auto& entry = *google::protobuf::Arena::CreateMessage<audit::v1::AuditEntry>(&call.arena);
  StartEntry(*call.incoming, call.admission, stages_.clocks.real->Now(), call.tx->now(), &entry);
  entry.set_decision(call.method().rule.mutates() ? audit::v1::AUDIT_DECISION_RECORDED
                                                  : audit::v1::AUDIT_DECISION_DISCLOSED);
  TRUSTHUB_RETURN_IF_ERROR(
      granting.FillEntry(*stages_.pseudonyms, Granting::About::kAskedFor, &entry));
  entry.set_content_hash(call.content_hash);
  call.writes = call.tx->TakeWrites();
  TRUSTHUB_ASSIGN_OR_RETURN(call.activated, stages_.agreements->TakeUp(&call.writes));
  // The last leaf is the call's: its place is the receipt's.
  call.writes.leaves.push_back(audit::MakeLeaf(entry));
  call.entry_hash = audit::EntryHash(call.writes.leaves.back().bytes);
  call.writes.keys_of = granting.Children(Granting::About::kAskedFor);
  if (!call.answer_key.empty() && to_remember != nullptr) {
    call.full_response.clear();
    to_remember->SerializeToString(&call.full_response);
    call.writes.answer =
        store::PutAnswer{call.answer_key, call.request_digest, std::move(call.full_response),
                         stages_.clocks.real->Now() + absl::Seconds(limits::kIdempotencySeconds)};
  }
  call.tx.reset();  // what it read is of no more use; its view is closed already
  return absl::OkStatus();
}

void Pipeline::Commit(std::shared_ptr<CallState> call) {
  Observe(Step::kCommit);
  const bool leaves_only =
      call->writes.records.empty() && call->writes.events.empty() && !call->writes.answer;
  stages_.store->Commit(
      std::move(call->writes),
      [this, call, leaves_only](absl::StatusOr<store::Committed> committed) mutable {
        // On the store's thread: hand over at once, others wait for theirs.
        completions_.Post([this, call = std::move(call), leaves_only,
                           committed = std::move(committed)]() mutable {
          if (!committed.ok()) {
            if (store::IsConflict(committed.status()) &&
                call->attempts < limits::kConflictRetriesMax &&
                stages_.clocks.real->Now() < call->deadline) {
              return Attempt(std::move(call));
            }
            return Finish(*call, Outcome(committed.status(), leaves_only), "");
          }
          if (call->activated != nullptr) stages_.agreements->PutInForce(call->activated);
          Observe(Step::kAnswer);
          if (call->method().disclosure != nullptr) {
            AddReceipt(*committed, *call);
          }
          Finish(*call, absl::OkStatus(), std::move(call->delivered));
          if (!stages_.spool->empty()) DrainSpool();
        });
      });
}

void Pipeline::Refuse(std::shared_ptr<CallState> call, absl::Status why) {
  call->tx.reset();
  if (!IsRefusal(why)) return Finish(*call, std::move(why), "");
  const CallState& state = *call;
  Refusal refusal{std::move(why), state.refused_for, state.grounds, state.refused_children};
  RecordRefusal(*state.incoming, state.admission, std::move(refusal),
                [this, call = std::move(call)](absl::Status refused) mutable {
                  TellRefusal(std::move(call), std::move(refused));
                });
}

void Pipeline::TellRefusal(std::shared_ptr<CallState> call, absl::Status refused) {
  if (error::ReasonOf(refused) != errors::v1::ERROR_REASON_RECORD_NOT_FOUND) {
    return Finish(*call, std::move(refused), "");
  }
  const absl::Duration came = call->came;
  even_times_.Post(came, [this, call = std::move(call), refused = std::move(refused)]() mutable {
    Finish(*call, std::move(refused), "");
  });
}

namespace {

// What does not exist is about nobody, which the entry does not name; but its leaf is found by
// nobody's pseudonym, for one more row to write would take its time.
store::AppendLeaf LeafOfRefusal(const Refusal& refusal, audit::v1::AuditEntry& entry) {
  const bool of_nobody = refusal.children.size() == 1 && refusal.children.front() == kNobody;
  if (!of_nobody) return audit::MakeLeaf(entry);
  std::vector<std::string> keys(entry.child_pseudonyms().begin(), entry.child_pseudonyms().end());
  entry.clear_child_pseudonyms();
  store::AppendLeaf leaf = audit::MakeLeaf(entry);
  leaf.keys = std::move(keys);
  return leaf;
}

}  // namespace

void Pipeline::RecordRefusal(const Incoming& incoming, const Admission& admission, Refusal refusal,
                             absl::AnyInvocable<void(absl::Status)> then) {
  const error::Reason told = error::ReasonOf(refusal.why);
  // What the caller is told: a metric must not say more.
  stages_.metrics->CountRefusal(error::ReasonName(told));
  audit::v1::AuditEntry entry;
  StartEntry(incoming, admission, stages_.clocks.real->Now(), stages_.clocks.domain->Now(), &entry);
  entry.MergeFrom(refusal.grounds);
  entry.set_decision(audit::v1::AUDIT_DECISION_REFUSED);
  entry.set_reason(error::ReasonName(
      refusal.recorded == errors::v1::ERROR_REASON_UNSPECIFIED ? told : refusal.recorded));
  store::WriteSet set;
  set.leaves.push_back(LeafOfRefusal(refusal, entry));
  set.keys_of = std::move(refusal.children);
  std::string leaf = set.leaves.back().bytes;
  stages_.store->Commit(
      std::move(set), [this, leaf = std::move(leaf), why = std::move(refusal.why),
                       then = std::move(then)](absl::StatusOr<store::Committed> committed) mutable {
        const std::string decision =
            committed.ok() ? DecisionName(committed->head->tree, committed->leaves.back().index)
                           : "";
        stages_.executor->PostAdmitted([this, decision, leaf = std::move(leaf),
                                        why = std::move(why), then = std::move(then)]() mutable {
          if (decision.empty()) Spool(leaf);
          then(error::WithDecision(std::move(why), decision));
        });
      });
}

void Pipeline::Spool(const std::string& leaf) {
  stages_.metrics->CountSpooled();
  if (absl::Status status = stages_.spool->Add(leaf); !status.ok()) {
    // While its disk hangs the spool keeps it in memory, and says so.
    log::Error(absl::IsUnavailable(status) ? "refusal not on disk yet" : "refusal lost",
               {{"code", absl::StatusCodeToString(status.code())}});
  }
}

void Pipeline::DrainSpool() {
  if (draining_spool_.exchange(true)) return;
  if (absl::Status status = stages_.spool->Drain(*stages_.store); !status.ok()) {
    log::Warning("spooled refusals wait on", {{"code", absl::StatusCodeToString(status.code())}});
  }
  draining_spool_ = false;
}

void Pipeline::Finish(CallState& call, absl::Status status, std::string bytes) {
  if (!call.TakeAnswer()) return;
  const absl::Duration took = stages_.clocks.real->Now() - call.started;
  stages_.metrics->CountCall(call.method().path, status.code(), took);
  if (!status.ok()) {
    const bool fault = status.code() == absl::StatusCode::kInternal ||
                       status.code() == absl::StatusCode::kUnknown ||
                       status.code() == absl::StatusCode::kDataLoss;
    if (fault) {
      log::Error("call failed", {{"method", call.method().path},
                                 {"trace", call.incoming->trace_id},
                                 {"detail", status.message()}});
    } else {
      log::Info("call refused", {{"method", call.method().path},
                                 {"trace", call.incoming->trace_id},
                                 {"code", absl::StatusCodeToString(status.code())},
                                 {"reason", error::ReasonName(error::ReasonOf(status))},
                                 {"ms", took}});
    }
  }
  call.incoming->done(std::move(status), std::move(bytes));
  {
    MutexLock lock(calls_mutex_);
    calls_.erase(call.place);
  }
  Leave();
}

void Pipeline::Leave() {
  if (--in_flight_ > 0 || !draining_) return;
  MutexLock lock(idle_mutex_);
  idle_.NotifyAll();
}

bool Pipeline::WaitIdle(absl::Duration limit) {
  const absl::Duration until = MonotonicNow() + limit;
  MutexLock lock(idle_mutex_);
  while (in_flight_ > 0) {
    const absl::Duration left = until - MonotonicNow();
    if (left <= absl::ZeroDuration()) return false;
    idle_.WaitFor(idle_mutex_, left);
  }
  return true;
}

}  // namespace trusthub::rpc
