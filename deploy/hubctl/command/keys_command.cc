// keys: what the data keys of the services are wrapped with, and wrapping them with a new key.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/key_ring.h"
#include "common/crypto/keys/pkcs11_key.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/settle.h"
#include "deploy/hubctl/text_file.h"
#include "trusthub/audit/v1/data_keys_service.pb.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using audit::v1::CountDataKeysResponse;

constexpr char kAuditor[] = "hub-auditor-01";
constexpr char kPurpose[] = "audit_review";
constexpr char kCaseReference[] = "data-keys";
constexpr char kRingFile[] = "data_keys.yaml";
constexpr char kKeyPrefix[] = "kek-";

struct Options {
  std::string service = "all";
  std::string module, token, pin_file;  // where new keys are made; empty: in files
  bool destroy_old = false;
  int seconds = 600;
};

// The key ring of one service, as its folder holds it.
class RingFolder {
 public:
  RingFolder(const Hub& hub, const std::string& service)
      : folder_(absl::StrCat(hub.folder(), "/pki/services/", service, "/")) {}

  absl::StatusOr<std::vector<crypto::KeyPlace>> Read() const {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(folder_ + kRingFile));
    return crypto::ParseKeyRing(text, folder_ + kRingFile);
  }

  // In one step: the service finds the ring before or the ring after.
  absl::Status Write(std::vector<crypto::KeyPlace> places) const {
    for (crypto::KeyPlace& place : places) {
      // Beside the ring, wherever the service finds that.
      place.file = std::string(absl::StripPrefix(place.file, folder_));
      place.pin_file = std::string(absl::StripPrefix(place.pin_file, folder_));
    }
    return WriteOwned(kRingFile, crypto::RenderKeyRing(places));
  }

  // A new key under an id that no file here and no key of `known` has.
  absl::StatusOr<crypto::KeyPlace> MakeKey(const std::vector<crypto::KeyPlace>& known,
                                           const Options& options) const {
    crypto::KeyPlace place;
    for (int number = 1; place.id.empty(); ++number) {
      const std::string id = absl::StrCat(kKeyPrefix, number);
      bool taken = fs::exists(FileOf(id)) || fs::exists(FileOf(id) + ".retired");
      for (const crypto::KeyPlace& other : known) taken = taken || other.id == id;
      if (!taken) place.id = id;
    }
    if (options.module.empty()) {
      place.file = FileOf(place.id);
      TRUSTHUB_RETURN_IF_ERROR(
          WriteOwned(place.id + ".key", crypto::HexEncode(RandomBytes(crypto::kKeyBytes)) + "\n"));
      return place;
    }
    place.module = options.module;
    place.token = options.token;
    place.key = place.id;
    place.pin_file = options.pin_file;
    TRUSTHUB_RETURN_IF_ERROR(
        crypto::GeneratePkcs11Key({place.module, place.token, place.key, place.pin_file}));
    return place;
  }

  // Backups made before need the key: it is put aside, unless it is to be destroyed.
  static absl::Status Retire(const crypto::KeyPlace& place, bool destroy) {
    if (place.file.empty()) return absl::OkStatus();  // a token's keys are the token's to destroy
    std::error_code error;
    if (destroy) {
      fs::remove(place.file, error);
    } else {
      fs::rename(place.file, place.file + ".retired", error);
    }
    if (!error || error == std::errc::no_such_file_or_directory) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(place.file, ": ", error.message()));
  }

 private:
  std::string FileOf(const std::string& id) const { return folder_ + id + ".key"; }

  // Owned by whom the folder is: in containers the service's user.
  absl::Status WriteOwned(const std::string& name, absl::string_view text) const {
    struct stat folder;
    if (stat(folder_.c_str(), &folder) != 0) {
      return absl::NotFoundError(absl::StrCat(folder_, " cannot be read"));
    }
    const std::string next = folder_ + name + ".new";
    TRUSTHUB_RETURN_IF_ERROR(pki::WriteFile(next, text, /*secret=*/true));
    if (folder.st_uid != geteuid() && chown(next.c_str(), folder.st_uid, folder.st_gid) != 0) {
      return absl::PermissionDeniedError(absl::StrCat(next, " cannot be given to its service"));
    }
    if (std::rename(next.c_str(), (folder_ + name).c_str()) != 0) {
      return absl::UnavailableError(absl::StrCat(folder_, name, " cannot be written"));
    }
    return absl::OkStatus();
  }

  const std::string folder_;
};

absl::StatusOr<CountDataKeysResponse> Count(Desk& desk, const std::string& service) {
  return desk.Call<CountDataKeysResponse>(audit::v1::CountDataKeysRequest(), kPurpose,
                                          kCaseReference, service);
}

std::int64_t KeysUnder(const CountDataKeysResponse& counts, absl::string_view ring_key) {
  for (const auto& row : counts.counts()) {
    if (row.ring_key() == ring_key) return row.data_keys();
  }
  return 0;
}

