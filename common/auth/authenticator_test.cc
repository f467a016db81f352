#include "common/auth/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/auth/test_trust.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"

namespace trusthub::auth {
namespace {

using errors::v1::ErrorReason;
using ::trusthub::testing::IsOk;

constexpr absl::Duration kLook = absl::Seconds(1);

class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() {
    auto made = MakeAuthenticator(trust_.config());
    EXPECT_THAT(made, IsOk());
    authenticator_ = *std::move(made);
  }

  absl::StatusOr<std::shared_ptr<const Principal>> Call(const Peer& peer,
                                                        const Credentials& credentials,
                                                        absl::Time now = TestTrust::now()) {
    return authenticator_->Authenticate(peer.connection(), credentials, now);
  }

  // The reason of the refusal; UNSPECIFIED when the call was let in.
  ErrorReason ReasonOf(const Peer& peer, const Credentials& credentials,
                       absl::Time now = TestTrust::now()) {
    const auto result = Call(peer, credentials, now);
    if (result.ok()) return errors::v1::ERROR_REASON_UNSPECIFIED;
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnauthenticated);
    return error::ReasonOf(result.status());
  }

  TestTrust trust_;
  std::unique_ptr<Authenticator> authenticator_;
  const Peer council_ = trust_.MakePeer(trust_.council, "/system/case-management");
  const Peer hospital_ = trust_.MakePeer(trust_.hospital, "/system/emergency");
  const Peer referrals_ = trust_.MakePeer(trust_.hub, "/service/referrals");
  const std::string token_ = trust_.Bearer(trust_.council, council_);
  const absl::Time now_ = TestTrust::now();
};

TEST_F(AuthenticatorTest, AWorkerOfAnAgency) {
  const auto principal = Call(council_, {token_, ""});
  ASSERT_THAT(principal, IsOk());
  const Principal& who = **principal;
  EXPECT_EQ(who.agency, "agencies/council");
  EXPECT_EQ(who.agency_kind, directory::v1::AGENCY_KIND_COUNCIL);
  EXPECT_EQ(who.trust_domain, "council.redbridge.example");
  EXPECT_EQ(who.system, "/system/case-management");
  EXPECT_EQ(who.worker, "workers/w1");
  EXPECT_EQ(who.role, options::v1::ROLE_SOCIAL_WORKER);
  EXPECT_EQ(who.token_id, "token-1");
  EXPECT_EQ(who.token_expires, now_ + absl::Minutes(10));
  EXPECT_EQ(who.certificate_sha256, council_.sha256);
  EXPECT_EQ(who.on_behalf_of, "");
  EXPECT_FALSE(who.is_service());
}

TEST_F(AuthenticatorTest, AServiceOfTheHubByItsCertificateAlone) {
  const auto principal = Call(referrals_, {});
  ASSERT_THAT(principal, IsOk());
  const Principal& who = **principal;
  EXPECT_TRUE(who.is_service());
  EXPECT_EQ(who.agency, "agencies/hub");
  EXPECT_EQ(who.agency_kind, directory::v1::AGENCY_KIND_HUB);
  EXPECT_EQ(who.system, "/service/referrals");
  EXPECT_EQ(who.worker, "");
  EXPECT_EQ(who.token_id, "");
  EXPECT_EQ(who.certificate_sha256, referrals_.sha256);
}

TEST_F(AuthenticatorTest, AServiceForwardsAUsersCall) {
  const std::string thumbprint = crypto::Base64UrlEncode(council_.sha256);
  const auto principal = Call(referrals_, {token_, thumbprint});
  ASSERT_THAT(principal, IsOk());
  const Principal& who = **principal;
  EXPECT_EQ(who.agency, "agencies/council");
  EXPECT_EQ(who.agency_kind, directory::v1::AGENCY_KIND_COUNCIL);
  EXPECT_EQ(who.trust_domain, "council.redbridge.example");
  EXPECT_EQ(who.system, "");
  EXPECT_EQ(who.worker, "workers/w1");
  EXPECT_EQ(who.role, options::v1::ROLE_SOCIAL_WORKER);
  EXPECT_EQ(who.certificate_sha256, council_.sha256);
  EXPECT_EQ(who.on_behalf_of, "/service/referrals");
  EXPECT_FALSE(who.is_service());
}

