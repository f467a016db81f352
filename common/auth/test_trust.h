// File: test_trust.h
//
// A small Trust on disk for the tests of this folder: a council, a hospital and the hub, each with
// its CA, CRL and token key, and peers and tokens made from them, good or bad.
#ifndef TRUSTHUB_COMMON_AUTH_TEST_TRUST_H_
#define TRUSTHUB_COMMON_AUTH_TEST_TRUST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/authenticator.h"
#include "deploy/hubctl/pki/certificates.h"
#include "deploy/hubctl/pki/tokens.h"

namespace trusthub::auth {

// What the transport would say of a peer with this certificate.
struct Peer {
  std::string pem;
  std::string uri;
  std::string sha256;

  Connection connection() const {
    Connection connection;
    connection.encrypted = true;
    connection.peer_uris = {uri};
    connection.spiffe_ids = {uri};
    connection.leaf_pem = pem;
    return connection;
  }
};

class TestTrust {
 public:
  struct Member {
    std::string id, kind, trust_domain, issuer;
    std::unique_ptr<pki::Ca> ca;
    std::unique_ptr<pki::TokenKey> key;
  };

  TestTrust();
  ~TestTrust();
  TestTrust(const TestTrust&) = delete;
  TestTrust& operator=(const TestTrust&) = delete;

  // Certificates and CRLs are good from a day before this instant to a day after.
  static absl::Time now();
  static pki::Validity Days(int before, int after);
  static constexpr char kAudience[] = "https://hub.redbridge.example";

  AuthConfig config() const { return {path("trust.yaml"), kAudience}; }
  std::string path(absl::string_view file) const;
  void Write(absl::string_view file, absl::string_view bytes) const;
  void Remove(absl::string_view file) const;
  // trust.yaml with these members.
  void WriteTrustFile(const std::vector<const Member*>& members) const;
  // "council-crl.pem" and so on, with these serials.
  void WriteCrl(const Member& member, const std::vector<std::int64_t>& revoked) const;

  // A good request for a leaf, to be made wrong.
  pki::LeafRequest Request(const Member& member, absl::string_view path) const;
  Peer MakePeer(const Member& member, absl::string_view path) const;
  // The peer that the transport would see for a certificate with this URI.
  static Peer PeerOf(const std::string& pem, absl::string_view uri);

  // Good claims of a worker of `member` on that connection, to be made wrong.
  pki::TokenClaims Claims(const Member& member, const Peer& peer) const;
  std::string Bearer(const Member& member, const Peer& peer) const;

  Member council, hospital, hub;

 private:
  Member MakeMember(absl::string_view id, absl::string_view kind) const;

  std::string folder_;
};

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_TEST_TRUST_H_
