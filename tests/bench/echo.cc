#include "tests/bench/echo.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace trusthub::bench {
namespace {

std::uint32_t SizeAskedBy(const grpc::ByteBuffer& request) {
  std::vector<grpc::Slice> slices;
  std::uint32_t size = 0;
  if (request.Dump(&slices).ok() && !slices.empty() && slices[0].size() >= sizeof(size)) {
    std::memcpy(&size, slices[0].begin(), sizeof(size));
  }
  return size;
}

class EchoService final : public grpc::Service {
 public:
  EchoService() {
    using grpc::internal::RpcMethod;
    AddMethod(new grpc::internal::RpcServiceMethod(kEchoMethod, RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRawCallback(
        0, new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
               [](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                  grpc::ByteBuffer* response) {
                 grpc::Slice slice(std::string(SizeAskedBy(*request), 'e'));
                 *response = grpc::ByteBuffer(&slice, 1);
                 grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
                 reactor->Finish(grpc::Status::OK);
                 return reactor;
               }));
  }
};

}  // namespace

int ServeEcho(const std::string& certificate, const std::string& key,
              const std::string& client_ca) {
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(key, certificate,
                                                                           client_ca, 600));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  EchoService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::experimental::TlsServerCredentials(options), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  char ignored;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
  server->Shutdown();
  return 0;
}

absl::StatusOr<std::unique_ptr<EchoProcess>> EchoProcess::Start(const hubctl::Hub& hub) {
  const std::string tls = hub.folder() + "/pki/services/directory/tls";
  const std::string certificate = tls + ".pem";
  const std::string key = tls + ".key";
  const std::string client_ca = hub.folder() + "/pki/ca-bundle.pem";
  int input[2];
  int output[2];
  if (pipe(input) != 0 || pipe(output) != 0) return absl::UnavailableError("no pipe");
  auto process = std::make_unique<EchoProcess>();
  process->pid_ = fork();
  if (process->pid_ == 0) {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    close(input[1]);
    close(output[0]);
    execl("/proc/self/exe", "trusthub-bench", "--echo", certificate.c_str(), key.c_str(),
          client_ca.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  process->input_ = input[1];
  FILE* from = fdopen(output[0], "r");
  if (process->pid_ < 0 || from == nullptr || std::fscanf(from, "%d", &process->port_) != 1) {
    return absl::UnavailableError("the echo did not start");
  }
  std::fclose(from);
  return process;
}

EchoProcess::~EchoProcess() {
  if (input_ >= 0) close(input_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

}  // namespace trusthub::bench
