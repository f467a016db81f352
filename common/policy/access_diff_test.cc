// Comparison of random sets against every sort of question asked at random: where two sets answer
// differently a row says so, and what a row says is so.
#include "common/policy/access_diff.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/compiled_agreements.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr std::uint64_t kSeed = 20100401;
constexpr int kPairs = 250;
constexpr int kQuestions = 2500;
constexpr absl::CivilDay kFirst(2010, 1, 1);
constexpr int kDays = 30;

// Draws from few values of each sort, so that items meet often.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  int Below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }

  template <typename Enum>
  Enum Value(int count) {
    return static_cast<Enum>(1 + Below(count));
  }
  std::string Agency() { return absl::StrCat("agencies/a", Below(3)); }

  v1::Relation Relation() {
    const std::vector<v1::Relation> all = {v1::RELATION_HOLDING, v1::RELATION_PRESENTING,
                                           v1::RELATION_CORE_GROUP, v1::RELATION_BREAK_GLASS};
    return all[static_cast<std::size_t>(Below(4))];
  }
  std::uint32_t RelationBit() {
    const std::vector<std::uint32_t> all = {kHolding, kPresenting, kCoreGroup, kBreakGlass};
    return all[static_cast<std::size_t>(Below(4))];
  }

  v1::Item Item(int number) {
    v1::Item item;
    item.set_id(absl::StrCat("item-", number));
    item.mutable_to()->add_roles(Value<options::v1::Role>(2));
    if (OneIn(3)) item.mutable_to()->add_agencies(Agency());
    if (item.to().agencies().empty() || OneIn(2)) {
      item.mutable_to()->add_agency_kinds(Value<directory::v1::AgencyKind>(2));
    }
    item.add_purposes(Value<Purpose>(2));
    for (int i = 1 + Below(2); i > 0; --i) item.add_relations(Relation());
    item.add_records(Value<RecordKind>(2));
    const bool denies = OneIn(3);
    for (int i = 1 + Below(3); i > 0; --i) {
      const auto category = Value<Category>(4);
      denies ? item.add_deny(category) : item.add_categories(category);
    }
    if (OneIn(4)) item.add_when(Value<v1::ChildFlag>(3));
    if (OneIn(3)) item.set_consent(Value<v1::ConsentRule>(3));
    if (OneIn(3)) {
      if (OneIn(2)) item.mutable_from()->add_agencies(Agency());
      if (item.from().agencies().empty() || OneIn(2)) {
        item.mutable_from()->add_agency_kinds(Value<directory::v1::AgencyKind>(2));
      }
    }
    return item;
  }

  v1::Agreement Agreement(int number) {
    v1::Agreement agreement;
    agreement.set_id(absl::StrCat("agreement-", number));
    agreement.set_status(OneIn(6) ? v1::AGREEMENT_STATUS_SUSPENDED : v1::AGREEMENT_STATUS_SIGNED);
    *agreement.mutable_effective_from() = DateToProto(kFirst + Below(10));
    if (OneIn(2)) *agreement.mutable_effective_to() = DateToProto(kFirst + 10 + Below(15));
    for (int i = 2 + Below(4); i > 0; --i) *agreement.add_items() = Item(i);
    return agreement;
  }

  std::vector<v1::Agreement> Set() {
    std::vector<v1::Agreement> set;
    for (int i = 1 + Below(3); i > 0; --i) set.push_back(Agreement(i));
    return set;
  }

  // The same set after one edit, as an editor would make it; sometimes another set.
  std::vector<v1::Agreement> Edited(std::vector<v1::Agreement> set) {
    if (OneIn(6)) return Set();
    v1::Agreement& agreement = set[static_cast<std::size_t>(Below(static_cast<int>(set.size())))];
    v1::Item& item = *agreement.mutable_items(Below(agreement.items_size()));
    const std::string id = item.id();
    switch (Below(6)) {
      case 0:
        item = Item(1);
        item.set_id(id);
        break;
      case 1:
        item.add_relations(Relation());
        break;
      case 2:
        item.set_consent(static_cast<v1::ConsentRule>(Below(4)));
        break;
      case 3:
        item.clear_when();
        item.clear_deny();
        break;
      case 4:
        *agreement.mutable_effective_to() = DateToProto(kFirst + 10 + Below(15));
        break;
      default:
        item.clear_from();
        item.mutable_to()->add_agencies(Agency());
    }
    return set;
  }

  Question Ask(const KindsOfAgencies& kinds, auth::Principal* caller, std::string* provider) {
    caller->agency = Agency();
    caller->agency_kind = KindOf(caller->agency, kinds);
    caller->role = Value<options::v1::Role>(2);
    Question question;
    question.caller = caller;
    question.purpose = Value<Purpose>(2);
    question.record_kind = Value<RecordKind>(2);
    for (int i = Below(4); i > 0; --i) question.relations |= RelationBit();
    question.child_flags = static_cast<std::uint32_t>(Below(8));
    question.day = kFirst - 2 + Below(kDays);
    question.consent = static_cast<ConsentStanding>(Below(5));
    question.break_glass_categories = CategorySet(static_cast<std::uint64_t>(Below(32)));
    *provider = OneIn(5) ? "" : Agency();
    question.provider = *provider;
    question.provider_kind = KindOf(*provider, kinds);
    return question;
  }

 private:
  directory::v1::AgencyKind KindOf(const std::string& agency, const KindsOfAgencies& kinds) {
    const auto at = kinds.find(agency);
    return at != kinds.end() ? at->second
                             : static_cast<directory::v1::AgencyKind>(Below(3));  // 0: not known
  }

  std::mt19937_64 engine_;
};

