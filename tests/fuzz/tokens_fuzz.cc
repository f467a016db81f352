// User tokens: whatever is sent as authorization, and whatever an agency's own key has signed.
//
// The first byte says what the rest is:
//   0  the authorization header itself: nothing that no issuer signed is let in
//   1  claims, signed by the council's key under a good header
//   2  a line of header, then claims, signed by the council's key
//   3  as 2, signed by the hospital's key
//   4  changes to the bytes of a good token
//   5  JSON alone
// In claims, "@cnf" stands for the thumbprint of the connection's certificate, which is another in
// each process.
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/auth/strict_json.h"
#include "common/auth/test_trust.h"
#include "common/crypto/crypto.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

using auth::TestTrust;

// Characters of "Bearer".
constexpr std::size_t kScheme = 6;

struct World {
  World() {
    auto made = auth::MakeAuthenticator(trust.config());
    RequireReady(made.ok(), "an authenticator");
    authenticator = *std::move(made);
    good = trust.Bearer(trust.council, peer);
  }
  TestTrust trust;
  const auth::Peer peer = trust.MakePeer(trust.council, "/system/case-management");
  std::unique_ptr<auth::Authenticator> authenticator;
  std::string good;
};

// Never destroyed: its folder is one of gtest's.
World& TheWorld() {
  static auto& world = *new World;
  return world;
}

absl::StatusOr<std::shared_ptr<const auth::Principal>> Present(const std::string& authorization) {
  return TheWorld().authenticator->Authenticate(TheWorld().peer.connection(), {authorization, ""},
                                                TestTrust::now());
}

// What was let in says what its claims say, read by another reader than the hub's.
void CheckPrincipal(const auth::Principal& who, const std::string& claims) {
  const auto json = nlohmann::json::parse(claims, nullptr, /*allow_exceptions=*/false);
  const World& world = TheWorld();
  const std::int64_t now = absl::ToUnixSeconds(TestTrust::now());
  Require(json.is_object(), "claims are an object");
  Require(json["iss"] == world.trust.council.issuer, "the issuer is the key's");
  Require(json["agency"] == "agencies/council" && who.agency == "agencies/council",
          "the agency is the issuer's");
  Require(json["sub"] == who.worker && json["jti"] == who.token_id,
          "worker and id are the token's");
  Require(json["aud"] == TestTrust::kAudience, "the audience is this hub");
  Require(json["exp"].is_number() && json["exp"].get<double>() > static_cast<double>(now),
          "an expired token is refused");
  Require(who.role != options::v1::ROLE_HUB_SERVICE && who.role != options::v1::ROLE_UNSPECIFIED,
          "no issuer makes a service of the hub");
  Require(json["cnf"]["x5t#S256"] == crypto::Base64UrlEncode(world.peer.sha256),
          "a token is bound to its connection");
}

void PresentSigned(const TestTrust::Member& signer, const std::string& header, std::string claims) {
  const World& world = TheWorld();
  claims = absl::StrReplaceAll(claims, {{"@cnf", crypto::Base64UrlEncode(world.peer.sha256)}});
  const auto who = Present(absl::StrCat("Bearer ", pki::SignToken(*signer.key, header, claims)));
  if (!who.ok()) return;
  Require(&signer == &world.trust.council, "another agency's key signs nothing for the council");
  CheckPrincipal(**who, claims);
}

void PresentChanged(Input& input) {
  std::string changed = TheWorld().good;
  while (!input.empty()) {
    const std::size_t at = (input.Byte() * 256U + input.Byte()) % changed.size();
    changed[at] ^= static_cast<char>(input.Byte());
  }
  // Small letters are as good in the name of the scheme (RFC 9110 section 11.1).
  const std::string& good = TheWorld().good;
  const bool same = changed.substr(kScheme) == good.substr(kScheme) &&
                    absl::EqualsIgnoreCase(changed.substr(0, kScheme), good.substr(0, kScheme));
  Require(!Present(changed).ok() || same, "a changed token is refused");
}

void ReadJson(const std::string& text) {
  const auto strict = auth::ParseStrictObject(text);
  if (!strict.has_value()) return;
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  Require(json == *strict, "strict JSON is JSON that says the same");
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(data, size);
  const auto& trust = TheWorld().trust;
  switch (input.OneOf(6)) {
    case 0:
      Require(!Present(input.Rest()).ok(), "only what an issuer signed is let in");
      break;
    case 1:
      PresentSigned(trust.council, trusthub::pki::TokenHeader("council-1"), input.Rest());
      break;
    case 2: {
      const std::string header = input.Line();
      PresentSigned(trust.council, header, input.Rest());
      break;
    }
    case 3: {
      const std::string header = input.Line();
      PresentSigned(trust.hospital, header, input.Rest());
      break;
    }
    case 4:
      PresentChanged(input);
      break;
    default:
      ReadJson(input.Rest());
      break;
  }
  return 0;
}
