#include "common/rpc/watch.h"

#include <utility>

#include "common/audit/entry.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/events/feed.h"
#include "common/rpc/admission.h"
#include "common/rpc/front.h"
#include "common/rpc/granting.h"
#include "common/rpc/to_grpc.h"
#include "common/time/civil_date.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::rpc {
namespace {

// Events looked at for one answer.
constexpr int kBatchEvents = 100;

}  // namespace

// One stream. Runs as a chain: Pump (on the executor) -> StartWrite -> OnWriteDone -> Pump ..., or
// Pump -> idle -> woken by the hub -> Pump. At most one link is under way at a time.
class WatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  WatchStream(WatchHub* hub, const Method& method, grpc::CallbackServerContext* context,
              std::string request_bytes)
      : hub_(hub), incoming_(ReadContext(method, *context)) {
    incoming_->request_bytes = std::move(request_bytes);
  }

  // Begins on the executor; refuses at once when it is full.
  void Begin() {
    if (!hub_->pipeline().stages().executor->TryPost([this] { Open(); })) {
      End(error::ServerBusy());
    }
  }

  // Called by the hub: events were added, or a bookmark is due.
  void Wake() {
    MutexLock lock(mutex_);
    if (ended_) return;
    if (!idle_) {
      woken_while_busy_ = true;
      return;
    }
    idle_ = false;
    PostPump();
  }

  // Ends a stream that never began.
  void EndBeforeBegin(absl::Status status) { End(std::move(status)); }

  void Stop() {
    bool finish_now = false;
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      finish_now = idle_ && !ended_;
      if (finish_now) idle_ = false;
    }
    if (finish_now) End(error::ServerStopping());
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return End(error::Cancelled());
    PostPump();
  }
  void OnCancel() override { Wake(); }
  void OnDone() override {
    hub_->Remove(this);
    delete this;
  }

 private:
  const Stages& stages() const { return hub_->pipeline().stages(); }
  void PostPump() {
    stages().executor->PostAdmitted([this] { Pump(); });
  }

  void End(absl::Status status) {
    {
      MutexLock lock(mutex_);
      if (ended_) return;
      ended_ = true;
    }
    Finish(ToGrpc(status));
  }

  void Open() {
    if (absl::Status status =
            hub_->pipeline().Admit(*incoming_, absl::InfiniteFuture(), &admission_);
        !status.ok()) {
      return Refuse(std::move(status));
    }
    if (!request_.ParseFromString(incoming_->request_bytes)) {
      return Refuse(error::MessageMalformed());
    }
    const auto violations = incoming_->method->field_rules->CheckAndClear(&request_);
    if (!violations.empty()) return Refuse(error::RequestInvalid(violations));
    if (absl::Status status = FindStart(); !status.ok()) return Refuse(status);
    if (admission_.caller->is_service()) return RecordThen("", nullptr, [this] { Pump(); });
    Pump();
  }

  absl::Status FindStart() {
    if (!request_.cursor().empty()) {
      TRUSTHUB_ASSIGN_OR_RETURN(after_, events::DecodeCursor(hub_->store_id(), request_.cursor()));
      return absl::OkStatus();
    }
    if (!request_.from_now()) return absl::OkStatus();
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot,
                              stages().store->Open(Deadline()));
    TRUSTHUB_ASSIGN_OR_RETURN(after_, snapshot->LastEventSequence());
    return absl::OkStatus();
  }

  absl::Time Deadline() const {
    return stages().clocks.real->Now() + absl::Milliseconds(limits::kCallMillisMax);
  }

  void Refuse(absl::Status why) {
    hub_->pipeline().RecordRefusal(*incoming_, admission_.caller.get(), admission_.purpose, why,
                                   [this, why] { End(why); });
  }

  absl::Status CheckAlive() {
    {
      MutexLock lock(mutex_);
      if (stopping_) return error::ServerStopping();
    }
    if (incoming_->cancelled()) return error::Cancelled();
    if (admission_.caller->token_expires <= stages().clocks.real->Now()) {
      return error::Unauthenticated(errors::v1::ERROR_REASON_TOKEN_EXPIRED);
    }
    return absl::OkStatus();
  }

  // Looks at events until some can be given, then sends them; sends a bookmark when one is due;
  // else waits.
  void Pump() {
    if (absl::Status status = CheckAlive(); !status.ok()) return End(status);
    absl::StatusOr<bool> sending = TrySend();
    if (!sending.ok()) return End(sending.status());
    if (*sending) return;
    MutexLock lock(mutex_);
    idle_ = true;
    if (woken_while_busy_) {
      woken_while_busy_ = false;
      idle_ = false;
      PostPump();
    }
  }

  absl::StatusOr<bool> TrySend() {
    // Facts too old to authorise with: hold everything back rather than drop what may be given.
    const bool authorised = admission_.caller->is_service() || !stages().child_facts_fresh ||
                            stages().child_facts_fresh().ok();
    const absl::Time as_of = stages().clocks.real->Now();
    while (authorised) {
      TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot,
                                stages().store->Open(Deadline()));
      TRUSTHUB_ASSIGN_OR_RETURN(events::Batch batch,
                                events::NextBatch(*snapshot, request_, after_, kBatchEvents));
      after_ = batch.last_sequence;
      if (batch.response.events_size() > 0) {
        TRUSTHUB_ASSIGN_OR_RETURN(const bool sending, SendGranted(std::move(snapshot), batch));
        if (sending) return true;
      }
      if (!batch.more) break;
    }
    if (as_of - last_sent_ < hub_->bookmark_interval()) return false;
    events::v1::WatchResponse bookmark;
    if (authorised) *bookmark.mutable_as_of() = TimeToProto(as_of);
    Send(std::move(bookmark));
    return true;
  }

  // True when something was left to send after granting.
  absl::StatusOr<bool> SendGranted(std::unique_ptr<store::Snapshot> snapshot,
                                   const events::Batch& batch) {
    store::Transaction tx(std::move(snapshot), stages().index_hash, stages().clocks.domain->Now());
    Granting granting(*stages().agreements, *admission_.caller, admission_.purpose,
                      LondonDay(tx.now()), 0, [&](absl::string_view child) {
                        return hub_->pipeline().StandingOf(tx, *admission_.caller, child);
                      });
    events::v1::WatchResponse granted;
    TRUSTHUB_RETURN_IF_ERROR(granting.Build(*incoming_->method, batch.response, "", &granted));
    if (granted.events_size() == 0) return false;
    if (!batch.more) *granted.mutable_as_of() = TimeToProto(stages().clocks.real->Now());
    if (admission_.caller->is_service()) {
      Send(std::move(granted));
      return true;
    }
    granted.set_cursor(events::EncodeCursor(hub_->store_id(), after_));
    const std::string hash = crypto::Sha256(granted.SerializeAsString());
    RecordThen(hash, &granting,
               [this, granted = std::move(granted)]() mutable { Send(std::move(granted)); });
    return true;
  }

  // Records a disclosure, then goes on; ends the stream when it cannot be recorded.
  void RecordThen(const std::string& content_hash, const Granting* granting,
                  absl::AnyInvocable<void()> then) {
    audit::v1::AuditEntry entry =
        NewEntry(*incoming_, admission_.caller.get(), admission_.purpose,
                 stages().clocks.real->Now(), stages().clocks.domain->Now());
    entry.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
    entry.set_content_hash(content_hash);
    if (granting != nullptr) granting->FillEntry(stages().pseudonym_key, &entry);
    store::WriteSet set;
    set.leaves.push_back(audit::SaltAndSerialize(entry));
    stages().store->Commit(std::move(set), [this, then = std::move(then)](
                                               absl::StatusOr<store::Committed> committed) mutable {
      stages().executor->PostAdmitted(
          [this, ok = committed.ok(), then = std::move(then)]() mutable {
            if (!ok) return End(error::AuditUnavailable());
            then();
          });
    });
  }

  void Send(events::v1::WatchResponse response) {
    response.set_cursor(events::EncodeCursor(hub_->store_id(), after_));
    last_sent_ = stages().clocks.real->Now();
    buffer_ = BufferOf(response.SerializeAsString());
    StartWrite(&buffer_);
  }

  WatchHub* const hub_;
  std::unique_ptr<Incoming> incoming_;
  Admission admission_;
  events::v1::WatchRequest request_;
  std::int64_t after_ = 0;
  absl::Time last_sent_ = absl::InfinitePast();
  grpc::ByteBuffer buffer_;

  Mutex mutex_;
  bool idle_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_while_busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

