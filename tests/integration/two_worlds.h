// File: two_worlds.h
//
// The fixture of the tests of non-interference: two worlds (worlds.h), made once a program, and who
// works in them. What is done in one is done in the other as well.
#ifndef TRUSTHUB_TESTS_INTEGRATION_TWO_WORLDS_H_
#define TRUSTHUB_TESTS_INTEGRATION_TWO_WORLDS_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "common/testing/seed.h"
#include "gtest/gtest.h"
#include "tests/integration/answers.h"
#include "tests/integration/worlds.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::testing {

inline constexpr int kChildren = 12;  // two of each secret
inline constexpr char kReference[] = "SAME-1";
// For news to cross between services; a difference that lasts longer is one.
inline constexpr absl::Duration kSettled = absl::Seconds(20);
// Of the domain clock from question to question, so that no two things happen at once.
inline constexpr absl::Duration kStep = absl::Milliseconds(100);

// Everybody who asks.
const std::vector<std::string>& Workers();
// "child_protection_enquiry", as calls declare it.
std::string PurposeName(options::v1::Purpose purpose);

// A trial that differs is shown as "without" and "with" by these two.
class TwoWorlds : public ::testing::Test {
 protected:
  void SetUp() override;
  // 0: without secrets; 1: with them.
  static World& world(int which);
  // Does the same in both at once, on two threads.
  static void InBoth(absl::FunctionRef<void(int which)> run);
  // Whether `look` finds the same in both, now or once the worlds' services have told one another
  // their news; the last texts are in `seen`.
  static bool SameOnceSettled(absl::FunctionRef<std::string(World& world)> look,
                              std::string (&seen)[2]);
  // To write answers with: the children have the same numbers in both worlds, in whatever order
  // they are told of.
  static Canonical NumbersOf(World& world);
  // Children of whose secret this worker must not know.
  static std::vector<std::size_t> HiddenFrom(const std::string& worker);
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_TWO_WORLDS_H_
