#include "common/rpc/watch.h"

#include <utility>

#include "common/audit/entry.h"
#include "common/base/hand_over.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/events/feed.h"
#include "common/rpc/admission.h"
#include "common/rpc/byte_buffer.h"
#include "common/rpc/caller_facts.h"
#include "common/rpc/front.h"
#include "common/rpc/granting.h"
#include "common/rpc/paging.h"
#include "common/rpc/to_grpc.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::rpc {
namespace {

// Events looked at for one answer.
constexpr int kBatchEvents = 100;
constexpr absl::Duration kHubBookmark = absl::Milliseconds(limits::kHubBookmarkMillis);
constexpr absl::Duration kUserBookmark = absl::Milliseconds(limits::kUserBookmarkMillis);

policy::RecordFacts FactsOf(const events::v1::Event& event) {
  policy::RecordFacts facts = RecordFactsOf(event);
  facts.asked_agency = event.asked_agency();
  return facts;
}

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

  // Called by the hub: events were added, or it is time to look whether a bookmark is due.
  void Wake(bool events_added, bool bookmarks) {
    MutexLock lock(mutex_);
    if (ended_) return;
    if (!idle_) {
      woken_while_busy_ = woken_while_busy_ || events_added;
      return;
    }
    bookmark_due_ = bookmarks && BookmarkDue(stages().clocks.real->Now());
    if (!events_added && !bookmark_due_) return;
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

  // gRPC brings what StartWrite began, and what Finish ended, to the next link of the chain.
  void OnWriteDone(bool ok) override {
    TakeOver(this);
    if (!ok) return End(error::Cancelled());
    PostPump();
  }
  void OnCancel() override { Wake(/*events_added=*/true, /*bookmarks=*/false); }
  void OnDone() override {
    TakeOver(this);
    hub_->Remove(this);
    delete this;
  }

 private:
  const Stages& stages() const { return hub_->pipeline().stages(); }
  void PostPump() {
    stages().executor->PostAdmitted([this] { Pump(); });
  }
  bool is_hubs_own() const { return admission_.caller->is_service(); }
  // Half an interval after the last answer: the clock thread's next look would come late.
  bool BookmarkDue(absl::Time now) const {
    return now - last_sent_ >= (is_hubs_own() ? kHubBookmark : kUserBookmark) - kHubBookmark / 2;
  }

  void End(absl::Status status) {
    {
      MutexLock lock(mutex_);
      if (ended_) return;
      ended_ = true;
    }
    GiveOver(this);
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
    if (is_hubs_own()) return RecordThen("", nullptr, [this] { Pump(); });
    Pump();
  }

  absl::Status FindStart() {
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot,
                              stages().store->Open(Deadline()));
    store::Transaction tx(std::move(snapshot), stages().index_hash, stages().clocks.domain->Now());
    CallerFacts facts(&tx, admission_.caller.get(), admission_.purpose, &stages().standing_rules);
    TRUSTHUB_RETURN_IF_ERROR(CheckInService(facts));
    if (!request_.cursor().empty()) {
      TRUSTHUB_ASSIGN_OR_RETURN(after_, events::DecodeCursor(hub_->store_id(), request_.cursor()));
    } else if (request_.from_now()) {
      TRUSTHUB_ASSIGN_OR_RETURN(after_, tx.snapshot().LastEventSequence());
    }
    return absl::OkStatus();
  }

  absl::Time Deadline() const {
    return stages().clocks.real->Now() + absl::Milliseconds(limits::kCallMillisMax);
  }