template <typename List, typename T>
bool Lists(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool IsOf(const AgencyAndKind& said, absl::string_view agency, directory::v1::AgencyKind kind) {
  return (said.agency.empty() || said.agency == agency || said.agency == kAnotherAgency) &&
         (said.kind == directory::v1::AGENCY_KIND_UNSPECIFIED || said.kind == kind ||
          said.kind == kAnotherKind);
}

// Whether a provider is one that the row says. A single question does not tell whether an agency is
// another than those that items name.
bool IsProvider(const AccessChange& row, const Question& question) {
  const std::string agency(question.provider.empty() ? absl::string_view(kUnknownAgency)
                                                     : question.provider);
  const directory::v1::AgencyKind kind =
      question.provider_kind == directory::v1::AGENCY_KIND_UNSPECIFIED ? kUnknownKind
                                                                       : question.provider_kind;
  return row.providers.empty() ||
         std::any_of(row.providers.begin(), row.providers.end(),
                     [&](const AgencyAndKind& said) { return IsOf(said, agency, kind); });
}

bool Says(const AccessChange& row, const Question& question, Category category, bool gained) {
  const auto hold = [](const std::vector<std::uint32_t>& sets, std::uint32_t bits) {
    return std::all_of(sets.begin(), sets.end(),
                       [bits](std::uint32_t set) { return (set & bits) != 0; });
  };
  const AccessCell cell{question.caller->role, question.purpose, question.record_kind};
  return row.gained == gained && row.categories.Has(category) && Lists(row.cells, cell) &&
         IsOf(row.recipient, question.caller->agency, question.caller->agency_kind) &&
         hold(row.relations, question.relations) && hold(row.flags, question.child_flags) &&
         (!row.opened || question.break_glass_categories.Has(category)) &&
         ((row.consents >> static_cast<unsigned>(question.consent)) & 1) != 0 &&
         IsProvider(row, question) && (!row.first_day || *row.first_day <= question.day) &&
         (!row.last_day || question.day <= *row.last_day);
}

class AccessDiffTest : public testing::Test {
 protected:
  // Calls `check` with two sets, their comparison and the kinds of agencies that were known.
  template <typename Check>
  void ForEachPair(Check check) {
    SCOPED_TRACE(absl::StrCat("seed ", kSeed));
    for (int i = 0; i < kPairs && !HasFailure(); ++i) {
      SCOPED_TRACE(absl::StrCat("pair ", i));
      const std::vector<v1::Agreement> set = draw_.Set();
      const CompiledAgreements before(set, "before");
      const CompiledAgreements after(draw_.Edited(set), "after");
      CompareOptions options;
      if (draw_.OneIn(2)) {
        options.kinds = {{"agencies/a0", static_cast<directory::v1::AgencyKind>(1)},
                         {"agencies/a1", static_cast<directory::v1::AgencyKind>(2)},
                         {"agencies/a2", static_cast<directory::v1::AgencyKind>(2)}};
      }
      check(before, after, CompareAccess(before, after, options), options.kinds);
    }
  }

  Draw draw_{kSeed};
};

TEST_F(AccessDiffTest, EveryChangedAnswerIsInARow) {
  int changed_answers = 0;
  ForEachPair([&](const Agreements& before, const Agreements& after, const AccessDiff& diff,
                  const KindsOfAgencies& kinds) {
    for (int i = 0; i < kQuestions; ++i) {
      auth::Principal caller;
      std::string provider;
      const Question question = draw_.Ask(kinds, &caller, &provider);
      const std::uint64_t was = before.Decide(question).granted.bits();
      const std::uint64_t is = after.Decide(question).granted.bits();
      if (was == is) continue;
      ++changed_answers;
      for (int c = 1; c < 6; ++c) {
        if ((((was ^ is) >> c) & 1) == 0) continue;
        const auto category = static_cast<Category>(c);
        const bool gained = ((is >> c) & 1) != 0;
        ASSERT_TRUE(std::any_of(
            diff.rows.begin(), diff.rows.end(),
            [&](const AccessChange& row) { return Says(row, question, category, gained); }))
            << (gained ? "gained " : "lost ") << c << ", relations " << question.relations
            << ", day " << FormatDay(question.day) << ", rows " << diff.rows.size();
      }
    }
  });
  EXPECT_GT(changed_answers, kPairs);
}

// Asks the least question of each row, in every cell and with every consent and provider it names.
TEST_F(AccessDiffTest, WhatARowSaysIsSo) {
  std::int64_t rows = 0;
  ForEachPair([&](const Agreements& before, const Agreements& after, const AccessDiff& diff,
                  const KindsOfAgencies& kinds) {
    std::int64_t gained = 0;
    std::int64_t lost = 0;
    for (const AccessChange& row : diff.rows) {
      ++rows;
      ASSERT_FALSE(row.cells.empty());
      ASSERT_FALSE(row.categories.empty());
      std::vector<AgencyAndKind> providers = row.providers;
      if (providers.empty()) providers = {{kUnknownAgency, kUnknownKind}, {kAnotherAgency, {}}};
      for (const AccessCell& cell : row.cells) {
        auth::Principal caller;
        caller.agency = row.recipient.agency;
        caller.agency_kind = row.recipient.kind;
        caller.role = cell.role;
        Question question;
        question.caller = &caller;
        question.purpose = cell.purpose;
        question.record_kind = cell.record_kind;
        for (const std::uint32_t set : row.relations) question.relations |= set & (~set + 1);
        for (const std::uint32_t set : row.flags) question.child_flags |= set & (~set + 1);
        if (row.opened) question.break_glass_categories = row.categories;
        for (unsigned consent = 0; consent < 5; ++consent) {
          if (((row.consents >> consent) & 1) == 0) continue;
          question.consent = static_cast<ConsentStanding>(consent);
          for (const AgencyAndKind& provider : providers) {
            question.provider =
                provider.agency == kUnknownAgency ? absl::string_view() : provider.agency;
            question.provider_kind = provider.kind == kUnknownKind
                                         ? directory::v1::AGENCY_KIND_UNSPECIFIED
                                         : provider.kind;
            for (const absl::CivilDay day :
                 {*row.first_day, row.last_day.value_or(*row.first_day + 1000)}) {
              question.day = day;
              const CategorySet was = before.Decide(question).granted;
              const CategorySet is = after.Decide(question).granted;
              const CategorySet with = row.gained ? is : was;
              const CategorySet without = row.gained ? was : is;
              ASSERT_EQ((with & row.categories).bits(), row.categories.bits());
              ASSERT_TRUE((without & row.categories).empty());
            }
          }
        }
        for (int c = 1; c < 6; ++c) {
          if (row.categories.Has(static_cast<Category>(c))) ++(row.gained ? gained : lost);
        }
      }
    }
    ASSERT_EQ(diff.gained, gained);
    ASSERT_EQ(diff.lost, lost);
  });
  EXPECT_GT(rows, kPairs);
}

TEST_F(AccessDiffTest, ASetDoesNotDifferFromItselfOrFromOneInAnotherOrder) {
  for (int i = 0; i < 50; ++i) {
    std::vector<v1::Agreement> set = draw_.Set();
    const CompiledAgreements before(set, "before");
    std::reverse(set.begin(), set.end());
    for (v1::Agreement& agreement : set) {
      std::reverse(agreement.mutable_items()->begin(), agreement.mutable_items()->end());
    }
    const AccessDiff diff = CompareAccess(before, CompiledAgreements(set, "after"));
    EXPECT_EQ(diff.gained, 0) << "seed " << kSeed << ", set " << i;
    EXPECT_EQ(diff.lost, 0);
    EXPECT_TRUE(diff.rows.empty());
  }
}

v1::Agreement OneItem() {
  v1::Agreement agreement;
  agreement.set_id("care");
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  *agreement.mutable_effective_from() = DateToProto(kFirst);
  v1::Item& item = *agreement.add_items();
  item.set_id("plan-dates");
  item.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_ACUTE_TRUST);
  item.mutable_to()->add_roles(options::v1::ROLE_EMERGENCY_NURSE);
  item.add_purposes(options::v1::PURPOSE_UNSCHEDULED_CARE);
  item.add_relations(v1::RELATION_PRESENTING);
  item.add_relations(v1::RELATION_HOLDING);
  item.add_records(options::v1::RECORD_KIND_PLAN);
  item.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  return agreement;
}

