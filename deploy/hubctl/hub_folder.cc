#include "deploy/hubctl/hub_folder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/crypto/crypto.h"
#include "common/time/clock.h"
#include "deploy/hubctl/pki/certificates.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/pki/tokens.h"
#include "deploy/hubctl/text_file.h"

namespace trusthub::hubctl {
namespace {

// The one system of every agency of a sandbox.
constexpr char kSystem[] = "records";
constexpr char kHubAgency[] = "trust-hub";
constexpr int kContainerPort = 7400;
// Whom services run as in containers: USER of deploy/Dockerfile.
constexpr uid_t kContainerUser = 10001;
// A desk asks for a new token when the old one has less than half of its ten minutes left.
constexpr absl::Duration kTokenFresh = absl::Minutes(5);

std::string TrustDomainOf(absl::string_view agency_id) {
  return absl::StrCat(agency_id, ".example");
}

// A port that was free a moment ago. A service that finds it taken meanwhile says so at start.
absl::StatusOr<int> FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = fd >= 0 && bind(fd, any, size) == 0 && getsockname(fd, any, &size) == 0;
  if (fd >= 0) close(fd);
  if (!bound) return absl::UnavailableError("no free port on the loopback address");
  return ntohs(address.sin_port);
}

absl::StatusOr<std::map<std::string, std::string>> ChooseAddresses(const InitOptions& options) {
  std::map<std::string, std::string> addresses;
  int next = options.base_port;
  for (const char* service : kServices) {
    if (options.container) {
      addresses[service] = absl::StrCat(service, ":", kContainerPort);
    } else if (options.base_port != 0) {
      addresses[service] = absl::StrCat("127.0.0.1:", next++);
    } else {
      TRUSTHUB_ASSIGN_OR_RETURN(const int port, FreePort());
      addresses[service] = absl::StrCat("127.0.0.1:", port);
    }
  }
  return addresses;
}

absl::Status WriteText(const std::string& path, absl::string_view text) {
  return pki::WriteFile(path, text, /*secret=*/false);
}

std::string ConfigFolder(const InitOptions& options) {
  return options.container ? "/usr/share/trusthub/config" : options.config_folder;
}

std::string ServiceConfig(const InitOptions& options, const std::string& service,
                          const std::map<std::string, std::string>& addresses) {
  const std::string listen =
      options.container ? absl::StrCat("0.0.0.0:", kContainerPort) : addresses.at(service);
  // In containers the folder is mounted read-only at /hub, the service's own keys at /keys; a
  // volume holds the data, and the data files are part of the image.
  const std::string config = ConfigFolder(options);
  const std::string data = options.container ? "/var/lib/trusthub" : "../data/" + service;
  const std::string keys = options.container ? "/keys" : "../pki/services/" + service;
  std::string text = absl::StrCat(
      "# Sandbox configuration of the ", service, " service, made by hubctl init.\n",
      "service: ", service, "\nlisten: ", listen, "\ndata_folder: ", data,
      "\nrules_folder: ", config, "\nagreements_folder: ", config,
      "/redbridge/agreements\nsettings_folder: ", config, "/redbridge\n", "certificate: ", keys,
      "/tls.pem\nkey: ", keys,
      "/tls.key\nclient_ca: ../pki/ca-bundle.pem\nserver_ca: ../pki/agencies/trust-hub/ca.pem\n",
      "trust_file: ../pki/trust.yaml\naudience: trusthub-redbridge-sandbox\naudit_key: ", keys,
      "/audit.key\nmaster_key: ", keys, "/master.key\ndata_keys: ", keys, "/data_keys.yaml\n",
      options.sandbox ? "sandbox: true\nclock_file: ../clock\nreflection: true\n" : "",
      "services:\n");
  // The one service whose handlers wait for another one (the child index) has threads to spare.
  if (service == "health") {
    text.insert(text.find("services:"), "threads: 8\n");
  }
  for (const auto& [name, address] : addresses) {
    if (name != service) absl::StrAppend(&text, "  ", name, ": ", address, "\n");
  }
  return text;
}

absl::Status WritePki(const InitOptions& options, const DirectoryFile& directory) {
  pki::DevelopmentPki plan;
  for (const ListedAgency& listed : directory.agencies) {
    pki::DevelopmentAgency agency;
    agency.id = listed.id;
    agency.kind = std::string(
        absl::StripPrefix(directory::v1::AgencyKind_Name(listed.agency.kind()), "AGENCY_KIND_"));
    agency.trust_domain = TrustDomainOf(listed.id);
    agency.systems = {kSystem};
    if (listed.id == kHubAgency) {
      plan.hub = std::move(agency);
    } else {
      plan.agencies.push_back(std::move(agency));
    }
  }
  for (const char* service : kServices) {
    plan.services.emplace_back(service);
    plan.dns_names.emplace_back(service);  // their names among containers
  }
  return pki::WriteDevelopmentPki(options.folder + "/pki", plan, RealClock().Now());
}

// Services in containers read the public part of the folder and own the keys of services; the keys
// of agencies stay those of whoever made the hub.
absl::Status GiveToContainers(const std::string& folder) {
  namespace fs = std::filesystem;
  constexpr auto kTraversable = static_cast<fs::perms>(0755);
  std::error_code error;
  fs::permissions(folder, kTraversable, error);
  // Mounted over the keys of the other services.
  if (!error) fs::create_directory(folder + "/empty", error);
  if (!error) fs::permissions(folder + "/pki", kTraversable, error);
  for (fs::recursive_directory_iterator it(folder + "/pki/agencies", error), end;
       !error && it != end; it.increment(error)) {
    if (it->is_directory()) fs::permissions(it->path(), kTraversable, error);
  }
  if (!error) fs::permissions(folder + "/pki/agencies", kTraversable, error);
  const std::string keys = folder + "/pki/services";
  bool given = chown(keys.c_str(), kContainerUser, kContainerUser) == 0;
  for (fs::recursive_directory_iterator it(keys, error), end; !error && given && it != end;
       it.increment(error)) {
    given = chown(it->path().c_str(), kContainerUser, kContainerUser) == 0;
  }
  if (!error && given) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(keys, ": cannot be made readable for user ", kContainerUser, " alone"));
}

}  // namespace

