// File: random.h
//
// A small generator whose sequence is the same on every machine and library: the standard
// distributions are not.
#ifndef TRUSTHUB_TESTS_SIMULATOR_RANDOM_H_
#define TRUSTHUB_TESTS_SIMULATOR_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace trusthub::simulator {

// SplitMix64. Not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // 0 to bound - 1.
  int Below(int bound) { return static_cast<int>(Next() % static_cast<std::uint64_t>(bound)); }
  // least to most.
  int Between(int least, int most) { return least + Below(most - least + 1); }
  bool Percent(int chance) { return Below(100) < chance; }
  template <class Container>
  const auto& Pick(const Container& from) {
    return from[static_cast<std::size_t>(Below(static_cast<int>(from.size())))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace trusthub::simulator

#endif  // TRUSTHUB_TESTS_SIMULATOR_RANDOM_H_
