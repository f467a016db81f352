// File: hub_folder.h
//
// A development or test hub in one folder: keys and certificates, configuration, data, logs. What
// `hubctl init` makes, deploy/demo starts, and hubctl, the tests and the bench act in.
//
//   hub.yaml             addresses of the services, audience, directory file
//   pki/                 pki/development.h
//   config/<service>.yaml
//   data/<service>/  log/<service>.log  run/<service>.pid  run/<service>.port
//   clock                the sandbox's domain clock: one RFC 3339 instant
#ifndef TRUSTHUB_DEPLOY_HUBCTL_HUB_FOLDER_H_
#define TRUSTHUB_DEPLOY_HUBCTL_HUB_FOLDER_H_

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"
#include "deploy/hubctl/directory_file.h"
#include "google/protobuf/message.h"

namespace trusthub::hubctl {

inline constexpr std::array<const char*, 6> kServices = {"directory",   "children", "referrals",
                                                         "assessments", "plans",    "health"};

struct InitOptions {
  std::string folder;
  std::string config_folder;  // deploy/config of the source tree or of an installation
  // First of six consecutive ports on loopback; 0 takes free ones.
  int base_port = 7401;
  // For containers: services listen on 0.0.0.0:7400, find each other by name, find the folder at
  // /hub, their keys at /keys and keep data in /var/lib/trusthub. Services' keys are given to user
  // 10001, which only root can do: FAILED_PRECONDITION else.
  bool container = false;
  absl::Time domain_now = absl::InfinitePast();  // where the sandbox clock starts; past: real time
  // False, for benches: services have neither a clock that can be set nor reflection, as a
  // borough's.
  bool sandbox = true;
};

// Makes a sandbox hub. ALREADY_EXISTS when the folder holds one.
absl::Status InitHub(const InitOptions& options);

class Hub;

// A worker at their agency's system: fetches tokens as an agency's identity provider would give
// them. Thread-safe.
class Desk {
 public:
  Desk(const Hub* hub, ListedWorker worker);

  template <class Response>
  absl::StatusOr<Response> Call(const google::protobuf::Message& request, absl::string_view purpose,
                                absl::string_view case_reference, absl::string_view service = "") {
    Response response;
    TRUSTHUB_RETURN_IF_ERROR(Call(request, purpose, case_reference, service, &response));
    return response;
  }
  // `received`, unless null, gets the answer as it came: what a receipt file keeps.
  absl::Status Call(const google::protobuf::Message& request, absl::string_view purpose,
                    absl::string_view case_reference, absl::string_view service,
                    google::protobuf::Message* response, rpc::ReceivedAnswer* received = nullptr);
  absl::StatusOr<std::unique_ptr<rpc::Client::Stream>> Watch(
      absl::string_view service, const events::v1::WatchRequest& request, absl::string_view purpose,
      absl::string_view case_reference);

  // A token for this worker, good for ten minutes, bound to the system's certificate.
  absl::StatusOr<std::string> Token() const;
  // As a call would carry, with another token: for showing that a stolen one is refused.
  rpc::Client& client() { return *client_; }
  std::string name() const { return "workers/" + worker_.id; }
  const directory::v1::Worker& worker() const { return worker_.worker; }

 private:
  absl::StatusOr<std::string> FreshToken();

  const Hub* hub_;
  const ListedWorker worker_;
  std::unique_ptr<rpc::Client> client_;
  Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time token_made_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

// An existing hub folder. Thread-safe.
class Hub {
 public:
  // NOT_FOUND saying how to make one, when `folder` holds none.
  static absl::StatusOr<std::unique_ptr<Hub>> Open(absl::string_view folder);

  // From now on calls of `service` go to `address`: another replica, or several with commas
  // between. Before desks are made.
  void Redirect(const std::string& service, std::string address) {
    addresses_[service] = std::move(address);
  }

  // The desk of "lbr-sw-01" or "workers/lbr-sw-01"; NOT_FOUND when the directory file has no such
  // worker.
  absl::StatusOr<std::unique_ptr<Desk>> DeskOf(absl::string_view worker) const;
  // Certificate, key and the hub's CA, for the one system that `agency` ("agencies/x") has here.
  rpc::TlsFiles TlsOf(absl::string_view agency) const;
  std::string TlsFolderOf(absl::string_view agency) const;
  // Public key of a service's audit log, 32 bytes: what receipts and heads are checked with.
  absl::StatusOr<std::string> AuditKeyOf(absl::string_view service) const;
  // Sets the domain clock of every service of the sandbox.
  absl::Status SetClock(absl::Time instant) const;
  // What the domain clock says now.
  absl::StatusOr<absl::Time> DomainNow() const;

  const std::string& folder() const { return folder_; }
  const std::map<std::string, std::string>& addresses() const { return addresses_; }
  const std::string& audience() const { return audience_; }
  const std::string& config_folder() const { return config_folder_; }
  const DirectoryFile& directory() const { return directory_; }

 private:
  std::string folder_;
  std::map<std::string, std::string> addresses_;
  std::string audience_;
  std::string config_folder_;
  DirectoryFile directory_;
};

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_HUB_FOLDER_H_
