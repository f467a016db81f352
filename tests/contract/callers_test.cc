// Every method of every service as it runs, over real TLS: callers without an identity, without
// rights, and requests that no honest client sends.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/auth/principal.h"
#include "common/base/limits.h"
#include "common/error/error.h"
#include "common/policy/policy.h"
#include "common/rpc/admission.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "deploy/hubctl/pki/certificates.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/pki/tokens.h"
#include "gmock/gmock.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "tests/contract/contract.h"
#include "tests/e2e/raw_client.h"
#include "tests/integration/local_hub.h"
#include "trusthub/errors/v1/details.pb.h"

namespace trusthub::contract {
namespace {

using absl::StatusCode;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using testing::StatusIs;

constexpr char kAgency[] = "agencies/redbridge-council";

// One method as one service offers it; AuditService and EventsService are offered by all.
struct Offered {
  std::string service;
  const rpc::Method* method;
  std::string Name() const { return absl::StrCat(service, " ", method->path); }
};

std::string RoleName(int role) {
  return absl::AsciiStrToLower(
      absl::StripPrefix(options::v1::Role_Name(static_cast<options::v1::Role>(role)), "ROLE_"));
}

std::string PurposeName(int purpose) {
  return absl::AsciiStrToLower(absl::StripPrefix(
      options::v1::Purpose_Name(static_cast<options::v1::Purpose>(purpose)), "PURPOSE_"));
}

// Whether any person's role may call it; what none may is for the hub's own services.
bool IsForPeople(const rpc::Method& method) {
  return method.rule.roles_size() != 1 || method.rule.roles(0) != options::v1::ROLE_HUB_SERVICE;
}

class CallersTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // The libraries print a line for each thing that is sent here; so does no service.
    setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
    google::protobuf::SetLogHandler(nullptr);
    auto started = testing::LocalHub::Start();
    ASSERT_THAT(started, testing::IsOk());
    hub_ = started->release();
    for (const char* service : hubctl::kServices) {
      for (const auto& method : hub_->host(service).methods().methods()) {
        (IsForPeople(*method) ? offered_ : for_services_).push_back({service, method.get()});
      }
    }
    const auto agreements =
        policy::LoadAgreements(hub_->hub().config_folder() + "/redbridge/agreements");
    ASSERT_THAT(agreements, testing::IsOk());
    for (const Offered& offered : offered_) FindCaller(*offered.method, **agreements);
  }
  static void TearDownTestSuite() {
    offered_.clear();
    for_services_.clear();
    clients_.clear();
    delete hub_;
    hub_ = nullptr;
  }

  void SetUp() override { ASSERT_NE(hub_, nullptr); }

  // Somebody whom a method and an agreement let call.
  struct Caller {
    std::string agency = kAgency;
    int role = 0;
    int purpose = 0;
  };

  // The first of the directory's agencies and the method's roles and purposes that go together.
  static void FindCaller(const rpc::Method& method, const policy::Agreements& agreements) {
    const absl::CivilDay today = LondonDay(hub_->clock().Now());
    for (const auto& listed : hub_->hub().directory().agencies) {
      auth::Principal principal;
      principal.agency = "agencies/" + listed.id;
      principal.agency_kind = listed.agency.kind();
      for (const int role : method.rule.roles()) {
        if (role == options::v1::ROLE_HUB_SERVICE) continue;
        principal.role = static_cast<options::v1::Role>(role);
        for (const int purpose : method.rule.purposes()) {
          if (purpose == options::v1::PURPOSE_HUB_OPERATION) continue;  // its services' alone
          if (rpc::CheckCovered(agreements, method, principal,
                                static_cast<options::v1::Purpose>(purpose), today)
                  .ok()) {
            callers_[method.path] = {principal.agency, role, purpose};
            return;
          }
        }
      }
    }
  }
  static const Caller& CallerOf(const Offered& offered) {
    static const Caller nobody;
    const auto found = callers_.find(offered.method->path);
    return found == callers_.end() ? nobody : found->second;
  }

  // A token of a worker of the agency with this role, good in all but what the role may do.
  static std::string TokenOf(const std::string& agency, int role) {
    static auto& tokens = *new std::map<std::pair<std::string, int>, std::string>;
    std::string& token = tokens[{agency, role}];
    if (token.empty()) {
      hubctl::ListedWorker worker;
      worker.id = absl::StrCat("caller-", role);
      worker.worker.set_agency(agency);
      worker.worker.set_role(static_cast<options::v1::Role>(role));
      const auto made = hubctl::Desk(&hub_->hub(), worker).Token();
      EXPECT_THAT(made, testing::IsOk());
      token = made.value_or("");
    }
    return token;
  }
  static testing::RawClient& ClientOf(const std::string& service, const std::string& agency) {
    std::unique_ptr<testing::RawClient>& client = clients_[{service, agency}];
    if (client == nullptr) {
      client = std::make_unique<testing::RawClient>(hub_->hub().addresses().at(service),
                                                    hub_->hub().TlsOf(agency));
    }
    return *client;
  }

