// Grant plans over every kind of field and every response of the hub, against a plain copy.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/policy.h"
#include "common/policy/random_agreements.h"
#include "common/policy/test_schema.h"
#include "common/testing/paths.h"
#include "common/testing/seed.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/audit/v1/data_keys_service.pb.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"
#include "trusthub/children/v1/allocations_service.pb.h"
#include "trusthub/children/v1/break_glass_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"
#include "trusthub/children/v1/sharing_decisions_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kCanary = 999;  // number of a field that no build knows
constexpr CategorySet kEverything(~std::uint64_t{0});

// --- Random messages --------------------------------------------------------------------------

class Filler {
 public:
  explicit Filler(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t Bits() { return engine_(); }
  bool OneIn(int n) { return engine_() % static_cast<std::uint64_t>(n) == 0; }

  // Sets about half of the fields, all with values that are not the default; adds canaries.
  void Fill(Message* message, int depth) {
    const Descriptor& descriptor = *message->GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor* field = descriptor.field(i);
      if (OneIn(2) || (depth == 0 && field->message_type() != nullptr)) continue;
      const int times = field->is_repeated() ? 1 + static_cast<int>(Bits() % 3) : 1;
      for (int t = 0; t < times; ++t) Set(message, field, depth);
    }
    if (OneIn(3)) {
      message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(kCanary, "999");
    }
  }

 private:
  void Set(Message* m, const FieldDescriptor* f, int depth) {
    const Reflection& r = *m->GetReflection();
    const bool many = f->is_repeated();
    const int number = 1 + static_cast<int>(Bits() % 1000);
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return many ? r.AddInt32(m, f, -number) : r.SetInt32(m, f, -number);
      case FieldDescriptor::CPPTYPE_INT64:
        return many ? r.AddInt64(m, f, -number) : r.SetInt64(m, f, -number);
      case FieldDescriptor::CPPTYPE_UINT32:
        return many ? r.AddUInt32(m, f, 7) : r.SetUInt32(m, f, 7);
      case FieldDescriptor::CPPTYPE_UINT64:
        return many ? r.AddUInt64(m, f, ~std::uint64_t{0}) : r.SetUInt64(m, f, ~std::uint64_t{0});
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return many ? r.AddDouble(m, f, number) : r.SetDouble(m, f, number);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return many ? r.AddFloat(m, f, 0.5F) : r.SetFloat(m, f, 0.5F);
      case FieldDescriptor::CPPTYPE_BOOL:
        return many ? r.AddBool(m, f, true) : r.SetBool(m, f, true);
      case FieldDescriptor::CPPTYPE_ENUM:  // sometimes a value of a newer build
        return many ? r.AddEnumValue(m, f, number) : r.SetEnumValue(m, f, number);
      case FieldDescriptor::CPPTYPE_STRING:
        return many ? r.AddString(m, f, absl::StrCat("text ", number))
                    : r.SetString(m, f, absl::StrCat("text ", number));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(many ? r.AddMessage(m, f) : r.MutableMessage(m, f), depth - 1);
    }
  }

  std::mt19937_64 engine_;
};

// --- A plain copy, to compare with: walks descriptors, sorts nothing out beforehand ------------

bool IsPlainValue(const Descriptor& d) {
  return d.options().GetExtension(options::v1::value) ||
         absl::StartsWith(d.full_name(), "google.protobuf.");
}

