// The bench: one run measures the hub beside a bare gRPC echo on the same machine, with the same
// TLS, metadata and payload sizes. See tests/bench/run.
#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "tests/bench/echo.h"
#include "tests/bench/load.h"
#include "tests/bench/sample.h"
#include "tests/e2e/processes.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::bench {
namespace {

using children::v1::CheckChildRequest;
using referrals::v1::GetReferralRequest;

struct Settings {
  std::string only;  // name of one call; empty for all
  std::vector<int> in_flight = {1, 16, 64};
  int rounds = 3;
  double seconds = 2;
  std::string json;
};

struct Subject {
  std::string name;
  Target target;
  int response_bytes = 0;
};

// The echo of a subject: same metadata and request size, an answer as large as the hub's.
Target EchoOf(const Subject& subject, int echo_port) {
  Target echo = subject.target;
  echo.address = absl::StrCat("127.0.0.1:", echo_port);
  echo.method = kEchoMethod;
  const auto size = static_cast<std::uint32_t>(subject.response_bytes);
  echo.request = [like = subject.target.request, size](int n) {
    std::string request = like(n);
    if (request.size() < sizeof(size)) request.resize(sizeof(size));
    std::memcpy(request.data(), &size, sizeof(size));
    return request;
  };
  return echo;
}

struct Row {
  std::string subject;
  int in_flight;
  Measured hub;
  Measured echo;
  double ratio;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Rounds of echo and hub, one beside the other; medians of each figure and of the rounds' ratios.
absl::StatusOr<Row> Compare(const Subject& subject, int echo_port, int in_flight,
                            const Settings& settings) {
  const Target echo = EchoOf(subject, echo_port);
  std::vector<Measured> echoes, hubs;
  std::vector<double> ratios;
  for (int round = 0; round < settings.rounds; ++round) {
    TRUSTHUB_ASSIGN_OR_RETURN(const Measured bare, Measure(echo, in_flight, absl::Seconds(0.3),
                                                           absl::Seconds(settings.seconds)));
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Measured ours,
        Measure(subject.target, in_flight, absl::Seconds(0.3), absl::Seconds(settings.seconds)));
    echoes.push_back(bare);
    hubs.push_back(ours);
    ratios.push_back(ours.per_second / bare.per_second);
  }
  const auto median = [](const std::vector<Measured>& all) {
    Measured result = all.front();
    std::vector<double> rate, p50, p99;
    result.failed = 0;
    for (const Measured& m : all) {
      rate.push_back(m.per_second);
      p50.push_back(m.p50_ms);
      p99.push_back(m.p99_ms);
      result.failed += m.failed;
      if (result.first_error.empty()) result.first_error = m.first_error;
    }
    result.per_second = Median(rate);
    result.p50_ms = Median(p50);
    result.p99_ms = Median(p99);
    return result;
  };
  return Row{subject.name, in_flight, median(hubs), median(echoes), Median(ratios)};
}

void Print(const std::vector<Row>& rows) {
  std::printf("%-15s %9s | %10s %8s %8s | %10s %8s %8s | %6s %7s\n", "call", "in flight", "hub/s",
              "p50 ms", "p99 ms", "echo/s", "p50 ms", "p99 ms", "ratio", "failed");
  for (const Row& row : rows) {
    std::printf("%-15s %9d | %10.0f %8.2f %8.2f | %10.0f %8.2f %8.2f | %6.2f %7d\n",
                row.subject.c_str(), row.in_flight, row.hub.per_second, row.hub.p50_ms,
                row.hub.p99_ms, row.echo.per_second, row.echo.p50_ms, row.echo.p99_ms, row.ratio,
                row.hub.failed);
    if (row.hub.failed > 0) std::printf("  first failure: %s\n", row.hub.first_error.c_str());
  }
}

nlohmann::json ToJson(const std::vector<Row>& rows, const std::map<std::string, double>& idle_mib) {
  nlohmann::json all;
  const auto figures = [](const Measured& m) {
    return nlohmann::json{{"per_second", m.per_second},
                          {"p50_ms", m.p50_ms},
                          {"p99_ms", m.p99_ms},
                          {"failed", m.failed}};
  };
  for (const Row& row : rows) {
    all["calls"].push_back({{"call", row.subject},
                            {"in_flight", row.in_flight},
                            {"hub", figures(row.hub)},
                            {"echo", figures(row.echo)},
                            {"ratio", row.ratio}});
  }
  all["idle_mib"] = idle_mib;
  return all;
}

absl::StatusOr<int> SizeOfAnswer(hubctl::Desk& desk, const google::protobuf::Message& request,
                                 const std::string& purpose, google::protobuf::Message* response) {
  TRUSTHUB_RETURN_IF_ERROR(desk.Call(request, purpose, "BENCH", "", response));
  return static_cast<int>(response->ByteSizeLong());
}

double ResidentMib(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (status >> word) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib / 1024;
  }
  return 0;
}