  // A person's role that may call the method, or may not; 0 when there is none.
  static int RoleFor(const rpc::Method& method, bool permitted) {
    for (int role = options::v1::ROLE_DESIGNATED_LEAD; role <= options::v1::Role_MAX; ++role) {
      if (role == options::v1::ROLE_HUB_SERVICE) continue;
      const auto& roles = method.rule.roles();
      const bool found = std::find(roles.begin(), roles.end(), role) != roles.end();
      if (found == permitted) return role;
    }
    return 0;
  }

  static int WrongPurposeFor(const rpc::Method& method) {
    for (int purpose = 1; purpose <= options::v1::Purpose_MAX; ++purpose) {
      const auto& purposes = method.rule.purposes();
      if (std::find(purposes.begin(), purposes.end(), purpose) == purposes.end()) return purpose;
    }
    return 0;
  }

  static std::map<std::string, std::string> MetadataOf(const std::string& token, int purpose) {
    std::map<std::string, std::string> metadata = {{"x-trusthub-purpose", PurposeName(purpose)},
                                                   {"x-trusthub-case-reference", "CONTRACT-1"}};
    if (!token.empty()) metadata["authorization"] = "Bearer " + token;
    return metadata;
  }

  static absl::Status Call(const Offered& offered, const std::string& agency,
                           const std::string& token, int purpose, absl::string_view bytes) {
    return ClientOf(offered.service, agency)
        .Call(offered.method->path, MetadataOf(token, purpose), bytes);
  }
  static absl::Status CallAs(const Offered& offered, const Caller& caller,
                             absl::string_view bytes) {
    return Call(offered, caller.agency, TokenOf(caller.agency, caller.role), caller.purpose, bytes);
  }
  // As somebody who may call the method.
  static absl::Status CallPermitted(const Offered& offered, absl::string_view bytes) {
    return CallAs(offered, CallerOf(offered), bytes);
  }

  static testing::LocalHub* hub_;
  static std::vector<Offered> offered_;           // to people
  static std::vector<Offered> for_services_;      // to services of the hub alone
  static std::map<std::string, Caller> callers_;  // by the path of the method
  static std::map<std::pair<std::string, std::string>, std::unique_ptr<testing::RawClient>>
      clients_;  // by service and agency
};

testing::LocalHub* CallersTest::hub_ = nullptr;
std::vector<Offered> CallersTest::offered_;
std::vector<Offered> CallersTest::for_services_;
std::map<std::string, CallersTest::Caller> CallersTest::callers_;
std::map<std::pair<std::string, std::string>, std::unique_ptr<testing::RawClient>>
    CallersTest::clients_;

TEST_F(CallersTest, EveryMethodOfTheProtosIsOffered) {
  Complaints complaints;
  std::set<std::string> published;
  for (const auto* method : MethodsOf(LinkedFiles(testing::SourcePath("protos"), &complaints))) {
    published.insert(absl::StrCat("/", method->service()->full_name(), "/", method->name()));
  }
  EXPECT_THAT(complaints, ::testing::IsEmpty());
  std::set<std::string> offered;
  std::map<std::string, int> times;
  for (const auto* list : {&offered_, &for_services_}) {
    for (const Offered& each : *list) {
      offered.insert(each.method->path);
      ++times[each.method->path];
    }
  }
  EXPECT_EQ(offered, published);
  for (const auto& [path, count] : times) {
    const bool everywhere = absl::StartsWith(path, "/trusthub.audit.v1.AuditService/") ||
                            absl::StartsWith(path, "/trusthub.audit.v1.DataKeysService/") ||
                            absl::StartsWith(path, "/trusthub.policy.v1.DecisionsService/") ||
                            absl::StartsWith(path, "/trusthub.retention.v1.HoldingsService/") ||
                            absl::StartsWith(path, "/trusthub.events.v1.EventsService/");
    EXPECT_EQ(count, everywhere ? 6 : 1) << path;
  }
  std::printf("%zu methods, offered %zu times\n", published.size(), offered_.size());
}

