// Properties that decisions keep whatever the agreements say, over random sets and questions. Run
// with TRUSTHUB_TEST_SEED to draw others.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/random_agreements.h"
#include "common/testing/seed.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr int kSets = 1000;
constexpr int kQuestions = 3;  // of each set

using Set = std::vector<v1::Agreement>;

bool IsSubset(CategorySet a, CategorySet b) { return (a & b) == a; }

CategorySet Minus(CategorySet a, CategorySet b) { return CategorySet(a.bits() & ~b.bits()); }

CategorySet Granted(const Set& set, const Question& question) {
  return CompiledAgreements(set, "v").Decide(question).granted;
}

class DecideTest : public ::testing::Test {
 protected:
  // Calls `check(set, compiled, question)` for every case; at least one in twenty must grant
  // something, or the test would prove nothing.
  template <typename Check>
  void ForEachCase(Check check) {
    SCOPED_TRACE(absl::StrCat("TRUSTHUB_TEST_SEED=", seed_));
    int granting = 0;
    for (int i = 0; i < kSets && !HasFailure(); ++i) {
      const Set set = draw_.Set();
      const CompiledAgreements compiled(set, "v");
      for (int q = 0; q < kQuestions; ++q) {
        SCOPED_TRACE(absl::StrCat("set ", i, ", question ", q));
        auth::Principal caller;
        const Question question = draw_.Ask(&caller);
        if (!compiled.Decide(question).granted.empty()) ++granting;
        check(set, compiled, question);
      }
    }
    EXPECT_GT(granting, kSets * kQuestions / 20);
  }

  v1::Agreement& AnyOf(Set* set) {
    return (*set)[static_cast<std::size_t>(draw_.Below(static_cast<int>(set->size())))];
  }

  const std::uint64_t seed_ = testing::TestSeed();
  Draw draw_{seed_};
};

TEST_F(DecideTest, IsThePlainReading) {
  ForEachCase([](const Set& set, const CompiledAgreements& compiled, const Question& question) {
    ASSERT_EQ(compiled.Decide(question).granted.bits(), PlainlyGranted(set, question).bits());
  });
}

TEST_F(DecideTest, RemovingARuleThatGivesNeverWidens) {
  ForEachCase([this](Set set, const CompiledAgreements& before, const Question& question) {
    v1::Agreement& agreement = AnyOf(&set);
    const int at = draw_.Below(agreement.items_size());
    if (agreement.items(at).deny().empty()) {
      agreement.mutable_items()->DeleteSubrange(at, 1);
    } else {
      agreement.mutable_items(at)->clear_categories();
    }
    ASSERT_TRUE(IsSubset(Granted(set, question), before.Decide(question).granted));
  });
}

TEST_F(DecideTest, RemovingAWholeAgreementThatOnlyGivesNeverWidens) {
  ForEachCase([this](Set set, const CompiledAgreements&, const Question& question) {
    v1::Agreement& agreement = AnyOf(&set);
    for (v1::Item& item : *agreement.mutable_items()) item.clear_deny();
    const CategorySet before = Granted(set, question);
    std::swap(agreement, set.back());
    set.pop_back();
    ASSERT_TRUE(IsSubset(Granted(set, question), before));
  });
}

TEST_F(DecideTest, AddingADenyNeverWidensAndDenyWins) {
  ForEachCase([this](Set set, const CompiledAgreements& before, const Question& question) {
    v1::Agreement added = draw_.Agreement(9);
    for (v1::Item& item : *added.mutable_items()) {
      item.mutable_deny()->MergeFrom(item.categories());
      item.clear_categories();
    }
    set.push_back(added);
    const CategorySet after = Granted(set, question);
    ASSERT_TRUE(IsSubset(after, before.Decide(question).granted));
    ASSERT_TRUE((after & PlainlyDenied({added}, question)).empty());
  });
}

