// Non-interference of matching: an agency that registers a child, in whatever spelling, with
// whatever address, is told the same name in both worlds: no secret makes a candidate, no hidden
// address a likeness. And unscheduled care is told the same of the child.
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/two_worlds.h"
#include "trusthub/children/v1/children_service.pb.h"

namespace trusthub::testing {
namespace {

using children::v1::ChildDetails;

constexpr int kTrials = 300;
// A child of whom one world alone knows, and there the police alone.
constexpr int kKnownToThePolice = 700;

struct Registrar {
  const char* worker;
  const char* purpose;
};
const Registrar kRegistrars[] = {{"uphall-lead-01", "education_support"},
                                 {"valentines-lead-01", "education_support"},
                                 {"housing-officer-01", "housing_support"},
                                 {"nhsr-visitor-01", "health_care"},
                                 {"nhsr-gp-01", "health_care"},
                                 {"nelft-camhs-01", "health_care"},
                                 {"bhrut-nurse-01", "unscheduled_care"},
                                 {"whipps-nurse-01", "unscheduled_care"},
                                 {"lbr-screening-01", "screening"},
                                 {"connexions-lead-01", "education_support"}};

// As somebody might describe the child who lives where the placement is hidden, or is adopted by
// then: fewer numbers, other names, other days, the secret address.
ChildDetails Described(int number, std::mt19937& random) {
  ChildDetails details = DetailsOf(number);
  if (random() % 3 != 0) details.clear_nhs_number();
  if (random() % 3 != 0) details.clear_upn();
  if (random() % 2 == 0) details.clear_local_identifier();
  if (random() % 2 == 0) {
    details.mutable_address()->set_lines(0, "12 Quiet Close");
    details.mutable_address()->set_postcode("CM1 1AA");
  }
  auto& name = *details.mutable_person_name();
  switch (random() % 4) {
    case 0:
      name.set_family("Adopter");
      break;
    case 1:
      name.set_given(name.given() + "e");
      break;
    case 2:
      name.set_family("Exampel");
      break;
    default:
      break;
  }
  if (random() % 4 == 0) details.mutable_birth_date()->set_day(1 + static_cast<int>(random() % 28));
  return details;
}

class NonInterferenceOfMatching : public TwoWorlds {
 protected:
  static std::string Register(World& world, const Registrar& registrar, const ChildDetails& details,
                              const std::string& request_id, Canonical& canonical) {
    children::v1::RegisterChildRequest request;
    request.set_request_id(request_id);
    *request.mutable_details() = details;
    return canonical.TextOf(
        Ask(world.cast().At(registrar.worker), request, registrar.purpose, kReference));
  }

  static std::string Check(World& world, const std::string& nhs_number, Canonical& canonical) {
    children::v1::CheckChildRequest request;
    request.set_nhs_number(nhs_number);
    request.set_attendance_id("KGH-1");
    return canonical.TextOf(
        Ask(world.cast().At("bhrut-nurse-01"), request, "unscheduled_care", kReference));
  }
};

TEST_F(NonInterferenceOfMatching, ADescriptionLeadsToTheSameChild) {
  std::vector<std::string> told[2];
  InBoth([&](int which) {
    std::mt19937 random(TestSeed());
    Canonical canonical = NumbersOf(world(which));
    for (int i = 0; i < kTrials; ++i) {
      world(which).hub().WaitForNews(kSettled);
      world(which).hub().clock().Advance(kStep);
      const Registrar& registrar = kRegistrars[random() % std::size(kRegistrars)];
      const int life = static_cast<int>(random() % kChildren);
      const ChildDetails details = Described(life + 1, random);
      told[which].push_back(Register(world(which), registrar, details,
                                     StableUuid(absl::StrCat("matching-", i)), canonical));
      absl::StrAppend(&told[which].back(),
                      Check(world(which), world(which).lives()[life].nhs_number, canonical));
    }
  });
  int known = 0, shown = 0;
  for (int i = 0; i < kTrials; ++i) {
    for (int life = 1; life <= kChildren; ++life) {
      if (told[0][i].find(absl::StrCat("child: \"children/#", life, "\"")) == 0) ++known;
    }
    if (told[0][i] == told[1][i] || ++shown > 5) continue;
    ADD_FAILURE() << "TRUSTHUB_TEST_SEED=" << TestSeed() << ", trial " << i << "\n--- without ---\n"
                  << told[0][i] << "--- with ---\n"
                  << told[1][i];
  }
  std::printf("%d descriptions, %d led to a child that was known\n", kTrials, known);
  EXPECT_GT(known, kTrials / 10);
  EXPECT_LT(known, kTrials) << "some must lead nowhere";
}

// Who registers a child is not told whether the hub knew it, and of a number that only the police
// gave unscheduled care hears what it hears of no number.
TEST_F(NonInterferenceOfMatching, AChildKnownElsewhereIsRegisteredLikeAnother) {
  std::string told[2];
  InBoth([&](int which) {
    Canonical canonical = NumbersOf(world(which));
    const Registrar police = {"met-cait-01", "police_protection"};
    const ChildDetails details = DetailsOf(kKnownToThePolice);
    Canonical of_the_police = canonical;
    if (which == 1) {
      Register(world(1), police, details, RandomUuid(), of_the_police);
      world(1).hub().WaitForNews(kSettled);
    }
    absl::StrAppend(&told[which], Check(world(which), details.nhs_number(), canonical));
    for (const Registrar& registrar : kRegistrars) {
      absl::StrAppend(&told[which], Register(world(which), registrar, details,
                                             StableUuid(registrar.worker), canonical));
    }
    absl::StrAppend(&told[which], Check(world(which), details.nhs_number(), canonical));
  });
  EXPECT_EQ(told[0], told[1]);
}

}  // namespace
}  // namespace trusthub::testing