TEST_F(CallersTest, AnAgreementLetsSomebodyCallEveryMethod) {
  for (const Offered& offered : offered_) {
    EXPECT_NE(CallerOf(offered).role, 0) << offered.Name() << ": no agreement covers a caller";
  }
}

TEST_F(CallersTest, WithoutATokenNobodyIsKnown) {
  for (const Offered& offered : offered_) {
    EXPECT_THAT(Call(offered, kAgency, "", offered.method->rule.purposes(0), ""),
                StatusIs(StatusCode::kUnauthenticated, errors::v1::ERROR_REASON_TOKEN_MISSING))
        << offered.Name();
  }
}

TEST_F(CallersTest, TokensOfUnknownIssuersAreRefused) {
  const std::string certificate_path = hub_->hub().TlsOf(kAgency).certificate;
  std::ifstream file(certificate_path);
  const std::string pem((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto key = pki::TokenKey::Generate("elsewhere-1");
  for (const Offered& offered : offered_) {
    pki::TokenClaims claims;
    claims.issuer = "https://issuer.elsewhere.example";
    claims.agency = kAgency;
    claims.worker = "workers/lbr-sw-01";
    claims.role = RoleName(RoleFor(*offered.method, true));
    claims.audience = hub_->hub().audience();
    claims.certificate_sha256 = pki::CertificateSha256(pem);
    claims.issued = RealClock().Now();
    EXPECT_THAT(
        Call(offered, kAgency, pki::IssueToken(*key, claims), offered.method->rule.purposes(0), ""),
        StatusIs(StatusCode::kUnauthenticated, errors::v1::ERROR_REASON_TOKEN_ISSUER_UNKNOWN))
        << offered.Name();
  }
}

TEST_F(CallersTest, CertificatesOfForeignAuthoritiesDoNotConnect) {
  const absl::Time now = RealClock().Now();
  const pki::Validity validity{now - absl::Hours(24), now + absl::Hours(24)};
  const auto ca = pki::Ca::Make("foreign", validity);
  pki::LeafRequest request;
  // The very identity of the council's system, by an authority that nobody trusts.
  request.alternative_names =
      absl::StrCat("URI:", pki::CertificateUri([] {
                     std::ifstream file(hub_->hub().TlsOf(kAgency).certificate);
                     return std::string((std::istreambuf_iterator<char>(file)),
                                        std::istreambuf_iterator<char>());
                   }()));
  request.validity = validity;
  const pki::KeyPair leaf = ca->IssueLeaf(request);
  const testing::TempFolder folder;
  rpc::TlsFiles tls = hub_->hub().TlsOf(kAgency);
  tls.certificate = folder.File("tls.pem");
  tls.key = folder.File("tls.key");
  ASSERT_TRUE(pki::WriteFile(tls.certificate, leaf.certificate_pem, false).ok());
  ASSERT_TRUE(pki::WriteFile(tls.key, leaf.key_pem, true).ok());
  for (const Offered& offered : offered_) {
    const testing::RawClient client(hub_->hub().addresses().at(offered.service), tls);
    const absl::Status status =
        client.Call(offered.method->path,
                    MetadataOf(TokenOf(kAgency, RoleFor(*offered.method, true)),
                               offered.method->rule.purposes(0)),
                    "");
    // The handshake fails: the hub itself never hears of the call, and says nothing.
    EXPECT_EQ(status.code(), StatusCode::kUnavailable) << offered.Name() << " " << status;
    EXPECT_EQ(error::ReasonOf(status), errors::v1::ERROR_REASON_UNSPECIFIED) << offered.Name();
  }
}

TEST_F(CallersTest, ServicesAloneMayCallWhatNamesThemAndNothingElse) {
  int permitted = 0;
  for (const char* caller : hubctl::kServices) {
    const std::string base = absl::StrCat(hub_->hub().folder(), "/pki/services/", caller, "/tls");
    const rpc::TlsFiles tls{base + ".pem", base + ".key", hub_->hub().TlsOf(kAgency).server_ca};
    std::map<std::string, testing::RawClient> clients;
    std::vector<Offered> all = offered_;
    all.insert(all.end(), for_services_.begin(), for_services_.end());
    for (const Offered& offered : all) {
      const testing::RawClient& client =
          clients.try_emplace(offered.service, hub_->hub().addresses().at(offered.service), tls)
              .first->second;
      const auto& services = offered.method->rule.services();
      const bool named = std::find(services.begin(), services.end(), caller) != services.end();
      const absl::Status status =
          client.Call(offered.method->path, MetadataOf("", options::v1::PURPOSE_HUB_OPERATION), "");
      const auto refused =
          StatusIs(StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
      if (named) {
        ++permitted;
        EXPECT_THAT(status, ::testing::Not(refused)) << caller << ": " << offered.Name();
        EXPECT_FALSE(absl::IsUnauthenticated(status)) << caller << ": " << offered.Name();
      } else {
        EXPECT_THAT(status, refused) << caller << ": " << offered.Name();
      }
    }
  }
  EXPECT_GT(permitted, 0);
}

TEST_F(CallersTest, RolesAndPurposesWithoutRightsAreRefused) {
  std::set<std::string> open_to_all_people;
  std::set<std::string> open_to_all_purposes;
  for (const Offered& offered : offered_) {
    const rpc::Method& method = *offered.method;
    const auto refused =
        StatusIs(StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
    const Caller& permitted = CallerOf(offered);
    Caller caller = permitted;
    caller.role = RoleFor(method, false);
    if (caller.role != 0) {
      EXPECT_THAT(CallAs(offered, caller, ""), refused)
          << offered.Name() << " as " << RoleName(caller.role);
    }
    // The role of witnesses, which is a system's and the last, is for hashes and proofs alone.
    if (caller.role == 0 || caller.role == options::v1::ROLE_WITNESS) {
      open_to_all_people.insert(method.descriptor->name());
    }
    caller = permitted;
    if ((caller.purpose = WrongPurposeFor(method)) != 0) {
      EXPECT_THAT(CallAs(offered, caller, ""), refused)
          << offered.Name() << " for " << PurposeName(caller.purpose);
    } else {
      open_to_all_purposes.insert(method.descriptor->name());
    }
    const std::string token = TokenOf(permitted.agency, permitted.role);
    const absl::Status none = ClientOf(offered.service, permitted.agency)
                                  .Call(method.path, {{"authorization", "Bearer " + token}}, "");
    EXPECT_THAT(none,
                StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_PURPOSE_MISSING))
        << offered.Name();
  }
  // Only the reads of the directory are for everyone and everything; and whoever was answered may
  // ask why.
  const std::set<std::string> directory = {"GetAgency", "ListAgencies", "GetWorker", "ListWorkers"};
  EXPECT_EQ(open_to_all_purposes, directory);
  std::set<std::string> and_decisions = directory;
  and_decisions.insert("ExplainDecision");
  EXPECT_EQ(open_to_all_people, and_decisions);
}

TEST_F(CallersTest, WithoutAnAgreementNobodyIsAnswered) {
  // A role and purpose that the method permits, at an agency of a kind to which no agreement gives
  // anything for them.
  const auto agreements =
      policy::LoadAgreements(hub_->hub().config_folder() + "/redbridge/agreements");
  ASSERT_THAT(agreements, testing::IsOk());
  const absl::CivilDay today = LondonDay(hub_->clock().Now());
  int refused = 0;
  for (const Offered& offered : offered_) {
    for (const auto& listed : hub_->hub().directory().agencies) {
      Caller caller{"agencies/" + listed.id, RoleFor(*offered.method, true),
                    offered.method->rule.purposes(0)};
      auth::Principal principal;
      principal.agency = caller.agency;
      principal.agency_kind = listed.agency.kind();
      principal.role = static_cast<options::v1::Role>(caller.role);
      if (rpc::CheckCovered(**agreements, *offered.method, principal,
                            static_cast<options::v1::Purpose>(caller.purpose), today)
              .ok()) {
        continue;
      }
      EXPECT_THAT(CallAs(offered, caller, ""), StatusIs(StatusCode::kPermissionDenied,
                                                        errors::v1::ERROR_REASON_AGREEMENT_MISSING))
          << offered.Name() << " as " << RoleName(caller.role) << " of " << caller.agency << " for "
          << PurposeName(caller.purpose);
      ++refused;
      break;
    }
  }
  EXPECT_GT(refused, 20);
}

// A field of a request that a client sets, and the way to it.
struct Way {
  std::vector<const FieldDescriptor*> fields;
  std::string Path() const {
    std::string path;
    for (const FieldDescriptor* field : fields) {
      absl::StrAppend(&path, path.empty() ? "" : ".", field->name());
    }
    return path;
  }
};

bool IsSet(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field).behaviour() !=
         options::v1::BEHAVIOUR_OUTPUT_ONLY;
}

// The ways to every singular field of `type` that a client sets.
void FindWays(const Descriptor& message, FieldDescriptor::CppType type, const Way& up,
              std::vector<Way>* ways) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (!IsSet(field) || field.is_repeated() || up.fields.size() > 3) continue;
    Way way = up;
    way.fields.push_back(&field);
    if (field.cpp_type() == type && field.type() != FieldDescriptor::TYPE_BYTES) {
      ways->push_back(way);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
               absl::StartsWith(field.message_type()->full_name(), "trusthub.")) {
      FindWays(*field.message_type(), type, way, ways);
    }
  }
}

