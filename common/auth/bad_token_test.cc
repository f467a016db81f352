// Tokens that must be refused (A-1), each by the rule it breaks.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/auth/authenticator.h"
#include "common/auth/test_trust.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"

namespace trusthub::auth {
namespace {

using crypto::Base64UrlEncode;
using errors::v1::ErrorReason;

class BadTokenTest : public ::testing::Test {
 protected:
  BadTokenTest() : authenticator_(MakeAuthenticator(trust_.config()).value()) {}

  ErrorReason ReasonOfHeader(const std::string& authorization) {
    const auto result =
        authenticator_->Authenticate(peer_.connection(), {authorization, ""}, TestTrust::now());
    if (result.ok()) return errors::v1::ERROR_REASON_UNSPECIFIED;
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(result.status().message(), "The caller could not be authenticated.");
    return error::ReasonOf(result.status());
  }
  ErrorReason ReasonOf(const std::string& token) { return ReasonOfHeader("Bearer " + token); }

  std::string Header() const { return pki::TokenHeader("council-1"); }
  pki::TokenClaims Claims() const { return trust_.Claims(trust_.council, peer_); }
  std::string Payload() const { return pki::TokenPayload(Claims()); }
  std::string Sign(absl::string_view header, absl::string_view payload) const {
    return pki::SignToken(*trust_.council.key, header, payload);
  }
  std::string WithHeader(absl::string_view header) const { return Sign(header, Payload()); }
  std::string WithPayload(absl::string_view payload) const { return Sign(Header(), payload); }

  // The payload with one piece of its text replaced; the piece must be there.
  std::string Changed(absl::string_view from, absl::string_view to) const {
    const std::string payload = Payload();
    EXPECT_TRUE(absl::StrContains(payload, from)) << from;
    return WithPayload(absl::StrReplaceAll(payload, {{from, to}}));
  }
  // The payload with one more member at its end.
  std::string Added(absl::string_view member) const {
    const std::string payload = Payload();
    return WithPayload(absl::StrCat(payload.substr(0, payload.size() - 1), ",", member, "}"));
  }
  // With these seconds from now for iat, nbf and exp.
  std::string WithTimes(int issued, int not_before, int expires) const {
    const std::int64_t now = absl::ToUnixSeconds(TestTrust::now());
    return WithPayload(absl::StrReplaceAll(
        Payload(),
        {{absl::StrCat("\"iat\":", now), absl::StrCat("\"iat\":", now + issued)},
         {absl::StrCat("\"nbf\":", now), absl::StrCat("\"nbf\":", now + not_before)},
         {absl::StrCat("\"exp\":", now + 600), absl::StrCat("\"exp\":", now + expires)}}));
  }

  struct Case {
    const char* name;
    std::string token;
  };
  void ExpectAll(ErrorReason reason, const std::vector<Case>& cases) {
    for (const Case& test : cases) {
      EXPECT_EQ(ReasonOf(test.token), reason)
          << test.name << ": " << error::ReasonName(ReasonOf(test.token));
    }
  }

