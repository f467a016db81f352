#include "deploy/hubctl/pki/development.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/crypto/key_file.h"
#include "common/crypto/keys/key_ring.h"
#include "deploy/hubctl/pki/certificates.h"
#include "deploy/hubctl/pki/tokens.h"

namespace trusthub::pki {
namespace {

constexpr absl::Duration kCaLife = absl::Hours(24 * 3650);
// One year: for a development folder that is made once; production leaves live for hours.
constexpr absl::Duration kLeafLife = absl::Hours(24 * 365);
// Clocks of containers and hosts differ a little.
constexpr absl::Duration kBackdated = absl::Minutes(5);

absl::Status MakeFolder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed || chmod(path.c_str(), 0700) != 0) {
    return absl::UnavailableError(absl::StrCat(path, " cannot be made"));
  }
  return absl::OkStatus();
}

absl::Status WritePair(const std::string& stem, const KeyPair& pair) {
  TRUSTHUB_RETURN_IF_ERROR(WriteFile(stem + ".pem", pair.certificate_pem, false));
  return WriteFile(stem + ".key", pair.key_pem, true);
}

// Writes one deployment; collects trust.yaml and the bundle as it goes.
class Writer {
 public:
  Writer(std::string folder, absl::Time now)
      : folder_(std::move(folder)), now_(now), trust_("version: 1\ndomains:\n") {}

  absl::Status Write(const DevelopmentPki& pki) {
    for (const DevelopmentAgency& agency : pki.agencies) {
      TRUSTHUB_RETURN_IF_ERROR(WriteAgency(agency, agency.kind).status());
    }
    TRUSTHUB_ASSIGN_OR_RETURN(const auto hub_ca, WriteAgency(pki.hub, "HUB"));
    for (const std::string& service : pki.services) {
      TRUSTHUB_RETURN_IF_ERROR(WriteService(*hub_ca, pki, service));
    }
    TRUSTHUB_RETURN_IF_ERROR(WriteFile(folder_ + "/ca-bundle.pem", bundle_, false));
    // Last: where it stands, all it names stands.
    return WriteFile(folder_ + "/trust.yaml", trust_, false);
  }

 private:
  Validity For(absl::Duration life) const { return {now_ - kBackdated, now_ + life}; }

  absl::StatusOr<std::unique_ptr<Ca>> WriteAgency(const DevelopmentAgency& agency,
                                                  absl::string_view kind);
  absl::Status WriteService(const Ca& ca, const DevelopmentPki& pki, const std::string& service);

  const std::string folder_;
  const absl::Time now_;
  std::string trust_;
  std::string bundle_;
};

absl::StatusOr<std::unique_ptr<Ca>> Writer::WriteAgency(const DevelopmentAgency& agency,
                                                        absl::string_view kind) {
  const std::string relative = "agencies/" + agency.id;
  const std::string folder = absl::StrCat(folder_, "/", relative);
  TRUSTHUB_RETURN_IF_ERROR(MakeFolder(folder));
  auto ca = Ca::Make(absl::StrCat(agency.trust_domain, " development CA"), For(kCaLife));
  const auto key = TokenKey::Generate(agency.id + "-1");
  const std::string revoked =
      ca->MakeRevocationList({{}, now_ - kBackdated, now_ + kLeafLife, true, false});
  TRUSTHUB_RETURN_IF_ERROR(WritePair(folder + "/ca", ca->pair()));
  TRUSTHUB_RETURN_IF_ERROR(WriteFile(folder + "/crl.pem", revoked, false));
  TRUSTHUB_RETURN_IF_ERROR(WriteFile(folder + "/jwks.json", MakeKeySet({key.get()}), false));
  TRUSTHUB_RETURN_IF_ERROR(WriteFile(folder + "/token.key", key->ToPem(), true));
  for (const std::string& system : agency.systems) {
    LeafRequest request;
    request.common_name = system;
    request.alternative_names = AlternativeNames(agency.trust_domain, "/system/" + system);
    request.validity = For(kLeafLife);
    TRUSTHUB_RETURN_IF_ERROR(WritePair(absl::StrCat(folder, "/", system), ca->IssueLeaf(request)));
  }
  bundle_ += ca->pair().certificate_pem;
  absl::StrAppend(&trust_, "  - trust_domain: ", agency.trust_domain, "\n    agency: agencies/",
                  agency.id, "\n    kind: ", kind, "\n    ca: ", relative,
                  "/ca.pem\n    crl: ", relative,
                  "/crl.pem\n    issuer: ", IssuerOf(agency.trust_domain), "\n    jwks: ", relative,
                  "/jwks.json\n");
  return ca;
}

absl::Status WriteNewKey(const std::string& path) {
  return WriteFile(path, crypto::HexEncode(RandomBytes(crypto::kKeyBytes)) + "\n", true);
}

