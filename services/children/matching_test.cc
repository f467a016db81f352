// Names, likeness and the matching rules, on the borough's own data file.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/paths.h"
#include "common/testing/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/blocking.h"
#include "services/children/likeness.h"
#include "services/children/matching_rules.h"
#include "services/children/names.h"

namespace trusthub::children {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string RulesPath() { return testing::SourcePath("deploy/config/redbridge/matching.yaml"); }

const MatchingRules& Rules() {
  static const MatchingRules& rules = *new MatchingRules(*LoadMatchingRules(RulesPath()));
  return rules;
}

Description Describe(absl::string_view given, absl::string_view family, absl::string_view birth,
                     v1::Sex sex, absl::string_view postcode) {
  Description d;
  d.name.set_given(std::string(given));
  d.name.set_family(std::string(family));
  int year = 0, month = 0, day = 0;
  sscanf(std::string(birth).c_str(), "%d-%d-%d", &year, &month, &day);
  d.birth_date.set_year(year);
  d.birth_date.set_month(month);
  d.birth_date.set_day(day);
  d.sex = sex;
  d.postcode = std::string(postcode);
  return d;
}

TEST(NamesTest, WordsAreLowerCaseWithoutMarks) {
  EXPECT_THAT(WordsOf("Aïsha-Noor  O'Brien"), ElementsAre("aisha", "noor", "obrien"));
  EXPECT_THAT(WordsOf("Łukasz Świątek"), ElementsAre("lukasz", "swiatek"));
  EXPECT_THAT(WordsOf("Şöför"), ElementsAre("sofor"));
  EXPECT_THAT(WordsOf(" -. "), IsEmpty());
  EXPECT_THAT(WordsOf(""), IsEmpty());
  EXPECT_THAT(WordsOf("আয়েশা"), ElementsAre("আয়েশা"));  // kept, compared as it is
}

TEST(NamesTest, SpellingsOfOneNameSoundAlike) {
  const std::vector<std::vector<std::string>> names = {
      {"ayesha", "aisha", "aysha", "aishah", "aayesha"},
      {"khan", "kahn", "khaan"},
      {"muhammad", "muhamad", "mohammad", "mohamad"},
      {"chowdhury", "choudhury"},
      {"hussain", "husain"},
      {"yousuf", "yusuf", "yusoof"},
      {"zaynab", "zainab", "zeinab"},
      {"ameena", "amina"},
      {"smith", "smyth"},
      {"shaikh", "sheikh"},
      {"iqbal", "ikbal"},
      {"lakshmi", "laxmi"},
      {"ravi", "rawi"},
  };
  for (const auto& group : names) {
    for (const std::string& name : group) EXPECT_EQ(SoundOf(name), SoundOf(group[0])) << name;
  }
}

TEST(NamesTest, SkeletonsAreCoarser) {
  EXPECT_EQ(SkeletonOf("chowdhury"), SkeletonOf("chaudhry"));
  EXPECT_EQ(SkeletonOf("fatima"), SkeletonOf("fatma"));
  EXPECT_EQ(SkeletonOf("mohammed"), SkeletonOf("muhammad"));
  EXPECT_EQ(SkeletonOf("kowalski"), SkeletonOf("kowalska"));
  EXPECT_NE(SkeletonOf("khan"), SkeletonOf("ali"));
}

TEST(NamesTest, FinalAIsADifferentName) {
  EXPECT_LT(WordLikeness("amin", "amina"), 0.85);
  EXPECT_LT(WordLikeness("ali", "alia"), 0.85);
  EXPECT_GT(WordLikeness("fatima", "fatma"), 0.9);
}

struct Pair {
  const char* what;
  Description a, b;
  bool linked;
};

class PairTest : public ::testing::TestWithParam<Pair> {};

TEST_P(PairTest, IsLinkedOrNot) {
  const Pair& pair = GetParam();
  const int score = Likeness(Rules(), pair.a, pair.b);
  EXPECT_EQ(score >= Rules().threshold, pair.linked) << pair.what << ": " << score;
  EXPECT_EQ(score, Likeness(Rules(), pair.b, pair.a)) << pair.what;
}

constexpr v1::Sex F = v1::SEX_FEMALE;
constexpr v1::Sex M = v1::SEX_MALE;
constexpr v1::Sex U = v1::SEX_UNKNOWN;

INSTANTIATE_TEST_SUITE_P(
    Pairs, PairTest,
    ::testing::ValuesIn(std::vector<Pair>{
        {"the same in every point", Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"), true},
        {"spelling variants of both names", Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Aisha", "Kahn", "2001-05-14", F, "IG1 1DD"), true},
        {"variants, and the police know no postcode",
         Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Aysha", "Khan", "2001-05-14", F, ""), true},
        {"a second given name", Describe("Ayesha Noor", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Aisha", "Khan", "2001-05-14", F, "IG1 2AB"), true},
        {"Mohammed in another spelling, same district",
         Describe("Mohammed", "Hussain", "1998-11-02", M, "IG3 8XJ"),
         Describe("Muhammad", "Hussein", "1998-11-02", M, "IG3 9AA"), true},
        {"day and month exchanged", Describe("Zaynab", "Chowdhury", "2002-03-07", F, "IG1 4TG"),
         Describe("Zainab", "Choudhury", "2002-07-03", F, "IG1 4TG"), true},
        {"one digit of the birth date wrong",
         Describe("Tomasz", "Kowalski", "2000-08-21", M, "IG6 2LH"),
         Describe("Tomasz", "Kowalski", "2000-08-27", M, "IG6 2LH"), true},
        {"day unknown", Describe("Abdi", "Warsame", "1999-01-00", M, "IG1 2FG"),
         Describe("Cabdi", "Warsame", "1999-01-15", M, "IG1 2FG"), true},
        {"names exchanged", Describe("Nila", "Sivakumar", "2003-09-30", F, "IG2 6NP"),
         Describe("Sivakumar", "Nila", "2003-09-30", F, "IG2 6NP"), true},
        {"letters swapped by a typist",
         Describe("Charlotte", "Bennett", "2001-12-01", F, "IG8 0QF"),
         Describe("Chralotte", "Bennett", "2001-12-01", F, "IG8 0QF"), true},
        {"marks on letters", Describe("Łucja", "Wójcik", "2004-02-11", F, "IG5 0HE"),
         Describe("Lucja", "Wojcik", "2004-02-11", F, "IG5 0HE"), true},
        {"sex not known to one", Describe("Riley", "Turner", "2002-06-06", U, "E18 1BD"),
         Describe("Riley", "Turner", "2002-06-06", M, "E18 1BD"), true},
        {"moved to another district, a rare name",
         Describe("Thivya", "Nadarajah", "2001-04-04", F, "IG1 1DD"),
         Describe("Thivya", "Nadarajah", "2001-04-04", F, "E11 2AA"), true},

        {"moved to another district, a common name",
         Describe("Mohammed", "Khan", "2001-05-14", M, "IG1 1DD"),
         Describe("Mohammed", "Khan", "2001-05-14", M, "E11 2AA"), false},
        {"twins with names that sound alike",
         Describe("Hassan", "Ahmed", "2003-10-10", M, "IG1 3BG"),
         Describe("Hussain", "Ahmed", "2003-10-10", M, "IG1 3BG"), false},
        {"twins who share two given names",
         Describe("Mohammed Ali Hassan", "Shah", "2003-10-10", M, "IG1 3BG"),
         Describe("Mohammed Ali Hussain", "Shah", "2003-10-10", M, "IG1 3BG"), false},
        {"twin sisters Amina and Amira", Describe("Amina", "Begum", "2003-10-10", F, "IG1 3BG"),
         Describe("Amira", "Begum", "2003-10-10", F, "IG1 3BG"), false},
        {"twin sisters Sara and Zara", Describe("Sara", "Malik", "2003-10-10", F, "IG1 3BG"),
         Describe("Zara", "Malik", "2003-10-10", F, "IG1 3BG"), false},
        {"twins of either sex", Describe("Amin", "Malik", "2003-10-10", M, "IG1 3BG"),
         Describe("Amina", "Malik", "2003-10-10", F, "IG1 3BG"), false},
        {"brothers who are both called Mohammed",
         Describe("Mohammed Bilal", "Khan", "2000-01-05", M, "IG1 1DD"),
         Describe("Mohammed Yusuf", "Khan", "2000-01-05", M, "IG1 1DD"), false},
        {"Mohammed alone beside Mohammed Bilal",
         Describe("Mohammed", "Khan", "2000-01-05", M, "IG1 1DD"),
         Describe("Mohammed Bilal", "Khan", "2000-01-05", M, "IG1 1DD"), false},
        {"sisters, a year apart", Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Maryam", "Khan", "2002-06-20", F, "IG1 1DD"), false},
        {"same name and address, another birth date",
         Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Ayesha", "Khan", "2004-11-29", F, "IG1 1DD"), false},
        {"neighbours born the same day", Describe("Oliver", "Green", "2001-05-14", M, "IG1 1DD"),
         Describe("Hamza", "Malik", "2001-05-14", M, "IG1 1DD"), false},
        {"one digit wrong and no postcode", Describe("Ayesha", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("Ayesha", "Khan", "2001-05-15", F, ""), false},
        {"only the year known", Describe("Abdi", "Warsame", "1999-00-00", M, ""),
         Describe("Abdi", "Warsame", "1999-01-15", M, "IG1 2FG"), false},
        {"no given name", Describe("", "Khan", "2001-05-14", F, "IG1 1DD"),
         Describe("", "Khan", "2001-05-14", F, "IG1 1DD"), false},
        {"no fixed abode is no common address",
         Describe("Mohammed", "Ali", "2001-05-14", M, "ZZ99 3VZ"),
         Describe("Muhammad", "Alvi", "2001-05-14", M, "ZZ99 3VZ"), false},
    }));

// Names that nobody bears, names with marks, many words: likeness stays symmetric and in range, and
// nobody is less than 0 or a stranger to themselves.
TEST(LikenessTest, IsSymmetricAndInRange) {
  std::mt19937 random(static_cast<unsigned>(testing::TestSeed()));
  const std::vector<std::string> words = {
      "Mohammed", "Hassan", "Husain", "Ayesha", "Aisha", "Łucja", "Khan", "Kahn",  "O'Neil",
      "x",        "",       "আয়েশা",  "Begum",  "Ali",   "Alia",  "\xC5", "Bilal", "Zz"};
  const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
  const auto name = [&] {
    std::string text;
    for (auto i = random() % 9; i > 0; --i) absl::StrAppend(&text, pick(words), " ");
    return text;
  };
  const std::vector<std::string> births = {"2001-05-14", "2001-05-00", "2001-00-00",
                                           "2001-05-15", "2005-01-14", "2001-05-05"};
  const std::vector<std::string> postcodes = {"", "IG1 1DD", "IG1 2AB", "E11 2AA", "ZZ99 3VZ"};
  const std::vector<v1::Sex> sexes = {F, M, U};
  for (int i = 0; i < 800; ++i) {
    const Description a = Describe(name(), name(), pick(births), pick(sexes), pick(postcodes));
    const Description b = Describe(name(), name(), pick(births), pick(sexes), pick(postcodes));
    const int score = Likeness(Rules(), a, b);
    ASSERT_EQ(score, Likeness(Rules(), b, a)) << a.name.given() << "| " << b.name.given();
    ASSERT_GE(score, 0);
    ASSERT_LE(score, 100);
    ASSERT_GE(Likeness(Rules(), a, a), score >= 85 ? 50 : 0);
  }
}

// --- Blocks -------------------------------------------------------------------------------------

bool ShareABlock(const Description& a, const Description& b) {
  const std::vector<std::string> of_a = BlockingKeys(Rules(), a);
  for (const std::string& key : BlockingKeys(Rules(), b)) {
    if (std::binary_search(of_a.begin(), of_a.end(), key)) return true;
  }
  return false;
}

TEST(BlockingTest, EverySlipThatMayBeLinkedKeepsABlock) {
  const Description child = Describe("Ayesha", "Chowdhury", "2001-05-12", F, "IG1 1DD");
  for (const auto& [given, family, birth, postcode] :
       std::vector<std::array<const char*, 4>>{{"Aisha", "Choudhry", "2001-05-12", ""},
                                               {"Chowdhury", "Ayesha", "2001-05-12", "E11 2AA"},
                                               {"Ayesha", "Chowdhury", "2001-12-05", "IG1 2AB"},
                                               {"Ash", "Chowdhury", "2001-12-05", "IG1 2AB"},
                                               {"Ash", "Chowdhury", "2001-05-17", "IG1 1DD"},
                                               {"Ash", "Chowdhury", "2001-06-12", "IG1 1DD"},
                                               {"Ash", "Chowdhury", "2007-05-12", "IG1 1DD"},
                                               {"Chowdhury", "Ayesha", "2001-05-17", "IG1 1DD"},
                                               {"Chowdhury", "Ayesha", "2001-06-12", "IG1 1DD"},
                                               {"Chowdhury", "Ayesha", "2007-05-12", "IG1 1DD"},
                                               {"Ash", "Chowdhury", "2001-05-00", "IG1 1DD"},
                                               {"Ayesha", "Chowdhury", "2001-00-00", "IG1 1DD"},
                                               {"Ash", "Smith", "2001-05-12", "IG1 2AB"}}) {
    EXPECT_TRUE(ShareABlock(child, Describe(given, family, birth, U, postcode)))
        << given << " " << family << " " << birth;
  }
  EXPECT_FALSE(ShareABlock(child, Describe("Zara", "Malik", "2001-05-12", F, "E11 2AA")));
  EXPECT_FALSE(ShareABlock(child, Describe("Ayesha", "Chowdhury", "1999-11-30", F, "IG1 1DD")))
      << "a block that all who bear a name share grows with the population";
}

TEST(LikenessTest, PreferredNameCounts) {
  Description a = Describe("Mohammed Zubair", "Qureshi", "2001-05-14", M, "IG1 1DD");
  const Description b = Describe("Zack", "Qureshi", "2001-05-14", M, "IG1 1DD");
  EXPECT_LT(Likeness(Rules(), a, b), Rules().threshold);
  a.name.set_preferred("Zack");
  EXPECT_GE(Likeness(Rules(), a, b), Rules().threshold);
}

class RulesFileTest : public ::testing::Test {
 protected:
  RulesFileTest() {
    std::string pattern = ::testing::TempDir() + "matching_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::ifstream file(RulesPath());
    good_.assign(std::istreambuf_iterator<char>(file), {});
  }
  ~RulesFileTest() override {
    std::remove(Path().c_str());
    rmdir(folder_.c_str());
  }
  std::string Path() const { return folder_ + "/matching.yaml"; }
  // The message of loading the borough's file with `from` replaced by `to`.
  std::string ErrorWith(absl::string_view from, absl::string_view to) {
    EXPECT_THAT(good_, HasSubstr(std::string(from)));
    std::ofstream(Path()) << absl::StrReplaceAll(good_, {{from, to}});
    const auto rules = LoadMatchingRules(Path());
    return rules.ok() ? "no error" : std::string(rules.status().message());
  }

  std::string folder_;
  std::string good_;
};

TEST_F(RulesFileTest, TheBoroughsFileIsGood) {
  EXPECT_EQ(Rules().threshold, 85);
  EXPECT_EQ(Rules().StandingSpelling("aysha"), "aisha");
  EXPECT_EQ(Rules().StandingSpelling("unheardof"), "unheardof");
}

TEST_F(RulesFileTest, BadFilesAreRefusedWithPlaceAndReason) {
  EXPECT_THAT(ErrorWith("given: 30", "given: 31"), HasSubstr("101, not 100"));
  EXPECT_THAT(ErrorWith("threshold: 85", "threshold: 101"), HasSubstr("between 1 and 100"));
  EXPECT_THAT(ErrorWith("threshold: 85", "threshold: 75"), HasSubstr("must be above 75"));
  EXPECT_THAT(ErrorWith("swapped: 17", "swapped: 26"), HasSubstr("between 0 and 25"));
  EXPECT_THAT(ErrorWith("margin: 5", "margins: 5"), HasSubstr("matching.yaml"));
  EXPECT_THAT(ErrorWith("[khan, kahn,", "[khan, aisha,"), HasSubstr("twice"));
  EXPECT_THAT(ErrorWith("[khan, kahn,", "[Khan, kahn,"), HasSubstr("lower case"));
  EXPECT_THAT(ErrorWith("common_names: [muhammad", "common_names: [mohammed"),
              HasSubstr("first spelling"));
}

}  // namespace
}  // namespace trusthub::children
