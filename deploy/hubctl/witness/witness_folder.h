// File: witness_folder.h
//
// What a witness keeps, in a folder of its own that no operator of the hub can reach:
//
//   witness.yaml             name, and how it calls the hub
//   witness.key              Ed25519, signs cosignatures; mode 0600
//   audit-keys               list of the hub's audit keys (common/audit/RECEIPT.md section 5)
//   heads/<service>.json     the newest head that it saw of a service's first log, and what it
//                            cosigned; of the log of a further replica: heads/<service>-<tree>.json
//   evidence/<service>-<time>.json  heads that contradict each other
//   accepted/<service>-<id>.json    statements of restores that its agency accepted
//
// A head is on disk before its cosignature leaves.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_WITNESS_WITNESS_FOLDER_H_
#define TRUSTHUB_DEPLOY_HUBCTL_WITNESS_WITNESS_FOLDER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/audit/key_list.h"
#include "common/crypto/crypto.h"
#include "common/rpc/channel.h"
#include "common/store/store.h"
#include "deploy/hubctl/backup/restoration.h"

namespace trusthub::hubctl {

struct WitnessSettings {
  std::string name;
  // In a sandbox, the worker of its directory who calls: the hub's folder has the keys.
  std::string worker;
  // Else the agency's own system: where the services are, its certificate, and the file in which
  // its identity provider keeps a token fresh.
  std::map<std::string, std::string> addresses;
  rpc::TlsFiles tls;
  std::string token_file;
};

// What is known of one service's log.
struct SeenLog {
  store::SealedHead newest;                                  // proved to extend all before it
  std::optional<store::SealedHead> cosigned = std::nullopt;  // cosigned last
  absl::Time cosign_time = absl::InfinitePast();
  std::string evidence =
      {};  // file name of the evidence that the log has two histories; empty: none
};

// Two heads of which one log can have had only one.
struct Contradiction {
  std::string finding;  // "rollback", "fork", "another tree" or "log gone"
  store::SealedHead kept;
  store::SealedHead shown;
  std::vector<std::string> proof;  // that was to connect them; empty where none can be asked for
};

class WitnessFolder {
 public:
  // Makes a folder with a fresh key. ALREADY_EXISTS when it holds a witness.
  static absl::Status Make(const std::string& folder, const WitnessSettings& settings,
                           const audit::KeyList& audit_keys);
  // NOT_FOUND saying how to make one, when there is none; INVALID_ARGUMENT for a bad file in it.
  static absl::StatusOr<std::unique_ptr<WitnessFolder>> Open(const std::string& folder);

  const WitnessSettings& settings() const { return settings_; }
  const crypto::SigningKey& key() const { return *key_; }
  const audit::KeyList& audit_keys() const { return audit_keys_; }

  // What a log is called in the folder: the service's first, or another one.
  static std::string FileOfFirst(absl::string_view service) { return std::string(service); }
  static std::string FileOf(absl::string_view service, absl::string_view tree);
  // Files of the further logs of the service that were seen.
  std::vector<std::string> FurtherFiles(absl::string_view service) const;

  // Nothing before the first check. DATA_LOSS when the file is damaged.
  absl::StatusOr<std::optional<SeenLog>> Read(absl::string_view file) const;
  // On disk when it returns OK.
  absl::Status Write(absl::string_view file, const SeenLog& log) const;
  // Keeps the evidence; gives its file's name.
  absl::StatusOr<std::string> WriteEvidence(absl::string_view service, absl::Time now,
                                            const Contradiction& contradiction) const;

  // Statements of restores that were accepted.
  bool HasAccepted(const Restoration& restoration) const;
  absl::Status WriteAccepted(const Restoration& restoration) const;

 private:
  std::string PathOf(absl::string_view file) const;
  std::string PathOfAccepted(const Restoration& restoration) const;

  std::string folder_;
  WitnessSettings settings_;
  std::unique_ptr<crypto::SigningKey> key_;
  audit::KeyList audit_keys_;
};

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_WITNESS_WITNESS_FOLDER_H_
