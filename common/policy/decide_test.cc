// Properties that decisions keep whatever the agreements say, over random sets and questions, each
// checked against a plain reading of the schema.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/compiled_agreements.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr std::uint64_t kSeed = 20100316;
constexpr int kCases = 10'000;
constexpr absl::CivilDay kFirst(2010, 1, 1);
constexpr absl::CivilDay kLast(2010, 12, 31);

// Draws from few values of each sort, so that rules meet often.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  int Below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }

  v1::Item Item(int number) {
    v1::Item item;
    item.set_id(absl::StrCat("item-", number));
    item.mutable_to()->add_roles(Value<options::v1::Role>(2));
    if (OneIn(3)) item.mutable_to()->add_agencies(Agency());
    if (item.to().agencies().empty() || OneIn(2)) {
      item.mutable_to()->add_agency_kinds(Value<directory::v1::AgencyKind>(2));
    }
    item.add_purposes(Value<Purpose>(2));
    for (int i = 1 + Below(2); i > 0; --i) item.add_relations(Value<v1::Relation>(3));
    item.add_records(Value<RecordKind>(2));
    const bool denies = OneIn(4);
    for (int i = 1 + Below(3); i > 0; --i) {
      const auto category = Value<Category>(5);
      denies ? item.add_deny(category) : item.add_categories(category);
    }
    if (OneIn(4)) item.add_when(Value<v1::ChildFlag>(2));
    return item;
  }

  v1::Agreement Agreement(int number) {
    v1::Agreement agreement;
    agreement.set_id(absl::StrCat("agreement-", number));
    agreement.set_status(OneIn(6) ? v1::AGREEMENT_STATUS_SUSPENDED : v1::AGREEMENT_STATUS_SIGNED);
    *agreement.mutable_effective_from() = DateToProto(kFirst + Below(60));
    if (OneIn(2)) *agreement.mutable_effective_to() = DateToProto(kLast - Below(60));
    for (int i = 2 + Below(5); i > 0; --i) *agreement.add_items() = Item(i);
    return agreement;
  }

  std::vector<v1::Agreement> Set() {
    std::vector<v1::Agreement> set;
    for (int i = 1 + Below(4); i > 0; --i) set.push_back(Agreement(i));
    return set;
  }

  Question Ask(auth::Principal* caller) {
    caller->agency = Agency();
    caller->agency_kind = Value<directory::v1::AgencyKind>(2);
    caller->role = Value<options::v1::Role>(2);
    Question question;
    question.caller = caller;
    question.purpose = Value<Purpose>(2);
    question.record_kind = Value<RecordKind>(2);
    question.relations = static_cast<std::uint32_t>(Below(8));
    question.child_flags = static_cast<std::uint32_t>(Below(4));
    question.day = kFirst - 30 + Below(425);
    return question;
  }

  std::mt19937_64& engine() { return engine_; }

 private:
  template <typename Enum>
  Enum Value(int count) {
    return static_cast<Enum>(1 + Below(count));
  }
  std::string Agency() { return absl::StrCat("agencies/a", Below(2)); }

  std::mt19937_64 engine_;
};

bool IsSubset(CategorySet a, CategorySet b) { return (a & b) == a; }

CategorySet Granted(const std::vector<v1::Agreement>& set, const Question& question) {
  return CompiledAgreements(set, "v").Decide(question).granted;
}

// --- A plain reading of the schema, without masks or index ------------------------------------

