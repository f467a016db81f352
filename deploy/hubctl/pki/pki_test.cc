// What WriteDevelopmentPki writes is what the services' own readers take.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/auth/authenticator.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/key_ring.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/pki/certificates.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/pki/tokens.h"

namespace trusthub::pki {
namespace {

using ::trusthub::testing::IsOk;
using ::trusthub::testing::StatusIs;

constexpr char kAudience[] = "https://hub.example";

class DevelopmentPkiTest : public ::testing::Test {
 protected:
  DevelopmentPkiTest() {
    std::string pattern = ::testing::TempDir() + "pki_test_XXXXXX";
    folder_ = absl::StrCat(mkdtemp(pattern.data()), "/pki");
    pki_.agencies = {
        {"redbridge-council", "COUNCIL", "council.example", {"case-management", "portal"}},
        {"king-george", "ACUTE_TRUST", "hospital.example", {"emergency"}}};
    pki_.hub = {"trust-hub", "HUB", "hub.example", {"administration"}};
    pki_.services = {"directory", "referrals"};
    EXPECT_THAT(WriteDevelopmentPki(folder_, pki_, now_), IsOk());
  }
  ~DevelopmentPkiTest() override {
    std::filesystem::remove_all(std::filesystem::path(folder_).parent_path());
  }

