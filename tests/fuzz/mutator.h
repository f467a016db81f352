// File: mutator.h
//
// The two functions of libFuzzer for targets that change their inputs themselves. A target may
// define the first; replay.cc then uses it too, and brings the second where libFuzzer does not.
#ifndef TRUSTHUB_TESTS_FUZZ_MUTATOR_H_
#define TRUSTHUB_TESTS_FUZZ_MUTATOR_H_

#include <cstddef>
#include <cstdint>

// Changes the `size` bytes of `data` in place, to at most `size_max`; gives the new size. The same
// seed makes the same change.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed);

// Changes bytes that mean nothing to it.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

#endif  // TRUSTHUB_TESTS_FUZZ_MUTATOR_H_