template <typename List, typename T>
bool Lists(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool Covers(const v1::Agreement& agreement, const v1::Item& item, const Question& question) {
  if (agreement.status() != v1::AGREEMENT_STATUS_SIGNED) return false;
  if (question.day < *DateFromProto(agreement.effective_from())) return false;
  if (agreement.has_effective_to() && question.day > *DateFromProto(agreement.effective_to())) {
    return false;
  }
  const auth::Principal& caller = *question.caller;
  if (!Lists(item.to().agencies(), caller.agency) &&
      !Lists(item.to().agency_kinds(), static_cast<int>(caller.agency_kind))) {
    return false;
  }
  const auto holds = [](const auto& bits, std::uint32_t set) {
    return std::any_of(bits.begin(), bits.end(),
                       [set](int bit) { return ((set >> (bit - 1)) & 1) != 0; });
  };
  return Lists(item.to().roles(), static_cast<int>(caller.role)) &&
         Lists(item.purposes(), static_cast<int>(question.purpose)) &&
         Lists(item.records(), static_cast<int>(question.record_kind)) &&
         holds(item.relations(), question.relations) &&
         (item.when().empty() || holds(item.when(), question.child_flags));
}

CategorySet PlainlyGranted(const std::vector<v1::Agreement>& set, const Question& question) {
  CategorySet granted;
  CategorySet denied;
  for (const v1::Agreement& agreement : set) {
    for (const v1::Item& item : agreement.items()) {
      if (!Covers(agreement, item, question)) continue;
      for (const int c : item.categories()) granted.Add(static_cast<Category>(c));
      for (const int c : item.deny()) denied.Add(static_cast<Category>(c));
    }
  }
  return CategorySet(granted.bits() & ~denied.bits());
}

// --- Properties -------------------------------------------------------------------------------

class DecideTest : public testing::Test {
 protected:
  // Calls `check(set, question)` for every case; at least a tenth of them must grant something, or
  // the test would prove nothing.
  template <typename Check>
  void ForEachCase(Check check) {
    SCOPED_TRACE(absl::StrCat("seed ", kSeed));
    int granting = 0;
    for (int i = 0; i < kCases && !HasFailure(); ++i) {
      SCOPED_TRACE(absl::StrCat("case ", i));
      const std::vector<v1::Agreement> set = draw_.Set();
      auth::Principal caller;
      const Question question = draw_.Ask(&caller);
      if (!Granted(set, question).empty()) ++granting;
      check(set, question);
    }
    EXPECT_GT(granting, kCases / 10);
  }

  Draw draw_{kSeed};
};

TEST_F(DecideTest, IsThePlainReading) {
  ForEachCase([](const std::vector<v1::Agreement>& set, const Question& question) {
    ASSERT_EQ(Granted(set, question).bits(), PlainlyGranted(set, question).bits());
  });
}

TEST_F(DecideTest, RemovingWhatGivesNeverWidens) {
  ForEachCase([this](std::vector<v1::Agreement> set, const Question& question) {
    const CategorySet before = Granted(set, question);
    v1::Agreement& agreement =
        set[static_cast<std::size_t>(draw_.Below(static_cast<int>(set.size())))];
    v1::Item& item = *agreement.mutable_items(draw_.Below(agreement.items_size()));
    item.clear_categories();
    ASSERT_TRUE(IsSubset(Granted(set, question), before));
  });
}

TEST_F(DecideTest, AddingADenyNeverWidensAndDenyWins) {
  ForEachCase([this](std::vector<v1::Agreement> set, const Question& question) {
    const CategorySet before = Granted(set, question);
    v1::Agreement added = draw_.Agreement(9);
    for (v1::Item& item : *added.mutable_items()) {
      item.mutable_deny()->MergeFrom(item.categories());
      item.clear_categories();
    }
    set.push_back(added);
    const CategorySet after = Granted(set, question);
    ASSERT_TRUE(IsSubset(after, before));
    for (const v1::Item& item : added.items()) {
      if (!Covers(added, item, question)) continue;
      for (const int c : item.deny()) ASSERT_FALSE(after.Has(static_cast<Category>(c)));
    }
  });
}

TEST_F(DecideTest, OrderOfFilesAndItemsIsOfNoEffect) {
  ForEachCase([this](std::vector<v1::Agreement> set, const Question& question) {
    const CompiledAgreements one(set, "v");
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
  });
}

TEST_F(DecideTest, OutsideItsDatesAnAgreementNeitherGivesNorDenies) {
  ForEachCase([](const std::vector<v1::Agreement>& set, Question question) {
    question.day = kFirst - 1;
    ASSERT_TRUE(Granted(set, question).empty());
    question.day = kLast + 1;
    std::vector<v1::Agreement> open_ended;
    for (const v1::Agreement& agreement : set) {
      if (!agreement.has_effective_to()) open_ended.push_back(agreement);
    }
    ASSERT_EQ(Granted(set, question).bits(), Granted(open_ended, question).bits());
  });
}

TEST_F(DecideTest, EveryGrantedCategoryAndNoOtherNamesARuleThatGivesIt) {
  ForEachCase([](const std::vector<v1::Agreement>& set, const Question& question) {
    const CompiledAgreements compiled(set, "v");
    const Decision decision = compiled.Decide(question);
    for (int c = 0; c < 64; ++c) {
      const absl::string_view name = decision.rules[static_cast<std::size_t>(c)];
      const auto category = static_cast<Category>(c);
      ASSERT_EQ(!name.empty(), decision.granted.Has(category));
      if (name.empty()) continue;
      const auto rule = std::find_if(compiled.rules().begin(), compiled.rules().end(),
                                     [&](const Rule& each) { return each.name == name; });
      ASSERT_NE(rule, compiled.rules().end());
      ASSERT_TRUE(rule->granted.Has(category));
      ASSERT_TRUE(Covers(*rule->agreement, *rule->item, question));
    }
  });
}

TEST(DecideEdgeTest, LastDayIsInForceAndTheNextIsNot) {
  Draw draw(kSeed);
  v1::Agreement agreement = draw.Agreement(1);
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  *agreement.mutable_effective_from() = DateToProto(kFirst);
  *agreement.mutable_effective_to() = DateToProto(kLast);
  agreement.clear_items();
  v1::Item& item = *agreement.add_items();
  item.set_id("one");
  item.mutable_to()->add_roles(options::v1::ROLE_SOCIAL_WORKER);
  item.mutable_to()->add_agencies("agencies/council");
  item.add_purposes(options::v1::PURPOSE_ASSESSMENT);
  item.add_relations(v1::RELATION_OWNER);
  item.add_records(options::v1::RECORD_KIND_CHILD);
  item.add_categories(options::v1::CATEGORY_IDENTITY);
  auth::Principal caller;
  caller.agency = "agencies/council";
  caller.role = options::v1::ROLE_SOCIAL_WORKER;
  Question question;
  question.caller = &caller;
  question.purpose = options::v1::PURPOSE_ASSESSMENT;
  question.record_kind = options::v1::RECORD_KIND_CHILD;
  question.relations = kOwner;
  const auto granted_on = [&](absl::CivilDay day) {
    question.day = day;
    return !Granted({agreement}, question).empty();
  };
  EXPECT_FALSE(granted_on(kFirst - 1));
  EXPECT_TRUE(granted_on(kFirst));
  EXPECT_TRUE(granted_on(kLast));
  EXPECT_FALSE(granted_on(kLast + 1));
}

TEST(DecideEdgeTest, ValuesThatNoRuleCanNameAreGivenNothing) {
  Draw draw(kSeed);
  const CompiledAgreements compiled({draw.Agreement(1)}, "v");
  EXPECT_TRUE(compiled.Decide(Question()).granted.empty());
  auth::Principal caller;
  Question question = draw.Ask(&caller);
  caller.role = static_cast<options::v1::Role>(1 << 20);
  EXPECT_TRUE(compiled.Decide(question).granted.empty());
  caller.role = static_cast<options::v1::Role>(-1);
  EXPECT_TRUE(compiled.Decide(question).granted.empty());
  question.purpose = static_cast<Purpose>(-1);
  question.record_kind = static_cast<RecordKind>(1 << 30);
  EXPECT_TRUE(compiled.Decide(question).granted.empty());
}

}  // namespace
}  // namespace trusthub::policy