absl::Status InitHub(const InitOptions& options) {
  const std::string& folder = options.folder;
  if (std::filesystem::exists(folder + "/hub.yaml")) {
    return absl::AlreadyExistsError(absl::StrCat(folder, " holds a hub already"));
  }
  if (options.container && geteuid() != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("a hub for containers is made as root, which gives services' keys to user ",
                     kContainerUser, "; see deploy/README.md for making it in a container"));
  }
  std::error_code error;
  for (const char* part : {"config", "data", "log", "run"}) {
    std::filesystem::create_directories(absl::StrCat(folder, "/", part), error);
    if (error) {
      return absl::UnavailableError(absl::StrCat(folder, ": cannot be made: ", error.message()));
    }
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const DirectoryFile directory,
                            ReadDirectoryFile(options.config_folder + "/redbridge/directory.yaml"));
  TRUSTHUB_RETURN_IF_ERROR(WritePki(options, directory));
  const absl::Time domain_now =
      options.domain_now == absl::InfinitePast() ? RealClock().Now() : options.domain_now;
  TRUSTHUB_RETURN_IF_ERROR(WriteText(
      folder + "/clock",
      absl::StrCat(absl::FormatTime(absl::RFC3339_full, domain_now, absl::UTCTimeZone()), "\n")));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto addresses, ChooseAddresses(options));
  for (const char* service : kServices) {
    TRUSTHUB_RETURN_IF_ERROR(WriteText(absl::StrCat(folder, "/config/", service, ".yaml"),
                                       ServiceConfig(options, service, addresses)));
  }
  std::string text =
      absl::StrCat("audience: trusthub-redbridge-sandbox\nconfig_folder: ", ConfigFolder(options),
                   "\nservices:\n");
  for (const char* service : kServices) {
    absl::StrAppend(&text, "  ", service, ": ", addresses.at(service), "\n");
  }
  if (options.container) TRUSTHUB_RETURN_IF_ERROR(GiveToContainers(folder));
  return WriteText(folder + "/hub.yaml", text);
}

absl::StatusOr<std::unique_ptr<Hub>> Hub::Open(absl::string_view folder) {
  auto hub = std::make_unique<Hub>();
  hub->folder_ = std::string(folder);
  const std::string path = hub->folder_ + "/hub.yaml";
  if (!std::filesystem::exists(path)) {
    return absl::NotFoundError(
        absl::StrCat(folder, " holds no hub: run deploy/demo, or hubctl --hub ", folder, " init"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml root, config::Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"audience", "config_folder", "services"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml audience, root.Get("audience"));
  TRUSTHUB_ASSIGN_OR_RETURN(hub->audience_, audience.Text());
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml config, root.Get("config_folder"));
  TRUSTHUB_ASSIGN_OR_RETURN(hub->config_folder_, config.Text());
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml services, root.Get("services"));
  for (const char* service : kServices) {
    TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml address, services.Get(service));
    TRUSTHUB_ASSIGN_OR_RETURN(hub->addresses_[service], address.Text());
  }
  TRUSTHUB_ASSIGN_OR_RETURN(hub->directory_,
                            ReadDirectoryFile(hub->config_folder_ + "/redbridge/directory.yaml"));
  return hub;
}

