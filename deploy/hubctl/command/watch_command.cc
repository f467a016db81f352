#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"

namespace trusthub::hubctl {
namespace {

struct Options {
  Asker asker;
  std::string service = "children";
  std::string child;
  bool from_now = false;
  int count = 0;
};

void PrintEvent(const events::v1::Event& event, bool json) {
  if (json) {
    std::puts(JsonOf(event).dump().c_str());
  } else {
    std::printf(
        "%s  %-28s %s  %s\n",
        absl::FormatTime("%Y-%m-%d %H:%M:%S", TimeFromProto(event.occurred_at()), London()).c_str(),
        std::string(absl::StripPrefix(events::v1::EventKind_Name(event.kind()), "EVENT_KIND_"))
            .c_str(),
        event.record().c_str(), event.child().c_str());
  }
  std::fflush(stdout);
}

// Whether a stream that ended so may be taken up again where it ended.
bool MayResume(const absl::Status& status) {
  return absl::IsUnavailable(status) ||
         error::ReasonOf(status) == errors::v1::ERROR_REASON_TOKEN_EXPIRED;
}

absl::Status Watch(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.asker.worker));
  events::v1::WatchRequest request;
  request.set_child(options.child);
  request.set_from_now(options.from_now);
  int told = 0;
  for (;;) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::unique_ptr<rpc::Client::Stream> stream,
        desk->Watch(options.service, request, options.asker.purpose, options.asker.case_reference));
    absl::Status status;
    events::v1::WatchResponse response;
    bool heard = false;
    while ((status = stream->Read(&response)).ok()) {
      heard = true;
      request.set_cursor(response.cursor());
      for (const events::v1::Event& event : response.events()) {
        PrintEvent(event, invocation.json);
        if (++told == options.count) {
          stream->Cancel();
          return absl::OkStatus();
        }
      }
    }
    if (!heard || !MayResume(status)) return status;
  }
}

}  // namespace

void AddWatch(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  options->asker.purpose = "child_protection_planning";
  CLI::App* command = app.add_subcommand("watch", "Follow a service's events as a worker");
  command->add_option("--as", options->asker.worker, "Worker, e.g. lbr-sw-01")->required();
  command->add_option("--purpose", options->asker.purpose, "What for")->capture_default_str();
  command->add_option("--case", options->asker.case_reference, "Your own reference")
      ->capture_default_str();
  command->add_option("--service", options->service, "Whose events")
      ->check(CLI::IsMember(std::vector<std::string>(kServices.begin(), kServices.end())))
      ->capture_default_str();
  command->add_option("--child", options->child, "Only of this child");
  command->add_flag("--from-now", options->from_now, "Only what happens from now on");
  command->add_option("--count", options->count, "End after so many events");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Watch(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