TEST_F(AuthenticatorTest, AnAdministratorOfTheHubIsAUserLikeOthers) {
  const Peer console = trust_.MakePeer(trust_.hub, "/system/administration");
  auto claims = trust_.Claims(trust_.hub, console);
  claims.role = "directory_administrator";
  const std::string token = "Bearer " + pki::IssueToken(*trust_.hub.key, claims);
  const auto principal = Call(console, {token, ""});
  ASSERT_THAT(principal, IsOk());
  EXPECT_EQ((*principal)->role, options::v1::ROLE_DIRECTORY_ADMINISTRATOR);
  EXPECT_EQ((*principal)->agency, "agencies/hub");
  EXPECT_EQ(ReasonOf(console, {}), errors::v1::ERROR_REASON_TOKEN_MISSING);
}

TEST_F(AuthenticatorTest, EveryRoleHasOneSpelling) {
  int roles = 0;
  for (int number = 1; options::v1::Role_IsValid(number); ++number) {
    const auto role = static_cast<options::v1::Role>(number);
    std::string name = absl::AsciiStrToLower(options::v1::Role_Name(role)).substr(5);
    auto claims = trust_.Claims(trust_.council, council_);
    claims.role = name;
    const std::string token = "Bearer " + pki::IssueToken(*trust_.council.key, claims);
    const auto principal = Call(council_, {token, ""});
    if (role == options::v1::ROLE_HUB_SERVICE) {
      EXPECT_FALSE(principal.ok());
      continue;
    }
    ASSERT_THAT(principal, IsOk()) << name;
    EXPECT_EQ((*principal)->role, role);
    ++roles;
  }
  EXPECT_GE(roles, 17);
}

TEST_F(AuthenticatorTest, AnAgencyNeedsAToken) {
  EXPECT_EQ(ReasonOf(council_, {}), errors::v1::ERROR_REASON_TOKEN_MISSING);
}

