#include "tests/simulator/population.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "common/identifiers/identifiers.h"
#include "common/time/civil_date.h"
#include "google/protobuf/util/json_util.h"
#include "tests/simulator/communities.h"
#include "tests/simulator/random.h"

namespace trusthub::simulator {
namespace {

using children::v1::ChildDetails;

// Children aged so and older are pupils.
constexpr int kSchoolAge = 5;
constexpr int kSecondaryAge = 11;
constexpr int kConnexionsAge = 13;

// A child as the world knows it, with every identifier.
struct Child {
  int number;
  int age;
  ChildDetails truth;
};

// Gives out numbers in order, each once.
class Numbers {
 public:
  std::string NextNhsNumber() {
    for (;; ++nhs_) {
      for (char check = '0'; check <= '9'; ++check) {
        std::string number = absl::StrCat(nhs_, std::string(1, check));
        if (identifiers::IsNhsNumber(number)) {
          nhs_ += 7;
          return number;
        }
      }
    }
  }
  // Schools take a thousand pupils each: `first_school` and those numbered after it.
  std::string NextUpn(int first_school, int year) {
    ++upn_;
    const std::string rest =
        absl::StrFormat("317%04d%02d%03d", first_school + upn_ / 1000, year % 100, upn_ % 1000);
    return absl::StrCat(std::string(1, identifiers::UpnCheckLetter(rest)), rest);
  }
  std::string NextLocal(absl::string_view prefix) { return absl::StrCat(prefix, "-", ++local_); }

