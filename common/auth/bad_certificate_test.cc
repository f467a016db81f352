// Certificates that must be refused, each by the rule it breaks.
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "common/auth/authenticator.h"
#include "common/auth/test_trust.h"
#include "common/error/error.h"

namespace trusthub::auth {
namespace {

using errors::v1::ErrorReason;

constexpr char kUri[] = "spiffe://council.redbridge.example/system/x";

class BadCertificateTest : public ::testing::Test {
 protected:
  BadCertificateTest() : authenticator_(MakeAuthenticator(trust_.config()).value()) {}

  ErrorReason ReasonOf(const Connection& connection, const Peer& peer) {
    const std::string token = trust_.Bearer(trust_.council, peer);
    const auto result = authenticator_->Authenticate(connection, {token, ""}, TestTrust::now());
    if (result.ok()) return errors::v1::ERROR_REASON_UNSPECIFIED;
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnauthenticated);
    return error::ReasonOf(result.status());
  }
  ErrorReason ReasonOf(const Peer& peer) { return ReasonOf(peer.connection(), peer); }

  // A leaf of the council's CA after `change`; the transport reports `uri`.
  Peer Issue(const std::function<void(pki::LeafRequest&)>& change,
             absl::string_view uri = kUri) const {
    pki::LeafRequest request = trust_.Request(trust_.council, "/system/x");
    change(request);
    return TestTrust::PeerOf(trust_.council.ca->IssueLeaf(request).certificate_pem, uri);
  }

