#include <signal.h>

#include <cstdio>
#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/audit/key_list.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/time/clock.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/logs.h"
#include "deploy/hubctl/text_file.h"
#include "deploy/hubctl/witness/witness.h"
#include "deploy/hubctl/witness/witness_folder.h"

namespace trusthub::hubctl {
namespace {

constexpr char kPurpose[] = "audit_review";
constexpr char kCaseReference[] = "witness";
// The hub showed two histories: told apart from a check that could not be made.
constexpr int kExitMisbehaviour = 2;

struct Options {
  std::string folder;
  std::string name;
  std::string keys;
  WitnessSettings own;  // of an agency's own system
  std::vector<std::string> addresses;
  int every_seconds = 60;
  std::string statement;
};

// How a witness calls: as a worker of a sandbox, or as its agency's own system.
struct Line {
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Desk> desk;
  std::unique_ptr<rpc::Client> client;
  AskAuditService ask;
};

absl::StatusOr<Line> LineOf(const Invocation& invocation, const WitnessSettings& settings) {
  Line line;
  if (!settings.worker.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(line.hub, invocation.OpenHub());
    TRUSTHUB_ASSIGN_OR_RETURN(line.desk, line.hub->DeskOf(settings.worker));
    line.ask = AskBy(*line.desk, kCaseReference);
    return line;
  }
  line.client =
      std::make_unique<rpc::Client>(rpc::Client::Options{settings.addresses, settings.tls});
  line.ask = [client = line.client.get(), path = settings.token_file](
                 const google::protobuf::Message& request, absl::string_view service,
                 google::protobuf::Message* response) -> absl::Status {
    rpc::CallContext context;
    // Read for each call: the agency's identity provider keeps it fresh.
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string token, ReadTextFile(path));
    context.token = std::string(absl::StripAsciiWhitespace(token));
    context.purpose = kPurpose;
    context.case_reference = kCaseReference;
    context.service = std::string(service);
    return client->Call(request, context, response);
  };
  return line;
}

absl::StatusOr<WitnessSettings> SettingsOf(const Options& options) {
  WitnessSettings settings = options.own;
  settings.name = options.name;
  if (!settings.worker.empty()) return settings;
  for (const std::string& address : options.addresses) {
    const std::size_t equals = address.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("--address is SERVICE=HOST:PORT");
    }
    settings.addresses[address.substr(0, equals)] = address.substr(equals + 1);
  }
  for (const char* service : kServices) {
    if (settings.addresses.count(service) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("say --as WORKER in a sandbox, else --address ", service,
                       "=HOST:PORT and so on, --certificate, --key, --server-ca, --token-file"));
    }
  }
  return settings;
}

absl::Status Init(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const WitnessSettings settings, SettingsOf(options));
  TrustOptions trust;
  trust.keys = options.keys;
  TRUSTHUB_ASSIGN_OR_RETURN(const Trusted trusted, TrustedBy(invocation, trust));
  TRUSTHUB_RETURN_IF_ERROR(WitnessFolder::Make(options.folder, settings, trusted.audit_keys));
  if (!invocation.json) {
    std::printf("Made a witness in %s. Its line for the hub's operator: hubctl witness key.\n",
                options.folder.c_str());
  }
  return absl::OkStatus();
}

absl::Status Key(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto folder, WitnessFolder::Open(options.folder));
  const std::string& key = folder->key().public_key();
  const std::string& name = folder->settings().name;
  if (invocation.json) {
    PrintJson({{"name", name}, {"key", crypto::HexEncode(key)}, {"key_id", audit::KeyId(key)}});
  } else {
    std::fputs(audit::KeyListText({{key, name}}).c_str(), stdout);
  }
  return absl::OkStatus();
}

std::string ResultOf(const WitnessCheck& check) {
  if (check.seen == 0 && check.misbehaviour.empty()) return "no entries yet";
  if (!check.misbehaviour.empty()) {
    return absl::StrCat("TWO HISTORIES (", check.misbehaviour, "): see ", check.evidence);
  }
  return absl::StrCat(check.caught_up ? "caught up: this folder was older than its own "
                                        "cosignature; "
                                      : "",
                      "cosigned");
}

// What checks of several logs came to.
struct Checked {
  Table table{{"service", "entries", "cosigned", "cosignatures", "result"}};
  absl::Status worst;
  std::string accused;

  void AddFailure(const std::string& name, const absl::Status& why) {
    table.Add({name, "", "", "", std::string(why.message())});
    worst.Update(
        absl::Status(why.code(), absl::StrCat(name, " could not be checked: ", why.message())));
  }
  void Add(const std::string& name, const WitnessCheck& check) {
    table.Add({name, absl::StrCat(check.seen), absl::StrCat(check.cosigned),
               absl::StrCat(check.cosignatures), ResultOf(check)});
    if (!check.misbehaviour.empty()) absl::StrAppend(&accused, " ", name);
  }
};

void CheckService(const Witness& witness, const std::string& service, Checked* checked) {
  const absl::StatusOr<std::vector<WitnessedLog>> logs = witness.LogsOf(service);
  if (!logs.ok()) return checked->AddFailure(service, logs.status());
  for (const WitnessedLog& log : *logs) {
    const std::string name =
        LogName(service, log.tree, log.file == WitnessFolder::FileOfFirst(service));
    const absl::StatusOr<WitnessCheck> check = witness.Check(log);
    if (check.ok()) {
      checked->Add(name, *check);
    } else {
      checked->AddFailure(name, check.status());
    }
  }
}

