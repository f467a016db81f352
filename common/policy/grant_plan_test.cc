// What a grant plan copies, what it leaves out and which messages it refuses.
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "common/policy/compiled_agreements.h"
#include "common/policy/policy.h"
#include "common/policy/test_schema.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kCanary = 999;  // number of a field that no build knows
constexpr CategorySet kEverything(~std::uint64_t{0});

CategorySet DropAll(const RecordFacts&) { return CategorySet(); }

CategorySet Of(std::initializer_list<Category> categories) {
  CategorySet set;
  for (const Category category : categories) set.Add(category);
  return set;
}

std::string Bytes(const Message& message) { return message.SerializeAsString(); }

std::string TextOf(const Message& m, const char* name) {
  const FieldDescriptor* f = m.GetDescriptor()->FindFieldByName(name);
  return f == nullptr ? "" : m.GetReflection()->GetString(m, f);
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

TEST(GrantPlanTest, OneofIsCutByTheCategoryOfTheMemberThatIsSet) {
  Schema schema;
  const Descriptor* descriptor = schema.Get("Everything");
  const auto plan = CompileGrantPlan(descriptor);
  const struct {
    const char* member;
    Category category;
  } members[] = {{"in_words", options::v1::CATEGORY_LEGAL},
                 {"in_figures", options::v1::CATEGORY_CONTACT},
                 {"in_full", options::v1::CATEGORY_FAMILY}};
  for (const auto& set : members) {
    for (const auto& granted : members) {
      const std::unique_ptr<Message> full = schema.New(descriptor), out = schema.New(descriptor);
      const FieldDescriptor* field = descriptor->FindFieldByName(set.member);
      const Reflection& r = *full->GetReflection();
      if (field->message_type() != nullptr) {
        r.MutableMessage(full.get(), field);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        r.SetString(full.get(), field, "words");
      } else {
        r.SetInt32(full.get(), field, 0);  // a member of a oneof is there even as its default
      }
      const Granted done = (*plan)->Build(*full, Of({granted.category}), DropAll, out.get());
      const bool given = set.category == granted.category;
      EXPECT_EQ(r.HasField(*out, field), given) << set.member << " " << granted.member;
      EXPECT_EQ(done.disclosed.Has(set.category), given);
      EXPECT_EQ(done.withheld.Has(set.category), !given);
    }
  }
}

TEST(GrantPlanTest, RecordInsideARecordIsDecidedForItself) {
  Schema schema;
  const Descriptor* descriptor = schema.Get("Diary");
  const auto plan = CompileGrantPlan(descriptor);
  const FieldDescriptor* earlier = descriptor->FindFieldByName("earlier");
  const std::unique_ptr<Message> full = schema.New(descriptor), out = schema.New(descriptor);
  Message* at = full.get();
  for (const char* name : {"plans/a", "plans/b", "plans/c"}) {
    if (at != full.get() || !TextOf(*at, "name").empty()) {
      at = at->GetReflection()->MutableMessage(at, earlier);
    }
    at->GetReflection()->SetString(at, descriptor->FindFieldByName("name"), name);
    at->GetReflection()->SetString(at, descriptor->FindFieldByName("voice"), name);
  }
  const Granted done = (*plan)->Build(
      *full, CategorySet(),
      [](const RecordFacts& facts) {
        if (facts.name == "plans/a") return Of({options::v1::CATEGORY_OPERATIONAL});
        return facts.name == "plans/b" ? Of({options::v1::CATEGORY_CHILD_VOICE}) : CategorySet();
      },
      out.get());
  EXPECT_EQ(TextOf(*out, "name"), "plans/a");
  EXPECT_EQ(TextOf(*out, "voice"), "");
  const Message& second = out->GetReflection()->GetMessage(*out, earlier);
  EXPECT_EQ(TextOf(second, "name"), "");
  EXPECT_EQ(TextOf(second, "voice"), "plans/b");
  EXPECT_FALSE(second.GetReflection()->HasField(second, earlier));
  EXPECT_EQ(done.records_dropped, 1);
}

TEST(GrantPlanTest, WhatAnItemDeniesIsNotInTheCopy) {
  v1::Agreement agreement;
  agreement.set_id("one");
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  agreement.mutable_effective_from()->set_year(2010);
  agreement.mutable_effective_from()->set_month(1);
  agreement.mutable_effective_from()->set_day(1);
  v1::Item& gives = *agreement.add_items();
  gives.set_id("gives");
  gives.mutable_to()->add_roles(options::v1::ROLE_SOCIAL_WORKER);
  gives.mutable_to()->add_agencies("agencies/council");
  gives.add_purposes(options::v1::PURPOSE_SCREENING);
  gives.add_relations(v1::RELATION_OWNER);
  gives.add_records(options::v1::RECORD_KIND_REFERRAL);
  gives.add_categories(options::v1::CATEGORY_OPERATIONAL);
  gives.add_categories(options::v1::CATEGORY_REFERRAL_CONCERN);
  v1::Item& denies = *agreement.add_items();
  denies = gives;
  denies.set_id("denies");
  denies.clear_categories();
  denies.add_deny(options::v1::CATEGORY_REFERRAL_CONCERN);
  const CompiledAgreements agreements({agreement}, "v");
  auth::Principal caller;
  caller.agency = "agencies/council";
  caller.role = options::v1::ROLE_SOCIAL_WORKER;
  referrals::v1::GetReferralResponse full, out;
  full.mutable_referral()->set_name("referrals/a");
  full.mutable_referral()->set_concern("words");
  const auto plan = CompileGrantPlan(full.GetDescriptor());
  const Granted done = (*plan)->Build(
      full, CategorySet(),
      [&](const RecordFacts& facts) {
        Question question;
        question.caller = &caller;
        question.purpose = options::v1::PURPOSE_SCREENING;
        question.record_kind = facts.kind;
        question.relations = kOwner;
        question.day = absl::CivilDay(2010, 3, 16);
        return agreements.Decide(question).granted;
      },
      &out);
  EXPECT_EQ(out.referral().name(), "referrals/a");
  EXPECT_EQ(out.referral().concern(), "");
  EXPECT_EQ(done.withheld, Of({options::v1::CATEGORY_REFERRAL_CONCERN}));
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

class RefusalTest : public ::testing::TestWithParam<Refusal> {};

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
    ::testing::Values(Refusal{"NoCategory", "test.NoCategory.a has no sharing category"},
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