std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string Held(int number, absl::string_view bytes) {
  return absl::StrCat(Varint(static_cast<std::uint64_t>(number) << 3 | 2), Varint(bytes.size()),
                      bytes);
}

// A request with one field set, by hand: a message class would not hold what is sent here.
std::string Wrapped(const Way& way, std::string innermost) {
  for (auto field = way.fields.rbegin() + 1; field != way.fields.rend(); ++field) {
    innermost = Held((*field)->number(), innermost);
  }
  return innermost;
}

std::set<std::string> ViolatedFields(const absl::Status& status) {
  errors::v1::BadRequest details;
  std::set<std::string> fields;
  if (const auto payload = status.GetPayload(error::kBadRequestUrl); payload.has_value()) {
    EXPECT_TRUE(details.ParseFromString(std::string(*payload)));
  }
  for (const auto& violation : details.field_violations()) fields.insert(violation.field());
  return fields;
}

TEST_F(CallersTest, WhatDoesNotParseIsInvalid) {
  std::string groups(101, '\x7b');  // unknown groups, one inside the other
  groups.append(101, '\x7c');
  std::string unended(3, '\xff');
  for (const Offered& offered : offered_) {
    for (const std::string& bytes : {groups, unended, std::string("\x0a\x7f")}) {
      EXPECT_THAT(
          CallPermitted(offered, bytes),
          StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_MESSAGE_MALFORMED))
          << offered.Name();
    }
  }
}

