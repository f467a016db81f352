#include "common/rpc/pipeline.h"

#include <algorithm>
#include <utility>

#include "common/audit/entry.h"
#include "common/audit/receipt.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/log/log.h"
#include "common/rpc/admission.h"
#include "common/rpc/granting.h"
#include "common/time/civil_date.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace trusthub::rpc {

using google::protobuf::Message;

// Everything of one unary call between admission and answer.
class CallState {
 public:
  explicit CallState(std::unique_ptr<Incoming> in) : incoming(std::move(in)), arena(FirstBlock()) {}
  const Method& method() const { return *incoming->method; }

  // One block holds the request and the granted answer of nearly every call.
  static google::protobuf::ArenaOptions FirstBlock() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = 8 * 1024;
    return options;
  }

  std::unique_ptr<Incoming> incoming;
  google::protobuf::Arena arena;
  Admission admission;
  absl::Time started;
  absl::Time deadline;
  Message* request = nullptr;  // on the arena
  std::string answer_key;      // digest of (caller, method, request_id); empty for reads
  std::string request_digest;
  int attempts = 0;

  // Of the current attempt.
  std::unique_ptr<store::Transaction> tx;
  std::string full_response;  // serialised, as the handler gave it
  std::string delivered;      // serialised, as granted
  types::v1::Disclosure disclosure;
  std::string content_hash;
  store::WriteSet writes;
};

namespace {

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

// Protobuf merges a repeated occurrence of a field, so a field can be added to serialised bytes.
void AppendMessageField(const google::protobuf::FieldDescriptor* field, const Message& value,
                        std::string* bytes) {
  using google::protobuf::internal::WireFormatLite;
  const std::size_t size = value.ByteSizeLong();
  google::protobuf::io::StringOutputStream stream(bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.WriteTag(
      WireFormatLite::MakeTag(field->number(), WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  coded.WriteVarint32(static_cast<std::uint32_t>(size));
  value.SerializeWithCachedSizes(&coded);
}

absl::Status Outcome(const absl::Status& status, bool leaves_only) {
  if (store::IsConflict(status)) return error::ConcurrentChange();
  if (leaves_only && status.code() == absl::StatusCode::kUnavailable) {
    return error::AuditUnavailable();
  }
  return status;
}

}  // namespace

void Pipeline::Start(std::unique_ptr<Incoming> incoming) {
  // Counted before asking: whoever waits for the last call sees this one, or this one is refused.
  ++in_flight_;
  if (draining_) {
    incoming->done(error::ServerStopping(), "");
    return Leave();
  }
  auto call = std::make_shared<CallState>(std::move(incoming));
  call->started = stages_.clocks.real->Now();
  if (!stages_.executor->TryPost([this, call] { Run(call); })) {
    stages_.metrics->CountOverload();
    Finish(*call, draining_ ? error::ServerStopping() : error::ServerBusy(), "");
  }
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
  if (!incoming.method->MayCall(admission->caller->role, admission->purpose)) {
    return error::MethodNotPermitted(incoming.method->rule.action());
  }
  return absl::OkStatus();
}

void Pipeline::Run(std::shared_ptr<CallState> call) {
  Incoming& incoming = *call->incoming;
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
  if (call->incoming->cancelled && call->incoming->cancelled()) {
    return Finish(*call, error::Cancelled(), "");
  }
  Commit(std::move(call));
}

absl::StatusOr<Standing> Pipeline::StandingOf(store::Transaction& tx, const auth::Principal& caller,
                                              absl::string_view child) const {
  Standing standing;
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts, events::ChildFactsOf(tx, child));
  standing.relations = events::RelationsOf(facts, caller.agency, tx.now());
  standing.child_flags = events::FlagsOf(facts, LondonDay(tx.now()));
  return standing;
}

namespace {

// Step `subject`. The same work is done for a record or child that exists and for one that does
// not.
absl::Status CheckSubject(const Pipeline& pipeline, store::Transaction& tx,
                          const auth::Principal& caller, absl::string_view subject) {
  store::RecordHead head;
  absl::string_view child = subject;
  if (!IsNameIn("children", subject)) {
    if (absl::StatusOr<store::RecordHead> found = tx.Head(subject); found.ok()) {
      head = *std::move(found);
    } else if (!absl::IsNotFound(found.status())) {
      return found.status();
    }
    child = head.child;
    if (IsPublicKind(head.kind)) return absl::OkStatus();
  }
  const bool own = !head.name.empty() &&
                   (head.owner_agency == caller.agency || head.author_agency == caller.agency);
  TRUSTHUB_ASSIGN_OR_RETURN(const Standing standing, pipeline.StandingOf(tx, caller, child));
  if (own || standing.relations != 0) return absl::OkStatus();
  if (pipeline.stages().child_facts_fresh) {
    TRUSTHUB_RETURN_IF_ERROR(pipeline.stages().child_facts_fresh());
  }
  return error::RecordNotFound();
}

}  // namespace

absl::Status Pipeline::RunHandler(CallState& call) {
  const Method& method = call.method();
  const Incoming& incoming = *call.incoming;
  const auth::Principal& caller = *call.admission.caller;

  Observe(Step::kSnapshot);
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot,
                            stages_.store->Open(call.deadline));
  call.tx = std::make_unique<store::Transaction>(std::move(snapshot), stages_.index_hash,
                                                 stages_.clocks.domain->Now());

  Observe(Step::kReplay);
  std::unique_ptr<Message> full(method.route.response_prototype->New());
  bool replayed = false;
  if (!call.answer_key.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::optional<store::StoredAnswer> stored,
        call.tx->snapshot().FindAnswer(call.answer_key, stages_.clocks.real->Now()));
    if (stored.has_value()) {
      if (stored->request_digest != call.request_digest) return error::RequestIdReused();
      if (!full->ParseFromString(stored->response)) {
        return error::Internal("a stored answer does not parse");
      }
      replayed = true;
    }
  }

