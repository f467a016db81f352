#include "deploy/hubctl/story/cast.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/crypto/crypto.h"
#include "common/identifiers/identifiers.h"

namespace trusthub::story {
namespace {

// A name and how somebody else wrote it down (groups of matching.yaml).
struct Spelling {
  const char* name;
  const char* variant;
};
constexpr Spelling kGirls[] = {
    {"Zainab", "Zaynab"},  {"Khadija", "Khadijah"}, {"Halima", "Haleema"}, {"Sumaya", "Sumaiya"},
    {"Nasreen", "Nasrin"}, {"Safiya", "Safia"},     {"Zahra", "Zara"},     {"Amira", "Ameera"},
    {"Amina", "Aminah"},   {"Sana", "Sanaa"}};
constexpr Spelling kFamilies[] = {{"Mahmood", "Mehmood"},
                                  {"Qureshi", "Quraishi"},
                                  {"Sheikh", "Shaikh"},
                                  {"Akhtar", "Akther"},
                                  {"Khan", "Kahn"}};
constexpr const char* kBoys[] = {"Bilal", "Hamza", "Imran", "Yusuf", "Usman", "Ibrahim"};
constexpr const char* kStreets[] = {"Valentines Way", "Mayfair Road", "Barley Lane",
                                    "Wanstead Park Rd"};

// Choices that follow from a seed alone.
class Choices {
 public:
  explicit Choices(absl::string_view seed) : seed_(seed) {}
  // From 0 to `below` - 1.
  int Below(int below) {
    const std::string digest = crypto::Sha256(absl::StrCat("cast ", seed_, " ", next_++));
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(digest[i]);
    return static_cast<int>(number % static_cast<std::uint64_t>(below));
  }
  template <class T, std::size_t kSize>
  const T& Of(const T (&list)[kSize]) {
    return list[Below(static_cast<int>(kSize))];
  }

 private:
  const std::string seed_;
  int next_ = 0;
};

std::string NhsNumber(Choices& choose) {
  for (;;) {
    const std::string nine = absl::StrFormat("999%06d", 200000 + choose.Below(800000));
    for (char check = '0'; check <= '9'; ++check) {
      if (identifiers::IsNhsNumber(nine + check)) return nine + check;
    }
  }
}

// A pupil who started at a Redbridge school in 2006.
std::string Upn(Choices& choose) {
  const std::string rest =
      absl::StrFormat("3172%03d06%03d", choose.Below(1000), choose.Below(1000));
  return identifiers::UpnCheckLetter(rest) + rest;
}

void SetDate(int year, int month, int day, types::v1::Date* date) {
  date->set_year(year);
  date->set_month(month);
  date->set_day(day);
}

}  // namespace

Cast CastOf(absl::string_view seed) {
  Choices choose(seed);
  const Spelling& given = choose.Of(kGirls);
  const Spelling& family = choose.Of(kFamilies);
  types::v1::Address address;
  address.add_lines(absl::StrCat(1 + choose.Below(240), " ", choose.Of(kStreets)));
  address.add_lines("Ilford");
  constexpr absl::string_view kLetters = "ABDEFGHJLNPQRSTUWXYZ";
  const int letters = static_cast<int>(kLetters.size());
  address.set_postcode(absl::StrFormat("IG%d %d%c%c", 1 + choose.Below(6), 1 + choose.Below(9),
                                       kLetters[choose.Below(letters)],
                                       kLetters[choose.Below(letters)]));

  Cast cast;
  children::v1::ChildDetails& school = cast.at_school;
  school.mutable_person_name()->set_given(given.name);
  school.mutable_person_name()->set_family(family.name);
  SetDate(2001 + choose.Below(2), 1 + choose.Below(12), 1 + choose.Below(28),
          school.mutable_birth_date());
  school.set_sex(children::v1::SEX_FEMALE);
  school.set_upn(Upn(choose));
  school.set_ethnicity("APKN");
  school.set_first_language("ur");
  *school.mutable_address() = address;

  cast.at_police = school;
  cast.at_police.mutable_person_name()->set_given(given.variant);
  cast.at_police.mutable_person_name()->set_family(family.variant);
  cast.at_police.clear_upn();
  cast.at_police.clear_ethnicity();
  cast.at_police.clear_first_language();
  cast.at_police.set_local_identifier(absl::StrFormat("MERLIN-%06d", choose.Below(1000000)));

  cast.at_health = school;
  cast.at_health.clear_upn();
  cast.at_health.set_nhs_number(NhsNumber(choose));

  cast.brother = cast.at_health;
  cast.brother.mutable_person_name()->set_given(choose.Of(kBoys));
  cast.brother.set_sex(children::v1::SEX_MALE);
  SetDate(2007, 1 + choose.Below(12), 1 + choose.Below(28), cast.brother.mutable_birth_date());
  cast.brother.set_nhs_number(NhsNumber(choose));
  return cast;
}

std::string WithWrongCheckDigit(absl::string_view nhs_number) {
  std::string wrong(nhs_number);
  wrong.back() = wrong.back() == '9' ? '0' : static_cast<char>(wrong.back() + 1);
  return wrong;
}

}  // namespace trusthub::story