  TestTrust trust_;
  std::unique_ptr<Authenticator> authenticator_;
  const Peer peer_ = trust_.MakePeer(trust_.council, "/system/case-management");
  const std::string now_text_ = absl::StrCat(absl::ToUnixSeconds(TestTrust::now()));
  const std::string exp_text_ = absl::StrCat(absl::ToUnixSeconds(TestTrust::now()) + 600);
};

TEST_F(BadTokenTest, TheUnchangedOneIsGood) {
  const std::string good = Sign(Header(), Payload());
  EXPECT_EQ(ReasonOf(good), errors::v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonOfHeader("bearer " + good), errors::v1::ERROR_REASON_UNSPECIFIED);
  // Members that nobody asked for change nothing.
  EXPECT_EQ(ReasonOf(Added(R"("name":"x","amr":["pwd",{"a":[1,2.5,null,true]}])")),
            errors::v1::ERROR_REASON_UNSPECIFIED);
}

TEST_F(BadTokenTest, NotAToken) {
  const std::string good = Sign(Header(), Payload());
  const std::vector<std::string> parts = absl::StrSplit(good, '.');
  for (const std::string& header :
       {absl::StrCat("Basic ", good), good, absl::StrCat("Bearer", good), std::string("Bearer "),
        std::string("Bearer"), absl::StrCat("Bearer  ", good), absl::StrCat("Bearer ", good, " "),
        absl::StrCat("Bearer ", good, ",Bearer ", good)}) {
    EXPECT_EQ(ReasonOfHeader(header), errors::v1::ERROR_REASON_TOKEN_MALFORMED) << header;
  }
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_MALFORMED,
            {{"one part", parts[0]},
             {"two parts", absl::StrCat(parts[0], ".", parts[1])},
             {"four parts", absl::StrCat(good, ".", parts[2])},
             {"five parts", "a.b.c.d.e"},
             {"empty header", absl::StrCat(".", parts[1], ".", parts[2])},
             {"empty payload", absl::StrCat(parts[0], "..", parts[2])},
             {"padding", absl::StrCat(parts[0], ".", parts[1], ".", parts[2], "==")},
             {"line break", absl::StrCat(parts[0], "\n.", parts[1], ".", parts[2])},
             {"base64 not url", absl::StrCat(parts[0], ".", parts[1], ".+/", parts[2].substr(2))},
             {"9 kB", Added(absl::StrCat("\"x\":\"", std::string(9000, 'x'), "\""))}});
}

TEST_F(BadTokenTest, BadJson) {
  ExpectAll(
      errors::v1::ERROR_REASON_TOKEN_MALFORMED,
      {{"header is an array", WithHeader("[1]")},
       {"header is cut off", WithHeader(Header().substr(0, 20))},
       {"header after a byte order mark", WithHeader("\xef\xbb\xbf" + Header())},
       {"header after space", WithHeader(" " + Header())},
       {"header twice", WithHeader(Header() + Header())},
       {"payload is a string", WithPayload("\"x\"")},
       {"payload is cut off", WithPayload(Payload().substr(0, 60))},
       {"text behind it", WithPayload(Payload() + "x")},
       {"comment", WithPayload("{/**/" + Payload().substr(1))},
       {"not UTF-8", Added("\"x\":\"\xff\xfe\"")},
       {"overlong UTF-8", Added("\"x\":\"\xc0\xaf\"")},
       {"lone surrogate", Added(R"("x":"\ud800")")},
       {"control character", Added("\"x\":\"\x01\"")},
       {"NaN", Added("\"x\":NaN")},
       {"number out of range", Added("\"x\":1e999")},
       {"duplicate exp", Added(absl::StrCat("\"exp\":", exp_text_))},
       {"duplicate exp, spelled otherwise", Added(absl::StrCat(R"("\u0065xp":)", exp_text_))},
       {"duplicate sub", Added(R"("sub":"workers/w2")")},
       {"duplicate in cnf", Changed("\"cnf\":{", R"("cnf":{"x5t#S256":"a",)")},
       {"duplicate deep inside", Added(R"("x":[{"y":{"z":1,"z":2}}])")},
       {"duplicate alg", WithHeader(absl::StrReplaceAll(Header(), {{"{", R"({"alg":"none",)"}}))},
       {"nine levels", Added(R"("x":[[[[[[[[1]]]]]]]])")},
       {"very deep", Added(absl::StrCat("\"x\":", std::string(3000, '[')))}});
}

TEST_F(BadTokenTest, BadHeader) {
  const auto with = [this](absl::string_view member) {
    const std::string header = Header();
    return WithHeader(absl::StrCat(header.substr(0, header.size() - 1), ",", member, "}"));
  };
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_MALFORMED,
            {{"jku", with(R"("jku":"https://evil.example/jwks")")},
             {"x5u", with(R"("x5u":"https://evil.example/x")")},
             {"jwk", with("\"jwk\":" + trust_.council.key->ToJwk())},
             {"x5c", with(R"("x5c":[])")},
             {"crit", with(R"("crit":["exp"],"exp":1)")},
             {"empty crit", with(R"("crit":[])")},
             {"b64", with(R"("b64":false)")},
             {"zip", with(R"("zip":"DEF")")},
             {"typ JWT", WithHeader(R"({"alg":"ES256","typ":"JWT","kid":"council-1"})")},
             {"typ missing", WithHeader(R"({"alg":"ES256","kid":"council-1"})")},
             {"typ upper case", WithHeader(R"({"alg":"ES256","typ":"AT+JWT","kid":"council-1"})")},
             {"typ a list", WithHeader(R"({"alg":"ES256","typ":["at+jwt"],"kid":"council-1"})")}});
}

TEST_F(BadTokenTest, BadAlgorithm) {
  std::vector<Case> cases;
  for (const char* alg : {"none", "None", "NONE", "nOnE", "HS256", "RS256", "ES384", "ES256K",
                          "PS256", "EdDSA", "es256", "ES256 ", ""}) {
    cases.push_back({alg, WithHeader(absl::StrCat(R"({"alg":")", alg,
                                                  R"(","typ":"at+jwt","kid":"council-1"})"))});
  }
  cases.push_back({"missing", WithHeader(R"({"typ":"at+jwt","kid":"council-1"})")});
  cases.push_back({"a list", WithHeader(R"({"alg":["ES256"],"typ":"at+jwt","kid":"council-1"})")});
  const std::string unsigned_text =
      absl::StrCat(Base64UrlEncode(R"({"alg":"none","typ":"at+jwt","kid":"council-1"})"), ".",
                   Base64UrlEncode(Payload()), ".");
  cases.push_back({"none, unsigned", unsigned_text});
  // The public key as the secret of an HMAC.
  const std::string text =
      absl::StrCat(Base64UrlEncode(R"({"alg":"HS256","typ":"at+jwt","kid":"council-1"})"), ".",
                   Base64UrlEncode(Payload()));
  cases.push_back(
      {"HMAC with the public key",
       absl::StrCat(text, ".",
                    Base64UrlEncode(crypto::HmacSha256(trust_.council.key->ToJwk(), text)))});
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_ALGORITHM_REFUSED, cases);
}

TEST_F(BadTokenTest, BadKeyId) {
  std::vector<Case> cases;
  const std::string long_id(65, 'k');
  for (const char* id : {"", "council-2", "hospital-1", "../council-1", "council-1/", "council 1",
                         "council-1' OR 1=1", "https://evil.example", long_id.c_str()}) {
    cases.push_back({id, WithHeader(pki::TokenHeader(id))});
  }
  cases.push_back({"missing", WithHeader(R"({"alg":"ES256","typ":"at+jwt"})")});
  cases.push_back({"number", WithHeader(R"({"alg":"ES256","typ":"at+jwt","kid":1})")});
  cases.push_back(
      {"zero byte", WithHeader(R"({"alg":"ES256","typ":"at+jwt","kid":"council-1\u0000"})")});
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_KEY_UNKNOWN, cases);
}

TEST_F(BadTokenTest, BadSignature) {
  const std::string good = Sign(Header(), Payload());
  const std::vector<std::string> parts = absl::StrSplit(good, '.');
  const std::string text = absl::StrCat(parts[0], ".", parts[1], ".");
  const std::string signature = crypto::Base64UrlDecode(parts[2]).value();
  const std::string r = signature.substr(0, 32);
  const std::string s = signature.substr(32);
  const std::string zero(32, '\0');
  const std::string order =
      crypto::HexDecode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  const auto stranger = pki::TokenKey::Generate("council-1");
  ExpectAll(
      errors::v1::ERROR_REASON_TOKEN_SIGNATURE_INVALID,
      {{"empty", text},
       {"all zero", text + Base64UrlEncode(zero + zero)},
       {"r zero", text + Base64UrlEncode(zero + s)},
       {"s zero", text + Base64UrlEncode(r + zero)},
       {"r the order", text + Base64UrlEncode(order + s)},
       {"s the order", text + Base64UrlEncode(r + order)},
       {"swapped", text + Base64UrlEncode(s + r)},
       {"short", text + Base64UrlEncode(signature.substr(0, 63))},
       {"long", text + Base64UrlEncode(signature + "x")},
       {"wider numbers", text + Base64UrlEncode(zero.substr(0, 16) + r + zero.substr(0, 16) + s)},
       {"of another text", text + Base64UrlEncode(trust_.council.key->Sign("other text"))},
       {"of the payload alone", text + Base64UrlEncode(trust_.council.key->Sign(parts[1]))},
       {"of another key with this id", pki::SignToken(*stranger, Header(), Payload())},
       {"of the hospital's key under our id",
        pki::SignToken(*trust_.hospital.key, Header(), Payload())}});
}

TEST_F(BadTokenTest, BadIssuer) {
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_ISSUER_UNKNOWN,
            {{"unknown", Changed(trust_.council.issuer, "https://evil.example")},
             {"slash more", Changed(trust_.council.issuer, trust_.council.issuer + "/")},
             {"empty", Changed(trust_.council.issuer, "")},
             {"missing", Changed("\"iss\"", "\"isz\"")},
             {"a list", Changed(absl::StrCat("\"", trust_.council.issuer, "\""),
                                absl::StrCat("[\"", trust_.council.issuer, "\"]"))}});
  // Our key under the hospital's name.
  EXPECT_EQ(ReasonOf(Changed(trust_.council.issuer, trust_.hospital.issuer)),
            errors::v1::ERROR_REASON_TOKEN_KEY_UNKNOWN);
}

TEST_F(BadTokenTest, BadAudience) {
  const std::string quoted = absl::StrCat("\"", TestTrust::kAudience, "\"");
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_AUDIENCE_MISMATCH,
            {{"another", Changed(TestTrust::kAudience, "https://other.example")},
             {"two", Changed(quoted, absl::StrCat("[", quoted, ",\"https://other.example\"]"))},
             {"a list of one", Changed(quoted, absl::StrCat("[", quoted, "]"))},
             {"empty list", Changed(quoted, "[]")},
             {"prefix", Changed(TestTrust::kAudience, "https://hub.redbridge")},
             {"empty", Changed(TestTrust::kAudience, "")},
             {"missing", Changed("\"aud\"", "\"auz\"")}});
}

TEST_F(BadTokenTest, BadTimes) {
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_EXPIRED,
            {{"now", WithTimes(-600, -600, 0)}, {"long ago", WithTimes(-6000, -6000, -5400)}});
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_LIFETIME_INVALID,
            {{"lives 15 minutes and a second", WithTimes(0, 0, 901)},
             {"lives a year", WithTimes(0, 0, 31'536'000)},
             {"issued 31 s ahead", WithTimes(31, 0, 600)},
             {"not before 31 s ahead", WithTimes(0, 31, 600)},
             {"issued at its end", WithTimes(20, 0, 20)},
             {"begins after its end", WithTimes(0, 25, 20)}});
  ExpectAll(errors::v1::ERROR_REASON_UNSPECIFIED, {{"15 minutes", WithTimes(0, 0, 900)},
                                                   {"a second left", WithTimes(-899, -899, 1)},
                                                   {"30 s ahead", WithTimes(30, 30, 600)}});
  std::vector<Case> cases;
  const std::string times[] = {absl::StrCat("\"iat\":", now_text_),
                               absl::StrCat("\"nbf\":", now_text_),
                               absl::StrCat("\"exp\":", exp_text_)};
  for (const std::string& member : times) {
    const std::string name = member.substr(0, 6);
    const std::string value = member.substr(6);
    cases.push_back({"missing", Changed(member, "\"x\":0")});
    cases.push_back({"string", Changed(member, absl::StrCat(name, "\"", value, "\""))});
    cases.push_back({"fraction", Changed(member, absl::StrCat(name, value, ".5"))});
    cases.push_back({"whole fraction", Changed(member, absl::StrCat(name, value, ".0"))});
    cases.push_back({"negative", Changed(member, absl::StrCat(name, "-", value))});
    cases.push_back({"null", Changed(member, name + "null")});
    cases.push_back({"above all years", Changed(member, name + "253402300800")});
    cases.push_back({"above 64 bits", Changed(member, name + "18446744073709551616")});
  }
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_CLAIM_INVALID, cases);
}

