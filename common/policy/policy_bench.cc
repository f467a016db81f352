// Time of a decision and of an answer's copy, printed. Run it on an optimised build.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <vector>

#include "common/policy/policy.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::policy {
namespace {

// Nanoseconds of one call of `work`: the median of 15 rounds, so that other work on the machine has
// little say.
double NanosOf(int times, const std::function<void()>& work) {
  constexpr int kRounds = 15;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    rounds.push_back(taken.count() / times);
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

void BenchDecide(const Agreements& agreements) {
  auth::Principal caller;
  caller.agency = "agencies/redbridge-council";
  caller.agency_kind = directory::v1::AGENCY_KIND_COUNCIL;
  Question question;
  question.caller = &caller;
  question.relations = kResponsible | kOwner;
  question.day = absl::CivilDay(2010, 3, 16);
  std::uint64_t sum = 0;
  double slowest = 0;
  for (int role = 1; role < options::v1::Role_ARRAYSIZE; ++role) {
    for (int kind = 1; kind < options::v1::RecordKind_ARRAYSIZE; ++kind) {
      caller.role = static_cast<options::v1::Role>(role);
      question.record_kind = static_cast<RecordKind>(kind);
      question.purpose = options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY;
      slowest = std::max(slowest,
                         NanosOf(500, [&] { sum += agreements.Decide(question).granted.bits(); }));
    }
  }
  caller.role = options::v1::ROLE_SOCIAL_WORKER;
  question.record_kind = options::v1::RECORD_KIND_ENQUIRY;
  const double usual = NanosOf(20'000, [&] { sum += agreements.Decide(question).granted.bits(); });
  std::printf("decide: %.0f ns, slowest of all roles and records %.0f ns (%llu)\n", usual, slowest,
              static_cast<unsigned long long>(sum));
}

referrals::v1::GetReferralResponse FullReferral(int* populated) {
  referrals::v1::GetReferralResponse response;
  auto& referral = *response.mutable_referral();
  const auto* reflection = referral.GetReflection();
  const auto* descriptor = referral.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    using Field = google::protobuf::FieldDescriptor;
    if (field->cpp_type() == Field::CPPTYPE_STRING) {
      reflection->SetString(&referral, field, "a text of some forty characters, as usual");
    } else if (field->cpp_type() == Field::CPPTYPE_BOOL) {
      reflection->SetBool(&referral, field, true);
    } else if (field->cpp_type() == Field::CPPTYPE_ENUM) {
      reflection->SetEnumValue(&referral, field, 1);
    } else if (field->cpp_type() == Field::CPPTYPE_MESSAGE) {
      reflection->MutableMessage(&referral, field);
    }
  }
  *populated = descriptor->field_count() + 1;
  return response;
}

void BenchBuild() {
  int populated = 0;
  const referrals::v1::GetReferralResponse full = FullReferral(&populated);
  const auto plan = CompileGrantPlan(full.GetDescriptor());
  CategorySet all;
  for (int c = 1; c < options::v1::Category_ARRAYSIZE; ++c) all.Add(static_cast<Category>(c));
  CategorySet school = all;
  school.Remove(options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
  for (const CategorySet granted : {all, school}) {
    const double nanos = NanosOf(20'000, [&] {
      referrals::v1::GetReferralResponse out;
      (*plan)->Build(
          full, granted, [granted](const RecordFacts&) { return granted; }, &out);
    });
    std::printf("build, %s: %.0f ns for %d populated fields, %.0f ns a field\n",
                granted == all ? "everything granted" : "one category withheld", nanos, populated,
                nanos / populated);
  }
}

}  // namespace
}  // namespace trusthub::policy

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: policy_bench AGREEMENTS_FOLDER\n");
    return 2;
  }
  const auto agreements = trusthub::policy::LoadAgreements(argv[1]);
  if (!agreements.ok()) {
    std::fprintf(stderr, "%s\n", agreements.status().ToString().c_str());
    return 1;
  }
  trusthub::policy::BenchDecide(**agreements);
  trusthub::policy::BenchBuild();
  return 0;
}