// A-3: over another agency's connection, and over the agency's own second certificate.
TEST_F(AuthenticatorTest, AStolenTokenIsUseless) {
  const Peer second = trust_.MakePeer(trust_.council, "/system/case-management");
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());  // remembered now
  EXPECT_EQ(ReasonOf(hospital_, {token_, ""}), errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
  EXPECT_EQ(ReasonOf(second, {token_, ""}), errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
  EXPECT_EQ(ReasonOf(referrals_, {token_, ""}), errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
}

TEST_F(AuthenticatorTest, AnIssuerCannotNameAnotherAgencysCertificate) {
  // The council's issuer signs a council token bound to the hospital's certificate.
  const std::string token =
      "Bearer " + pki::IssueToken(*trust_.council.key, trust_.Claims(trust_.council, hospital_));
  EXPECT_EQ(ReasonOf(hospital_, {token, ""}), errors::v1::ERROR_REASON_TOKEN_AGENCY_MISMATCH);
}

TEST_F(AuthenticatorTest, OnlyServicesForward) {
  const std::string thumbprint = crypto::Base64UrlEncode(council_.sha256);
  const Peer console = trust_.MakePeer(trust_.hub, "/system/administration");
  const Peer nested = trust_.MakePeer(trust_.hub, "/service/referrals/extra");
  const Peer pretender = trust_.MakePeer(trust_.hospital, "/service/referrals");
  // Not the owner of the token, not another agency, not a hub certificate that is no service's.
  for (const Peer& peer : {council_, hospital_, console, nested, pretender}) {
    EXPECT_EQ(ReasonOf(peer, {token_, thumbprint}), errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH)
        << peer.uri;
  }
}

TEST_F(AuthenticatorTest, AForwardedCallNeedsTokenAndTheRightThumbprint) {
  const std::string thumbprint = crypto::Base64UrlEncode(council_.sha256);
  EXPECT_EQ(ReasonOf(referrals_, {"", thumbprint}), errors::v1::ERROR_REASON_TOKEN_MISSING);
  for (const std::string& wrong :
       {crypto::Base64UrlEncode(hospital_.sha256), crypto::Base64UrlEncode(referrals_.sha256),
        thumbprint + "=", thumbprint.substr(1), crypto::HexEncode(council_.sha256),
        std::string("garbage!"), std::string("A")}) {
    EXPECT_EQ(ReasonOf(referrals_, {token_, wrong}),
              errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH)
        << wrong;
  }
}

TEST_F(AuthenticatorTest, AServiceMayNotActAsAUserItself) {
  // Even when an issuer binds a token to the service's certificate.
  const std::string token =
      "Bearer " + pki::IssueToken(*trust_.hub.key, trust_.Claims(trust_.hub, referrals_));
  EXPECT_EQ(ReasonOf(referrals_, {token, ""}), errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
}

TEST_F(AuthenticatorTest, RememberedTokensEndAtTheirExpiry) {
  const absl::Time expires = now_ + absl::Minutes(10);
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  EXPECT_THAT(Call(council_, {token_, ""}, expires - absl::Microseconds(1)), IsOk());
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, expires), errors::v1::ERROR_REASON_TOKEN_EXPIRED);
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, expires + absl::Hours(1)),
            errors::v1::ERROR_REASON_TOKEN_EXPIRED);
  // The clock was wrong and steps back.
  EXPECT_THAT(Call(council_, {token_, ""}, now_), IsOk());
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ - absl::Minutes(1)),
            errors::v1::ERROR_REASON_TOKEN_LIFETIME_INVALID);
}

TEST_F(AuthenticatorTest, ATokenIsRememberedOnceForAllItsCalls) {
  const auto first = Call(council_, {token_, ""});
  const auto second = Call(council_, {token_, ""});
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(first->get(), second->get());
}

TEST_F(AuthenticatorTest, RememberedCertificatesEndWithTheirTime) {
  const absl::Time ends = TestTrust::Days(1, 1).to;
  ASSERT_THAT(Call(referrals_, {}), IsOk());
  trust_.Write("hub-crl.pem",
               trust_.hub.ca->MakeRevocationList({{}, now_, ends + absl::Hours(24), true, false}));
  EXPECT_THAT(Call(referrals_, {}, ends), IsOk());
  EXPECT_EQ(ReasonOf(referrals_, {}, ends + absl::Seconds(1)),
            errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
}

// K-3 and those after it: on a connection that is open and remembered.
TEST_F(AuthenticatorTest, ARevokedCertificateIsRefusedWithinASecond) {
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  trust_.WriteCrl(trust_.council, {7, pki::CertificateSerial(council_.pem)});
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ + kLook),
            errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
  EXPECT_THAT(Call(referrals_, {}, now_ + kLook), IsOk());
  trust_.WriteCrl(trust_.council, {});
  EXPECT_THAT(Call(council_, {token_, ""}, now_ + 2 * kLook), IsOk());
}

