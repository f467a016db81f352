#include "common/rpc/channel.h"

#include <atomic>
#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/base/mutex.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/byte_buffer.h"
#include "common/rpc/metadata.h"
#include "common/rpc/to_grpc.h"
#include "common/time/clock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/client_unary_call.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/client_callback.h"

namespace trusthub::rpc {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// Seconds between looks at the certificate files.
constexpr unsigned kCertificateRefreshSeconds = 1;
constexpr absl::Duration kRenewEvery = absl::Seconds(1);

// `kept`, unless null, gets the bytes.
absl::Status ParseAnswer(const grpc::ByteBuffer& buffer, Message* message,
                         std::string* kept = nullptr) {
  std::string bytes = BytesOf(buffer);
  if (!message->ParseFromString(bytes)) {
    return absl::InternalError("the hub's answer does not parse");
  }
  if (kept != nullptr) *kept = std::move(bytes);
  return absl::OkStatus();
}

absl::StatusOr<const MethodDescriptor*> MethodOf(const google::protobuf::Descriptor* request) {
  const auto* file = request->file();
  for (int s = 0; s < file->service_count(); ++s) {
    for (int m = 0; m < file->service(s)->method_count(); ++m) {
      if (file->service(s)->method(m)->input_type() == request) return file->service(s)->method(m);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(request->full_name(), " is not the request of a method"));
}

// "referrals" of "trusthub.referrals.v1".
std::string AreaOf(const MethodDescriptor* method) {
  const std::vector<std::string> parts = absl::StrSplit(method->file()->package(), '.');
  return parts.size() > 1 ? parts[1] : "";
}

void FillContext(const CallContext& call, grpc::ClientContext* context) {
  if (!call.token.empty()) {
    context->AddMetadata(metadata::kAuthorization, absl::StrCat("Bearer ", call.token));
  }
  context->AddMetadata(metadata::kPurpose, call.purpose);
  context->AddMetadata(metadata::kCaseReference, call.case_reference);
  if (!call.user_certificate.empty()) {
    context->AddMetadata(metadata::kUserCertificate, call.user_certificate);
  }
  const std::string trace =
      call.trace_id.size() == 32 ? call.trace_id : crypto::HexEncode(RandomBytes(16));
  context->AddMetadata(metadata::kTraceParent,
                       absl::StrCat("00-", trace, "-", crypto::HexEncode(RandomBytes(8)), "-01"));
}

// A replica of a service, and the channel to it.
struct Route {
  std::string address;
  std::shared_ptr<grpc::Channel> channel;
};

// The channels to the replicas of other services, and a thread that brings back those that failed.
//
// gRPC 1.51 moves a connection attempt on only while some call or watch of its channel waits, and a
// call that fails at once does not: left alone, a peer that comes back is met again after three
// steps of the 5 s backup poller. So this waits on channels that failed until they are ready again.
// And a name that was unknown, as of a container that had not started yet, is asked for again after
// up to 120 s, which no argument bounds and no reset of a channel ends: so a channel that does not
// come back soon is replaced by a new one.
class Channels {
 public:
  explicit Channels(Client::Options options) : options_(std::move(options)) {
    const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        options_.tls.key, options_.tls.certificate, options_.tls.server_ca,
        kCertificateRefreshSeconds);
    grpc::experimental::TlsChannelCredentialsOptions tls;
    tls.set_certificate_provider(provider);
    tls.watch_root_certs();
    tls.watch_identity_key_cert_pairs();
    credentials_ = grpc::experimental::TlsCredentials(tls);
  }
  ~Channels() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      queue_.Shutdown();
    }
    if (thread_.joinable()) {
      thread_.join();
    } else {
      Work();  // a queue is emptied before it goes
    }
  }

  // The next replica of `service` that is connected; where none is, the next one.
  absl::StatusOr<Route> To(const std::string& service) {
    const auto found = options_.addresses.find(service);
    if (found == options_.addresses.end()) {
      return absl::NotFoundError(absl::StrCat("no address is configured for service ", service));
    }
    const std::vector<std::string> addresses = absl::StrSplit(found->second, ',');
    MutexLock lock(mutex_);
    if (addresses.size() == 1) return RouteTo(addresses[0]);
    const std::size_t turn = turns_[service]++;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      Route route = RouteTo(addresses[(turn + i) % addresses.size()]);
      if (IsReady(route)) return route;
      BringBack(route.address);
    }
    return RouteTo(addresses[turn % addresses.size()]);
  }

  // A replica other than `tried` that is connected; nothing when there is none.
  std::optional<Route> Besides(const std::vector<std::string>& tried, const std::string& service) {
    const std::vector<std::string> addresses = absl::StrSplit(options_.addresses.at(service), ',');
    MutexLock lock(mutex_);
    for (const std::string& address : addresses) {
      if (absl::c_linear_search(tried, address)) continue;
      Route route = RouteTo(address);
      if (IsReady(route)) return route;
    }
    return std::nullopt;
  }

  // Brings back the channel to `address`, which a call found unavailable.
  void Bring(const std::string& address) {
    MutexLock lock(mutex_);
    BringBack(address);
  }

 private:
  struct Waiting {
    std::string address;
    std::shared_ptr<grpc::Channel> channel;
    absl::Duration since;  // on the monotonic clock
  };

  Route RouteTo(const std::string& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::shared_ptr<grpc::Channel>& channel = channels_[address];
    if (channel == nullptr) channel = Make(address);
    return {address, channel};
  }

  static bool IsReady(const Route& route) {
    return route.channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
  }

  void BringBack(const std::string& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::unique_ptr<Waiting>& waiting = waiting_[address];
    if (stopping_ || waiting != nullptr) return;
    waiting = std::make_unique<Waiting>(Waiting{address, channels_.at(address), MonotonicNow()});
    if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
    Wait(waiting.get());
  }

  std::shared_ptr<grpc::Channel> Make(const std::string& address) const {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // retries are ours: with the same request_id
    args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 300);
    args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    // How long one attempt may take, its handshake included; by default 20 s.
    args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
    // A stream from a machine that vanished ends after 15 s. Nothing else would end it: whoever
    // only listens sends nothing that could fail.
    args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
    args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
    // A peer that has another address since it was made anew is found soon; by default an address
    // counts for 30 s, and a name server that does not answer is waited for 120 s.
    args.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 500);
    args.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS, 1000);
    args.SetMaxReceiveMessageSize(4 * limits::kResponseBytesMax);
    return grpc::CreateCustomChannel(address, credentials_, args);
  }

  // The limit bounds how long the destructor waits.
  void Wait(Waiting* waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    grpc::Channel& channel = *waiting->channel;
    channel.NotifyOnStateChange(channel.GetState(/*try_to_connect=*/true),
                                absl::ToChronoTime(RealClock().Now() + absl::Milliseconds(200)),
                                &queue_, waiting);
  }

  void Work() {
    void* tag = nullptr;
    bool changed = false;
    while (queue_.Next(&tag, &changed)) {
      auto* waiting = static_cast<Waiting*>(tag);
      MutexLock lock(mutex_);
      if (stopping_ || waiting->channel->GetState(false) == GRPC_CHANNEL_READY) {
        waiting_.erase(waiting->address);
        continue;
      }
      if (MonotonicNow() - waiting->since >= kRenewEvery) Renew(*waiting);
      Wait(waiting);
    }
  }

  // An attempt to connect that is under way goes on: channels to one address share it.
  void Renew(Waiting& waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    waiting.channel = Make(waiting.address);
    waiting.since = MonotonicNow();
    channels_[waiting.address] = waiting.channel;
  }

  const Client::Options options_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::size_t> turns_ ABSL_GUARDED_BY(mutex_);  // by service
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_ ABSL_GUARDED_BY(mutex_);
  // By address; of use to the thread until the queue gave it back.
  std::map<std::string, std::unique_ptr<Waiting>> waiting_ ABSL_GUARDED_BY(mutex_);
  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace

