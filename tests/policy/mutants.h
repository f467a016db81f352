// File: mutants.h
//
// Mistakes that people make in agreement files, made on purpose.
#ifndef TRUSTHUB_TESTS_POLICY_MUTANTS_H_
#define TRUSTHUB_TESTS_POLICY_MUTANTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/policy/policy.h"

namespace trusthub::policy {

struct Mutant {
  std::string mistake;  // "unscheduled-care/plan-dates: presenting becomes holding"
  std::vector<AgreementText> texts;
};

// `count` mutants of the set, every sort of mistake in turn, at places drawn from `seed`. The files
// must load.
std::vector<Mutant> MakeMutants(const std::vector<AgreementText>& texts, std::uint64_t seed,
                                int count);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_TESTS_POLICY_MUTANTS_H_