 private:
  std::int64_t nhs_ = 999010000;  // nine digits; the scenarios' own numbers lie below
  int upn_ = 99;                  // the scenarios' own serials lie below
  int local_ = 10000;
};

const Community& PickCommunity(Random& random) {
  int place = random.Below(100);
  for (const Community& community : Communities()) {
    if (place < community.share) return community;
    place -= community.share;
  }
  return Communities().back();
}

types::v1::Address MakeAddress(Random& random) {
  static constexpr absl::string_view kInward = "ABDEFGHJLNPQRSTUWXYZ";
  types::v1::Address address;
  // One draw a statement, here and below: compilers differ in the order of arguments.
  const absl::string_view street = random.Pick(Streets());
  address.add_lines(absl::StrCat(random.Between(1, 240), " ", street));
  address.add_lines("Ilford");
  const absl::string_view district = random.Pick(Districts());
  const int sector = random.Between(1, 9);
  const char first = random.Pick(kInward);
  const char second = random.Pick(kInward);
  address.set_postcode(absl::StrFormat("%s %d%c%c", district, sector, first, second));
  return address;
}

ChildDetails MakeTruth(const Community& community, absl::string_view family_name,
                       const types::v1::Address& address, absl::CivilDay born, Random& random) {
  ChildDetails truth;
  const bool girl = random.Percent(50);
  truth.set_sex(girl ? children::v1::SEX_FEMALE : children::v1::SEX_MALE);
  truth.mutable_person_name()->set_given(
      std::string(random.Pick(girl ? community.girls : community.boys)));
  truth.mutable_person_name()->set_family(std::string(family_name));
  *truth.mutable_birth_date() = DateToProto(born);
  truth.set_ethnicity(std::string(community.ethnicity));
  truth.set_first_language(std::string(community.language));
  *truth.mutable_address() = address;
  return truth;
}

void GiveIdentifiers(int age, Numbers& numbers, ChildDetails* truth) {
  truth->set_nhs_number(numbers.NextNhsNumber());
  if (age < kSchoolAge) return;
  const bool secondary = age >= kSecondaryAge;
  truth->set_upn(numbers.NextUpn(secondary ? 4002 : 2001, truth->birth_date().year() + kSchoolAge));
}

// Brothers and sisters of one address and family name. None shares a given name with another.
std::vector<Child> MakeFamily(const PopulationOptions& options, int first_number, int most,
                              Random& random, Numbers& numbers) {
  const Community& community = PickCommunity(random);
  const absl::string_view family_name = random.Pick(community.families);
  const types::v1::Address address = MakeAddress(random);
  const int size = std::min(most, random.Between(1, 4));
  std::vector<Child> family;
  const int day = random.Between(1, 28);
  const int month = random.Between(1, 12);
  absl::CivilDay born(options.year - random.Between(1, 17), month, day);
  while (static_cast<int>(family.size()) < size) {
    ChildDetails truth = MakeTruth(community, family_name, address, born, random);
    const bool name_taken = std::any_of(family.begin(), family.end(), [&](const Child& c) {
      return c.truth.person_name().given() == truth.person_name().given();
    });
    if (name_taken) continue;
    const int age = options.year - 1 - born.year();
    GiveIdentifiers(age, numbers, &truth);
    family.push_back({first_number + static_cast<int>(family.size()), age, std::move(truth)});
    if (random.Percent(5)) continue;  // a twin comes next
    const int next_day = random.Between(1, 28);
    born = absl::CivilDay(born.year(), born.month() + random.Between(11, 40), next_day);
    if (born.year() >= options.year) break;
  }
  return family;
}

std::string Misspelt(std::string word, Random& random) {
  if (word.size() < 5) return word;
  const auto i = static_cast<std::size_t>(random.Between(1, static_cast<int>(word.size()) - 3));
  // Only letters of one byte can be exchanged.
  if ((word[i] & 0x80) == 0 && (word[i + 1] & 0x80) == 0) std::swap(word[i], word[i + 1]);
  return word;
}

std::string Respelt(absl::string_view name, Random& random) {
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(name, ' ')) {
    const auto& others = OtherSpellings(word);
    words.push_back(others.empty() ? std::string(word) : std::string(random.Pick(others)));
  }
  return absl::StrJoin(words, " ");
}

// What a second agency wrote down: other spellings, and now and then a slip or a gap.
void Vary(Random& random, ChildDetails* details) {
  types::v1::PersonName& name = *details->mutable_person_name();
  if (random.Percent(70)) name.set_given(Respelt(name.given(), random));
  if (random.Percent(50)) name.set_family(Respelt(name.family(), random));
  types::v1::Date& birth = *details->mutable_birth_date();
  const int slip = random.Below(100);
  if (slip < 6 && birth.day() <= 12) {
    const int day = birth.day();
    birth.set_day(birth.month());
    birth.set_month(day);
  } else if (slip < 10) {
    name.set_given(Misspelt(name.given(), random));
  } else if (slip < 13) {
    std::swap(*name.mutable_given(), *name.mutable_family());
  } else if (slip < 16) {
    const absl::CivilDay next(birth.year(), birth.month(), birth.day() + 1);
    const bool back = birth.day() % 10 == 9 || next.month() != birth.month();
    birth.set_day(back ? birth.day() - 1 : birth.day() + 1);
  } else if (slip < 19) {
    details->set_sex(children::v1::SEX_UNKNOWN);
  }
  if (random.Percent(15)) details->clear_address();
}

// A row of `agency`, which knows the identifiers that it would know.
Row RowOf(const Child& child, absl::string_view agency, absl::string_view prefix, bool nhs_number,
          bool upn, Numbers& numbers) {
  Row row{child.number, absl::StrCat("agencies/", agency), child.truth};
  if (!nhs_number) row.details.clear_nhs_number();
  if (!upn) row.details.clear_upn();
  row.details.set_local_identifier(numbers.NextLocal(prefix));
  return row;
}

Row MainRow(const Child& child, Numbers& numbers) {
  if (child.age < kSchoolAge) return RowOf(child, "nhs-redbridge", "HV", true, false, numbers);
  return child.age < kSecondaryAge ? RowOf(child, "uphall-primary", "UP", false, true, numbers)
                                   : RowOf(child, "valentines-high", "VH", false, true, numbers);
}

Row OtherRow(const Child& child, int which, Random& random, Numbers& numbers) {
  Row row;
  switch (which) {
    case 0:
      row = RowOf(child, "met-police", "MERLIN", false, false, numbers);
      break;
    case 1: {
      const bool knows_upn = random.Percent(40);
      const bool knows_nhs_number = random.Percent(40);
      row = RowOf(child, "redbridge-council", "ICS", knows_nhs_number, knows_upn, numbers);
      break;
    }
    case 2:
      row = RowOf(child, "redbridge-housing", "RH", false, false, numbers);
      break;
    case 3:
      row = RowOf(child, "bhrut", "KGH", true, false, numbers);
      break;
    default:
      row = child.age >= kConnexionsAge
                ? RowOf(child, "connexions-redbridge", "CX", false, true, numbers)
                : RowOf(child, "nelft", "NEL", true, false, numbers);
      break;
  }
  Vary(random, &row.details);
  return row;
}

}  // namespace

std::vector<Row> MakePopulation(const PopulationOptions& options) {
  Random random(options.seed);
  Numbers numbers;
  std::vector<Row> rows;
  int made = 0;
  while (made < options.children) {
    for (const Child& child :
         MakeFamily(options, made + 1, options.children - made, random, numbers)) {
      ++made;
      rows.push_back(MainRow(child, numbers));
      const int others = random.Percent(35) ? (random.Percent(25) ? 2 : 1) : 0;
      const int first = random.Below(5);
      for (int i = 0; i < others; ++i) {
        rows.push_back(OtherRow(child, (first + i) % 5, random, numbers));
      }
    }
  }
  return rows;
}

std::string ToJsonLine(const Row& row) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string details;
  const auto status = google::protobuf::util::MessageToJsonString(row.details, &details, options);
  if (!status.ok()) std::abort();  // a message of strings and numbers always prints
  return absl::StrCat("{\"child\":", row.child, ",\"agency\":\"", row.agency,
                      "\",\"details\":", details, "}");
}

}  // namespace trusthub::simulator