TEST_F(AuthenticatorTest, AChangeIsNoticedWhenTheClockSteppedBack) {
  ASSERT_THAT(Call(council_, {token_, ""}, now_ + absl::Minutes(5)), IsOk());
  trust_.WriteCrl(trust_.council, {pki::CertificateSerial(council_.pem)});
  EXPECT_EQ(ReasonOf(council_, {token_, ""}), errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
}

TEST_F(AuthenticatorTest, AServiceCanBeRevoked) {
  ASSERT_THAT(Call(referrals_, {}), IsOk());
  trust_.WriteCrl(trust_.hub, {pki::CertificateSerial(referrals_.pem)});
  EXPECT_EQ(ReasonOf(referrals_, {}, now_ + kLook), errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
}

TEST_F(AuthenticatorTest, ABadListShutsItsDomainAndNoOther) {
  const pki::Validity good = TestTrust::Days(1, 1);
  const pki::Ca& ca = *trust_.council.ca;
  const auto forged = pki::Ca::Make(trust_.council.trust_domain, good);
  const std::string whole = ca.MakeRevocationList({{}, good.from, good.to, true, false});
  const std::pair<const char*, std::string> lists[] = {
      {"empty", ""},
      {"garbage", "garbage"},
      {"cut off", whole.substr(0, whole.size() - 40)},
      {"not a CRL", ca.pair().certificate_pem},
      {"of another CA",
       trust_.hospital.ca->MakeRevocationList({{}, good.from, good.to, true, false})},
      {"of a CA of the same name",
       forged->MakeRevocationList({{}, good.from, good.to, true, false})},
      {"expired", ca.MakeRevocationList({{}, good.from, now_, true, false})},
      {"from the future", ca.MakeRevocationList({{}, now_ + absl::Hours(1), good.to, true, false})},
      {"without an end", ca.MakeRevocationList({{}, good.from, good.to, false, false})},
      {"partial", ca.MakeRevocationList({{}, good.from, good.to, true, true})},
  };
  const std::string hospital_token = trust_.Bearer(trust_.hospital, hospital_);
  absl::Time now = now_;
  for (const auto& [name, list] : lists) {
    trust_.Write("council-crl.pem", list);
    now += kLook;
    EXPECT_EQ(ReasonOf(council_, {token_, ""}, now), errors::v1::ERROR_REASON_CERTIFICATE_REVOKED)
        << name;
    EXPECT_THAT(Call(hospital_, {hospital_token, ""}, now), IsOk()) << name;
    trust_.WriteCrl(trust_.council, {});
    now += kLook;
    EXPECT_THAT(Call(council_, {token_, ""}, now), IsOk()) << name;
  }
  trust_.Remove("council-crl.pem");
  now += kLook;
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now), errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
  trust_.WriteCrl(trust_.council, {});
  EXPECT_THAT(Call(council_, {token_, ""}, now + kLook), IsOk());
}

TEST_F(AuthenticatorTest, AListThatRunsOutWhileLoadedShutsItsDomain) {
  trust_.Write("council-crl.pem",
               trust_.council.ca->MakeRevocationList(
                   {{}, now_ - absl::Hours(1), now_ + absl::Minutes(1), true, false}));
  EXPECT_THAT(Call(council_, {token_, ""}, now_ + kLook), IsOk());
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ + absl::Minutes(1)),
            errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
}

TEST_F(AuthenticatorTest, NewKeysAreTakenAndOldOnesForgotten) {
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  const auto next = pki::TokenKey::Generate("council-2");
  trust_.Write("council-jwks.json", pki::MakeKeySet({trust_.council.key.get(), next.get()}));
  const std::string fresh =
      "Bearer " + pki::IssueToken(*next, trust_.Claims(trust_.council, council_));
  EXPECT_THAT(Call(council_, {fresh, ""}, now_ + kLook), IsOk());
  EXPECT_THAT(Call(council_, {token_, ""}, now_ + kLook), IsOk());
  trust_.Write("council-jwks.json", pki::MakeKeySet({next.get()}));
  EXPECT_THAT(Call(council_, {fresh, ""}, now_ + 2 * kLook), IsOk());
  // Remembered as good until now.
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ + 2 * kLook),
            errors::v1::ERROR_REASON_TOKEN_KEY_UNKNOWN);
}

