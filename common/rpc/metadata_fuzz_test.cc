// Tokens and metadata, mutated: what is let in says the same as what was mutated. Seeded; a failure
// prints the seed and the mutant's class, never a token.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/auth/test_trust.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/testing/fake_clock.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::rpc {
namespace {

using auth::Peer;
using auth::TestTrust;
using testing::IsOk;

constexpr std::uint64_t kSeed = 20100316;
constexpr int kMutants = 24'000;

// What a call carries that its sender may shape.
struct Sent {
  const Peer* peer = nullptr;
  std::string authorization;
  std::string user_certificate;
  std::string purpose;
  std::string case_reference;
};

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() {
    auto authenticator = auth::MakeAuthenticator(trust_.config());
    EXPECT_THAT(authenticator, IsOk());
    authenticator_ = *std::move(authenticator);
    auto agreements =
        policy::LoadAgreements(testing::SourcePath("deploy/config/redbridge/agreements"));
    EXPECT_THAT(agreements, IsOk());
    agreements_ = *agreements;
    sets_ = std::make_unique<AgreementSets>(
        AgreementSets::Options{"referrals", {&real_, &domain_}, nullptr}, agreements_);
    auto code_sets = proto::LoadCodeSets(testing::SourcePath("deploy/config/code_sets"));
    EXPECT_THAT(code_sets, IsOk());
    auto methods = MethodTable::Compile(
        {domain_of_.MakeRoutes(), Routes(events::v1::WatchRequest::descriptor()->file())},
        *code_sets);
    EXPECT_THAT(methods, IsOk());
    methods_ = *std::move(methods);
    Stages stages{};
    stages.authenticator = authenticator_.get();
    stages.agreements = sets_.get();
    stages.clocks = {&real_, &domain_};
    pipeline_ = std::make_unique<Pipeline>(std::move(stages));
  }

  const Method& MethodNamed(absl::string_view name) {
    for (const auto& method : methods_->methods()) {
      if (method->descriptor->name() == name) return *method;
    }
    ADD_FAILURE() << name;
    return *methods_->methods().front();
  }
  absl::Status Admit(const Sent& sent, const Method& method, Admission* admission) {
    Incoming incoming;
    incoming.method = &method;
    incoming.connection = sent.peer->connection();
    incoming.credentials = {sent.authorization, sent.user_certificate};
    incoming.purpose = sent.purpose;
    incoming.case_reference = sent.case_reference;
    return pipeline_->Admit(incoming, absl::InfiniteFuture(), admission);
  }
  std::string TokenFor(const TestTrust::Member& member, const Peer& peer, const std::string& worker,
                       const std::string& role) {
    pki::TokenClaims claims = trust_.Claims(member, peer);
    claims.worker = worker;
    claims.role = role;
    claims.token_id = absl::StrCat("token-of-", worker);
    return absl::StrCat("Bearer ", pki::IssueToken(*member.key, claims));
  }
  // A worker of the council at the council's own system.
  Sent Direct() const { return {&council_, token_, "", "assessment", "CASE-2010/17"}; }
  // The same, by way of a service of the hub.
  Sent Forwarded() const {
    return {&referrals_, token_, crypto::Base64UrlEncode(council_.sha256), "assessment",
            "CASE-2010/17"};
  }

  TestTrust trust_;
  testing::FakeClock real_{TestTrust::now()};
  testing::FakeClock domain_;
  const Peer council_ = trust_.MakePeer(trust_.council, "/system/case-management");
  const Peer council_other_ = trust_.MakePeer(trust_.council, "/system/reports");
  const Peer hospital_ = trust_.MakePeer(trust_.hospital, "/system/emergency");
  const Peer referrals_ = trust_.MakePeer(trust_.hub, "/service/referrals");
  const Peer health_ = trust_.MakePeer(trust_.hub, "/service/health");
  const std::string token_ = TokenFor(trust_.council, council_, "workers/sw", "social_worker");
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::shared_ptr<const policy::Agreements> agreements_;
  std::unique_ptr<AgreementSets> sets_;
  TinyReferrals domain_of_;
  std::unique_ptr<MethodTable> methods_;
  std::unique_ptr<Pipeline> pipeline_;
};