TEST(AccessDiffRowTest, SaysTheLeastStateOnce) {
  v1::Agreement wider = OneItem();
  wider.mutable_items(0)->add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  const AccessDiff diff =
      CompareAccess(CompiledAgreements({OneItem()}, "1"), CompiledAgreements({wider}, "2"));
  ASSERT_EQ(diff.rows.size(), 1u);
  EXPECT_EQ(diff.gained, 1);
  EXPECT_EQ(diff.lost, 0);
  const AccessChange& row = diff.rows.front();
  EXPECT_TRUE(row.gained);
  EXPECT_EQ(row.recipient, (AgencyAndKind{"", directory::v1::AGENCY_KIND_ACUTE_TRUST}));
  EXPECT_EQ(row.relations, (std::vector<std::uint32_t>{kPresenting | kHolding}));
  EXPECT_TRUE(row.flags.empty());
  EXPECT_EQ(row.consents, kAnyConsent);
  EXPECT_TRUE(row.providers.empty());
  EXPECT_EQ(row.first_day, kFirst);
  EXPECT_EQ(row.last_day, std::nullopt);
  EXPECT_EQ(absl::StrJoin(row.rules, ","), "care/plan-dates");
}

TEST(AccessDiffRowTest, NamesTheRuleThatNowDenies) {
  v1::Agreement narrower = OneItem();
  v1::Item& deny = *narrower.add_items();
  deny = narrower.items(0);
  deny.set_id("never");
  deny.clear_categories();
  deny.add_deny(options::v1::CATEGORY_PLAN_STATUS);
  const AccessDiff diff =
      CompareAccess(CompiledAgreements({OneItem()}, "1"), CompiledAgreements({narrower}, "2"));
  ASSERT_EQ(diff.rows.size(), 1u);
  EXPECT_EQ(diff.lost, 1);
  EXPECT_EQ(absl::StrJoin(diff.rows.front().rules, ","), "care/plan-dates");
  EXPECT_EQ(absl::StrJoin(diff.rows.front().denied_by, ","), "care/never");
}

