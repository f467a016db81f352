#include "tests/bench/load.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "common/base/mutex.h"
#include "common/time/clock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace trusthub::bench {
namespace {

std::shared_ptr<grpc::Channel> ChannelTo(const Target& target, int number) {
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      target.tls.key, target.tls.certificate, target.tls.server_ca, 600));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  grpc::ChannelArguments args;
  args.SetInt("trusthub.bench.channel", number);  // distinct arguments: a connection of its own
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target.address, grpc::experimental::TlsCredentials(tls), args);
}

class Load {
 public:
  Load(const Target& target, int in_flight)
      : target_(target), slots_(static_cast<std::size_t>(in_flight)) {
    // Two connections, as a partner system with a small pool would hold.
    for (int i = 0; i < 2; ++i)
      stubs_.push_back(std::make_unique<grpc::GenericStub>(ChannelTo(target, i)));
  }

  Measured Run(absl::Duration warm_up, absl::Duration duration) {
    begin_ = RealClock().Now() + warm_up;
    end_ = begin_ + duration;
    running_ = static_cast<int>(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) Next(i);
    {
      MutexLock lock(mutex_);
      while (running_ > 0) idle_.Wait(mutex_);
    }
    return Sum(duration);
  }

 private:
  struct Slot {
    std::unique_ptr<grpc::ClientContext> context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    absl::Time sent;
    std::vector<float> millis;
    int failed = 0;
    std::string first_error;
  };

  void Next(std::size_t index) {
    Slot& slot = slots_[index];
    slot.sent = RealClock().Now();
    if (slot.sent >= end_) {
      MutexLock lock(mutex_);
      if (--running_ == 0) idle_.NotifyAll();
      return;
    }
    slot.context = std::make_unique<grpc::ClientContext>();
    for (const auto& [key, value] : target_.metadata) slot.context->AddMetadata(key, value);
    slot.context->set_deadline(absl::ToChronoTime(slot.sent + absl::Seconds(20)));
    const std::string bytes = target_.request(number_++);
    grpc::Slice slice(bytes);
    slot.request = grpc::ByteBuffer(&slice, 1);
    slot.response.Clear();
    stubs_[index % stubs_.size()]->UnaryCall(
        slot.context.get(), target_.method, {}, &slot.request, &slot.response,
        [this, index](const grpc::Status& status) { Done(index, status); });
  }

  void Done(std::size_t index, const grpc::Status& status) {
    Slot& slot = slots_[index];
    const absl::Time now = RealClock().Now();
    if (slot.sent >= begin_ && now <= end_) {
      if (status.ok()) {
        slot.millis.push_back(static_cast<float>(absl::ToDoubleMilliseconds(now - slot.sent)));
      } else {
        ++slot.failed;
        if (slot.first_error.empty()) slot.first_error = status.error_message();
      }
    }
    Next(index);
  }

  Measured Sum(absl::Duration duration) {
    Measured measured;
    std::vector<float> all;
    for (Slot& slot : slots_) {
      all.insert(all.end(), slot.millis.begin(), slot.millis.end());
      measured.failed += slot.failed;
      if (measured.first_error.empty()) measured.first_error = slot.first_error;
    }
    std::sort(all.begin(), all.end());
    measured.calls = static_cast<int>(all.size());
    measured.per_second = measured.calls / absl::ToDoubleSeconds(duration);
    if (!all.empty()) {
      measured.p50_ms = static_cast<double>(all[all.size() / 2]);
      measured.p99_ms = static_cast<double>(all[all.size() * 99 / 100]);
    }
    return measured;
  }

  const Target& target_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::vector<Slot> slots_;
  absl::Time begin_;
  absl::Time end_;
  std::atomic<int> number_ = 0;
  Mutex mutex_;
  CondVar idle_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

absl::StatusOr<Measured> Measure(const Target& target, int in_flight, absl::Duration warm_up,
                                 absl::Duration duration) {
  Measured measured = Load(target, in_flight).Run(warm_up, duration);
  if (measured.calls == 0) {
    return absl::UnavailableError("no call succeeded: " + measured.first_error);
  }
  return measured;
}

}  // namespace trusthub::bench