// --- Mutations ---------------------------------------------------------------------------------

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t Below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  char Byte() { return static_cast<char>(Below(256)); }
  template <class T>
  const T& OneOf(const std::vector<T>& all) {
    return all[Below(all.size())];
  }

  // One change of bytes that does not know what the text means.
  std::string Bytes(std::string text) {
    if (text.empty()) return std::string(1, Byte());
    const std::size_t at = Below(text.size());
    switch (Below(10)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
        break;
      case 1:
        text[at] = Byte();
        break;
      case 2:
        text.insert(at, 1, Byte());
        break;
      case 3:
        text.erase(at, 1 + Below(3));
        break;
      case 4:
        std::swap(text[at], text[Below(text.size())]);
        break;
      case 5:
        text.resize(at);
        break;
      case 6:
        text.insert(at, text.substr(Below(text.size()), 1 + Below(8)));
        break;
      case 7:
        text[at] = absl::ascii_isupper(static_cast<unsigned char>(text[at]))
                       ? absl::ascii_tolower(static_cast<unsigned char>(text[at]))
                       : absl::ascii_toupper(static_cast<unsigned char>(text[at]));
        break;
      case 8:
        text += OneOf<std::string>({" ", "\t", "=", "==", ".", ",", "\n", std::string(1, '\0')});
        break;
      default:
        text.insert(0, OneOf<std::string>({" ", "\t", "Bearer ", "bearer ", ",", "\""}));
        break;
    }
    return text;
  }

 private:
  std::mt19937_64 random_;
};

std::vector<std::string> PartsOf(const std::string& authorization) {
  return absl::StrSplit(absl::StripPrefix(authorization, "Bearer "), '.');
}
std::string Joined(const std::vector<std::string>& parts) {
  return absl::StrCat("Bearer ", absl::StrJoin(parts, "."));
}

// 2^256 - 2^224 + 2^192 - ... : the order of P-256, big endian.
constexpr unsigned char kOrder[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

// (r, n - s): the other signature that verifies. The same token in other bytes.
std::string OtherSignature(const std::string& part) {
  std::string bytes = *crypto::Base64UrlDecode(part);
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int digit = kOrder[i] - static_cast<unsigned char>(bytes[32 + i]) - borrow;
    borrow = digit < 0 ? 1 : 0;
    bytes[32 + i] = static_cast<char>(digit + (borrow << 8));
  }
  return crypto::Base64UrlEncode(bytes);
}

// Changes that know what a token is.
class TokenMutator {
 public:
  TokenMutator(Mutator* random, std::vector<std::string> others)
      : random_(*random), others_(std::move(others)) {}

  std::string Mutate(const std::string& authorization) {
    std::vector<std::string> parts = PartsOf(authorization);
    switch (random_.Below(8)) {
      case 0:  // a part of another good token
        parts[random_.Below(3)] = PartsOf(random_.OneOf(others_))[random_.Below(3)];
        break;
      case 1:
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(random_.Below(3)));
        break;
      case 2:
        parts[random_.Below(3)].clear();
        break;
      case 3: {  // other characters of Base64, padding, unused bits
        std::string& part = parts[random_.Below(3)];
        const std::string before = part;
        part = absl::StrReplaceAll(part, {{"-", "+"}, {"_", "/"}});
        if (part == before) part += "=";
        break;
      }
      case 4: {
        std::string& last = parts[random_.Below(3)];
        last.back() = random_.OneOf<char>({'A', 'B', 'g', 'w', 'Q', '-', '_', '9'});
        break;
      }
      case 5:
        parts[0] = crypto::Base64UrlEncode(
            random_.OneOf<std::string>({R"({"alg":"none","typ":"at+jwt"})",
                                        R"({"alg":"HS256","typ":"at+jwt","kid":"council-1"})",
                                        R"({"alg":"ES256","typ":"JWT","kid":"council-1"})",
                                        R"({"alg":"ES256","typ":"at+jwt","kid":"hospital-1"})",
                                        R"({"alg":"ES256","typ":"at+jwt","kid":"../council-1"})"}));
        break;
      case 6:
        parts[1] = crypto::Base64UrlEncode(Claims(*crypto::Base64UrlDecode(parts[1])));
        break;
      default:
        parts[2] =
            crypto::Base64UrlEncode(std::string(64, random_.OneOf<char>({'\0', '\1', '\xff'})));
        break;
    }
    return Joined(parts);
  }

 private:
  // Other claims under the old signature.
  std::string Claims(const std::string& json) {
    const std::vector<std::pair<std::string, std::string>> changes = {
        {"social_worker", "team_manager"},
        {"workers/sw", "workers/chief"},
        {"agencies/council", "agencies/hospital"},
        {"council.redbridge", "hub.redbridge"},
        {"\"exp\":1", "\"exp\":2"},
        {"hub.redbridge.example", "elsewhere.example"},
        {"{", "{\"role\":\"team_manager\","},
        {"}", ",\"extra\":true}"},
        {"\"cnf\"", "\"cnfx\""},
        {"\"", "\\u0022"},
    };
    const auto& [from, to] = random_.OneOf(changes);
    return absl::StrReplaceAll(json, {{from, to}});
  }

  Mutator& random_;
  const std::vector<std::string> others_;
};