  void Refuse(absl::Status why) {
    hub_->pipeline().RecordRefusal(*incoming_, admission_, {std::move(why)},
                                   [this](absl::Status refused) { End(std::move(refused)); });
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
    if (absl::Status status = CheckStillCovered(); !status.ok()) {
      return absl::IsUnavailable(status) ? End(std::move(status)) : Refuse(std::move(status));
    }
    absl::StatusOr<bool> sending = TrySend();
    if (absl::IsPermissionDenied(sending.status())) return Refuse(sending.status());
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

  // Whether something is on its way.
  absl::StatusOr<bool> TrySend() {
    // Not what woke the stream decides when a bookmark is sent: events that it may not tell of
    // would move it.
    const bool bookmark_due = TakeBookmarkDue();
    // What is committed from now on is not in the snapshots below, or may not be.
    const absl::Time as_of = stages().clocks.real->Now();
    TRUSTHUB_ASSIGN_OR_RETURN(const Sent sent, Fill(as_of));
    if (sent == Sent::kSending) return true;
    if (!bookmark_due) return false;
    events::v1::WatchResponse bookmark;
    if (sent != Sent::kHeldBack) *bookmark.mutable_as_of() = TimeToProto(as_of);
    Send(std::move(bookmark));
    return true;
  }

  bool TakeBookmarkDue() {
    MutexLock lock(mutex_);
    return std::exchange(bookmark_due_, false);
  }

  enum class Sent {
    kNothing,   // nothing that there is may be given
    kSending,   // the answer is on its way, or its evidence is
    kHeldBack,  // the facts are too old to give or to pass over anything
  };

  // Looks at events until an answer is full or there are no more, then sends those that may be
  // given. An answer holds kBatchEvents of these or is the last for now: where it ends, and whether
  // it says that it is complete, tells of no others.
  absl::StatusOr<Sent> Fill(absl::Time as_of) {
    events::v1::WatchResponse known;
    for (std::int64_t after = after_;;) {
      // Facts too old to authorise with: hold everything back rather than drop what may be given.
      const absl::Duration facts_age = hub_->pipeline().ChildFactsAge();
      if (!is_hubs_own() && !CheckChildFacts(facts_age).ok()) return Sent::kHeldBack;
      TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> snapshot,
                                stages().store->Open(Deadline()));
      TRUSTHUB_ASSIGN_OR_RETURN(events::Batch batch,
                                events::NextBatch(*snapshot, request_, after, kBatchEvents));
      store::Transaction tx(std::move(snapshot), stages().index_hash,
                            stages().clocks.domain->Now());
      CallerFacts facts(&tx, admission_.caller.get(), admission_.purpose, &stages().standing_rules);
      TRUSTHUB_RETURN_IF_ERROR(CheckInService(facts));
      after = batch.last_sequence;
      TRUSTHUB_ASSIGN_OR_RETURN(const bool full, AddKnown(facts, batch, &known));
      if (full) {
        after = known.events().rbegin()->sequence();
      } else if (batch.more) {
        continue;
      }
      const bool consent_known = CheckConsentFacts(facts_age).ok();
      TRUSTHUB_ASSIGN_OR_RETURN(
          const Sent sent,
          SendGranted(facts, known, after, full ? nullptr : &as_of, consent_known));
      // What is on its way may have arrived by now, and the next link be at work: nothing of the
      // stream may be touched any more.
      if (sent != Sent::kNothing) return sent;
      after_ = after;
      if (!full) return sent;
      known.clear_events();  // what could be given a moment ago cannot be any more
    }
  }