absl::Status Writer::WriteService(const Ca& ca, const DevelopmentPki& pki,
                                  const std::string& service) {
  const std::string folder = absl::StrCat(folder_, "/services/", service);
  TRUSTHUB_RETURN_IF_ERROR(MakeFolder(folder));
  std::vector<std::string> dns = {"localhost", service, "trusthub-" + service};
  dns.insert(dns.end(), pki.dns_names.begin(), pki.dns_names.end());
  LeafRequest request;
  request.common_name = service;
  request.alternative_names =
      AlternativeNames(pki.hub.trust_domain, "/service/" + service, dns, {"127.0.0.1", "::1"});
  request.extended_key_usage = "clientAuth,serverAuth";
  request.validity = For(kLeafLife);
  TRUSTHUB_RETURN_IF_ERROR(WritePair(folder + "/tls", ca.IssueLeaf(request)));
  TRUSTHUB_RETURN_IF_ERROR(
      WriteFile(folder + "/audit.key", crypto::SigningKey::Generate()->ToPem(), true));
  TRUSTHUB_RETURN_IF_ERROR(WriteNewKey(folder + "/master.key"));
  TRUSTHUB_RETURN_IF_ERROR(WriteNewKey(folder + "/kek-1.key"));
  crypto::KeyPlace place;
  place.id = "kek-1";
  place.file = "kek-1.key";  // beside the ring, wherever that is mounted
  return WriteFile(folder + "/data_keys.yaml", crypto::RenderKeyRing({place}), true);
}

absl::Status CheckIds(const DevelopmentPki& pki) {
  std::vector<std::string> ids = pki.services;
  std::vector<const DevelopmentAgency*> agencies = {&pki.hub};
  for (const DevelopmentAgency& agency : pki.agencies) agencies.push_back(&agency);
  for (const DevelopmentAgency* agency : agencies) {
    ids.push_back(agency->id);
    ids.insert(ids.end(), agency->systems.begin(), agency->systems.end());
  }
  for (const std::string& id : ids) {
    if (!IsNameIn("agencies", "agencies/" + id)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", id, "\" is not an id of [a-z0-9-]"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  }
  return bytes;
}

// "council.example" of "spiffe://council.example/system/x".
std::string TrustDomainOf(absl::string_view uri) {
  absl::ConsumePrefix(&uri, "spiffe://");
  return std::string(uri.substr(0, uri.find('/')));
}

// Whether everything reached the disk.
bool WriteAll(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(descriptor, bytes.data(), bytes.size());
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return fsync(descriptor) == 0;
}

// Whether the renaming of a file reached the disk, too.
bool SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  if (descriptor >= 0) close(descriptor);
  return synced;
}

}  // namespace

std::string IssuerOf(absl::string_view trust_domain) {
  return absl::StrCat("https://issuer.", trust_domain);
}

absl::Status WriteFile(const std::string& path, absl::string_view bytes, bool secret) {
  const std::string next = path + ".next";
  unlink(next.c_str());
  // The mode is given when it is made: a secret is at no moment open to others.
  const int descriptor = open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                              secret ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
  const bool written = descriptor >= 0 && WriteAll(descriptor, bytes);
  if (descriptor >= 0) close(descriptor);
  if (!written || std::rename(next.c_str(), path.c_str()) != 0 || !SyncFolderOf(path)) {
    return absl::UnavailableError(absl::StrCat(path, " cannot be written"));
  }
  return absl::OkStatus();
}

absl::Status WriteDevelopmentPki(absl::string_view folder, const DevelopmentPki& pki,
                                 absl::Time now) {
  const std::string root(folder);
  if (access((root + "/trust.yaml").c_str(), F_OK) == 0) {
    return absl::AlreadyExistsError(absl::StrCat(root, " already holds a trust.yaml"));
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckIds(pki));
  for (const char* inner : {"", "/agencies", "/services"}) {
    TRUSTHUB_RETURN_IF_ERROR(MakeFolder(root + inner));
  }
  return Writer(root, now).Write(pki);
}

absl::Status Revoke(absl::string_view folder, absl::string_view id,
                    absl::string_view certificate_pem, absl::Time now) {
  const std::string member = absl::StrCat(folder, "/agencies/", id);
  KeyPair pair;
  TRUSTHUB_ASSIGN_OR_RETURN(pair.certificate_pem, ReadFile(member + "/ca.pem"));
  TRUSTHUB_ASSIGN_OR_RETURN(pair.key_pem, crypto::ReadSecretFile(member + "/ca.key"));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto ca, Ca::Load(pair));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string crl, ReadFile(member + "/crl.pem"));
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<std::int64_t> serials, RevokedSerials(crl));
  if (!certificate_pem.empty()) serials.push_back(CertificateSerial(certificate_pem));
  return WriteFile(member + "/crl.pem",
                   ca->MakeRevocationList({serials, now, now + kLeafLife, true, false}), false);
}

absl::StatusOr<std::string> IssueDevelopmentToken(absl::string_view folder,
                                                  const TokenRequest& request, absl::Time now) {
  const std::string member = absl::StrCat(folder, "/agencies/", request.agency);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string certificate,
                            ReadFile(absl::StrCat(member, "/", request.system, ".pem")));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string pem, crypto::ReadSecretFile(member + "/token.key"));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto key, TokenKey::FromPem(request.agency + "-1", pem));
  TokenClaims claims;
  claims.issuer = IssuerOf(TrustDomainOf(CertificateUri(certificate)));
  claims.agency = "agencies/" + request.agency;
  claims.worker = request.worker;
  claims.role = request.role;
  claims.audience = request.audience;
  claims.certificate_sha256 = CertificateSha256(certificate);
  claims.issued = now;
  claims.lifetime = request.lifetime;
  return IssueToken(*key, claims);
}

}  // namespace trusthub::pki