// What may be known of a record depends on its text only, so that both copies decide alike.
CategorySet GrantFor(const RecordFacts& facts) {
  std::uint64_t bits = 1469598103934665603u;
  for (const char c :
       absl::StrCat(std::string(facts.name), "|", std::string(facts.child), "|",
                    std::string(facts.owner_agency), "|", std::string(facts.author_agency))) {
    bits = (bits ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  if (bits % 4 == 0) return CategorySet();
  return bits % 4 == 1 ? kEverything : CategorySet(bits);
}

std::string TextOf(const Message& m, const char* name) {
  const FieldDescriptor* f = m.GetDescriptor()->FindFieldByName(name);
  return f == nullptr ? "" : m.GetReflection()->GetString(m, f);
}

CategorySet PlainDecision(const Message& record) {
  const std::string name = TextOf(record, "name"), child = TextOf(record, "child");
  const std::string owner = TextOf(record, "owner_agency");
  const std::string author = TextOf(record, "author_agency");
  return GrantFor({record.GetDescriptor()->options().GetExtension(options::v1::record).kind(), name,
                   child, owner, author});
}

// Clears in place what is not granted.
void PlainCut(Message* m, CategorySet granted) {
  const Reflection& r = *m->GetReflection();
  r.MutableUnknownFields(m)->Clear();
  std::vector<const FieldDescriptor*> populated;
  r.ListFields(*m, &populated);
  for (const FieldDescriptor* f : populated) {
    const Descriptor* type = f->message_type();
    const bool value = IsPlainValue(*m->GetDescriptor());
    const Category category = f->options().GetExtension(options::v1::field).category();
    const bool record = type != nullptr && type->options().HasExtension(options::v1::record);
    const bool says_nothing = record && category == options::v1::CATEGORY_OPERATIONAL;
    const bool disclosure = type != nullptr && type->name() == "Disclosure";
    if (disclosure || (!value && !says_nothing && !granted.Has(category))) {
      r.ClearField(m, f);
    } else if (type != nullptr && !f->is_repeated()) {
      Message* below = r.MutableMessage(m, f);
      const CategorySet set = record ? PlainDecision(*below) : granted;
      PlainCut(below, set);
      if (record && set.empty()) r.ClearField(m, f);
    } else if (type != nullptr) {
      std::vector<std::unique_ptr<Message>> kept;
      for (int i = 0; i < r.FieldSize(*m, f); ++i) {
        Message* below = r.MutableRepeatedMessage(m, f, i);
        const CategorySet set = record ? PlainDecision(*below) : granted;
        PlainCut(below, set);
        if (record && set.empty()) continue;
        kept.emplace_back(below->New());
        kept.back()->CopyFrom(*below);
      }
      r.ClearField(m, f);
      for (const auto& each : kept) r.AddMessage(m, f)->CopyFrom(*each);
    }
  }
}

std::string Bytes(const Message& message) { return message.SerializeAsString(); }

void CompareWithPlainCopy(const GrantPlan& plan, const Message& prototype, std::uint64_t seed,
                          int cases) {
  SCOPED_TRACE(absl::StrCat("TRUSTHUB_TEST_SEED=", testing::TestSeed(), ", seed ", seed, " ",
                            prototype.GetDescriptor()->full_name()));
  Filler filler(seed);
  for (int i = 0; i < cases; ++i) {
    const std::unique_ptr<Message> full(prototype.New()), out(prototype.New()),
        expected(prototype.New());
    filler.Fill(full.get(), 4);
    const CategorySet outer = filler.OneIn(4) ? kEverything : CategorySet(filler.Bits());
    expected->CopyFrom(*full);
    PlainCut(expected.get(), outer);
    const Granted granted = plan.Build(*full, outer, GrantFor, out.get());
    ASSERT_EQ(Bytes(*out), Bytes(*expected)) << "case " << i;
    ASSERT_FALSE(granted.withheld.Has(options::v1::CATEGORY_UNSPECIFIED));
    ASSERT_FALSE(granted.disclosed.Has(options::v1::CATEGORY_UNSPECIFIED));
  }
}

std::vector<const Message*> Responses() {
  std::vector<const Message*> responses;
  for (const google::protobuf::FileDescriptor* file :
       {assessments::v1::GetAllegationRequest::descriptor()->file(),
        assessments::v1::GetEnquiryRequest::descriptor()->file(),
        assessments::v1::GetCheckRequest::descriptor()->file(),
        assessments::v1::GetCommonAssessmentRequest::descriptor()->file(),
        audit::v1::ListEntriesRequest::descriptor()->file(),
        audit::v1::CountDataKeysRequest::descriptor()->file(),
        children::v1::GetAccessReviewRequest::descriptor()->file(),
        children::v1::ListAllocationsRequest::descriptor()->file(),
        children::v1::GetBreakGlassRequest::descriptor()->file(),
        children::v1::GetChildRequest::descriptor()->file(),
        children::v1::GetConsentRequest::descriptor()->file(),
        children::v1::GetSharingDecisionRequest::descriptor()->file(),
        directory::v1::GetAgencyRequest::descriptor()->file(),
        events::v1::WatchRequest::descriptor()->file(),
        health::v1::GetConsultationRequest::descriptor()->file(),
        health::v1::GetHealthRecordRequest::descriptor()->file(),
        health::v1::GetAttendanceRequest::descriptor()->file(),
        plans::v1::GetPlacementRequest::descriptor()->file(),
        plans::v1::GetPlanRequest::descriptor()->file(),
        v1::GetAgreementSetRequest::descriptor()->file(),
        v1::ExplainDecisionRequest::descriptor()->file(),
        referrals::v1::GetReferralRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service(0)->method_count(); ++i) {
      responses.push_back(google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          file->service(0)->method(i)->output_type()));
    }
  }
  return responses;
}

// --- Tests ------------------------------------------------------------------------------------

TEST(GrantPlanCopyTest, EveryKindOfFieldIsCopiedAsAPlainCopyWould) {
  Schema schema;
  const Descriptor* descriptor = schema.Get("Everything");
  const auto plan = CompileGrantPlan(descriptor);
  ASSERT_TRUE(plan.ok()) << plan.status();
  CompareWithPlainCopy(**plan, *schema.New(descriptor), testing::TestSeed(), 1000);
}

TEST(GrantPlanCopyTest, EveryResponseOfTheHubCompilesAndIsCopiedAsAPlainCopyWould) {
  const std::vector<const Message*> responses = Responses();
  EXPECT_GE(responses.size(), 80u);
  std::uint64_t seed = testing::TestSeed();
  for (const Message* response : responses) {
    const auto plan = CompileGrantPlan(response->GetDescriptor());
    ASSERT_TRUE(plan.ok()) << plan.status();
    CompareWithPlainCopy(**plan, *response, ++seed, 50);
  }
}

// A field that is withheld names what stands in it. Were that so of a category whose existence is
// secret, `withheld` would tell that there is something: such fields must hold nothing else.
void ExpectSecretsHoldNothingElse(const Descriptor& message, const Agreements& agreements,
                                  std::vector<const Descriptor*>* seen) {
  if (std::find(seen->begin(), seen->end(), &message) != seen->end()) return;
  seen->push_back(&message);
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const Descriptor* below = field.message_type();
    if (below == nullptr || IsPlainValue(*below)) continue;
    ExpectSecretsHoldNothingElse(*below, agreements, seen);
    if (!agreements.IsSecret(field.options().GetExtension(options::v1::field).category())) continue;
    for (int j = 0; j < below->field_count(); ++j) {
      const FieldDescriptor& held = *below->field(j);
      EXPECT_TRUE(agreements.IsSecret(held.options().GetExtension(options::v1::field).category()))
          << field.full_name() << " is secret and holds " << held.full_name();
    }
  }
}

TEST(GrantPlanCopyTest, FieldsOfSecretCategoriesHoldNothingThatIsNot) {
  const auto agreements = LoadAgreements(testing::SourcePath("deploy/config/redbridge/agreements"));
  ASSERT_TRUE(agreements.ok()) << agreements.status();
  ASSERT_TRUE((*agreements)->IsSecret(options::v1::CATEGORY_ADOPTION));
  std::vector<const Descriptor*> seen;
  for (const Message* response : Responses()) {
    ExpectSecretsHoldNothingElse(*response->GetDescriptor(), **agreements, &seen);
  }
}

}  // namespace
}  // namespace trusthub::policy