std::string Hub::TlsFolderOf(absl::string_view agency) const {
  return absl::StrCat(folder_, "/pki/agencies/", IdOf(agency));
}

rpc::TlsFiles Hub::TlsOf(absl::string_view agency) const {
  const std::string base = absl::StrCat(TlsFolderOf(agency), "/", kSystem);
  return {base + ".pem", base + ".key", folder_ + "/pki/agencies/trust-hub/ca.pem"};
}

absl::StatusOr<std::string> Hub::AuditKeyOf(absl::string_view service) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto key, crypto::SigningKey::Load(absl::StrCat(
                                                folder_, "/pki/services/", service, "/audit.key")));
  return key->public_key();
}

absl::Status Hub::SetClock(absl::Time instant) const {
  return WriteText(
      folder_ + "/clock",
      absl::StrCat(absl::FormatTime(absl::RFC3339_full, instant, absl::UTCTimeZone()), "\n"));
}

absl::StatusOr<absl::Time> Hub::DomainNow() const {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Clock> clock, FileClock(folder_ + "/clock"));
  return clock->Now();
}

absl::StatusOr<std::unique_ptr<Desk>> Hub::DeskOf(absl::string_view worker) const {
  const absl::string_view id = absl::StripPrefix(worker, "workers/");
  for (const ListedWorker& listed : directory_.workers) {
    if (listed.id == id) return std::make_unique<Desk>(this, listed);
  }
  return absl::NotFoundError(
      absl::StrCat("the directory file has no worker ", id, ": see hubctl workers"));
}

Desk::Desk(const Hub* hub, ListedWorker worker)
    : hub_(hub),
      worker_(std::move(worker)),
      client_(std::make_unique<rpc::Client>(
          rpc::Client::Options{hub->addresses(), hub->TlsOf(worker_.worker.agency())})) {}

absl::StatusOr<std::string> Desk::Token() const {
  const absl::string_view agency_id = IdOf(worker_.worker.agency());
  const std::string folder = hub_->TlsFolderOf(worker_.worker.agency());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string pem, ReadTextFile(folder + "/token.key"));
  const std::string key_id = absl::StrCat(agency_id, "-1");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto key, pki::TokenKey::FromPem(key_id, pem));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string certificate,
                            ReadTextFile(hub_->TlsOf(worker_.worker.agency()).certificate));
  pki::TokenClaims claims;
  claims.issuer = pki::IssuerOf(TrustDomainOf(agency_id));
  claims.agency = worker_.worker.agency();
  claims.worker = name();
  claims.role = absl::AsciiStrToLower(
      absl::StripPrefix(options::v1::Role_Name(worker_.worker.role()), "ROLE_"));
  claims.audience = hub_->audience();
  claims.certificate_sha256 = pki::CertificateSha256(certificate);
  claims.issued = RealClock().Now();
  return pki::IssueToken(*key, claims);
}

absl::StatusOr<std::string> Desk::FreshToken() {
  MutexLock lock(mutex_);
  const absl::Time now = RealClock().Now();
  if (token_.empty() || now - token_made_ > kTokenFresh) {
    TRUSTHUB_ASSIGN_OR_RETURN(token_, Token());
    token_made_ = now;
  }
  return token_;
}

absl::Status Desk::Call(const google::protobuf::Message& request, absl::string_view purpose,
                        absl::string_view case_reference, absl::string_view service,
                        google::protobuf::Message* response, rpc::ReceivedAnswer* received) {
  rpc::CallContext context;
  TRUSTHUB_ASSIGN_OR_RETURN(context.token, FreshToken());
  context.purpose = std::string(purpose);
  context.case_reference = std::string(case_reference);
  context.service = std::string(service);
  context.received = received;
  return client_->Call(request, context, response);
}

absl::StatusOr<std::unique_ptr<rpc::Client::Stream>> Desk::Watch(
    absl::string_view service, const events::v1::WatchRequest& request, absl::string_view purpose,
    absl::string_view case_reference) {
  rpc::CallContext context;
  TRUSTHUB_ASSIGN_OR_RETURN(context.token, FreshToken());
  context.purpose = std::string(purpose);
  context.case_reference = std::string(case_reference);
  return client_->Watch(service, request, context);
}

}  // namespace trusthub::hubctl