// --- What may be let in ------------------------------------------------------------------------

// By the published enum, apart from the code under test.
options::v1::Purpose PurposeMeant(const std::string& text) {
  for (int value = 1; value <= options::v1::Purpose_MAX; ++value) {
    const auto purpose = static_cast<options::v1::Purpose>(value);
    if (absl::EqualsIgnoreCase(absl::StrCat("purpose_", text),
                               options::v1::Purpose_Name(purpose))) {
      return purpose;
    }
  }
  return options::v1::PURPOSE_UNSPECIFIED;
}

bool IsReference(const std::string& text) {
  return !text.empty() && text.size() <= 80 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string("/-_.:").find(c) != std::string::npos;
  });
}

std::string Identity(const auth::Principal& who) {
  return absl::StrJoin(
      {who.agency, std::to_string(who.agency_kind), who.trust_domain, who.system, who.worker,
       std::to_string(who.role), who.token_id, absl::FormatTime(who.token_expires),
       crypto::HexEncode(who.certificate_sha256), who.on_behalf_of},
      "|");
}

TEST_F(AdmissionTest, NoMutantIsLetInThatSaysSomethingElse) {
  const Method& method = MethodNamed("ListReferrals");
  std::map<std::string, Sent> good;
  good["direct"] = Direct();
  good["forwarded"] = Forwarded();
  good["service"] = {&referrals_, "", "", "hub_operation", "projection"};
  std::map<std::string, std::string> identities;
  for (auto& [name, sent] : good) {
    if (name == "service") continue;
    Admission admission;
    // Any method that the council's social worker may call.
    sent.purpose = "assessment";
    ASSERT_THAT(Admit(sent, method, &admission), IsOk()) << name;
    identities[name] = Identity(*admission.caller);
  }
  Admission of_service;
  ASSERT_THAT(Admit(good["service"], MethodNamed("Watch"), &of_service), IsOk());
  identities["service"] = Identity(*of_service.caller);

  Mutator random(kSeed);
  // Good tokens that are bound to another connection, or of another agency.
  TokenMutator tokens(
      &random, {TokenFor(trust_.council, council_other_, "workers/tm", "team_manager"),
                TokenFor(trust_.hospital, hospital_, "workers/nurse", "emergency_nurse"),
                TokenFor(trust_.hub, referrals_, "workers/admin", "directory_administrator")});
  const std::vector<std::string> thumbprints = {
      crypto::Base64UrlEncode(council_.sha256), crypto::Base64UrlEncode(council_other_.sha256),
      crypto::Base64UrlEncode(referrals_.sha256), crypto::HexEncode(council_.sha256), ""};
  const std::vector<const Peer*> peers = {&council_, &council_other_, &hospital_, &referrals_,
                                          &health_};
  const std::vector<std::string> names = {"direct", "forwarded", "service"};
  std::map<std::string, int> let_in;
  int refused = 0;
  for (int i = 0; i < kMutants; ++i) {
    const std::string& name = names[static_cast<std::size_t>(i) % names.size()];
    const Sent& before = good[name];
    Sent sent = before;
    std::string what;
    switch (random.Below(8)) {
      case 0:
        what = "bytes of the token";
        sent.authorization = random.Bytes(sent.authorization);
        break;
      case 1:
      case 2:
        what = "parts of the token";
        if (sent.authorization.empty()) {
          sent.authorization = tokens.Mutate(token_);
        } else {
          sent.authorization = tokens.Mutate(sent.authorization);
        }
        break;
      case 3:
        what = "thumbprint";
        sent.user_certificate =
            random.Below(2) == 0 ? random.OneOf(thumbprints) : random.Bytes(sent.user_certificate);
        break;
      case 4:
        what = "connection";
        sent.peer = random.OneOf(peers);
        break;
      case 5:
        what = "purpose";
        sent.purpose = random.Below(4) == 0
                           ? absl::AsciiStrToLower(absl::StripPrefix(
                                 options::v1::Purpose_Name(static_cast<options::v1::Purpose>(
                                     random.Below(options::v1::Purpose_MAX + 1))),
                                 "PURPOSE_"))
                           : random.Bytes(sent.purpose);
        break;
      case 6:
        what = "case reference";
        sent.case_reference = random.Bytes(sent.case_reference);
        break;
      default:
        what = "several";
        sent.authorization = random.Bytes(sent.authorization);
        sent.user_certificate = random.Bytes(sent.user_certificate);
        sent.purpose = random.Bytes(sent.purpose);
        break;
    }
    const Method& called = name == "service" ? MethodNamed("Watch") : method;
    Admission admission;
    const absl::Status status = Admit(sent, called, &admission);
    if (!status.ok()) {
      ++refused;
      continue;
    }
    ++let_in[absl::StrCat(name, ", ", what)];
    const std::string where = absl::StrCat("seed ", kSeed, ", mutant ", i, ": ", name, ", ", what);
    // Who it is: as before, or a service of the hub acting for the very same user, or itself alone.
    const std::string identity = Identity(*admission.caller);
    if (sent.peer == before.peer) {
      EXPECT_EQ(identity, identities[name]) << where;
    } else if (sent.peer == &health_ || sent.peer == &referrals_) {
      EXPECT_EQ(admission.caller->is_service(), name == "service") << where;
      if (name == "forwarded") {
        EXPECT_EQ(absl::StrReplaceAll(identity, {{"/service/health", "/service/referrals"}}),
                  identities[name])
            << where;
      }
      EXPECT_NE(name, "direct") << where << ": a service's certificate, and no thumbprint";
    } else {
      ADD_FAILURE() << where << ": let in on another connection";
    }
    // For what: as the text says, and the method and an agreement permit it.
    EXPECT_EQ(admission.purpose, PurposeMeant(sent.purpose)) << where;
    EXPECT_TRUE(called.MayCall(admission.caller->role, admission.purpose)) << where;
    EXPECT_TRUE(
        agreements_->CoversChildren(*admission.caller, admission.purpose, LondonDay(domain_.Now())))
        << where;
    EXPECT_TRUE(IsReference(sent.case_reference)) << where;
  }
  std::printf("%d mutants (seed %llu), %d refused; let in:\n", kMutants,
              static_cast<unsigned long long>(kSeed), refused);
  for (const auto& [what, count] : let_in) std::printf("  %s: %d\n", what.c_str(), count);
  EXPECT_EQ(
      refused +
          [&] {
            int all = 0;
            for (const auto& [what, count] : let_in) all += count;
            return all;
          }(),
      kMutants);
  EXPECT_GT(refused, kMutants / 2);
  // A token whose bytes or parts were changed got in only where the text did not change.
  for (const char* who : {"direct", "forwarded"}) {
    for (const char* what : {"bytes of the token", "parts of the token"}) {
      SCOPED_TRACE(absl::StrCat(who, ", ", what));
      EXPECT_LE(let_in[absl::StrCat(who, ", ", what)], kMutants / 100);
    }
  }
}

