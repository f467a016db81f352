// store: a service's store moved from one engine to another.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/time/clock.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/moving/moving.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;

// Between two lines of progress, and between two looks at a source in which nothing changed.
constexpr absl::Duration kBetweenLines = absl::Seconds(1);
constexpr absl::Duration kBetweenLooks = absl::Seconds(1);

struct Options {
  std::string from;
  std::string to;
  std::string service;
  std::string data;
  bool follow = false;
  bool sandbox = false;
};

// Lines on standard error: what is done, to which table, how far.
class Lines {
 public:
  void Say(const store::copy::CopyStep& step) {
    const absl::Duration now = MonotonicNow();
    if (now - last_ < kBetweenLines) return;
    last_ = now;
    std::fprintf(stderr, "%s: %s, %lld rows\n", step.what, step.table,
                 static_cast<long long>(step.rows));
  }

 private:
  absl::Duration last_ = MonotonicNow();
};

void WaitALittle() {
  Mutex mutex;
  CondVar never;
  const absl::Duration until = MonotonicNow() + kBetweenLooks;
  MutexLock lock(mutex);
  while (MonotonicNow() < until) never.WaitFor(mutex, until - MonotonicNow());
}

// A database has a data folder too: that of the service over it.
absl::Status GiveFolders(const Invocation& invocation, const Options& options, MoveOptions* move) {
  std::string data = options.data;
  for (const StorePlace* place : {&move->from, &move->to}) {
    if (data.empty()) data = place->folder;
  }
  if (data.empty()) data = absl::StrCat(invocation.hub, "/data/", options.service);
  data = fs::absolute(data).lexically_normal().string();
  for (StorePlace* place : {&move->from, &move->to}) {
    if (place->folder.empty()) place->folder = data;
  }
  if (move->from.url.empty() && move->to.url.empty() && !options.data.empty()) {
    return absl::InvalidArgumentError("--data is for a store in PostgreSQL");
  }
  return absl::OkStatus();
}

void PrintMoved(const Invocation& invocation, const Options& options, const Moved& moved) {
  std::int64_t rows = 0;
  for (const store::copy::TableSum& sum : moved.copied.tables) rows += sum.rows;
  if (invocation.json) {
    nlohmann::ordered_json tables = nlohmann::ordered_json::array();
    for (const store::copy::TableSum& sum : moved.copied.tables) {
      tables.push_back(
          {{"table", sum.table}, {"rows", sum.rows}, {"digest", crypto::HexEncode(sum.digest)}});
    }
    PrintJson({{"service", options.service},
               {"from", moved.from},
               {"to", moved.to},
               {"was_done", moved.copied.was_done},
               {"resumed", moved.copied.resumed},
               {"rows", rows},
               {"trees", moved.trees.size()},
               {"entries", EntriesOf(moved.trees)},
               {"tables", tables}});
  } else if (moved.copied.was_done) {
    std::printf("%s was moved to %s before.\n", options.service.c_str(), moved.to.c_str());
  } else {
    std::printf("%s moved to %s: %lld rows compared, %lld entries of %zu audit logs verified.\n",
                options.service.c_str(), moved.to.c_str(), static_cast<long long>(rows),
                static_cast<long long>(EntriesOf(moved.trees)), moved.trees.size());
  }
}

absl::Status Copy(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  MoveOptions move;
  move.service = options.service;
  TRUSTHUB_ASSIGN_OR_RETURN(move.audit_key, hub->AuditKeyOf(options.service));
  TRUSTHUB_ASSIGN_OR_RETURN(move.from, ParsePlace(options.from));
  TRUSTHUB_ASSIGN_OR_RETURN(move.to, ParsePlace(options.to));
  TRUSTHUB_RETURN_IF_ERROR(GiveFolders(invocation, options, &move));
  move.follow = options.follow;
  move.allow_plain = options.sandbox;
  Lines lines;
  move.progress = [&lines](const store::copy::CopyStep& step) { lines.Say(step); };
  move.pause = WaitALittle;
  TRUSTHUB_ASSIGN_OR_RETURN(const Moved moved, MoveStore(move));
  PrintMoved(invocation, options, moved);
  return absl::OkStatus();
}

}  // namespace

void AddStore(CLI::App& app, Invocation& invocation) {
  CLI::App* store = app.add_subcommand("store", "The services' stores");
  store->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* copy = store->add_subcommand(
      "copy",
      "Move a service's store: copy it, compare every row, verify its audit log, and end the old "
      "one. Run again it goes on where it was");
  const char* const kPlace = "sqlite:DATA_FOLDER or postgresql://...";
  copy->add_option("from", options->from, absl::StrCat("Where it is: ", kPlace))->required();
  copy->add_option("to", options->to, absl::StrCat("Where it shall be: ", kPlace))->required();
  copy->add_option("--service", options->service, "Whose store it is")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(kServices.begin(), kServices.end())));
  copy->add_option("--data", options->data,
                   "Data folder of the service over a store in PostgreSQL; without it that of the "
                   "SQLite store, or data/SERVICE of the hub");
  copy->add_flag("--follow", options->follow,
                 "Copy while the service works, and what it changes, until it is stopped");
  copy->add_flag("--sandbox", options->sandbox,
                 "Take a database over a network without TLS, as a sandbox does");
  copy->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Copy(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
