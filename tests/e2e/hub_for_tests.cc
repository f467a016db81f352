// A hub for clients that are not ours: starts it, loads the directory, plays one child's case up to
// a plan, prints where to find it all as one line of JSON, and ends with its standard input.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

// The child with the plan.
constexpr int kChild = 1;
// Children that no agency has registered yet.
constexpr int kNewChild = 2;
constexpr int kReceiptChild = 3;

absl::Status PlayToFlag(CasePath& path) {
  TRUSTHUB_RETURN_IF_ERROR(path.ToPlan());
  absl::Status status;
  const bool flagged = Within(absl::Seconds(20), [&] {
    status = path.Attend();
    return !status.ok() || path.attendance.flags().flags_size() > 0;
  });
  return flagged ? status : absl::DeadlineExceededError("the plan did not reach the child index");
}

// What a partner's system has: its certificate, and tokens of its identity provider.
absl::StatusOr<nlohmann::json> CallerOf(const RunningHub& hub, const std::string& worker) {
  const std::unique_ptr<hubctl::Desk> desk = hub.DeskOf(worker);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string token, desk->Token());
  const rpc::TlsFiles tls = hub.hub().TlsOf(desk->worker().agency());
  return nlohmann::json{{"token", token},
                        {"certificate", tls.certificate},
                        {"key", tls.key},
                        {"server_ca", tls.server_ca}};
}

nlohmann::json DescriptionOf(int number) {
  const children::v1::ChildDetails details = DetailsOf(number);
  return {{"given", details.person_name().given()},
          {"family", details.person_name().family()},
          {"birth_date",
           {details.birth_date().year(), details.birth_date().month(), details.birth_date().day()}},
          {"nhs_number", details.nhs_number()},
          {"upn", details.upn()}};
}

absl::Status Run() {
  RunningHub::Options options;
  options.domain_now = CaseStart();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<RunningHub> hub, RunningHub::Start(options));
  TRUSTHUB_RETURN_IF_ERROR(hub->LoadDirectory());
  CasePath path(&hub->hub(), kChild, LondonDay(CaseStart()));
  TRUSTHUB_RETURN_IF_ERROR(PlayToFlag(path));

  nlohmann::json hello = {{"folder", hub->hub().folder()},
                          {"addresses", hub->hub().addresses()},
                          {"child_with_plan", DescriptionOf(kChild)},
                          {"new_child", DescriptionOf(kNewChild)},
                          {"receipt_child", DescriptionOf(kReceiptChild)}};
  hello["child_with_plan"]["name"] = path.child;
  for (const char* worker : {"uphall-lead-01", "bhrut-nurse-01", "lbr-sw-01"}) {
    TRUSTHUB_ASSIGN_OR_RETURN(hello["callers"][worker], CallerOf(*hub, worker));
  }
  std::printf("%s\n", hello.dump().c_str());
  std::fflush(stdout);
  char ignored[256];
  while (read(STDIN_FILENO, ignored, sizeof(ignored)) > 0) {
  }
  return hub->Stop();
}

}  // namespace
}  // namespace trusthub::testing

int main() {
  const absl::Status status = trusthub::testing::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "hub-for-tests: %s\n", std::string(status.message()).c_str());
  return 1;
}