TEST_F(AuthenticatorTest, ACaIsReplacedWithAnOverlap) {
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  const pki::Validity good = TestTrust::Days(1, 1);
  const auto next = pki::Ca::Make("council next", good);
  const Peer renewed = TestTrust::PeerOf(
      next->IssueLeaf(trust_.Request(trust_.council, "/system/x")).certificate_pem,
      "spiffe://council.redbridge.example/system/x");
  const std::string renewed_token = trust_.Bearer(trust_.council, renewed);
  EXPECT_EQ(ReasonOf(renewed, {renewed_token, ""}),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);

  const std::string next_crl = next->MakeRevocationList({{}, good.from, good.to, true, false});
  const std::string old_crl =
      trust_.council.ca->MakeRevocationList({{}, good.from, good.to, true, false});
  trust_.Write("council-crl.pem", old_crl + next_crl);
  trust_.Write("council-ca.pem",
               trust_.council.ca->pair().certificate_pem + next->pair().certificate_pem);
  EXPECT_THAT(Call(council_, {token_, ""}, now_ + kLook), IsOk());
  EXPECT_THAT(Call(renewed, {renewed_token, ""}, now_ + kLook), IsOk());

  trust_.Write("council-ca.pem", next->pair().certificate_pem);
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ + 2 * kLook),
            errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
  EXPECT_THAT(Call(renewed, {renewed_token, ""}, now_ + 2 * kLook), IsOk());
}

TEST_F(AuthenticatorTest, AnAgencyThatLeavesIsRefused) {
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  trust_.WriteTrustFile({&trust_.hospital, &trust_.hub});
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ + kLook),
            errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
  const std::string thumbprint = crypto::Base64UrlEncode(council_.sha256);
  EXPECT_EQ(ReasonOf(referrals_, {token_, thumbprint}, now_ + kLook),
            errors::v1::ERROR_REASON_TOKEN_ISSUER_UNKNOWN);
}

TEST_F(AuthenticatorTest, BadNewFilesLeaveTheOldOnesInForce) {
  const std::pair<const char*, std::string> bad[] = {
      {"trust.yaml", "version: 2\n"},
      {"trust.yaml", ""},
      {"trust.yaml", "version: 1\ndomains: [\n"},
      {"council-ca.pem", "garbage"},
      {"council-ca.pem", council_.pem},                                // a leaf is no CA
      {"council-ca.pem", trust_.hospital.ca->pair().certificate_pem},  // of another domain
      {"council-jwks.json", "{}"},
      {"council-jwks.json", R"({"keys":[]})"},
  };
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  absl::Time now = now_;
  for (const auto& [file, text] : bad) {
    trust_.Write(file, text);
    now += kLook;
    EXPECT_THAT(Call(council_, {token_, ""}, now), IsOk()) << file << ": " << text;
    trust_.Remove(file);
    now += kLook;
    EXPECT_THAT(Call(council_, {token_, ""}, now), IsOk()) << file << " missing";
    trust_.Write("council-ca.pem", trust_.council.ca->pair().certificate_pem);
    trust_.Write("council-jwks.json", pki::MakeKeySet({trust_.council.key.get()}));
    trust_.WriteTrustFile({&trust_.council, &trust_.hospital, &trust_.hub});
  }
  // A good version is taken again after all that.
  trust_.WriteTrustFile({&trust_.hospital, &trust_.hub});
  EXPECT_FALSE(Call(council_, {token_, ""}, now + kLook).ok());
}

TEST_F(AuthenticatorTest, RevocationGoesOnWhileOtherFilesAreBad) {
  trust_.Write("council-jwks.json", "garbage");
  EXPECT_THAT(Call(council_, {token_, ""}, now_ + kLook), IsOk());
  trust_.WriteCrl(trust_.council, {pki::CertificateSerial(council_.pem)});
  EXPECT_EQ(ReasonOf(council_, {token_, ""}, now_ + 2 * kLook),
            errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
}

TEST(MakeAuthenticatorTest, RefusesMissingAndMalformedFiles) {
  for (const char* file :
       {"trust.yaml", "council-ca.pem", "council-crl.pem", "council-jwks.json", "hub-crl.pem"}) {
    const TestTrust missing;
    missing.Remove(file);
    EXPECT_FALSE(MakeAuthenticator(missing.config()).ok()) << file;
    const TestTrust malformed;
    malformed.Write(file, "garbage");
    EXPECT_FALSE(MakeAuthenticator(malformed.config()).ok()) << file;
  }
  const TestTrust trust;
  EXPECT_FALSE(MakeAuthenticator({trust.path("trust.yaml"), ""}).ok());
}

TEST(MakeAuthenticatorTest, RefusesACaInTwoDomains) {
  TestTrust trust;
  trust.Write("hospital-ca.pem", trust.council.ca->pair().certificate_pem);
  trust.Write("hospital-crl.pem",
              trust.council.ca->MakeRevocationList(
                  {{}, TestTrust::now(), TestTrust::Days(1, 1).to, true, false}));
  const auto made = MakeAuthenticator(trust.config());
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.status().message(), ::testing::HasSubstr("share a CA key"));
}

