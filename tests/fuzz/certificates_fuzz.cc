// Certificates, their URIs, the lists that revoke them and the key sets beside them.
//
// The first byte says what the rest is: 0 PEM of a leaf, 1 DER of a leaf, 2 a URI, 3 what the
// transport says the URIs of a good leaf are, one a line, 4 DER of a CRL, 5 PEM of CRLs, 6 a JSON
// Web Key Set, 7 a trust file.
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/auth/certificate.h"
#include "common/auth/key_set.h"
#include "common/auth/revocation.h"
#include "common/auth/spiffe_id.h"
#include "common/auth/test_trust.h"
#include "common/auth/trust_file.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

using auth::TestTrust;

struct World {
  World() {
    auto made = auth::MakeAuthenticator(trust.config());
    RequireReady(made.ok(), "an authenticator");
    authenticator = *std::move(made);
    token = trust.Bearer(trust.council, peer);
    auto read = auth::ParseCertificates(trust.council.ca->pair().certificate_pem);
    RequireReady(read.ok() && read->size() == 1, "a CA");
    ca = std::move(read->front());
  }
  TestTrust trust;
  const auth::Peer peer = trust.MakePeer(trust.council, "/system/case-management");
  std::unique_ptr<auth::Authenticator> authenticator;
  std::string token;
  auth::Certificate ca;
};

World& TheWorld() {
  static auto& world = *new World;
  return world;
}

std::string Pem(absl::string_view label, const std::string& der) {
  const std::string text = absl::Base64Escape(der);
  std::string pem = absl::StrCat("-----BEGIN ", label, "-----\n");
  for (std::size_t at = 0; at < text.size(); at += 64) {
    absl::StrAppend(&pem, text.substr(at, 64), "\n");
  }
  return absl::StrCat(pem, "-----END ", label, "-----\n");
}

void CheckUri(const std::string& uri) {
  const auto id = auth::ParseSpiffeId(uri);
  if (!id.has_value()) return;
  Require(uri == absl::StrCat("spiffe://", id->trust_domain, id->path), "an id is its two parts");
  Require(auth::IsTrustDomain(id->trust_domain), "a trust domain is one");
  Require(uri.size() <= 2048 && id->path.size() >= 2, "an id has a path and a bounded length");
  Require(uri.find_first_of(std::string("%?#@: \0", 7), 9) == std::string::npos,
          "an id has no escape, query, fragment, user or port");
  Require(uri.find("/./") == std::string::npos && uri.find("/../") == std::string::npos &&
              uri.find("//", 9) == std::string::npos && uri.back() != '/',
          "an id has one spelling");
}

void ReadLeaf(const std::string& pem) {
  World& world = TheWorld();
  auth::Connection connection = world.peer.connection();
  connection.leaf_pem = pem;
  const auto let_in =
      world.authenticator->Authenticate(connection, {world.token, ""}, TestTrust::now());
  Require(!let_in.ok(), "only what the agency's CA issued is let in");
  const auto leaf = auth::ParseLeaf(pem);
  if (!leaf.ok()) return;
  Require(leaf->uri == absl::StrCat("spiffe://", leaf->trust_domain, leaf->path),
          "a leaf has one SPIFFE id");
  Require(auth::ParseSpiffeId(leaf->uri).has_value(), "the id of a leaf is one");
  Require(leaf->sha256.size() == 32 && !leaf->serial.empty(), "a leaf has thumbprint and serial");
  Require(!auth::IsIssuedBy(*leaf, world.ca.get()), "no CA issued what it never saw");
}

// The transport's word for the URIs of a good leaf.
void SayUris(Input& input) {
  World& world = TheWorld();
  auth::Connection connection = world.peer.connection();
  std::vector<std::string> uris, ids;
  while (!input.empty()) (input.OneOf(2) == 0 ? uris : ids).push_back(input.Line());
  connection.peer_uris.assign(uris.begin(), uris.end());
  connection.spiffe_ids.assign(ids.begin(), ids.end());
  const auto let_in =
      world.authenticator->Authenticate(connection, {world.token, ""}, TestTrust::now());
  const bool agrees =
      uris.size() == 1 && ids.size() == 1 && uris[0] == world.peer.uri && ids[0] == world.peer.uri;
  Require(let_in.ok() == agrees, "transport and hub read the same identity, or nobody is let in");
}

void ReadLists(const std::string& pem) {
  const auto lists = auth::ParseRevocationLists(pem);
  if (!lists.ok()) return;
  const auto revocations = auth::Revocations::Of(TheWorld().ca.get(), *lists);
  Require(!revocations.ok(), "no CA signed a list that it never saw");
}

void ReadTrustFile(const std::string& text) {
  const auto entries = auth::ParseTrustFile("/trust/trust.yaml", text);
  if (!entries.ok()) return;
  for (const auth::DomainEntry& entry : *entries) {
    Require(auth::IsTrustDomain(entry.trust_domain), "a trust domain is one");
    Require(!entry.ca.empty() && !entry.crl.empty(), "a domain has its CA and its list");
    Require(entry.issuer.empty() == entry.jwks.empty(), "an issuer has keys, and keys an issuer");
  }
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(data, size);
  switch (input.OneOf(8)) {
    case 0:
      ReadLeaf(input.Rest());
      break;
    case 1:
      ReadLeaf(Pem("CERTIFICATE", input.Rest()));
      break;
    case 2:
      CheckUri(input.Rest());
      break;
    case 3:
      SayUris(input);
      break;
    case 4:
      ReadLists(Pem("X509 CRL", input.Rest()));
      break;
    case 5:
      ReadLists(input.Rest());
      break;
    case 6:
      (void)trusthub::auth::KeySet::Parse(input.Rest());
      break;
    default:
      ReadTrustFile(input.Rest());
      break;
  }
  return 0;
}