absl::Status Run(const Settings& settings) {
  testing::RunningHub::Options as_a_borough;
  as_a_borough.sandbox = false;
  TRUSTHUB_ASSIGN_OR_RETURN(const auto running, testing::RunningHub::Start(as_a_borough));
  TRUSTHUB_RETURN_IF_ERROR(running->LoadDirectory());
  std::map<std::string, double> idle_mib;
  for (const char* service : hubctl::kServices) {
    idle_mib[service] = ResidentMib(running->PidOf(service));
  }
  const hubctl::Hub& hub = running->hub();
  TRUSTHUB_ASSIGN_OR_RETURN(const auto school, hub.DeskOf("uphall-lead-01"));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto screening, hub.DeskOf("lbr-screening-01"));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto nurse, hub.DeskOf("bhrut-nurse-01"));
  std::printf("preparing %d children and referrals\n", kChildren);
  TRUSTHUB_ASSIGN_OR_RETURN(const Sample sample, MakeSample(*school));

  const auto pick = [](const std::vector<std::string>& from, int n) -> const std::string& {
    return from[static_cast<std::size_t>(n) % from.size()];
  };
  std::vector<Subject> subjects(3);
  subjects[0].name = "GetReferral";
  TRUSTHUB_ASSIGN_OR_RETURN(
      subjects[0].target,
      TargetOf(hub, *screening, "referrals", "/trusthub.referrals.v1.ReferralsService/GetReferral",
               "screening"));
  subjects[0].target.request = [&](int n) {
    GetReferralRequest request;
    request.set_name(pick(sample.referrals, n));
    return request.SerializeAsString();
  };
  GetReferralRequest get;
  get.set_name(sample.referrals[0]);
  referrals::v1::GetReferralResponse got;
  TRUSTHUB_ASSIGN_OR_RETURN(subjects[0].response_bytes,
                            SizeOfAnswer(*screening, get, "screening", &got));

  subjects[1].name = "CheckChild";
  TRUSTHUB_ASSIGN_OR_RETURN(
      subjects[1].target,
      TargetOf(hub, *nurse, "children", "/trusthub.children.v1.ChildrenService/CheckChild",
               "unscheduled_care"));
  subjects[1].target.request = [&](int n) {
    CheckChildRequest request;
    request.set_nhs_number(pick(sample.nhs_numbers, n));
    request.set_attendance_id(absl::StrCat("ED-", n));
    return request.SerializeAsString();
  };
  CheckChildRequest check;
  check.set_nhs_number(sample.nhs_numbers[0]);
  check.set_attendance_id("ED-0");
  children::v1::CheckChildResponse checked;
  TRUSTHUB_ASSIGN_OR_RETURN(subjects[1].response_bytes,
                            SizeOfAnswer(*nurse, check, "unscheduled_care", &checked));

  subjects[2].name = "SubmitReferral";
  TRUSTHUB_ASSIGN_OR_RETURN(
      subjects[2].target,
      TargetOf(hub, *school, "referrals", "/trusthub.referrals.v1.ReferralsService/SubmitReferral",
               "safeguarding_referral"));
  subjects[2].target.request = [&](int n) {
    return ReferralOf(pick(sample.children, n)).SerializeAsString();
  };
  referrals::v1::SubmitReferralResponse submitted;
  TRUSTHUB_ASSIGN_OR_RETURN(
      subjects[2].response_bytes,
      SizeOfAnswer(*school, ReferralOf(sample.children[0]), "safeguarding_referral", &submitted));

  TRUSTHUB_ASSIGN_OR_RETURN(const auto echo, EchoProcess::Start(hub));
  std::vector<Row> rows;
  for (const Subject& subject : subjects) {
    if (!settings.only.empty() && subject.name != settings.only) continue;
    for (const int in_flight : settings.in_flight) {
      TRUSTHUB_ASSIGN_OR_RETURN(const Row row, Compare(subject, echo->port(), in_flight, settings));
      rows.push_back(row);
      std::printf("  %s at %d in flight: ratio %.2f\n", subject.name.c_str(), in_flight, row.ratio);
      std::fflush(stdout);
    }
  }
  std::printf("\n");
  Print(rows);
  std::printf("\nidle service        MiB\n");
  for (const auto& [service, mib] : idle_mib) std::printf("%-16s %6.1f\n", service.c_str(), mib);
  if (!settings.json.empty()) {
    std::ofstream(settings.json) << ToJson(rows, idle_mib).dump(2) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace trusthub::bench

int main(int argc, char** argv) {
  trusthub::bench::Settings settings;
  std::vector<std::string> echo;
  CLI::App app("Measures the hub beside a bare gRPC echo");
  app.add_option("--only", settings.only, "Measure only this call, e.g. GetReferral");
  app.add_option("--in-flight", settings.in_flight, "Calls in flight, e.g. 1,16,64")
      ->delimiter(',');
  app.add_option("--rounds", settings.rounds, "Rounds of echo and hub; medians are printed");
  app.add_option("--seconds", settings.seconds, "Seconds of each measurement");
  app.add_option("--json", settings.json, "Also write the figures to this file");
  app.add_option("--echo", echo, "Serve the echo: CERTIFICATE KEY CLIENT_CA")->expected(3);
  CLI11_PARSE(app, argc, argv);
  if (!echo.empty()) return trusthub::bench::ServeEcho(echo[0], echo[1], echo[2]);
  const absl::Status status = trusthub::bench::Run(settings);
  if (!status.ok()) {
    std::fprintf(stderr, "bench: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}