TEST_F(AuthenticatorTest, ManyThreadsWhileFilesChange) {
  const std::string stranger = trust_.Bearer(trust_.council, hospital_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, &stranger] {
      for (int i = 0; i < 200; ++i) {
        const absl::Time now = now_ + i * kLook;
        EXPECT_THAT(Call(council_, {token_, ""}, now), IsOk());
        EXPECT_FALSE(Call(council_, {stranger, ""}, now).ok());
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    trust_.WriteCrl(trust_.council, {i + 1});
    trust_.WriteTrustFile({&trust_.council, &trust_.hospital, &trust_.hub});
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(AuthenticatorTest, RememberedPartsAreNotMixedUp) {
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  // The same bytes, cut elsewhere.
  EXPECT_FALSE(Call(council_, {token_.substr(7), "Bearer "}).ok());
  EXPECT_FALSE(Call(council_, {token_.substr(6), "Bearer"}).ok());
  EXPECT_FALSE(Call(council_, {token_.substr(1), token_.substr(0, 1)}).ok());
}

// An issuer whose software is broken signs anything: it is refused or its own agency's, and no
// more.
TEST_F(AuthenticatorTest, SignedGarbageHarmsNobody) {
  std::mt19937_64 random(testing::TestSeed());
  const std::string payload = pki::TokenPayload(trust_.Claims(trust_.council, council_));
  static constexpr char kPieces[] = "{}[]\",:0\\\xff\x00";
  for (int i = 0; i < 1000; ++i) {
    std::string text = payload;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      const char c = kPieces[random() % (sizeof(kPieces) - 1)];
      if (random() % 2 == 0) {
        text[at] = c;
      } else {
        text.insert(at, 1 + random() % 40, c);
      }
    }
    const std::string token =
        pki::SignToken(*trust_.council.key, pki::TokenHeader("council-1"), text);
    const auto who = Call(council_, {"Bearer " + token, ""});
    if (who.ok()) {
      EXPECT_EQ((*who)->agency, "agencies/council") << text;
      EXPECT_EQ((*who)->certificate_sha256, council_.sha256) << text;
    }
  }
}

// No change of a valid token is accepted, wherever it is made.
TEST_F(AuthenticatorTest, MutatedTokensAreNeverAccepted) {
  std::mt19937_64 random(testing::TestSeed());
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
  const auto pick = [&random](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  ASSERT_THAT(Call(council_, {token_, ""}), IsOk());
  for (int i = 0; i < 3000; ++i) {
    std::string mutated = token_;
    for (std::size_t changes = 1 + pick(3); changes > 0; --changes) {
      const std::size_t at = 7 + pick(mutated.size() - 7);
      const char c = kAlphabet[pick(sizeof(kAlphabet) - 1)];
      switch (pick(4)) {
        case 0:
          mutated[at] = c;
          break;
        case 1:
          mutated.insert(at, 1, c);
          break;
        case 2:
          mutated.erase(at, 1);
          break;
        default:
          mutated = mutated.substr(0, at) + mutated.substr(7 + pick(mutated.size() - 7));
      }
    }
    if (mutated == token_) continue;
    EXPECT_FALSE(Call(council_, {mutated, ""}).ok()) << mutated;
  }
}

}  // namespace
}  // namespace trusthub::auth
