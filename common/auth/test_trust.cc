#include "common/auth/test_trust.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "deploy/hubctl/pki/development.h"

namespace trusthub::auth {

TestTrust::TestTrust() {
  std::string pattern = testing::TempDir() + "auth_test_XXXXXX";
  folder_ = mkdtemp(pattern.data());
  council = MakeMember("council", "COUNCIL");
  hospital = MakeMember("hospital", "ACUTE_TRUST");
  hub = MakeMember("hub", "HUB");
  WriteTrustFile({&council, &hospital, &hub});
}

TestTrust::~TestTrust() { std::filesystem::remove_all(folder_); }

absl::Time TestTrust::now() {
  return absl::FromCivil(absl::CivilSecond(2026, 3, 16, 10), absl::UTCTimeZone());
}

pki::Validity TestTrust::Days(int before, int after) {
  return {now() - absl::Hours(24 * before), now() + absl::Hours(24 * after)};
}

std::string TestTrust::path(absl::string_view file) const {
  return absl::StrCat(folder_, "/", file);
}

void TestTrust::Write(absl::string_view file, absl::string_view bytes) const {
  const absl::Status written = pki::WriteFile(path(file), bytes, false);
  ASSERT_TRUE(written.ok()) << written;
}

void TestTrust::Remove(absl::string_view file) const { unlink(path(file).c_str()); }

TestTrust::Member TestTrust::MakeMember(absl::string_view id, absl::string_view kind) const {
  Member member;
  member.id = std::string(id);
  member.kind = std::string(kind);
  member.trust_domain = absl::StrCat(id, ".redbridge.example");
  member.issuer = pki::IssuerOf(member.trust_domain);
  member.ca = pki::Ca::Make(member.trust_domain, Days(1, 3));
  member.key = pki::TokenKey::Generate(absl::StrCat(id, "-1"));
  Write(absl::StrCat(id, "-ca.pem"), member.ca->pair().certificate_pem);
  Write(absl::StrCat(id, "-jwks.json"), pki::MakeKeySet({member.key.get()}));
  WriteCrl(member, {});
  return member;
}

void TestTrust::WriteTrustFile(const std::vector<const Member*>& members) const {
  std::string text = "version: 1\ndomains:\n";
  for (const Member* member : members) {
    absl::StrAppend(&text, "  - trust_domain: ", member->trust_domain, "\n    agency: agencies/",
                    member->id, "\n    kind: ", member->kind, "\n    ca: ", member->id,
                    "-ca.pem\n    crl: ", member->id, "-crl.pem\n    issuer: ", member->issuer,
                    "\n    jwks: ", member->id, "-jwks.json\n");
  }
  Write("trust.yaml", text);
}

void TestTrust::WriteCrl(const Member& member, const std::vector<std::int64_t>& revoked) const {
  Write(absl::StrCat(member.id, "-crl.pem"),
        member.ca->MakeRevocationList({revoked, Days(1, 1).from, Days(1, 1).to, true, false}));
}

pki::LeafRequest TestTrust::Request(const Member& member, absl::string_view path) const {
  pki::LeafRequest request;
  request.alternative_names = pki::AlternativeNames(member.trust_domain, path);
  request.validity = Days(1, 1);
  return request;
}

Peer TestTrust::MakePeer(const Member& member, absl::string_view path) const {
  return PeerOf(member.ca->IssueLeaf(Request(member, path)).certificate_pem,
                absl::StrCat("spiffe://", member.trust_domain, path));
}

Peer TestTrust::PeerOf(const std::string& pem, absl::string_view uri) {
  return {pem, std::string(uri), pki::CertificateSha256(pem)};
}

pki::TokenClaims TestTrust::Claims(const Member& member, const Peer& peer) const {
  pki::TokenClaims claims;
  claims.issuer = member.issuer;
  claims.agency = "agencies/" + member.id;
  claims.worker = "workers/w1";
  claims.role = "social_worker";
  claims.audience = kAudience;
  claims.token_id = "token-1";
  claims.certificate_sha256 = peer.sha256;
  claims.issued = now();
  return claims;
}

std::string TestTrust::Bearer(const Member& member, const Peer& peer) const {
  return absl::StrCat("Bearer ", pki::IssueToken(*member.key, Claims(member, peer)));
}

}  // namespace trusthub::auth