  // Adds the events of `batch` that the caller may know of, until there are enough for an answer.
  absl::StatusOr<bool> AddKnown(CallerFacts& facts, const events::Batch& batch,
                                events::v1::WatchResponse* known) {
    Granting granting = GrantingBy(facts);
    for (const events::v1::Event& event : batch.response.events()) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool may, granting.MayKnow(FactsOf(event)));
      if (!may) continue;
      *known->add_events() = event;
      if (known->events_size() == kBatchEvents) return true;
    }
    return false;
  }

  Granting GrantingBy(CallerFacts& facts) {
    static constexpr std::uint32_t kNoRelations = 0;
    return Granting(*admission_.agreements, *admission_.caller, admission_.purpose,
                    LondonDay(stages().clocks.domain->Now()), kNoRelations, &facts);
  }

  // Sends what of `known` may be given, as the answer up to `after`; complete up to `as_of` unless
  // that is null. When that is on its way the stream is no longer this link's.
  absl::StatusOr<Sent> SendGranted(CallerFacts& facts, const events::v1::WatchResponse& known,
                                   std::int64_t after, const absl::Time* as_of,
                                   bool consent_known) {
    if (known.events().empty()) return Sent::kNothing;
    Granting granting = GrantingBy(facts);
    events::v1::WatchResponse granted;
    TRUSTHUB_RETURN_IF_ERROR(granting.Build(*incoming_->method, known, "", &granted));
    if (granting.rests_on_consent() && !consent_known) return Sent::kHeldBack;
    if (granted.events_size() == 0) return Sent::kNothing;
    after_ = after;
    if (as_of != nullptr) *granted.mutable_as_of() = TimeToProto(*as_of);
    if (is_hubs_own()) {
      Send(std::move(granted));
      return Sent::kSending;
    }
    for (events::v1::Event& event : *granted.mutable_events()) {
      event.clear_sequence();
      event.clear_child_sequence();
    }
    granted.set_cursor(Cursor());
    const std::string hash = crypto::Sha256(granted.SerializeAsString());
    RecordThen(hash, &granting,
               [this, granted = std::move(granted)]() mutable { Send(std::move(granted)); });
    return Sent::kSending;
  }

  // What the stream was admitted under may have changed: agreements, and the day.
  absl::Status CheckStillCovered() {
    TRUSTHUB_RETURN_IF_ERROR(
        hub_->pipeline().CheckWitnessed(*incoming_->method, *admission_.caller));
    admission_.agreements = stages().agreements->InForce();
    return CheckCovered(*admission_.agreements, *incoming_->method, *admission_.caller,
                        admission_.purpose, LondonDay(stages().clocks.domain->Now()));
  }

  absl::Status CheckInService(CallerFacts& facts) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool has_left, facts.HasLeft());
    if (has_left) return error::MethodNotPermitted(incoming_->method->rule.action());
    return absl::OkStatus();
  }

  // Records a disclosure, then goes on; ends the stream when it cannot be recorded.
  void RecordThen(const std::string& content_hash, const Granting* granting,
                  absl::AnyInvocable<void()> then) {
    audit::v1::AuditEntry entry;
    StartEntry(*incoming_, admission_, stages().clocks.real->Now(), stages().clocks.domain->Now(),
               &entry);
    entry.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
    entry.set_content_hash(content_hash);
    store::WriteSet set;
    if (granting != nullptr) {
      constexpr auto kGiven = Granting::About::kGiven;
      if (!granting->FillEntry(*stages().pseudonyms, kGiven, &entry).ok()) {
        return End(error::AuditUnavailable());
      }
      set.keys_of = granting->Children(kGiven);
    }
    set.leaves.push_back(audit::MakeLeaf(entry));
    stages().store->Commit(std::move(set), [this, then = std::move(then)](
                                               absl::StatusOr<store::Committed> committed) mutable {
      stages().executor->PostAdmitted(
          [this, ok = committed.ok(), then = std::move(then)]() mutable {
            if (!ok) return End(error::AuditUnavailable());
            then();
          });
    });
  }

  // A projection writes its cursor down only when it moved; a person is not told that it moved.
  std::string Cursor() const {
    return is_hubs_own() ? events::EncodeCursor(hub_->store_id(), after_)
                         : events::EncodeVaryingCursor(hub_->store_id(), after_);
  }

  void Send(events::v1::WatchResponse response) {
    if (response.cursor().empty()) response.set_cursor(Cursor());
    last_sent_ = stages().clocks.real->Now();
    buffer_ = BufferOf(response.SerializeAsString());
    GiveOver(this);
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
  bool bookmark_due_ ABSL_GUARDED_BY(mutex_) = true;  // the first says where the stream begins
  bool woken_while_busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

WatchHub::WatchHub(Pipeline* pipeline, std::string store_id)
    : pipeline_(pipeline), store_id_(std::move(store_id)), ticker_([this] { Tick(); }) {}

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
  // Looks at bookmarks at times of its own, whatever happens in between: an event that one may not
  // know of must not show in when they come.
  absl::Duration next_look = MonotonicNow() + kHubBookmark;
  while (!stopping_) {
    const absl::Duration left = next_look - MonotonicNow();
    if (!events_added_ && left > absl::ZeroDuration()) wake_.WaitFor(mutex_, left);
    const bool bookmarks = MonotonicNow() >= next_look;
    if (bookmarks) next_look += kHubBookmark;
    const bool events_added = std::exchange(events_added_, false);
    if (!events_added && !bookmarks) continue;
    for (WatchStream* stream : streams_) stream->Wake(events_added, bookmarks);
  }
}

}  // namespace trusthub::rpc
