// Grant plans over every kind of field, over every response of the hub, and against a plain copy.
#include <cstdint>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/policy.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::uint64_t kSeed = 20100412;
constexpr int kCanary = 999;  // number of a field that no build knows
constexpr CategorySet kEverything(~std::uint64_t{0});

CategorySet DropAll(const RecordFacts&) { return CategorySet(); }

CategorySet Of(std::initializer_list<Category> categories) {
  CategorySet set;
  for (const Category category : categories) set.Add(category);
  return set;
}

// Messages of testdata, which the hub would never have.
class Schema {
 public:
  Schema() {
    std::ifstream in(TRUSTHUB_BINARY_DIR "/common/policy/testdata.binpb", std::ios::binary);
    google::protobuf::FileDescriptorSet files;
    EXPECT_TRUE(files.ParseFromIstream(&in));
    for (const auto& file : files.file()) EXPECT_NE(pool_.BuildFile(file), nullptr);
  }
  const Descriptor* Get(const std::string& name) const {
    return pool_.FindMessageTypeByName(absl::StrCat("test.", name));
  }
  std::unique_ptr<Message> New(const Descriptor* descriptor) {
    return std::unique_ptr<Message>(factory_.GetPrototype(descriptor)->New());
  }

 private:
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::DynamicMessageFactory factory_;
};

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
  SCOPED_TRACE(absl::StrCat("seed ", seed, " ", prototype.GetDescriptor()->full_name()));
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
       {assessments::v1::GetEnquiryRequest::descriptor()->file(),
        audit::v1::ListEntriesRequest::descriptor()->file(),
        children::v1::GetChildRequest::descriptor()->file(),
        directory::v1::GetAgencyRequest::descriptor()->file(),
        events::v1::WatchRequest::descriptor()->file(),
        health::v1::GetAttendanceRequest::descriptor()->file(),
        plans::v1::GetPlanRequest::descriptor()->file(),
        referrals::v1::GetReferralRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service(0)->method_count(); ++i) {
      responses.push_back(google::protobuf::MessageFactory::generated_factory()->GetPrototype(
          file->service(0)->method(i)->output_type()));
    }
  }
  return responses;
}

// --- Tests ------------------------------------------------------------------------------------

TEST(GrantPlanTest, EveryKindOfFieldIsCopiedAsAPlainCopyWould) {
  Schema schema;
  const Descriptor* descriptor = schema.Get("Everything");
  const auto plan = CompileGrantPlan(descriptor);
  ASSERT_TRUE(plan.ok()) << plan.status();
  CompareWithPlainCopy(**plan, *schema.New(descriptor), kSeed, 1000);
}

TEST(GrantPlanTest, EveryResponseOfTheHubCompilesAndIsCopiedAsAPlainCopyWould) {
  const std::vector<const Message*> responses = Responses();
  EXPECT_GE(responses.size(), 35u);
  std::uint64_t seed = kSeed;
  for (const Message* response : responses) {
    const auto plan = CompileGrantPlan(response->GetDescriptor());
    ASSERT_TRUE(plan.ok()) << plan.status();
    CompareWithPlainCopy(**plan, *response, ++seed, 100);
  }
}

TEST(GrantPlanTest, UnknownFieldsAreDroppedWhateverIsGranted) {
  referrals::v1::GetReferralResponse full;
  const auto add_canary = [](Message* m) {
    m->GetReflection()->MutableUnknownFields(m)->AddLengthDelimited(kCanary, "canary");
  };
  full.mutable_referral()->set_name("referrals/a");
  full.mutable_referral()->mutable_create_time()->set_seconds(1);
  full.mutable_referral()->mutable_decision_due_date()->set_year(2010);
  add_canary(&full);
  add_canary(full.mutable_referral());
  add_canary(full.mutable_referral()->mutable_create_time());
  add_canary(full.mutable_referral()->mutable_decision_due_date());
  const auto plan = CompileGrantPlan(full.GetDescriptor());
  for (const CategorySet set : {kEverything, Of({options::v1::CATEGORY_OPERATIONAL}),
                                Of({options::v1::CATEGORY_REFERRAL_DECISION})}) {
    referrals::v1::GetReferralResponse out;
    (*plan)->Build(
        full, set, [set](const RecordFacts&) { return set; }, &out);
    EXPECT_TRUE(out.has_referral());
    EXPECT_FALSE(absl::StrContains(Bytes(out), "canary"));
  }
}