TEST_F(CallersTest, OversizedRequestsAreRefusedByTheTransport) {
  // One byte above the limit, in a field that nobody knows.
  const std::string inside(limits::kRequestBytesMax + 1, 'x');
  for (const Offered& offered : offered_) {
    EXPECT_EQ(CallPermitted(offered, Held(15, inside)).code(), StatusCode::kResourceExhausted)
        << offered.Name();
  }
}

TEST_F(CallersTest, UnknownEnumValuesAreNamed) {
  int sent = 0;
  for (const Offered& offered : offered_) {
    std::vector<Way> ways;
    FindWays(*offered.method->descriptor->input_type(), FieldDescriptor::CPPTYPE_ENUM, {}, &ways);
    for (const Way& way : ways) {
      const absl::Status status = CallPermitted(
          offered,
          Wrapped(way, Varint(static_cast<std::uint64_t>(way.fields.back()->number()) << 3) +
                           Varint(9999)));
      EXPECT_THAT(status,
                  StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID))
          << offered.Name() << " " << way.Path();
      EXPECT_EQ(ViolatedFields(status).count(way.Path()), 1u) << offered.Name() << " " << status;
      ++sent;
    }
  }
  EXPECT_GT(sent, 5);
}

TEST_F(CallersTest, TextThatIsNoTextIsRefused) {
  int sent = 0;
  for (const Offered& offered : offered_) {
    std::vector<Way> ways;
    FindWays(*offered.method->descriptor->input_type(), FieldDescriptor::CPPTYPE_STRING, {}, &ways);
    for (const Way& way : ways) {
      const int number = way.fields.back()->number();
      EXPECT_THAT(
          CallPermitted(offered, Wrapped(way, Held(number, "a\xc3\x28z"))),
          StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_MESSAGE_MALFORMED))
          << offered.Name() << " " << way.Path() << ": not UTF-8";
      for (const absl::string_view text :
           {absl::string_view("a\0z", 3), absl::string_view("a\x1bz"),
            absl::string_view("a\x7fz")}) {
        const absl::Status status = CallPermitted(offered, Wrapped(way, Held(number, text)));
        // A cursor is no field of a form: what is wrong with it has a reason of its own.
        EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument,
                                     errors::v1::ERROR_REASON_REQUEST_INVALID))
            << offered.Name() << " " << way.Path() << ": control characters";
        EXPECT_EQ(ViolatedFields(status).count(way.Path()), 1u)
            << offered.Name() << " " << way.Path() << " " << status;
        EXPECT_FALSE(absl::StrContains(status.ToString(), std::string(text))) << "echoed";
        ++sent;
      }
    }
  }
  std::printf("%d texts sent\n", sent);
  EXPECT_GT(sent, 200);
}

}  // namespace
}  // namespace trusthub::contract
