#include "common/rpc/front.h"

#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "common/rpc/byte_buffer.h"
#include "common/rpc/metadata.h"
#include "common/rpc/to_grpc.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"

namespace trusthub::rpc {
namespace {

absl::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// The one value of `key`; empty when it is absent or sent more than once, which nobody honest does.
absl::string_view MetadataValue(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
                                const char* key) {
  const auto [first, last] = metadata.equal_range(key);
  if (first == last || std::next(first) != last) return {};
  return View(first->second);
}

std::string TraceIdOf(absl::string_view traceparent) {
  if (traceparent.size() >= 35 && traceparent[2] == '-') {
    const absl::string_view id = traceparent.substr(3, 32);
    if (id.find_first_not_of("0123456789abcdef") == absl::string_view::npos) {
      return std::string(id);
    }
  }
  return crypto::HexEncode(RandomBytes(16));
}

// A property that may be there once; empty when it is there more than once.
class OneProperty {
 public:
  void Add(absl::string_view value) { value_ = ++count_ == 1 ? value : absl::string_view(); }
  absl::string_view value() const { return value_; }

 private:
  int count_ = 0;
  absl::string_view value_;
};

auth::Connection ReadConnection(const grpc::AuthContext& context) {
  auth::Connection connection;
  OneProperty transport, level, leaf, chain;
  // In one walk: to ask for each by name walks and copies as often, in every call.
  for (const grpc::AuthProperty& property : context) {
    const absl::string_view name = View(property.first);
    const absl::string_view value = View(property.second);
    if (name == "transport_security_type") {
      transport.Add(value);
    } else if (name == "security_level") {
      level.Add(value);
    } else if (name == "peer_uri") {
      connection.peer_uris.push_back(value);
    } else if (name == "peer_spiffe_id") {
      connection.spiffe_ids.push_back(value);
    } else if (name == "x509_pem_cert") {
      leaf.Add(value);
    } else if (name == "x509_pem_cert_chain") {
      chain.Add(value);
    }
  }
  connection.encrypted = context.IsPeerAuthenticated() && transport.value() == "ssl" &&
                         level.value() == "TSI_PRIVACY_AND_INTEGRITY";
  connection.leaf_pem = leaf.value();
  connection.chain_pem = chain.value();
  return connection;
}

// Copies what the views point into, which is gRPC's until the call is answered.
void KeepHeaders(Incoming* incoming) {
  absl::string_view* const views[] = {&incoming->credentials.authorization,
                                      &incoming->credentials.user_certificate, &incoming->purpose,
                                      &incoming->case_reference};
  std::size_t size = 0;
  for (const absl::string_view* view : views) size += view->size();
  incoming->headers.reserve(size);
  for (absl::string_view* view : views) {
    const std::size_t at = incoming->headers.size();
    incoming->headers.append(view->data(), view->size());
    *view = absl::string_view(incoming->headers).substr(at);
  }
}

grpc::ServerUnaryReactor* StartUnary(const Method& method, Pipeline* pipeline,
                                     grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  std::unique_ptr<Incoming> incoming = ReadContext(method, *context);
  incoming->request_bytes = BytesOf(*request);
  incoming->done = [reactor, response](absl::Status status, std::string bytes) {
    if (status.ok()) *response = BufferOf(std::move(bytes));
    reactor->Finish(ToGrpc(status));  // Nothing may touch the call after it.
  };
  pipeline->Start(std::move(incoming));
  return reactor;
}

}  // namespace

std::unique_ptr<Incoming> ReadContext(const Method& method,
                                      const grpc::CallbackServerContext& context) {
  auto incoming = std::make_unique<Incoming>();
  incoming->method = &method;
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  incoming->connection = ReadConnection(*peer);
  incoming->keep_alive = peer;
  const auto& sent = context.client_metadata();
  incoming->credentials.authorization = MetadataValue(sent, metadata::kAuthorization);
  incoming->credentials.user_certificate = MetadataValue(sent, metadata::kUserCertificate);
  incoming->purpose = MetadataValue(sent, metadata::kPurpose);
  incoming->case_reference = MetadataValue(sent, metadata::kCaseReference);
  KeepHeaders(incoming.get());
  incoming->trace_id = TraceIdOf(MetadataValue(sent, metadata::kTraceParent));
  incoming->deadline = absl::FromChrono(context.deadline());
  incoming->cancelled = [&context] { return context.IsCancelled(); };
  return incoming;
}

Front::Front(const MethodTable& methods, Pipeline* pipeline, WatchHub* watches) {
  using grpc::internal::RpcMethod;
  using grpc::internal::RpcServiceMethod;
  int index = 0;
  for (const auto& owned : methods.methods()) {
    const Method* method = owned.get();
    const bool stream = method->descriptor->server_streaming();
    AddMethod(new RpcServiceMethod(method->path.c_str(),
                                   stream ? RpcMethod::SERVER_STREAMING : RpcMethod::NORMAL_RPC,
                                   nullptr));
    if (stream) {
      MarkMethodRawCallback(
          index,
          new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
              [method, watches](grpc::CallbackServerContext* context,
                                const grpc::ByteBuffer* request) {
                return watches->Start(*method, context, *request);
              }));
    } else {
      MarkMethodRawCallback(
          index,
          new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
              [method, pipeline](grpc::CallbackServerContext* context,
                                 const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
                return StartUnary(*method, pipeline, context, request, response);
              }));
    }
    ++index;
  }
}

}  // namespace trusthub::rpc