// All logs, whatever becomes of one: the worst outcome is told.
absl::Status Check(Invocation& invocation, const WitnessFolder& folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Line line, LineOf(invocation, folder.settings()));
  const Witness witness(&folder, line.ask, &RealClock());
  Checked checked;
  for (const char* service : kServices) CheckService(witness, service, &checked);
  const auto& [table, worst, accused] = checked;
  table.Print(invocation.json);
  if (accused.empty()) return worst;
  invocation.exit_refused = kExitMisbehaviour;
  return absl::DataLossError(
      absl::StrCat("the hub showed two histories of the audit log of", accused,
                   ". Keep the evidence, do not cosign, and tell the other agencies by telephone"));
}

absl::Status CheckOnce(Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto folder, WitnessFolder::Open(options.folder));
  return Check(invocation, *folder);
}

absl::Status Accept(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto folder, WitnessFolder::Open(options.folder));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.statement));
  const absl::StatusOr<Restoration> restoration = ParseRestoration(text);
  TRUSTHUB_ASSIGN_OR_RETURN(const Line line, LineOf(invocation, folder->settings()));
  const absl::Status accepted =
      restoration.ok() ? Witness(folder.get(), line.ask, &RealClock()).Accept(*restoration)
                       : restoration.status();
  if (!accepted.ok()) {
    return absl::Status(accepted.code(), absl::StrCat(options.statement, ": ", accepted.message()));
  }
  Table table({"service", "backup", "entries kept", "statement"});
  table.Add({restoration->service, restoration->backup, absl::StrCat(restoration->restored.size),
             RestorationId(*restoration)});
  table.Print(invocation.json);
  return absl::OkStatus();
}

// Until SIGTERM or SIGINT. A check that could not be made is told and made again; two histories end
// it.
absl::Status Run(Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto folder, WitnessFolder::Open(options.folder));
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  const timespec interval = {options.every_seconds, 0};
  for (;;) {
    const absl::Status status = Check(invocation, *folder);
    if (invocation.exit_refused == kExitMisbehaviour) return status;
    if (!status.ok()) PrintError(status, invocation.json);
    std::fflush(stdout);
    if (sigtimedwait(&stop, nullptr, &interval) > 0) return absl::OkStatus();
  }
}

absl::Status Status(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto folder, WitnessFolder::Open(options.folder));
  Table table({"service", "tree", "entries", "cosigned", "when", "evidence"});
  for (const char* service : kServices) {
    std::vector<std::string> files = folder->FurtherFiles(service);
    files.insert(files.begin(), WitnessFolder::FileOfFirst(service));
    for (const std::string& file : files) {
      TRUSTHUB_ASSIGN_OR_RETURN(const auto log, folder->Read(file));
      if (!log.has_value()) {
        table.Add({service, "", "", "", "never", ""});
        continue;
      }
      table.Add({service, log->newest.tree, absl::StrCat(log->newest.size),
                 log->cosigned.has_value() ? absl::StrCat(log->cosigned->size) : "",
                 log->cosigned.has_value()
                     ? absl::FormatTime(absl::RFC3339_sec, log->cosign_time, absl::UTCTimeZone())
                     : "never",
                 log->evidence});
    }
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

void AddInitOptions(CLI::App& command, Options& options) {
  command.add_option("--name", options.name, "The witness's name, e.g. met-police")->required();
  command.add_option("--keys", options.keys,
                     "List of the hub's audit keys; without it those of a sandbox");
  command.add_option("--as", options.own.worker, "In a sandbox: the worker, e.g. met-witness-01");
  command.add_option("--address", options.addresses, "Else: SERVICE=HOST:PORT of each service");
  command.add_option("--certificate", options.own.tls.certificate, "... the system's certificate");
  command.add_option("--key", options.own.tls.key, "... its key");
  command.add_option("--server-ca", options.own.tls.server_ca, "... the hub's CA");
  command.add_option("--token-file", options.own.token_file,
                     "... a file that holds a fresh token of the agency's identity provider");
}

}  // namespace

void AddWitness(CLI::App& app, Invocation& invocation) {
  CLI::App* witness = app.add_subcommand("witness", "An agency's witness of the audit logs");
  witness->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, auto run) {
    CLI::App* command = witness->add_subcommand(name, help);
    command->add_option("--folder", options->folder, "The witness's own folder")->required();
    command->callback([options, run, &invocation] {
      invocation.run = [options, run, &invocation] { return run(invocation, *options); };
    });
    return command;
  };
  AddInitOptions(*add("init", "Make a witness with a key of its own", Init), *options);
  add("key", "Print its public key, for witnesses.yaml and for lists of witnesses", Key);
  add("check", "Check every log once and cosign it; exit code 2 when the hub shows two histories",
      CheckOnce);
  add("run", "Check again and again until stopped", Run)
      ->add_option("--every", options->every_seconds, "Seconds between checks")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  add("accept",
      "Take up a log that was restored from a backup, as the hub's statement proves; compare its "
      "16 digits by telephone first",
      Accept)
      ->add_option("statement", options->statement, "The file that hubctl restore wrote")
      ->required();
  add("status", "What it saw and cosigned last, without asking the hub", Status);
}

}  // namespace trusthub::hubctl