TEST(AccessDiffRowTest, ADenyThatNamesAnAgencyShowsAgainstItsKind) {
  v1::Agreement narrower = OneItem();
  v1::Item& deny = *narrower.add_items();
  deny = narrower.items(0);
  deny.set_id("not-there");
  deny.clear_categories();
  deny.add_deny(options::v1::CATEGORY_PLAN_STATUS);
  deny.mutable_to()->clear_agency_kinds();
  deny.mutable_to()->add_agencies("agencies/bhrut");
  CompareOptions options;
  options.kinds = {{"agencies/bhrut", directory::v1::AGENCY_KIND_ACUTE_TRUST}};
  const AccessDiff diff = CompareAccess(CompiledAgreements({OneItem()}, "1"),
                                        CompiledAgreements({narrower}, "2"), options);
  ASSERT_EQ(diff.rows.size(), 1u);
  EXPECT_EQ(diff.rows.front().recipient,
            (AgencyAndKind{"agencies/bhrut", directory::v1::AGENCY_KIND_ACUTE_TRUST}));
}

TEST(AccessDiffRowTest, SecretsAreCompared) {
  v1::Agreement secret = OneItem();
  secret.add_secret_categories(options::v1::CATEGORY_ADOPTION);
  const CompiledAgreements one({OneItem()}, "1");
  const CompiledAgreements other({secret}, "2");
  EXPECT_TRUE(CompareAccess(one, other).newly_secret.Has(options::v1::CATEGORY_ADOPTION));
  EXPECT_TRUE(CompareAccess(other, one).no_longer_secret.Has(options::v1::CATEGORY_ADOPTION));
  EXPECT_TRUE(CompareAccess(one, one).newly_secret.empty());
}

TEST(AccessDiffRowTest, OneDayAlone) {
  v1::Agreement ended = OneItem();
  *ended.mutable_effective_to() = DateToProto(kFirst + 10);
  const CompiledAgreements open({OneItem()}, "1");
  const CompiledAgreements closed({ended}, "2");
  CompareOptions options;
  options.day = kFirst + 10;
  EXPECT_EQ(CompareAccess(open, closed, options).lost, 0);
  options.day = kFirst + 11;
  EXPECT_EQ(CompareAccess(open, closed, options).lost, 1);
  const AccessDiff whole = CompareAccess(open, closed);
  ASSERT_EQ(whole.rows.size(), 1u);
  EXPECT_EQ(whole.rows.front().first_day, kFirst + 11);
}

}  // namespace
}  // namespace trusthub::policy
