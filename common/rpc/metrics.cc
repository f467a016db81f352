#include "common/rpc/metrics.h"

#include <exception>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "prometheus/counter.h"
#include "prometheus/exposer.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace trusthub::rpc {
namespace {

// The last of gRPC's codes, which begin at OK.
constexpr int kCodesEnd = static_cast<int>(absl::StatusCode::kUnauthenticated);

class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics()
      : registry_(std::make_shared<prometheus::Registry>()),
        calls_(prometheus::BuildCounter()
                   .Name("trusthub_calls_total")
                   .Help("Calls answered, by method and gRPC code")
                   .Register(*registry_)),
        seconds_(prometheus::BuildHistogram()
                     .Name("trusthub_call_seconds")
                     .Help("Time from admission to answer, by method")
                     .Register(*registry_)),
        refusals_(prometheus::BuildCounter()
                      .Name("trusthub_refusals_total")
                      .Help("Refused calls, by reason")
                      .Register(*registry_)),
        overload_(Single("trusthub_overload_total", "Calls refused because the queue was full")),
        spooled_(Single("trusthub_audit_spooled_total",
                        "Refusals that could not be recorded at once; must stay 0")),
        agreements_refused_(
            Single("trusthub_agreements_refused_total",
                   "Activated sets of agreements that were not put in force; must stay 0")),
        tls_refused_(
            Single("trusthub_tls_refused_total", "New TLS files that were not taken; must stay 0")),
        damaged_(
            Single("trusthub_store_damaged_total", "Kept values that did not open; must stay 0")),
        key_ring_refused_(Single("trusthub_key_ring_refused_total",
                                 "New key rings that were not taken; must stay 0")),
        certificate_expiry_(prometheus::BuildGauge()
                                .Name("trusthub_certificate_expiry_timestamp_seconds")
                                .Help("When the TLS certificate in use ends")
                                .Register(*registry_)
                                .Add({})),
        witnessed_(prometheus::BuildGauge()
                       .Name("trusthub_witnessed_head_timestamp_seconds")
                       .Help("When the newest witnessed head of the audit log was cosigned")
                       .Register(*registry_)),
        projection_age_(prometheus::BuildGauge()
                            .Name("trusthub_projection_age_seconds")
                            .Help("Time since a followed service last said that its events are "
                                  "complete, by service")
                            .Register(*registry_)) {
    const auto* reasons = errors::v1::ErrorReason_descriptor();
    for (int i = 0; i < reasons->value_count(); ++i) {
      const auto reason = static_cast<error::Reason>(reasons->value(i)->number());
      refusals_.Add({{"reason", error::ReasonName(reason)}});
    }
  }

  absl::Status Listen(const std::string& address) {
    try {
      exposer_ = std::make_unique<prometheus::Exposer>(address, 1);
      exposer_->RegisterCollectable(registry_);
    } catch (const std::exception&) {
      return absl::UnavailableError(
          absl::StrCat("metrics.listen: cannot listen on ", address, "; is the port taken?"));
    }
    return absl::OkStatus();
  }

  void Announce(absl::string_view method) override {
    for (int code = 0; code <= kCodesEnd; ++code)
      CellOf(method, static_cast<absl::StatusCode>(code));
  }
  void CountCall(absl::string_view method, absl::StatusCode code,
                 absl::Duration duration) override {
    const Cell cell = CellOf(method, code);
    cell.calls->Increment();
    cell.seconds->Observe(absl::ToDoubleSeconds(duration));
  }
  void CountRefusal(absl::string_view reason) override {
    refusals_.Add({{"reason", std::string(reason)}}).Increment();
  }
  void CountOverload() override { overload_.Increment(); }
  void CountSpooled() override { spooled_.Increment(); }
  void CountAgreementsRefused() override { agreements_refused_.Increment(); }
  void CountTlsRefused() override { tls_refused_.Increment(); }
  void CountDamaged() override { damaged_.Increment(); }
  void CountKeyRingRefused() override { key_ring_refused_.Increment(); }
  void SetCertificateExpiry(absl::Time expires) override {
    certificate_expiry_.Set(static_cast<double>(absl::ToUnixSeconds(expires)));
  }
  void SetWitnessed(absl::Time witnessed) override {
    witnessed_.Add({}).Set(static_cast<double>(absl::ToUnixSeconds(witnessed)));
  }
  void SetProjectionAge(absl::string_view source, absl::Duration age) override {
    projection_age_.Add({{"source", std::string(source)}}).Set(absl::ToDoubleSeconds(age));
  }

 private:
  struct Cell {
    prometheus::Counter* calls;
    prometheus::Histogram* seconds;
  };

  prometheus::Counter& Single(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add({});
  }

  // Adding to a family builds and hashes its labels; a call finds its cell by method and code.
  Cell CellOf(absl::string_view method, absl::StatusCode code) {
    const std::pair<absl::string_view, int> key(method, static_cast<int>(code));
    MutexLock lock(mutex_);
    if (const auto found = cells_.find(key); found != cells_.end()) return found->second;
    const std::string name(method);
    const Cell cell{&calls_.Add({{"method", name}, {"code", absl::StatusCodeToString(code)}}),
                    &seconds_.Add({{"method", name}}, prometheus::Histogram::BucketBoundaries{
                                                          0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                          0.05, 0.1, 0.25, 0.5, 1, 5})};
    cells_.emplace(key, cell);  // `method` is the path in the method table, which lives as long
    return cell;
  }

  std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& refusals_;
  prometheus::Counter& overload_;
  prometheus::Counter& spooled_;
  prometheus::Counter& agreements_refused_;
  prometheus::Counter& tls_refused_;
  prometheus::Counter& damaged_;
  prometheus::Counter& key_ring_refused_;
  prometheus::Gauge& certificate_expiry_;
  prometheus::Family<prometheus::Gauge>& witnessed_;
  prometheus::Family<prometheus::Gauge>& projection_age_;
  Mutex mutex_;
  std::map<std::pair<absl::string_view, int>, Cell> cells_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Metrics>> MakeMetrics(absl::string_view listen) {
  auto metrics = std::make_unique<PrometheusMetrics>();
  if (!listen.empty()) {
    if (absl::Status status = metrics->Listen(std::string(listen)); !status.ok()) return status;
  }
  return metrics;
}

}  // namespace trusthub::rpc