TEST_F(BadTokenTest, BadBinding) {
  const std::string thumbprint = Base64UrlEncode(peer_.sha256);
  const std::string quoted = absl::StrCat("\"", thumbprint, "\"");
  const std::string cnf = absl::StrCat(R"("cnf":{"x5t#S256":)", quoted, "}");
  ExpectAll(
      errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH,
      {{"missing", Changed(cnf, "\"x\":1")},
       {"a string", Changed(cnf, "\"cnf\":" + quoted)},
       {"empty", Changed(cnf, "\"cnf\":{}")},
       {"null", Changed(quoted, "null")},
       {"at the top", Changed(cnf, "\"x5t#S256\":" + quoted)},
       {"SHA-1 thumbprint", Changed("x5t#S256", "x5t")},
       {"jkt", Changed("x5t#S256", "jkt")},
       {"two ways", Changed(cnf, absl::StrCat(cnf.substr(0, cnf.size() - 1), ",\"jkt\":\"x\"}"))},
       {"another certificate", Changed(thumbprint, Base64UrlEncode(crypto::Sha256("other")))},
       {"of the PEM", Changed(thumbprint, Base64UrlEncode(crypto::Sha256(peer_.pem)))},
       {"hex", Changed(thumbprint, crypto::HexEncode(peer_.sha256))},
       {"padded", Changed(thumbprint, thumbprint + "=")},
       {"prefix", Changed(thumbprint, Base64UrlEncode(peer_.sha256.substr(0, 16)))},
       {"longer", Changed(thumbprint, Base64UrlEncode(peer_.sha256 + "x"))},
       {"empty text", Changed(thumbprint, "")}});
}

TEST_F(BadTokenTest, BadAgency) {
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_AGENCY_MISMATCH,
            {{"another", Changed("agencies/council", "agencies/hospital")},
             {"unknown", Changed("agencies/council", "agencies/other")},
             {"without its collection", Changed("agencies/council", "council")},
             {"empty", Changed("agencies/council", "")}});
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_CLAIM_INVALID,
            {{"missing", Changed("\"agency\"", "\"agencz\"")},
             {"a list", Changed("\"agencies/council\"", "[\"agencies/council\"]")}});
}