absl::Status Status(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(kAuditor));
  Table table({"service", "key", "wraps data keys", "use"});
  for (const char* service : kServices) {
    if (options.service != "all" && options.service != service) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const CountDataKeysResponse counts, Count(*desk, service));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto places, RingFolder(*hub, service).Read());
    for (const crypto::KeyPlace& place : places) {
      table.Add({service, place.id, absl::StrCat(KeysUnder(counts, place.id)),
                 place.id == counts.current_ring_key() ? "current" : "unwraps"});
    }
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

// Until the service wraps with `wanted` and everything is wrapped with it.
absl::Status AwaitRewrapped(Desk& desk, const std::string& service, const std::string& wanted,
                            absl::Duration limit, std::int64_t* wrapped) {
  const auto progress = ProgressLine(absl::StrCat(service, ": data keys wrapped anew"));
  return Settle(
      limit,
      [&]() -> absl::Status {
        TRUSTHUB_ASSIGN_OR_RETURN(const CountDataKeysResponse counts, Count(desk, service));
        std::int64_t all = 0;
        for (const auto& row : counts.counts()) all += row.data_keys();
        *wrapped = KeysUnder(counts, wanted);
        progress(static_cast<int>(*wrapped), static_cast<int>(all));
        if (counts.current_ring_key() == wanted && *wrapped == all) return absl::OkStatus();
        return absl::UnavailableError(absl::StrCat(
            service, ": ", *wrapped, " of ", all, " data keys are wrapped with ", wanted,
            "; run this again to go on, and see the service's log when it does not move"));
      },
      [](const absl::Status& status) { return absl::IsUnavailable(status); });
}

absl::Status RotateOne(const Hub& hub, Desk& desk, const std::string& service,
                       const Options& options, Table* table) {
  const RingFolder folder(hub, service);
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<crypto::KeyPlace> places, folder.Read());
  // More than one key: an earlier rotation did not come to its end. It is taken up, not begun anew.
  if (places.size() == 1) {
    TRUSTHUB_ASSIGN_OR_RETURN(crypto::KeyPlace made, folder.MakeKey(places, options));
    places.insert(places.begin(), std::move(made));
    TRUSTHUB_RETURN_IF_ERROR(folder.Write(places));
  }
  const crypto::KeyPlace current = places.front();
  std::int64_t wrapped = 0;
  TRUSTHUB_RETURN_IF_ERROR(
      AwaitRewrapped(desk, service, current.id, absl::Seconds(options.seconds), &wrapped));
  TRUSTHUB_RETURN_IF_ERROR(folder.Write({current}));
  std::string dropped;
  for (std::size_t i = 1; i < places.size(); ++i) {
    TRUSTHUB_RETURN_IF_ERROR(RingFolder::Retire(places[i], options.destroy_old));
    absl::StrAppend(&dropped, i == 1 ? "" : " ", places[i].id);
  }
  table->Add({service, current.id, absl::StrCat(wrapped), dropped});
  return absl::OkStatus();
}

absl::Status Rotate(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(kAuditor));
  Table table({"service", "key", "wraps data keys", "dropped"});
  for (const char* service : kServices) {
    if (options.service != "all" && options.service != service) continue;
    TRUSTHUB_RETURN_IF_ERROR(RotateOne(*hub, *desk, service, options, &table));
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

}  // namespace

void AddKeys(CLI::App& app, Invocation& invocation) {
  CLI::App* keys = app.add_subcommand("keys", "What the services' data keys are wrapped with");
  keys->require_subcommand(1);
  auto options = std::make_shared<Options>();
  std::vector<std::string> known(kServices.begin(), kServices.end());
  known.push_back("all");
  CLI::App* status = keys->add_subcommand("status", "How many data keys each key wraps");
  CLI::App* rotate = keys->add_subcommand(
      "rotate", "Make a new key, have all data keys wrapped with it, drop the old one");
  for (CLI::App* command : {status, rotate}) {
    command->add_option("--service", options->service, "One service, or all")
        ->check(CLI::IsMember(known))
        ->capture_default_str();
  }
  CLI::Option* module = rotate->add_option("--module", options->module,
                                           "Make the key in a token: its PKCS#11 library");
  CLI::Option* token = rotate->add_option("--token", options->token, "Label of the token");
  CLI::Option* pin =
      rotate->add_option("--pin-file", options->pin_file, "File with the token's PIN");
  module->needs(token)->needs(pin);
  token->needs(module);
  pin->needs(module);
  rotate->add_flag("--destroy-old", options->destroy_old,
                   "Delete the old key's file: backups made before can then not be read");
  rotate->add_option("--seconds", options->seconds, "Time limit for each service")
      ->capture_default_str();
  status->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Status(invocation, *options); };
  });
  rotate->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Rotate(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
