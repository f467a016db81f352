#include "common/auth/trust_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/auth/key_set.h"
#include "common/crypto/crypto.h"
#include "deploy/hubctl/pki/tokens.h"

namespace trusthub::auth {
namespace {

constexpr char kGood[] = R"(version: 1
domains:
  - trust_domain: council.example
    agency: agencies/council
    kind: COUNCIL
    ca: council/ca.pem
    crl: /var/crl.pem
    issuer: https://issuer.example
    jwks: jwks.json
  - trust_domain: hub.example
    agency: agencies/hub
    kind: HUB
    ca: hub.pem
    crl: hub.crl
)";

TEST(TrustFileTest, ReadsDomains) {
  const auto entries = ParseTrustFile("/etc/hub/trust.yaml", kGood);
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].trust_domain, "council.example");
  EXPECT_EQ((*entries)[0].agency, "agencies/council");
  EXPECT_EQ((*entries)[0].kind, directory::v1::AGENCY_KIND_COUNCIL);
  EXPECT_EQ((*entries)[0].ca, "/etc/hub/council/ca.pem");
  EXPECT_EQ((*entries)[0].crl, "/var/crl.pem");
  EXPECT_EQ((*entries)[0].issuer, "https://issuer.example");
  EXPECT_EQ((*entries)[0].jwks, "/etc/hub/jwks.json");
  EXPECT_EQ((*entries)[1].issuer, "");
  EXPECT_EQ((*entries)[1].jwks, "");
}

TEST(TrustFileTest, ReadsRelativeToTheWorkingFolderWhenItsOwnPathHasNone) {
  EXPECT_EQ(ParseTrustFile("trust.yaml", kGood).value()[0].ca, "council/ca.pem");
}

struct Change {
  const char* from;
  const char* to;
  const char* message;
};

TEST(TrustFileTest, SaysWhatIsWrongAndWhere) {
  const Change changes[] = {
      {"version: 1", "version: 2", "line 1: version must be 1"},
      {"version: 1\n", "", "version is missing"},
      {"version: 1\n", "version: 1\nextra: 1\n", "line 2: unknown key extra"},
      {"    ca: council/ca.pem\n", "", "line 3: key ca is missing"},
      {"    crl: hub.crl\n", "", "line 10: key crl is missing"},
      {"    crl: hub.crl", "    crl: [a]", "line 14: key crl needs a text"},
      {"    crl: hub.crl", "    crl:", "key crl needs a text"},
      {"    ca: hub.pem", "    ca: hub.pem\n    ca: b", "line 14: key ca is said twice"},
      {"    ca: hub.pem", "    cert: hub.pem", "line 13: unknown key cert"},
      {"kind: COUNCIL", "kind: AGENCY_KIND_COUNCIL", "unknown kind"},
      {"kind: COUNCIL", "kind: UNSPECIFIED", "unknown kind"},
      {"kind: COUNCIL", "kind: council", "unknown kind"},
      {"    issuer: https://issuer.example\n", "", "key issuer is missing"},
      {"    jwks: jwks.json\n", "", "key jwks is missing"},
      {"    crl: hub.crl", "    crl: hub.crl\n    issuer: x", "go together"},
      {"council.example", "Council.example", "trust_domain must be"},
      {"council.example", "spiffe://council.example", "trust_domain must be"},
      {"agencies/council", "council", "agency must be agencies/{id}"},
      {"hub.example", "council.example", "trust_domain council.example is said twice"},
      {"agencies/hub", "agencies/council", "agencies/council has two kinds"},
      {"    crl: hub.crl", "    crl: h\n    issuer: https://issuer.example\n    jwks: j",
       "issuer https://issuer.example is said twice"},
  };
  for (const Change& change : changes) {
    ASSERT_TRUE(absl::StrContains(kGood, change.from)) << change.from;
    const auto entries =
        ParseTrustFile("/t.yaml", absl::StrReplaceAll(kGood, {{change.from, change.to}}));
    ASSERT_FALSE(entries.ok()) << change.to;
    EXPECT_THAT(std::string(entries.status().message()), ::testing::HasSubstr(change.message));
    EXPECT_THAT(std::string(entries.status().message()), ::testing::StartsWith("/t.yaml line "));
  }
}

TEST(TrustFileTest, RefusesOtherYaml) {
  for (const char* text :
       {"", "version: 1", "version: 1\ndomains: []", "version: 1\ndomains: {}", "[1]", "a: [",
        "version: 1\ndomains: [x]", "---\nversion: 1\n---\nversion: 1\n", "[a]: b", "\t"}) {
    EXPECT_FALSE(ParseTrustFile("/t.yaml", text).ok()) << text;
  }
}

TEST(KeySetTest, ReadsAndVerifies) {
  const auto key = pki::TokenKey::Generate("k1");
  const auto set = KeySet::Parse(pki::MakeKeySet({key.get()}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_TRUE(set->Has("k1"));
  EXPECT_FALSE(set->Has("k2"));
  EXPECT_TRUE(set->Verify("k1", "text", key->Sign("text")));
  EXPECT_FALSE(set->Verify("k1", "texts", key->Sign("text")));
  EXPECT_FALSE(set->Verify("k2", "text", key->Sign("text")));
}

// RFC 7515 A.3: a key and a signature that others made.
TEST(KeySetTest, VerifiesTheExampleOfRfc7515) {
  const auto set = KeySet::Parse(
      R"({"keys":[{"kty":"EC","crv":"P-256","kid":"a3",
      "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  ASSERT_TRUE(set.ok()) << set.status();
  const std::string text =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
      "NvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature =
      crypto::Base64UrlDecode(
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
          .value();
  EXPECT_TRUE(set->Verify("a3", text, signature));
  EXPECT_FALSE(set->Verify("a3", text + "x", signature));
}

TEST(KeySetTest, RefusesBadSets) {
  const std::string good = pki::MakeKeySet({pki::TokenKey::Generate("k1").get()});
  const Change changes[] = {
      {"\"EC\"", "\"RSA\"", ""},
      {"P-256", "P-384", ""},
      {"ES256", "HS256", ""},
      {"\"sig\"", "\"enc\"", ""},
      {"\"k1\"", "\"\"", ""},
      {"\"k1\"", "\"../k1\"", ""},
      {"\"kid\"", "\"kie\"", ""},
      {"\"x\":\"", "\"x\":\"A", ""},
      {"\"y\"", "\"z\"", ""},
      {"\"kty\"", "\"d\":\"x\",\"kty\"", ""},
      {"\"keys\"", "\"key\"", ""},
      {"[{", "[1,{", ""},
      {"\"x\":", "\"y\":\"\",\"x\":", ""},
  };
  ASSERT_TRUE(KeySet::Parse(good).ok());
  for (const Change& change : changes) {
    ASSERT_TRUE(absl::StrContains(good, change.from)) << change.from;
    EXPECT_FALSE(KeySet::Parse(absl::StrReplaceAll(good, {{change.from, change.to}})).ok())
        << change.to;
  }
  const auto key = pki::TokenKey::Generate("k1");
  EXPECT_FALSE(KeySet::Parse(pki::MakeKeySet({key.get(), key.get()})).ok());
  // A point that is not on the curve.
  EXPECT_FALSE(KeySet::Parse(R"({"keys":[{"kty":"EC","crv":"P-256","kid":"k",
      "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      "y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}]})")
                   .ok());
}

}  // namespace
}  // namespace trusthub::auth