  std::string Read(const std::string& file) const {
    std::ifstream in(folder_ + "/" + file);
    EXPECT_TRUE(in.is_open()) << file;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  absl::StatusOr<std::shared_ptr<const auth::Principal>> Call(auth::Authenticator& authenticator,
                                                              const std::string& pem,
                                                              const std::string& token) const {
    const std::string uri = CertificateUri(pem);
    auth::Connection connection;
    connection.encrypted = true;
    connection.peer_uris = {uri};
    connection.spiffe_ids = {uri};
    connection.leaf_pem = pem;
    const std::string authorization = token.empty() ? "" : "Bearer " + token;
    return authenticator.Authenticate(connection, {authorization, ""}, now_);
  }

  std::unique_ptr<auth::Authenticator> MakeAuthenticator() const {
    return auth::MakeAuthenticator({folder_ + "/trust.yaml", kAudience}).value();
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::string folder_;
  DevelopmentPki pki_;
};

TEST_F(DevelopmentPkiTest, EverySystemAndServiceIsWhoItSays) {
  const auto authenticator = MakeAuthenticator();
  for (const auto& [agency, system, kind] :
       {std::tuple("redbridge-council", "case-management", directory::v1::AGENCY_KIND_COUNCIL),
        std::tuple("redbridge-council", "portal", directory::v1::AGENCY_KIND_COUNCIL),
        std::tuple("king-george", "emergency", directory::v1::AGENCY_KIND_ACUTE_TRUST),
        std::tuple("trust-hub", "administration", directory::v1::AGENCY_KIND_HUB)}) {
    const auto token =
        IssueDevelopmentToken(folder_, {agency, system, "workers/w1", "auditor", kAudience}, now_);
    ASSERT_THAT(token, IsOk());
    const auto who =
        Call(*authenticator, Read(absl::StrCat("agencies/", agency, "/", system, ".pem")), *token);
    ASSERT_THAT(who, IsOk()) << system;
    EXPECT_EQ((*who)->agency, absl::StrCat("agencies/", agency));
    EXPECT_EQ((*who)->agency_kind, kind);
    EXPECT_EQ((*who)->system, absl::StrCat("/system/", system));
  }
  for (const std::string& service : pki_.services) {
    const auto who = Call(*authenticator, Read("services/" + service + "/tls.pem"), "");
    ASSERT_THAT(who, IsOk()) << service;
    EXPECT_TRUE((*who)->is_service());
    EXPECT_EQ((*who)->agency, "agencies/trust-hub");
    EXPECT_EQ((*who)->system, "/service/" + service);
  }
}

TEST_F(DevelopmentPkiTest, SecretsAreTheOwnersOnly) {
  int secrets = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    struct stat info;
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    if (entry.is_directory()) {
      EXPECT_EQ(info.st_mode & 0777, 0700u) << entry.path();
    } else if (entry.path().extension() == ".key") {
      EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
      ++secrets;
    } else {
      EXPECT_TRUE(entry.path().extension() == ".pem" || entry.path().extension() == ".json" ||
                  entry.path().extension() == ".yaml")
          << entry.path();
    }
  }
  EXPECT_EQ(secrets, 3 * 2 + 4 + 2 * 4);
}

TEST_F(DevelopmentPkiTest, TheServicesSecretsLoad) {
  for (const std::string& service : pki_.services) {
    const std::string stem = folder_ + "/services/" + service;
    EXPECT_THAT(crypto::SigningKey::Load(stem + "/audit.key"), IsOk());
    EXPECT_THAT(crypto::LoadKeyFile(stem + "/master.key"), IsOk());
    EXPECT_THAT(crypto::KeyRing::Load(stem + "/data_keys.yaml"), IsOk());
  }
  EXPECT_NE(Read("services/directory/master.key"), Read("services/referrals/master.key"));
  EXPECT_NE(Read("services/directory/kek-1.key"), Read("services/referrals/kek-1.key"));
}

TEST_F(DevelopmentPkiTest, TheBundleHoldsEveryCa) {
  EXPECT_EQ(Read("ca-bundle.pem"), Read("agencies/redbridge-council/ca.pem") +
                                       Read("agencies/king-george/ca.pem") +
                                       Read("agencies/trust-hub/ca.pem"));
}

TEST_F(DevelopmentPkiTest, NothingInUseIsReplaced) {
  const std::string before = Read("agencies/trust-hub/ca.key");
  EXPECT_THAT(WriteDevelopmentPki(folder_, pki_, now_), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Read("agencies/trust-hub/ca.key"), before);
}

TEST_F(DevelopmentPkiTest, RefusesIdsThatWouldLeaveTheFolder) {
  for (const char* id : {"../x", "a/b", "", "A", "a b"}) {
    DevelopmentPki bad = pki_;
    bad.services.push_back(id);
    EXPECT_THAT(WriteDevelopmentPki(folder_ + "-other", bad, now_),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ + "-other"));
}

TEST_F(DevelopmentPkiTest, RevokesOneAfterTheOther) {
  const std::string portal = Read("agencies/redbridge-council/portal.pem");
  const std::string cases = Read("agencies/redbridge-council/case-management.pem");
  ASSERT_THAT(Revoke(folder_, "redbridge-council", portal, now_), IsOk());
  ASSERT_THAT(Revoke(folder_, "redbridge-council", "", now_), IsOk());
  ASSERT_THAT(Revoke(folder_, "redbridge-council", cases, now_), IsOk());
  EXPECT_EQ(RevokedSerials(Read("agencies/redbridge-council/crl.pem")).value().size(), 2u);
  const auto authenticator = MakeAuthenticator();
  for (const std::string& pem : {portal, cases}) {
    EXPECT_EQ(error::ReasonOf(Call(*authenticator, pem, "x").status()),
              errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
  }
  EXPECT_THAT(Revoke(folder_, "nobody", portal, now_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DevelopmentPkiTest, KnowsNoStrangers) {
  const TokenRequest request{"redbridge-council", "emergency", "workers/w1", "auditor", kAudience};
  EXPECT_THAT(IssueDevelopmentToken(folder_, request, now_), StatusIs(absl::StatusCode::kNotFound));
}

TEST(CaTest, ComesBackFromItsFiles) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  const auto ca = Ca::Make("ca", {now, now + absl::Hours(1)});
  EXPECT_THAT(Ca::Load(ca->pair()), IsOk());
  const auto other = Ca::Make("ca", {now, now + absl::Hours(1)});
  EXPECT_FALSE(Ca::Load({ca->pair().certificate_pem, other->pair().key_pem}).ok());
  EXPECT_FALSE(Ca::Load({"", ""}).ok());
}

TEST(TokenKeyTest, ComesBackFromItsPem) {
  const auto key = TokenKey::Generate("k");
  EXPECT_EQ(TokenKey::FromPem("k", key->ToPem()).value()->ToJwk(), key->ToJwk());
  EXPECT_FALSE(TokenKey::FromPem("k", crypto::SigningKey::Generate()->ToPem()).ok());
  EXPECT_FALSE(TokenKey::FromPem("k", "").ok());
}

}  // namespace
}  // namespace trusthub::pki