  Observe(Step::kSubject);
  const absl::string_view subject = method.SubjectOf(*call.request);
  if (!method.subject_path.empty()) {
    TRUSTHUB_RETURN_IF_ERROR(CheckSubject(*this, *call.tx, caller, subject));
  }

  Call handler_call{caller,
                    call.admission.purpose,
                    incoming.case_reference,
                    incoming.trace_id,
                    call.tx->now(),
                    call.deadline,
                    *call.tx,
                    incoming.credentials.authorization,
                    *stages_.page_tokens};
  if (IsNameIn("children", subject)) handler_call.child = std::string(subject);
  Observe(Step::kHandler);
  if (!replayed) {
    TRUSTHUB_RETURN_IF_ERROR(method.route.handler(handler_call, *call.request, full.get()));
  }

  Observe(Step::kGrant);
  Granting granting(*stages_.agreements, caller, call.admission.purpose, LondonDay(call.tx->now()),
                    handler_call.relations,
                    [&](absl::string_view child) { return StandingOf(*call.tx, caller, child); });
  Message* out = method.route.response_prototype->New(&call.arena);
  TRUSTHUB_RETURN_IF_ERROR(granting.Build(method, *full, handler_call.child, out));
  // The one record that a read asked for may not be known to this caller: then it does not exist.
  if (!method.rule.mutates() && granting.records_given() == 0 && granting.records_dropped() > 0 &&
      method.rule.subject() == "name") {
    return error::RecordNotFound();
  }
  call.disclosure.Clear();
  granting.FillWithheld(&call.disclosure);
  call.delivered.clear();
  out->SerializeToString(&call.delivered);
  call.content_hash = crypto::Sha256(call.delivered);

  Observe(Step::kAudit);
  audit::v1::AuditEntry entry = NewEntry(incoming, &caller, call.admission.purpose,
                                         stages_.clocks.real->Now(), call.tx->now());
  entry.set_decision(method.rule.mutates() ? audit::v1::AUDIT_DECISION_RECORDED
                                           : audit::v1::AUDIT_DECISION_DISCLOSED);
  granting.AddChild(handler_call.child);
  granting.FillEntry(stages_.pseudonym_key, &entry);
  entry.set_content_hash(call.content_hash);
  call.writes = call.tx->TakeWrites();
  call.writes.leaves.push_back(audit::SaltAndSerialize(entry));
  if (!call.answer_key.empty() && !replayed) {
    call.full_response.clear();
    full->SerializeToString(&call.full_response);
    call.writes.answer =
        store::PutAnswer{call.answer_key, call.request_digest, std::move(call.full_response),
                         stages_.clocks.real->Now() + absl::Seconds(limits::kIdempotencySeconds)};
  }
  call.tx.reset();  // the snapshot is of no more use; it must not hold back a checkpoint
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
          Observe(Step::kAnswer);
          if (call->method().disclosure != nullptr) {
            audit::FillReceipt(committed->leaves.back(), *committed->head, call->content_hash,
                               call->disclosure.mutable_receipt());
            AppendMessageField(call->method().disclosure, call->disclosure, &call->delivered);
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
  RecordRefusal(
      *state.incoming, state.admission.caller.get(), state.admission.purpose, why,
      [this, call = std::move(call), why]() mutable { Finish(*call, std::move(why), ""); });
}

void Pipeline::RecordRefusal(const Incoming& incoming, const auth::Principal* caller,
                             options::v1::Purpose purpose, const absl::Status& why,
                             absl::AnyInvocable<void()> then) {
  stages_.metrics->CountRefusal(error::ReasonName(error::ReasonOf(why)));
  audit::v1::AuditEntry entry =
      NewEntry(incoming, caller, purpose, stages_.clocks.real->Now(), stages_.clocks.domain->Now());
  entry.set_decision(audit::v1::AUDIT_DECISION_REFUSED);
  entry.set_reason(error::ReasonName(error::ReasonOf(why)));
  store::WriteSet set;
  std::string leaf = audit::SaltAndSerialize(entry);
  set.leaves.push_back(leaf);
  stages_.store->Commit(std::move(set), [this, leaf = std::move(leaf), then = std::move(then)](
                                            absl::StatusOr<store::Committed> committed) mutable {
    const bool recorded = committed.ok();
    stages_.executor->PostAdmitted(
        [this, recorded, leaf = std::move(leaf), then = std::move(then)]() mutable {
          if (!recorded) {
            stages_.metrics->CountSpooled();
            if (absl::Status status = stages_.spool->Add(leaf); !status.ok()) {
              log::Error("refusal lost", {{"code", absl::StatusCodeToString(status.code())}});
            }
          }
          then();
        });
  });
}

void Pipeline::DrainSpool() {
  if (draining_spool_.exchange(true)) return;
  if (absl::Status status = stages_.spool->Drain(*stages_.store); !status.ok()) {
    log::Warning("spooled refusals wait on", {{"code", absl::StatusCodeToString(status.code())}});
  }
  draining_spool_ = false;
}

void Pipeline::Finish(CallState& call, absl::Status status, std::string bytes) {
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
  call.incoming.reset();  // its views end with the call
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