WatchHub::WatchHub(Pipeline* pipeline, std::string store_id, absl::Duration bookmark_interval)
    : pipeline_(pipeline),
      store_id_(std::move(store_id)),
      bookmark_interval_(bookmark_interval),
      ticker_([this] { Tick(); }) {}

WatchHub::~WatchHub() {
  Stop();
  {
    MutexLock lock(mutex_);
    while (!streams_.empty()) empty_.Wait(mutex_);
  }
  ticker_.join();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchHub::Start(const Method& method,
                                                            grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer& request) {
  auto* stream = new WatchStream(this, method, context, BytesOf(request));
  absl::Status refusal;
  {
    MutexLock lock(mutex_);
    if (stopping_) refusal = error::ServerStopping();
    if (static_cast<int>(streams_.size()) >= limits::kWatchStreamsMax)
      refusal = error::ServerBusy();
    streams_.insert(stream);
  }
  if (refusal.ok()) {
    stream->Begin();
  } else {
    stream->EndBeforeBegin(std::move(refusal));
  }
  return stream;
}

void WatchHub::EventsAdded() {
  MutexLock lock(mutex_);
  events_added_ = true;
  wake_.NotifyOne();
}

void WatchHub::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  for (WatchStream* stream : streams_) stream->Stop();
  wake_.NotifyOne();
}

void WatchHub::Remove(WatchStream* stream) {
  MutexLock lock(mutex_);
  streams_.erase(stream);
  if (streams_.empty()) empty_.NotifyAll();
}

void WatchHub::Tick() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (!events_added_) wake_.WaitFor(mutex_, bookmark_interval_);
    events_added_ = false;
    for (WatchStream* stream : streams_) stream->Wake();
  }
}

}  // namespace trusthub::rpc
