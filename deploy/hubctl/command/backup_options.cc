#include "deploy/hubctl/command/backup_options.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/audit/key_list.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/text_file.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;

constexpr char kSignerName[] = "backups";
constexpr std::int64_t kKiB = 1024;

std::string KeyFolder(const Invocation& invocation) { return invocation.hub + "/pki/backup"; }

absl::Status MakeRing(const std::string& folder) {
  TRUSTHUB_RETURN_IF_ERROR(pki::WriteFile(folder + "/kek-1.key",
                                          crypto::HexEncode(RandomBytes(crypto::kKeyBytes)) + "\n",
                                          /*secret=*/true));
  crypto::KeyPlace place;
  place.id = "kek-1";
  place.file = "kek-1.key";
  // Last: a ring that is there is whole.
  return pki::WriteFile(folder + "/keys.yaml", crypto::RenderKeyRing({place}), /*secret=*/true);
}

absl::Status MakeSigner(const std::string& folder) {
  const auto key = crypto::SigningKey::Generate();
  TRUSTHUB_RETURN_IF_ERROR(pki::WriteFile(
      folder + "/signers", audit::KeyListText({{key->public_key(), kSignerName}}), false));
  return pki::WriteFile(folder + "/signing.key", key->ToPem(), /*secret=*/true);
}

}  // namespace

void AddBackupKeyOptions(CLI::App& command, BackupKeyOptions& options, bool makes) {
  command.add_option("--keys", options.keys,
                     "Key ring of backups; without it pki/backup/keys.yaml of the hub");
  command.add_option("--signed-by", options.signed_by,
                     "List of the public keys whose manifests count; without it "
                     "pki/backup/signers of the hub");
  if (!makes) return;
  command.add_option("--signing-key", options.signing_key,
                     "Ed25519 key that signs the manifest; without it pki/backup/signing.key");
}

void AddRepositoryOption(CLI::App& command, std::string& folder) {
  command.add_option("repository", folder, "Folder of the backups, e.g. on a mounted share")
      ->required();
}

BackupKeyOptions WithDefaults(const Invocation& invocation, BackupKeyOptions options) {
  const std::string folder = KeyFolder(invocation);
  if (options.keys.empty()) options.keys = folder + "/keys.yaml";
  if (options.signing_key.empty()) options.signing_key = folder + "/signing.key";
  if (options.signed_by.empty()) options.signed_by = folder + "/signers";
  return options;
}

absl::Status MakeBackupKeys(const Invocation& invocation, const BackupKeyOptions& options) {
  const bool ring = options.keys.empty();
  const bool signer = options.signing_key.empty() && options.signed_by.empty();
  if (!ring && !signer) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(invocation.OpenHub().status());
  const std::string folder = KeyFolder(invocation);
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
  if (ring && !fs::exists(folder + "/keys.yaml")) TRUSTHUB_RETURN_IF_ERROR(MakeRing(folder));
  if (signer && !fs::exists(folder + "/signing.key")) {
    TRUSTHUB_RETURN_IF_ERROR(MakeSigner(folder));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const crypto::KeyRing>> LoadBackupRing(
    const BackupKeyOptions& options) {
  auto ring = crypto::KeyRing::Load(options.keys);
  if (ring.ok()) return ring;
  return absl::Status(
      ring.status().code(),
      absl::StrCat("key ring of backups (--keys): ", ring.status().message(),
                   absl::IsNotFound(ring.status()) ? "; hubctl backup init makes one" : ""));
}

absl::StatusOr<Signers> LoadSigners(const BackupKeyOptions& options) {
  absl::StatusOr<std::string> text = ReadTextFile(options.signed_by);
  auto keys = text.ok() ? audit::ParseKeyList(*text) : text.status();
  if (!keys.ok()) {
    return absl::Status(keys.status().code(),
                        absl::StrCat("list of signers (--signed-by): ", options.signed_by, ": ",
                                     keys.status().message()));
  }
  Signers signers;
  for (const audit::ListedKey& listed : *keys) signers.push_back(listed.key);
  return signers;
}

void AddStoreOptions(CLI::App& command, StoreOptions& options) {
  std::vector<std::string> known(kServices.begin(), kServices.end());
  known.push_back("all");
  command.add_option("--service", options.service, "One service, or all")
      ->check(CLI::IsMember(known))
      ->capture_default_str();
  command.add_option("--data", options.data,
                     "SERVICE=FOLDER where the data of a service are; without it data/SERVICE of "
                     "the hub");
}

std::vector<std::string> ServicesOf(const StoreOptions& options) {
  if (options.service != "all") return {options.service};
  return {kServices.begin(), kServices.end()};
}

absl::StatusOr<std::string> DataFolderOf(const Invocation& invocation, const StoreOptions& options,
                                         absl::string_view service) {
  for (const std::string& data : options.data) {
    const std::size_t equals = data.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("--data is SERVICE=FOLDER");
    }
    if (data.substr(0, equals) == service) return data.substr(equals + 1);
  }
  return absl::StrCat(invocation.hub, "/data/", service);
}

std::string KiB(std::int64_t bytes) { return absl::StrCat((bytes + kKiB - 1) / kKiB); }

}  // namespace trusthub::hubctl