class Client::Impl {
 public:
  explicit Impl(Options options) : channels(std::make_shared<Channels>(std::move(options))) {}
  const std::shared_ptr<Channels> channels;  // streams may outlive their client
};

Client::Client(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;

namespace {

// One attempt of a call.
absl::Status CallOnce(const Route& route, const std::string& path, const CallContext& call,
                      const Message& request, absl::Time deadline, grpc::ByteBuffer* answer) {
  grpc::ClientContext context;
  FillContext(call, &context);
  context.set_deadline(absl::ToChronoTime(deadline));
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      route.channel.get(), method, &context, BufferOf(request.SerializeAsString()), answer);
  if (status.ok()) return absl::OkStatus();
  absl::Status failure = FromGrpc(status);
  // Nobody cancels a call here: this is what gRPC answers to one that came as its server shut down.
  if (absl::IsCancelled(failure) &&
      error::ReasonOf(failure) == errors::v1::ERROR_REASON_UNSPECIFIED) {
    return absl::UnavailableError("the service stopped as the call came");
  }
  return failure;
}

// Whether a replica could not take the call, which another one may.
bool IsOfTheReplica(const absl::Status& failure) {
  if (!absl::IsUnavailable(failure)) return false;
  const error::Reason reason = error::ReasonOf(failure);
  return reason == errors::v1::ERROR_REASON_UNSPECIFIED ||
         reason == errors::v1::ERROR_REASON_SERVER_STOPPING;
}

}  // namespace