TEST_F(DecideTest, OrderOfFilesAndItemsIsOfNoEffect) {
  ForEachCase([this](Set set, const CompiledAgreements& one, const Question& question) {
    std::shuffle(set.begin(), set.end(), draw_.engine());
    for (v1::Agreement& agreement : set) {
      std::vector<v1::Item> items(agreement.items().begin(), agreement.items().end());
      std::shuffle(items.begin(), items.end(), draw_.engine());
      agreement.clear_items();
      for (const v1::Item& item : items) *agreement.add_items() = item;
    }
    const CompiledAgreements other(set, "v");
    const Decision a = one.Decide(question);
    const Decision b = other.Decide(question);
    ASSERT_EQ(a.granted, b.granted);
    ASSERT_EQ(a.rules, b.rules);
    ASSERT_EQ(a.rests_on_consent, b.rests_on_consent);
    for (int c = 1; c <= 5; ++c) {
      const auto category = static_cast<Category>(c);
      ASSERT_EQ(one.ExplainWithheld(question, category).rule,
                other.ExplainWithheld(question, category).rule);
    }
  });
}

TEST_F(DecideTest, WhatIsNotInForceNeitherGivesNorDenies) {
  ForEachCase([this](Set set, const CompiledAgreements&, const Question& question) {
    v1::Agreement& agreement = AnyOf(&set);
    switch (draw_.Below(5)) {
      case 0:
        agreement.set_status(v1::AGREEMENT_STATUS_DRAFT);
        break;
      case 1:
        agreement.set_status(v1::AGREEMENT_STATUS_SUSPENDED);
        break;
      case 2:
        agreement.set_status(v1::AGREEMENT_STATUS_EXPIRED);
        break;
      case 3:
        *agreement.mutable_effective_from() = DateToProto(question.day + 1);
        break;
      default:
        *agreement.mutable_effective_from() = DateToProto(question.day - 30);
        *agreement.mutable_effective_to() = DateToProto(question.day - 1);
    }
    const CategorySet with = Granted(set, question);
    ASSERT_TRUE(Granted({agreement}, question).empty());
    std::swap(agreement, set.back());
    set.pop_back();
    ASSERT_EQ(with, Granted(set, question));
  });
}

TEST_F(DecideTest, BeforeTheFirstDayNothingIsGivenAndNobodyIsCovered) {
  ForEachCase([](const Set&, const CompiledAgreements& compiled, Question question) {
    question.day = kFirst - 1;
    ASSERT_TRUE(compiled.Decide(question).granted.empty());
    ASSERT_FALSE(compiled.Covers(*question.caller, question.purpose, question.day));
  });
}

TEST_F(DecideTest, WhoIsGivenAnythingIsCovered) {
  ForEachCase([](const Set&, const CompiledAgreements& compiled, Question question) {
    if (compiled.Decide(question).granted.empty()) return;
    ASSERT_TRUE(compiled.Covers(*question.caller, question.purpose, question.day));
    question.relations &= ~std::uint32_t{kPublic};
    if (compiled.Decide(question).granted.empty()) return;
    ASSERT_TRUE(compiled.CoversChildren(*question.caller, question.purpose, question.day));
  });
}

TEST_F(DecideTest, MoreRelationsAndFlagsNeverNarrowExceptThroughDeny) {
  ForEachCase([this](const Set& set, const CompiledAgreements& compiled, const Question& question) {
    Question more = question;
    more.relations |= RelationBitOf(kDrawnRelations[draw_.Below(4)]);
    if (draw_.OneIn(2)) more.child_flags |= 1u << draw_.Below(3);
    const CategorySet lost =
        Minus(compiled.Decide(question).granted, compiled.Decide(more).granted);
    ASSERT_TRUE(IsSubset(lost, PlainlyDenied(set, more)));
  });
}