TEST(GrantPlanTest, ReferralOfASchoolLeavesOutTheReasons) {
  referrals::v1::GetReferralResponse full;
  auto& referral = *full.mutable_referral();
  referral.set_name("referrals/a");
  referral.set_child("children/b");
  referral.set_owner_agency("agencies/redbridge-council");
  referral.set_author_agency("agencies/uphall-primary");
  referral.set_concern("words");
  referral.set_decision_rationale("reasons");
  full.mutable_disclosure()->mutable_receipt()->set_tree("auditTrees/x");
  const auto plan = CompileGrantPlan(full.GetDescriptor());
  int asked = 0;
  referrals::v1::GetReferralResponse out;
  const Granted granted = (*plan)->Build(
      full, CategorySet(),
      [&asked](const RecordFacts& facts) {
        ++asked;
        EXPECT_EQ(facts.kind, options::v1::RECORD_KIND_REFERRAL);
        EXPECT_EQ(facts.name, "referrals/a");
        EXPECT_EQ(facts.child, "children/b");
        EXPECT_EQ(facts.owner_agency, "agencies/redbridge-council");
        EXPECT_EQ(facts.author_agency, "agencies/uphall-primary");
        return Of({options::v1::CATEGORY_OPERATIONAL, options::v1::CATEGORY_REFERRAL_CONCERN});
      },
      &out);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(out.referral().concern(), "words");
  EXPECT_EQ(out.referral().decision_rationale(), "");
  EXPECT_FALSE(out.has_disclosure());
  EXPECT_EQ(granted.disclosed,
            Of({options::v1::CATEGORY_OPERATIONAL, options::v1::CATEGORY_REFERRAL_CONCERN}));
  EXPECT_EQ(granted.withheld, Of({options::v1::CATEGORY_ASSESSMENT_NARRATIVE}));
  EXPECT_EQ(granted.records_dropped, 0);
}

TEST(GrantPlanTest, RecordsThatTheCallerMayNotKnowOfLeaveNoTrace) {
  plans::v1::ListPlansResponse full;
  for (const char* name : {"plans/a", "plans/b", "plans/c"}) {
    full.add_plans()->set_name(name);
    full.mutable_plans()->rbegin()->set_contingency("words");
  }
  full.set_next_page_token("token");
  const auto plan = CompileGrantPlan(full.GetDescriptor());
  plans::v1::ListPlansResponse out;
  const Granted granted = (*plan)->Build(
      full, Of({options::v1::CATEGORY_OPERATIONAL}),
      [](const RecordFacts& facts) {
        return facts.name == "plans/b" ? Of({options::v1::CATEGORY_OPERATIONAL}) : CategorySet();
      },
      &out);
  ASSERT_EQ(out.plans_size(), 1);
  EXPECT_EQ(out.plans(0).name(), "plans/b");
  EXPECT_EQ(out.next_page_token(), "token");
  EXPECT_EQ(granted.records_dropped, 2);
  EXPECT_EQ(granted.withheld, Of({options::v1::CATEGORY_PLAN_CONTENT}));
  plans::v1::ListPlansResponse none;
  EXPECT_EQ((*plan)->Build(full, CategorySet(), DropAll, &none).records_dropped, 3);
  EXPECT_EQ(none.ByteSizeLong(), 0u);
}

TEST(GrantPlanTest, WithheldMessageNamesWhatItHolds) {
  children::v1::Child full;
  full.set_name("children/a");
  full.add_holdings()->mutable_person_name()->set_family("Example");
  const auto plan = CompileGrantPlan(full.GetDescriptor());
  children::v1::Child out;
  const Granted granted = (*plan)->Build(
      full, CategorySet(),
      [](const RecordFacts&) { return Of({options::v1::CATEGORY_OPERATIONAL}); }, &out);
  EXPECT_EQ(out.holdings_size(), 0);
  EXPECT_EQ(granted.withheld,
            Of({options::v1::CATEGORY_INVOLVEMENT, options::v1::CATEGORY_IDENTITY}));
}

TEST(GrantPlanTest, MessageOfAnotherTypeIsGivenNothing) {
  const auto plan = CompileGrantPlan(plans::v1::GetPlanResponse::descriptor());
  referrals::v1::GetReferralResponse full, out;
  full.mutable_referral()->set_name("referrals/a");
  (*plan)->Build(
      full, kEverything, [](const RecordFacts&) { return kEverything; }, &out);
  EXPECT_EQ(out.ByteSizeLong(), 0u);
}

struct Refusal {
  const char* message;
  const char* says;
};

class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, CompileFailsAndNamesTheField) {
  const Schema schema;
  const Descriptor* descriptor = schema.Get(GetParam().message);
  ASSERT_NE(descriptor, nullptr);
  const auto plan = CompileGrantPlan(descriptor);
  ASSERT_FALSE(plan.ok());
  EXPECT_TRUE(absl::StrContains(plan.status().message(), GetParam().says)) << plan.status();
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    testing::Values(Refusal{"NoCategory", "test.NoCategory.a has no sharing category"},
                    Refusal{"NoCategoryBelow", "test.NoCategory.a has no sharing category"},
                    Refusal{"Unspecified", "test.Unspecified.a has no sharing category"},
                    Refusal{"HoldsAny", "test.HoldsAny.a is an Any"},
                    Refusal{"HoldsMap", "test.HoldsMap.a is a map"},
                    Refusal{"HoldsValueWithMap", "test.ValueWithMap.a is a map"},
                    Refusal{"HoldsValueWithMessage",
                            "test.ValueWithMessage.open is part of a value"},
                    Refusal{"RecordWithoutName", "test.RecordWithoutName is marked as a record"},
                    Refusal{"RecordWithoutKind", "test.RecordWithoutKind is marked as a record"},
                    Refusal{"ValueWithMap", "test.ValueWithMap.a is a map"}),
    [](const auto& test) { return std::string(test.param.message); });

}  // namespace
}  // namespace trusthub::policy