TEST_F(BadTokenTest, BadWorker) {
  const std::string long_id = absl::StrCat("workers/", std::string(64, 'w'));
  ExpectAll(errors::v1::ERROR_REASON_TOKEN_CLAIM_INVALID,
            {{"sub missing", Changed("\"sub\"", "\"suz\"")},
             {"sub empty", Changed("workers/w1", "")},
             {"sub of another collection", Changed("workers/w1", "children/w1")},
             {"sub without an id", Changed("workers/w1", "workers/")},
             {"sub upper case", Changed("workers/w1", "workers/W1")},
             {"sub with a part more", Changed("workers/w1", "workers/w1/x")},
             {"sub too long", Changed("workers/w1", long_id)},
             {"sub a number", Changed("\"workers/w1\"", "1")},
             {"jti missing", Changed("\"jti\"", "\"jtz\"")},
             {"jti empty", Changed("token-1", "")},
             {"jti with a line break", Changed("token-1", "token\\n1")},
             {"jti too long", Changed("token-1", std::string(129, 't'))},
             {"jti a number", Changed("\"token-1\"", "1")},
             {"role missing", Changed("\"role\"", "\"rolz\"")},
             {"role empty", Changed("social_worker", "")},
             {"role unknown", Changed("social_worker", "superuser")},
             {"role upper case", Changed("social_worker", "SOCIAL_WORKER")},
             {"role with its prefix", Changed("social_worker", "role_social_worker")},
             {"role unspecified", Changed("social_worker", "unspecified")},
             {"role of a service", Changed("social_worker", "hub_service")},
             {"role a number", Changed("\"social_worker\"", "3")},
             {"role a list", Changed("\"social_worker\"", "[\"social_worker\"]")}});
}

}  // namespace
}  // namespace trusthub::auth