TEST_F(AdmissionTest, TheOtherSignatureOfTheSameTokenSaysTheSame) {
  std::vector<std::string> parts = PartsOf(token_);
  parts[2] = OtherSignature(parts[2]);
  Sent sent = Direct();
  sent.authorization = Joined(parts);
  ASSERT_NE(sent.authorization, token_);
  Admission first;
  Admission second;
  ASSERT_THAT(Admit(Direct(), MethodNamed("ListReferrals"), &first), IsOk());
  if (Admit(sent, MethodNamed("ListReferrals"), &second).ok()) {
    EXPECT_EQ(Identity(*first.caller), Identity(*second.caller));
  }
}

// --- Forwarded calls ---------------------------------------------------------------------------

TEST_F(AdmissionTest, AServicesCertificateAloneActsForNobody) {
  Sent alone{&referrals_, "", "", "hub_operation", "projection"};
  for (const auto& method : methods_->methods()) {
    for (int value = 1; value <= options::v1::Purpose_MAX; ++value) {
      const auto purpose = static_cast<options::v1::Purpose>(value);
      alone.purpose =
          std::string(absl::StripPrefix(options::v1::Purpose_Name(purpose), "PURPOSE_"));
      Admission admission;
      const bool ok = Admit(alone, *method, &admission).ok();
      EXPECT_EQ(ok, method->descriptor->name() == "Watch" &&
                        purpose == options::v1::PURPOSE_HUB_OPERATION)
          << method->path << " " << alone.purpose;
    }
  }
}