TEST_F(DecideTest, EmergencyAccessNeverGivesMoreThanWasOpened) {
  ForEachCase([this](const Set&, const CompiledAgreements& compiled, Question question) {
    question.relations &= ~std::uint32_t{kBreakGlass};
    const CategorySet without = compiled.Decide(question).granted;
    question.relations |= kBreakGlass;
    const CategorySet opened = question.break_glass_categories;
    const CategorySet with = compiled.Decide(question).granted;
    ASSERT_TRUE(IsSubset(with, without | opened));
    question.break_glass_categories = CategorySet(opened.bits() | draw_.engine()());
    ASSERT_TRUE(IsSubset(with, compiled.Decide(question).granted));
    question.break_glass_categories = CategorySet();
    ASSERT_TRUE(IsSubset(compiled.Decide(question).granted, without));
  });
}

TEST_F(DecideTest, WithdrawalAndLapseOfConsentNeverWiden) {
  ForEachCase([](const Set&, const CompiledAgreements& compiled, Question question) {
    const auto granted_when = [&](ConsentStanding standing) {
      question.consent = standing;
      return compiled.Decide(question).granted;
    };
    const CategorySet refused = granted_when(ConsentStanding::kRefused);
    const CategorySet none = granted_when(ConsentStanding::kNone);
    const CategorySet overridden = granted_when(ConsentStanding::kOverridden);
    const CategorySet given = granted_when(ConsentStanding::kGiven);
    ASSERT_TRUE(IsSubset(refused, none));
    ASSERT_TRUE(IsSubset(none, overridden));
    ASSERT_TRUE(IsSubset(overridden, given));
    ASSERT_EQ(given, granted_when(ConsentStanding::kNotRequired));
    // A number that an audit entry should not hold is worth nothing.
    ASSERT_TRUE(IsSubset(granted_when(static_cast<ConsentStanding>(200)), refused));
    ASSERT_TRUE(IsSubset(granted_when(static_cast<ConsentStanding>(5)), refused));
  });
}

TEST_F(DecideTest, RestsOnConsentExactlyWhereConsentCouldChangeTheAnswer) {
  int resting = 0;
  ForEachCase([&](const Set&, const CompiledAgreements& compiled, Question question) {
    const Decision decision = compiled.Decide(question);
    bool changes = false;
    for (const ConsentStanding standing : kStandings) {
      question.consent = standing;
      const Decision other = compiled.Decide(question);
      ASSERT_EQ(other.rests_on_consent, decision.rests_on_consent);
      changes = changes || !(other.granted == decision.granted);
      // What does not rest on consent does not name a rule that does either.
      ASSERT_TRUE(decision.rests_on_consent || other.rules == decision.rules);
    }
    ASSERT_EQ(decision.rests_on_consent, changes);
    if (changes) ++resting;
  });
  EXPECT_GT(resting, 100);
}

TEST_F(DecideTest, NotKnowingTheProviderNeverWidens) {
  ForEachCase([](const Set&, const CompiledAgreements& compiled, Question question) {
    question.provider = "agencies/a0";
    question.provider_kind = directory::v1::AGENCY_KIND_COUNCIL;
    const CategorySet known = compiled.Decide(question).granted;
    question.provider_kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
    const CategorySet half_known = compiled.Decide(question).granted;
    question.provider = {};
    ASSERT_TRUE(IsSubset(half_known, known));
    ASSERT_TRUE(IsSubset(compiled.Decide(question).granted, half_known));
  });
}

TEST_F(DecideTest, ProviderIsOfNoEffectWhereNoRuleAsksForIt) {
  int asking = 0;
  ForEachCase([&](const Set&, const CompiledAgreements& compiled, Question question) {
    if (compiled.AsksForProvider(question.caller->role, question.purpose, question.record_kind)) {
      ++asking;
      return;
    }
    const CategorySet before = compiled.Decide(question).granted;
    question.provider = "agencies/a0";
    question.provider_kind = directory::v1::AGENCY_KIND_COUNCIL;
    ASSERT_EQ(before, compiled.Decide(question).granted);
  });
  EXPECT_GT(asking, 100);
  EXPECT_LT(asking, kSets * kQuestions - 100);
}