absl::Status Client::Call(const Message& request, const CallContext& call, Message* response) {
  TRUSTHUB_ASSIGN_OR_RETURN(const MethodDescriptor* method, MethodOf(request.GetDescriptor()));
  const std::string service = call.service.empty() ? AreaOf(method) : call.service;
  const std::string path = absl::StrCat("/", method->service()->full_name(), "/", method->name());
  const absl::Time deadline = RealClock().Now() + call.timeout;
  TRUSTHUB_ASSIGN_OR_RETURN(Route route, impl_->channels->To(service));
  grpc::ByteBuffer answer;
  std::vector<std::string> tried;
  absl::Status status = CallOnce(route, path, call, request, deadline, &answer);
  while (absl::IsUnavailable(status)) {
    impl_->channels->Bring(route.address);
    tried.push_back(route.address);
    std::optional<Route> other = impl_->channels->Besides(tried, service);
    if (!other.has_value() || !IsOfTheReplica(status)) break;
    route = *std::move(other);
    status = CallOnce(route, path, call, request, deadline, &answer);
  }
  if (!status.ok()) return status;
  if (call.received == nullptr) return ParseAnswer(answer, response);
  call.received->method = path;
  return ParseAnswer(answer, response, &call.received->bytes);
}

namespace {

// A stream whose answers gRPC's own threads bring. One that reads synchronously would put its
// thread among those that poll for the whole process: a service follows several streams, and every
// call that it serves would wake one of them, to be handed on.
class GrpcStream final : public Client::Stream, private grpc::ClientReadReactor<grpc::ByteBuffer> {
 public:
  GrpcStream(std::shared_ptr<Channels> channels, Route route, std::string path,
             const events::v1::WatchRequest& request, const CallContext& call)
      : channels_(std::move(channels)),
        route_(std::move(route)),
        path_(std::move(path)),
        method_(path_.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING),
        request_(BufferOf(request.SerializeAsString())) {
    FillContext(call, &context_);
    grpc::internal::ClientCallbackReaderFactory<grpc::ByteBuffer>::Create(
        route_.channel.get(), method_, &context_, &request_, this);
    // Without it a call that fails before its first read is done, and no read may follow.
    AddHold();
    StartCall();
  }

  // gRPC uses this object until it said that the call is done.
  ~GrpcStream() override {
    context_.TryCancel();
    LetGo();
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
  }

  absl::Status Read(events::v1::WatchResponse* response) override {
    if (std::optional<grpc::ByteBuffer> answer = TakeNext()) return ParseAnswer(*answer, response);
    LetGo();
    MutexLock lock(mutex_);
    while (!done_) changed_.Wait(mutex_);
    const absl::Status status = FromGrpc(status_);
    if (status.code() == absl::StatusCode::kUnavailable) channels_->Bring(route_.address);
    return status.ok() ? error::ServerStopping() : status;
  }
  bool HasArrived() override {
    MutexLock lock(mutex_);
    return !arrived_.empty();
  }
  void Cancel() override { context_.TryCancel(); }

 private:
  // Answers that are read before anybody asks for them; more wait at the server.
  static constexpr std::size_t kAheadMax = 32;

  // The next answer, waited for; nothing when none follows.
  std::optional<grpc::ByteBuffer> TakeNext() {
    MutexLock lock(mutex_);
    while (arrived_.empty() && !ended_) {
      if (reading_) {
        changed_.Wait(mutex_);
      } else {
        StartNextRead();
      }
    }
    if (arrived_.empty()) return std::nullopt;
    std::optional<grpc::ByteBuffer> answer = std::move(arrived_.front());
    arrived_.pop_front();
    if (!reading_ && !ended_) StartNextRead();
    return answer;
  }

  // gRPC may call OnReadDone at once, on this thread.
  void StartNextRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    reading_ = true;
    mutex_.Unlock();
    StartRead(&buffer_);
    mutex_.Lock();
  }

  // No read follows.
  void LetGo() {
    if (held_) RemoveHold();
    held_ = false;
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(mutex_);
    reading_ = false;
    ended_ = !ok;
    if (ok) {
      arrived_.push_back(std::move(buffer_));
      buffer_.Clear();
    }
    changed_.NotifyAll();
    if (ok && arrived_.size() < kAheadMax) StartNextRead();
  }
  void OnDone(const grpc::Status& status) override {
    MutexLock lock(mutex_);
    done_ = true;
    status_ = status;
    changed_.NotifyAll();  // under the lock: the destructor waits for this and then ends `changed_`
  }