TEST_F(AdmissionTest, ForwardingNeedsTheUsersOwnTokenAndCertificate) {
  const Method& method = MethodNamed("ListReferrals");
  const auto reason = [&](const std::function<void(Sent&)>& change) {
    Sent sent = Forwarded();
    change(sent);
    Admission admission;
    const absl::Status status = Admit(sent, method, &admission);
    EXPECT_FALSE(status.ok());
    return error::ReasonOf(status);
  };
  Admission admission;
  ASSERT_THAT(Admit(Forwarded(), method, &admission), IsOk());
  EXPECT_EQ(reason([&](Sent& sent) { sent.authorization.clear(); }),
            errors::v1::ERROR_REASON_TOKEN_MISSING);
  EXPECT_EQ(reason([&](Sent& sent) { sent.user_certificate.clear(); }),
            errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
  EXPECT_EQ(reason([&](Sent& sent) {
              sent.user_certificate = crypto::Base64UrlEncode(council_other_.sha256);
            }),
            errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH)
      << "another certificate of the same agency";
  EXPECT_EQ(reason([&](Sent& sent) {
              sent.authorization =
                  TokenFor(trust_.council, council_other_, "workers/sw", "social_worker");
            }),
            errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH)
      << "a token of another certificate";
  EXPECT_EQ(reason([&](Sent& sent) {
              sent.user_certificate = crypto::Base64UrlEncode(referrals_.sha256);
            }),
            errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH)
      << "the service's own";
  // Only services of the hub may say that they forward.
  EXPECT_NE(reason([&](Sent& sent) { sent.peer = &council_; }),
            errors::v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_NE(reason([&](Sent& sent) { sent.peer = &hospital_; }),
            errors::v1::ERROR_REASON_UNSPECIFIED);
}

// For every method, purpose and role: what a service may do for a user, the user may do.
TEST_F(AdmissionTest, ForwardingNeverWidens) {
  int let_in = 0;
  for (int value = 1; value <= options::v1::Role_MAX; ++value) {
    const auto role = static_cast<options::v1::Role>(value);
    const std::string name =
        absl::AsciiStrToLower(absl::StripPrefix(options::v1::Role_Name(role), "ROLE_"));
    const std::string token =
        TokenFor(trust_.council, council_, absl::StrCat("workers/", value), name);
    for (const auto& method : methods_->methods()) {
      for (int p = 1; p <= options::v1::Purpose_MAX; ++p) {
        Sent direct = Direct();
        Sent forwarded = Forwarded();
        direct.authorization = forwarded.authorization = token;
        direct.purpose = forwarded.purpose = absl::AsciiStrToLower(absl::StripPrefix(
            options::v1::Purpose_Name(static_cast<options::v1::Purpose>(p)), "PURPOSE_"));
        Admission first;
        Admission second;
        const absl::Status of_user = Admit(direct, *method, &first);
        const absl::Status of_service = Admit(forwarded, *method, &second);
        EXPECT_EQ(of_user, of_service) << method->path << " " << name << " " << direct.purpose;
        if (!of_service.ok()) continue;
        ++let_in;
        EXPECT_EQ(second.caller->agency, first.caller->agency);
        EXPECT_EQ(second.caller->worker, first.caller->worker);
        EXPECT_EQ(second.caller->role, first.caller->role);
        EXPECT_EQ(second.caller->token_expires, first.caller->token_expires);
        EXPECT_EQ(second.caller->on_behalf_of, "/service/referrals");
        EXPECT_FALSE(second.caller->is_service());
      }
    }
  }
  EXPECT_GT(let_in, 10);
}

}  // namespace
}  // namespace trusthub::rpc