TEST_F(DecideTest, EveryGrantedCategoryAndNoOtherNamesARuleThatGivesIt) {
  ForEachCase([](const Set&, const CompiledAgreements& compiled, const Question& question) {
    const Decision decision = compiled.Decide(question);
    for (int c = 0; c < 64; ++c) {
      const absl::string_view name = decision.rules[static_cast<std::size_t>(c)];
      const auto category = static_cast<Category>(c);
      ASSERT_EQ(!name.empty(), decision.granted.Has(category));
      if (name.empty()) continue;
      const auto rule = std::find_if(compiled.rules().begin(), compiled.rules().end(),
                                     [&](const Rule& each) { return each.name == name; });
      ASSERT_NE(rule, compiled.rules().end());
      v1::Agreement alone = *rule->agreement;
      alone.clear_items();
      *alone.add_items() = *rule->item;
      ASSERT_TRUE(PlainlyGranted({alone}, question).Has(category));
    }
  });
}

// --- Edges ------------------------------------------------------------------------------------

// One item, and a question that it answers.
class DecideEdgeTest : public ::testing::Test {
 protected:
  DecideEdgeTest() {
    agreement_.set_id("edge");
    agreement_.set_status(v1::AGREEMENT_STATUS_SIGNED);
    *agreement_.mutable_effective_from() = DateToProto(kFirst);
    *agreement_.mutable_effective_to() = DateToProto(kLast);
    v1::Item& item = *agreement_.add_items();
    item.set_id("one");
    item.mutable_to()->add_roles(options::v1::ROLE_SOCIAL_WORKER);
    item.mutable_to()->add_agencies("agencies/council");
    item.add_purposes(options::v1::PURPOSE_ASSESSMENT);
    item.add_relations(v1::RELATION_OWNER);
    item.add_records(options::v1::RECORD_KIND_CHILD);
    item.add_categories(options::v1::CATEGORY_IDENTITY);
    caller_.agency = "agencies/council";
    caller_.role = options::v1::ROLE_SOCIAL_WORKER;
    question_.caller = &caller_;
    question_.purpose = options::v1::PURPOSE_ASSESSMENT;
    question_.record_kind = options::v1::RECORD_KIND_CHILD;
    question_.relations = kOwner;
    question_.day = kFirst;
  }

  v1::Item& item() { return *agreement_.mutable_items(0); }
  bool IsGranted() const { return !Granted({agreement_}, question_).empty(); }

  v1::Agreement agreement_;
  auth::Principal caller_;
  Question question_;
};

TEST_F(DecideEdgeTest, LastDayIsInForceAndTheNextIsNot) {
  EXPECT_TRUE(IsGranted());
  question_.day = kFirst - 1;
  EXPECT_FALSE(IsGranted());
  question_.day = kLast;
  EXPECT_TRUE(IsGranted());
  question_.day = kLast + 1;
  EXPECT_FALSE(IsGranted());
}

TEST_F(DecideEdgeTest, EveryRelationOfTheSchemaIsAskedFor) {
  for (int relation = 1; relation < v1::Relation_ARRAYSIZE; ++relation) {
    if (relation == v1::RELATION_ANY) continue;
    SCOPED_TRACE(v1::Relation_Name(static_cast<v1::Relation>(relation)));
    item().set_relations(0, static_cast<v1::Relation>(relation));
    question_.break_glass_categories.Add(options::v1::CATEGORY_IDENTITY);
    question_.relations = RelationBitOf(relation);
    EXPECT_TRUE(IsGranted());
    question_.relations = ~RelationBitOf(relation);
    EXPECT_FALSE(IsGranted());
  }
}

TEST_F(DecideEdgeTest, DenyForAnyRelationHoldsForAll) {
  v1::Item& deny = *agreement_.add_items();
  deny = item();
  deny.set_id("two");
  deny.clear_categories();
  deny.add_deny(options::v1::CATEGORY_IDENTITY);
  deny.set_relations(0, v1::RELATION_ANY);
  EXPECT_FALSE(IsGranted());
}