  const std::shared_ptr<Channels> channels_;
  const Route route_;
  const std::string path_;
  const grpc::internal::RpcMethod method_;
  const grpc::ByteBuffer request_;
  grpc::ClientContext context_;
  grpc::ByteBuffer buffer_;  // of the read under way, which alone touches it
  bool held_ = true;
  Mutex mutex_;
  CondVar changed_;
  std::deque<grpc::ByteBuffer> arrived_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // a read is under way
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;    // no answer follows those that arrived
  bool done_ ABSL_GUARDED_BY(mutex_) = false;     // gRPC has let go
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

class ForwardingServices final : public Services {
 public:
  explicit ForwardingServices(std::shared_ptr<Client> client) : client_(std::move(client)) {}
  absl::Status Ask(const rpc::Call& call, const Message& request, Message* response) override {
    CallContext context;
    const absl::string_view bearer = "Bearer ";
    context.token =
        std::string(call.authorization.substr(std::min(bearer.size(), call.authorization.size())));
    context.purpose = PurposeName(call.purpose);
    context.case_reference = std::string(call.case_reference);
    context.trace_id = std::string(call.trace_id);
    context.timeout = call.deadline - RealClock().Now();
    context.user_certificate = crypto::Base64UrlEncode(call.caller.certificate_sha256);
    absl::Status status = client_->Call(request, context, response);
    // The transport's own failure carries no reason of ours: say which service it was.
    if (!status.ok() && error::ReasonOf(status) == errors::v1::ERROR_REASON_UNSPECIFIED) {
      return error::ServiceUnavailable(request.GetDescriptor()->file()->package());
    }
    return status;
  }

 private:
  static std::string PurposeName(options::v1::Purpose purpose) {
    return absl::AsciiStrToLower(absl::StripPrefix(options::v1::Purpose_Name(purpose), "PURPOSE_"));
  }
  std::shared_ptr<Client> client_;
};

class WatchSource final : public events::EventSource {
 public:
  WatchSource(std::shared_ptr<Client> client, absl::string_view service)
      : client_(std::move(client)), service_(service) {}

  absl::Status Stream(
      const std::string& cursor,
      const std::function<bool(const events::v1::WatchResponse&)>& on_response) override {
    CallContext context;
    context.purpose = "hub_operation";
    context.case_reference = "projection";
    events::v1::WatchRequest request;
    request.set_cursor(cursor);
    for (const events::v1::EventKind kind : events::FactKinds()) request.add_kinds(kind);
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Client::Stream> stream,
                              client_->Watch(service_, request, context));
    {
      MutexLock lock(mutex_);
      if (stopped_) return error::Cancelled();
      current_ = stream.get();
    }
    absl::Status status;
    events::v1::WatchResponse response;
    do {
      status = ReadAll(*stream, &response);
    } while (status.ok() && on_response(response));
    stream->Cancel();
    MutexLock lock(mutex_);
    current_ = nullptr;
    return status;
  }

  void Stop() override {
    MutexLock lock(mutex_);
    stopped_ = true;
    if (current_ != nullptr) current_->Cancel();
  }

 private:
  // Events that are handed on at once; what one answer holds may go beyond.
  static constexpr int kTogetherMax = 200;

  // The next answer, and with it those that arrived while the last one was applied: a commit of
  // the follower costs the same for many events as for one. What the last says of its cursor and,
  // where it says so, of completeness is said of all.
  static absl::Status ReadAll(Client::Stream& stream, events::v1::WatchResponse* response) {
    TRUSTHUB_RETURN_IF_ERROR(stream.Read(response));
    events::v1::WatchResponse next;
    while (response->events_size() < kTogetherMax && stream.HasArrived()) {
      TRUSTHUB_RETURN_IF_ERROR(stream.Read(&next));
      for (events::v1::Event& event : *next.mutable_events()) {
        *response->add_events() = std::move(event);
      }
      response->set_cursor(next.cursor());
      if (next.has_as_of()) *response->mutable_as_of() = next.as_of();
    }
    return absl::OkStatus();
  }

  std::shared_ptr<Client> client_;
  const std::string service_;
  Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  Client::Stream* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Client::Stream>> Client::Watch(
    absl::string_view service, const events::v1::WatchRequest& request, const CallContext& call) {
  TRUSTHUB_ASSIGN_OR_RETURN(const MethodDescriptor* method, MethodOf(request.GetDescriptor()));
  TRUSTHUB_ASSIGN_OR_RETURN(Route route, impl_->channels->To(std::string(service)));
  return std::make_unique<GrpcStream>(
      impl_->channels, std::move(route),
      absl::StrCat("/", method->service()->full_name(), "/", method->name()), request, call);
}

std::unique_ptr<Services> MakeServices(std::shared_ptr<Client> client) {
  return std::make_unique<ForwardingServices>(std::move(client));
}

std::unique_ptr<events::EventSource> MakeEventSource(std::shared_ptr<Client> client,
                                                     absl::string_view service) {
  return std::make_unique<WatchSource>(std::move(client), service);
}

}  // namespace trusthub::rpc
