// File: seed.h
//
// The seed of tests that draw their inputs.
#ifndef TRUSTHUB_COMMON_TESTING_SEED_H_
#define TRUSTHUB_COMMON_TESTING_SEED_H_

#include <cstdint>

namespace trusthub::testing {

// TRUSTHUB_TEST_SEED, or always the same. Prints it once, so that a failure can be drawn again;
// ends the program when it is no number.
std::uint64_t TestSeed();

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_SEED_H_