TEST_F(DecideEdgeTest, RuleThatGivesAndDeniesDeniesWithoutConsentToo) {
  item().set_consent(v1::CONSENT_RULE_GIVEN);
  item().add_deny(options::v1::CATEGORY_LEGAL);
  v1::Item& other = *agreement_.add_items();
  other = item();
  other.set_id("two");
  other.clear_consent();
  other.clear_deny();
  other.set_categories(0, options::v1::CATEGORY_LEGAL);
  for (const ConsentStanding standing : kStandings) {
    question_.consent = standing;
    EXPECT_FALSE(Granted({agreement_}, question_).Has(options::v1::CATEGORY_LEGAL));
  }
}

TEST_F(DecideEdgeTest, ValuesThatNoRuleCanNameAreGivenNothing) {
  const CompiledAgreements compiled({agreement_}, "v");
  ASSERT_FALSE(compiled.Decide(question_).granted.empty());
  EXPECT_TRUE(compiled.Decide(Question()).granted.empty());
  const auto is_given_nothing = [&] {
    const Explanation why = compiled.ExplainWithheld(question_, options::v1::CATEGORY_IDENTITY);
    return compiled.Decide(question_).granted.empty() &&
           !compiled.AsksForProvider(caller_.role, question_.purpose, question_.record_kind) &&
           why.cause == WithheldCause::kUnknown && why.rule.empty();
  };
  for (const int role : {0, 1 << 20, -1, 99}) {
    caller_.role = static_cast<options::v1::Role>(role);
    EXPECT_TRUE(is_given_nothing()) << role;
    EXPECT_FALSE(compiled.Covers(caller_, question_.purpose, question_.day));
  }
  caller_.role = options::v1::ROLE_SOCIAL_WORKER;
  for (const int purpose : {0, -1, 1 << 30}) {
    question_.purpose = static_cast<Purpose>(purpose);
    EXPECT_TRUE(is_given_nothing()) << purpose;
    EXPECT_FALSE(compiled.Covers(caller_, question_.purpose, question_.day));
  }
  question_.purpose = options::v1::PURPOSE_ASSESSMENT;
  for (const int kind : {0, -1, 1 << 30}) {
    question_.record_kind = static_cast<RecordKind>(kind);
    EXPECT_TRUE(is_given_nothing()) << kind;
  }
}

TEST_F(DecideEdgeTest, WhatEveryoneMayReadCoversNoChildren) {
  const auto covers = [&](const v1::Agreement& agreement) {
    const CompiledAgreements compiled({agreement}, "v");
    EXPECT_TRUE(compiled.Covers(caller_, question_.purpose, question_.day));
    return compiled.CoversChildren(caller_, question_.purpose, question_.day);
  };
  EXPECT_TRUE(covers(agreement_));
  v1::Agreement of_all = agreement_;
  for (v1::Item& item : *of_all.mutable_items()) {
    item.clear_relations();
    item.add_relations(v1::RELATION_PUBLIC);
  }
  EXPECT_FALSE(covers(of_all));
  // One rule that is about children is enough.
  of_all.mutable_items(0)->add_relations(v1::RELATION_HOLDING);
  EXPECT_TRUE(covers(of_all));
}

TEST_F(DecideEdgeTest, SetThatSharesNothingGivesNothing) {
  const CompiledAgreements empty({}, "v");
  EXPECT_TRUE(empty.Decide(question_).granted.empty());
  EXPECT_FALSE(empty.Covers(caller_, question_.purpose, question_.day));
  EXPECT_EQ(empty.ExplainWithheld(question_, options::v1::CATEGORY_IDENTITY).cause,
            WithheldCause::kNoAgreement);
}

}  // namespace
}  // namespace trusthub::policy