  TestTrust trust_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(BadCertificateTest, TheUnchangedOneIsGood) {
  EXPECT_EQ(ReasonOf(Issue([](pki::LeafRequest&) {})), errors::v1::ERROR_REASON_UNSPECIFIED);
}

TEST_F(BadCertificateTest, OtherGoodOnes) {
  const std::pair<const char*, std::function<void(pki::LeafRequest&)>> good[] = {
      {"no basicConstraints", [](auto& r) { r.basic_constraints = ""; }},
      {"names beside the URI",
       [](auto& r) { r.alternative_names += ",DNS:localhost,IP:127.0.0.1,email:a@b.example"; }},
      {"also a server", [](auto& r) { r.extended_key_usage = "serverAuth,clientAuth"; }},
      {"more key usage", [](auto& r) { r.key_usage = "critical,digitalSignature,keyAgreement"; }},
      {"P-384, SHA-384", [](auto& r) { r.curve = "P-384", r.hash = "SHA384"; }},
  };
  for (const auto& [name, change] : good) {
    EXPECT_EQ(ReasonOf(Issue(change)), errors::v1::ERROR_REASON_UNSPECIFIED) << name;
  }
}

TEST_F(BadCertificateTest, BadUsage) {
  const std::pair<const char*, std::function<void(pki::LeafRequest&)>> bad[] = {
      {"a CA", [](auto& r) { r.basic_constraints = "critical,CA:TRUE"; }},
      {"a CA that may sign",
       [](auto& r) {
         r.basic_constraints = "critical,CA:TRUE";
         r.key_usage = "critical,digitalSignature,keyCertSign,cRLSign";
       }},
      {"no key usage", [](auto& r) { r.key_usage = ""; }},
      {"key usage not critical", [](auto& r) { r.key_usage = "digitalSignature"; }},
      {"no digitalSignature", [](auto& r) { r.key_usage = "critical,keyAgreement"; }},
      {"keyCertSign", [](auto& r) { r.key_usage = "critical,digitalSignature,keyCertSign"; }},
      {"cRLSign", [](auto& r) { r.key_usage = "critical,digitalSignature,cRLSign"; }},
      {"server only", [](auto& r) { r.extended_key_usage = "serverAuth"; }},
      {"no extended key usage", [](auto& r) { r.extended_key_usage = ""; }},
      {"any extended key usage", [](auto& r) { r.extended_key_usage = "anyExtendedKeyUsage"; }},
      {"code signing", [](auto& r) { r.extended_key_usage = "codeSigning,emailProtection"; }},
      {"unknown critical extension", [](auto& r) { r.unknown_critical = "\x05"; }},
      {"short key", [](auto& r) { r.curve = "P-192"; }},
  };
  for (const auto& [name, change] : bad) {
    EXPECT_EQ(ReasonOf(Issue(change)), errors::v1::ERROR_REASON_CERTIFICATE_USAGE_INVALID) << name;
  }
}

TEST_F(BadCertificateTest, BadIdentity) {
  const std::string domain = "council.redbridge.example";
  const std::pair<const char*, std::string> names[] = {
      {"no SAN", ""},
      {"DNS only", "DNS:council.redbridge.example"},
      {"two ids", absl::StrCat("URI:", kUri, ",URI:spiffe://", domain, "/system/y")},
      {"the same id twice", absl::StrCat("URI:", kUri, ",URI:", kUri)},
      {"an id and another URI", absl::StrCat("URI:", kUri, ",URI:https://council.example/")},
      {"http", "URI:http://council.redbridge.example/system/x"},
      {"upper case scheme", "URI:SPIFFE://council.redbridge.example/system/x"},
      {"no path", "URI:spiffe://council.redbridge.example"},
      {"root path", "URI:spiffe://council.redbridge.example/"},
      {"trailing slash", "URI:spiffe://council.redbridge.example/system/x/"},
      {"empty segment", "URI:spiffe://council.redbridge.example/system//x"},
      {"dot segment", "URI:spiffe://council.redbridge.example/system/./x"},
      {"dot dot segment", "URI:spiffe://council.redbridge.example/system/../service/x"},
      {"percent", "URI:spiffe://council.redbridge.example/system/%2e%2e/x"},
      {"percent in the host", "URI:spiffe://council%2eredbridge.example/system/x"},
      {"upper case host", "URI:spiffe://Council.redbridge.example/system/x"},
      {"port", "URI:spiffe://council.redbridge.example:443/system/x"},
      {"user", "URI:spiffe://hub@council.redbridge.example/system/x"},
      {"query", "URI:spiffe://council.redbridge.example/system/x?y"},
      {"fragment", "URI:spiffe://council.redbridge.example/system/x#y"},
      {"empty host", "URI:spiffe:///system/x"},
      {"unknown domain", "URI:spiffe://school.redbridge.example/system/x"},
      {"domain with a dot more", "URI:spiffe://council.redbridge.example./system/x"},
      {"too long", absl::StrCat("URI:spiffe://", domain, "/", std::string(2048, 'x'))},
  };
  for (const auto& [name, stated] : names) {
    const auto& alternative_names = stated;  // clang 14 captures no structured binding
    const Peer as_said = Issue([&](auto& r) { r.alternative_names = alternative_names; },
                               alternative_names.empty() ? "" : alternative_names.substr(4));
    EXPECT_EQ(ReasonOf(as_said), errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID) << name;
    // Also when the transport is taken in.
    const Peer as_good = Issue([&](auto& r) { r.alternative_names = alternative_names; });
    EXPECT_EQ(ReasonOf(as_good), errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID) << name;
  }
  EXPECT_EQ(ReasonOf(Issue([](auto& r) { r.version = 1; })),
            errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
}

TEST_F(BadCertificateTest, BadIssuer) {
  const pki::Validity good = TestTrust::Days(1, 1);
  const auto leaf_of = [&](const pki::Ca& ca) {
    return TestTrust::PeerOf(
        ca.IssueLeaf(trust_.Request(trust_.council, "/system/x")).certificate_pem, kUri);
  };
  // Finding 4: another agency's CA, good for its own domain, mints this agency's id.
  EXPECT_EQ(ReasonOf(leaf_of(*trust_.hospital.ca)),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
  EXPECT_EQ(ReasonOf(leaf_of(*trust_.hub.ca)),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
  EXPECT_EQ(ReasonOf(leaf_of(*pki::Ca::Make("stranger", good))),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
  // The same name, another key.
  EXPECT_EQ(ReasonOf(leaf_of(*pki::Ca::Make(trust_.council.trust_domain, good))),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
  EXPECT_EQ(ReasonOf(Issue([](auto& r) { r.hash = "SHA1"; })),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
}

TEST_F(BadCertificateTest, BadTimes) {
  const std::pair<const char*, pki::Validity> times[] = {
      {"expired", TestTrust::Days(2, -1)},
      {"expired a second ago", {TestTrust::Days(1, 0).from, TestTrust::now() - absl::Seconds(1)}},
      {"not yet valid", TestTrust::Days(-1, 2)},
      {"ends before it begins", TestTrust::Days(-1, -2)},
  };
  for (const auto& [name, validity] : times) {
    EXPECT_EQ(ReasonOf(Issue([&, v = validity](auto& r) { r.validity = v; })),
              errors::v1::ERROR_REASON_CERTIFICATE_MISSING)
        << name;
  }
}

TEST_F(BadCertificateTest, AnExpiredCaEndsItsLeaves) {
  const auto old = pki::Ca::Make("old", TestTrust::Days(9, -1));
  trust_.Write("council-ca.pem", old->pair().certificate_pem);
  trust_.Write("council-crl.pem",
               old->MakeRevocationList(
                   {{}, TestTrust::Days(1, 1).from, TestTrust::Days(1, 1).to, true, false}));
  authenticator_ = MakeAuthenticator(trust_.config()).value();
  const Peer leaf = TestTrust::PeerOf(
      old->IssueLeaf(trust_.Request(trust_.council, "/system/x")).certificate_pem, kUri);
  EXPECT_EQ(ReasonOf(leaf), errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
}

TEST_F(BadCertificateTest, NoCertificate) {
  const Peer good = Issue([](auto&) {});
  const Peer other = Issue([](auto&) {});
  for (const std::string& pem :
       {std::string(), std::string("garbage"), good.pem.substr(0, good.pem.size() / 2),
        good.pem + other.pem, trust_.council.ca->pair().key_pem}) {
    Connection connection = good.connection();
    connection.leaf_pem = pem;
    EXPECT_EQ(ReasonOf(connection, good), errors::v1::ERROR_REASON_CERTIFICATE_MISSING) << pem;
  }
  Connection plain = good.connection();
  plain.encrypted = false;
  EXPECT_EQ(ReasonOf(plain, good), errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
  EXPECT_EQ(ReasonOf(Connection(), good), errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
}

TEST_F(BadCertificateTest, TheCaItself) {
  EXPECT_EQ(ReasonOf(TestTrust::PeerOf(trust_.council.ca->pair().certificate_pem, kUri)),
            errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
}

TEST_F(BadCertificateTest, ATransportThatSaysSomethingElse) {
  const Peer good = Issue([](auto&) {});
  const absl::string_view other = "spiffe://council.redbridge.example/system/y";
  const std::vector<absl::string_view> reports[] = {{}, {kUri, kUri}, {kUri, other}, {other}, {""}};
  // Remembered or not.
  for (int round = 0; round < 2; ++round) {
    for (const auto& report : reports) {
      Connection uris = good.connection();
      uris.peer_uris = report;
      EXPECT_EQ(ReasonOf(uris, good), errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
      Connection ids = good.connection();
      ids.spiffe_ids = report;
      EXPECT_EQ(ReasonOf(ids, good), errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
    }
    EXPECT_EQ(ReasonOf(good), errors::v1::ERROR_REASON_UNSPECIFIED);
  }
}

TEST_F(BadCertificateTest, ARevokedOne) {
  const Peer negative = Issue([](auto& r) { r.serial = -5; });
  const Peer small = Issue([](auto& r) { r.serial = 5; });
  const Peer large = Issue([](auto& r) { r.serial = 0x7fffffffffffffff; });
  trust_.WriteCrl(trust_.council, {5, 0x7fffffffffffffff});
  EXPECT_EQ(ReasonOf(small), errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
  EXPECT_EQ(ReasonOf(large), errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
  EXPECT_EQ(ReasonOf(negative), errors::v1::ERROR_REASON_UNSPECIFIED);
}

}  // namespace
}  // namespace trusthub::auth
