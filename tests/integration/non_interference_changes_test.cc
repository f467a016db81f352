// Non-interference of changes: who may not know of a secret, and tries to change something, that
// very record included, is told the same in both worlds, and what was changed reads the same
// afterwards.
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "gtest/gtest.h"
#include "tests/integration/answers.h"
#include "tests/integration/question.h"
#include "tests/integration/random_request.h"
#include "tests/integration/two_worlds.h"

namespace trusthub::testing {
namespace {

constexpr int kTrials = 3'000;
constexpr int kShown = 10;

class NonInterferenceOfChanges : public TwoWorlds {
 protected:
  // Tries one change and writes down what the worker is told.
  static std::string Try(World& world, const Question& question, int trial, Canonical& canonical) {
    world.hub().clock().Advance(kStep);
    std::mt19937 random(question.pick);
    const auto request =
        RandomRequest(*question.offered->method, world.lives()[question.life],
                      StableUuid(absl::StrCat("change-", TestSeed(), "-", trial)), random);
    const Answer answer = Ask(world.cast().At(question.worker), *request,
                              PurposeName(question.purpose), kReference, question.offered->service);
    // What was changed must be known everywhere before anything rests on it.
    if (answer.status.ok()) world.hub().WaitForNews(kSettled);
    return canonical.TextOf(answer);
  }
};

TEST_F(NonInterferenceOfChanges, EveryChangeIsAnsweredTheSame) {
  std::mt19937 random(TestSeed());
  const std::vector<Offered> changes = ChangesOf(world(0));
  std::vector<Question> questions;
  for (int i = 0; i < kTrials; ++i) {
    questions.push_back(RandomQuestion(world(0), changes, random));
  }
  std::vector<std::string> told[2];
  InBoth([&](int which) {
    world(which).hub().WaitForNews(kSettled);
    Canonical canonical;
    for (int i = 0; i < kTrials; ++i) {
      told[which].push_back(
          Try(world(which), questions[static_cast<std::size_t>(i)], i, canonical));
    }
  });
  int shown = 0, changed = 0, refused_behind_the_fields = 0, hidden = 0;
  std::map<std::string, int> reasons;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const std::string& text = told[0][i];
    const std::string code = text.substr(0, text.find(':'));
    const bool refused = absl::StrContains(text, ":") && code == absl::AsciiStrToUpper(code);
    ++reasons[refused ? code : "(changed)"];
    changed += refused ? 0 : 1;
    if (refused && code != "INVALID_ARGUMENT") ++refused_behind_the_fields;
    if (code == "NOT_FOUND") ++hidden;
    if (told[0][i] == told[1][i] || ++shown > kShown) continue;
    ADD_FAILURE() << "trial " << i << ": " << Describe(world(0), questions[i])
                  << "\n--- without ---\n"
                  << told[0][i] << "--- with ---\n"
                  << told[1][i];
  }
  for (const auto& [reason, count] : reasons) std::printf("  %s: %d\n", reason.c_str(), count);
  EXPECT_GT(changed, kTrials / 20) << "some must be made";
  EXPECT_GT(refused_behind_the_fields, kTrials / 4) << "most must reach the rules";
  EXPECT_GT(hidden, kTrials / 20) << "some must name what is hidden or missing";
}

// After the changes above.
TEST_F(NonInterferenceOfChanges, WhatWasChangedReadsTheSame) {
  std::mt19937 random(TestSeed() + 1);
  const std::vector<Offered> readings = ReadingsOf(world(0));
  std::vector<Question> questions;
  for (int i = 0; i < kTrials / 3; ++i) {
    questions.push_back(RandomQuestion(world(0), readings, random));
  }
  std::vector<std::string> seen[2];
  InBoth([&](int which) {
    world(which).hub().WaitForNews(kSettled);
    for (const Question& question : questions) seen[which].push_back(Put(world(which), question));
  });
  int shown = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (seen[0][i] == seen[1][i]) continue;
    std::string texts[2];
    if (SameOnceSettled([&](World& asked) { return Put(asked, questions[i]); }, texts)) continue;
    if (++shown > kShown) break;
    ADD_FAILURE() << Describe(world(0), questions[i]) << "\n--- without ---\n"
                  << texts[0] << "--- with ---\n"
                  << texts[1];
  }
}

}  // namespace
}  // namespace trusthub::testing
