// Non-interference of time. First what a service does for a question, exactly: the reads that a
// call makes of the store are the same in both worlds, in number, kind and order. Then how long a
// caller waits for a record that is hidden and for one that does not exist, in pairs: neither is
// later more often than the other, not even with a little work planted in one of the two. That the
// measure sees what there is to see is shown by planting more.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/error/error.h"
#include "common/time/clock.h"
#include "gtest/gtest.h"
#include "tests/integration/answers.h"
#include "tests/integration/question.h"
#include "tests/integration/two_worlds.h"

namespace trusthub::testing {
namespace {

using google::protobuf::Message;

constexpr int kTrials = 2'000;
constexpr int kPairs = 400;
constexpr int kShown = 5;
// Of fair pairs, one more or less than this share in favour of either happens once in ten thousand
// runs.
constexpr double kFair = 0.1;
// More than any difference there is, and far less than the step at whose end both are answered.
constexpr absl::Duration kPlantedWithinAStep = absl::Microseconds(200);
constexpr absl::Duration kPlantedBeyondAStep = absl::Milliseconds(2 * limits::kNotFoundStepMillis);

class NonInterferenceOfTime : public TwoWorlds {
 protected:
  // The hub reads its logs for misuse when it has time.
  static bool IsOfLogs(const Work& work) {
    return absl::c_any_of(work.reads, [](const std::string& read) {
      return absl::StrContains(read, "Leaves") || absl::StrContains(read, "LeafCount");
    });
  }

  // What the service read to answer the question.
  static std::string ReadsOf(World& world, const Question& question) {
    world.work().Take(question.offered->service);
    Put(world, question);
    std::string reads;
    for (const Work& work : world.work().Take(question.offered->service)) {
      if (!IsOfLogs(work)) absl::StrAppend(&reads, absl::StrJoin(work.reads, ", "), "\n");
    }
    return reads;
  }
};

TEST_F(NonInterferenceOfTime, EveryQuestionTakesTheSameReads) {
  std::mt19937 random(TestSeed());
  const std::vector<Offered> readings = ReadingsOf(world(0));
  std::vector<Question> questions;
  for (int i = 0; i < kTrials; ++i) {
    questions.push_back(RandomQuestion(world(0), readings, random));
    questions.back().explain = false;
  }
  std::vector<std::string> reads[2];
  InBoth([&](int which) {
    world(which).hub().WaitForNews(kSettled);
    for (const Question& question : questions) {
      reads[which].push_back(ReadsOf(world(which), question));
    }
  });
  int shown = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (reads[0][i] == reads[1][i]) continue;
    std::string texts[2];
    if (SameOnceSettled([&](World& asked) { return ReadsOf(asked, questions[i]); }, texts))
      continue;
    if (++shown > kShown) break;
    ADD_FAILURE() << Describe(world(0), questions[i]) << "\n--- without ---\n"
                  << texts[0] << "--- with ---\n"
                  << texts[1];
  }
  const auto made = absl::c_count_if(reads[0], [](const auto& text) { return !text.empty(); });
  std::printf("%d questions, %d with reads\n", kTrials, static_cast<int>(made));
  EXPECT_GT(made, kTrials / 2);
}

// How a worker asks for one record by its name.
struct Reading {
  std::string worker;
  const Offered* offered = nullptr;
  options::v1::Purpose purpose;
  std::string hidden;  // in world 1
};

class Stopwatch {
 public:
  Stopwatch(World& world, const Reading& reading) : world_(world), reading_(reading) {}

  // Whether the worker is told that there is no such record, and not that such calls are refused.
  bool IsHidden() {
    return error::ReasonOf(Put(reading_.hidden).status) ==
           errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
  }

  // In how many of the pairs the worker waited longer for the hidden record, as a share; the other
  // one is of a name that nobody asked for before, or always of the same.
  double ShareOfLater(std::mt19937& random, bool same_missing = false) {
    const std::string collection(CollectionOf(reading_.hidden));
    std::string missing = NewName(collection);
    int later = 0, pairs = 0;
    for (int tries = 0; pairs < kPairs && tries < 2 * kPairs; ++tries) {
      if (!same_missing) missing = NewName(collection);
      const bool hidden_first = random() % 2 == 0;
      const auto first = Ask(hidden_first ? reading_.hidden : missing);
      const auto second = Ask(hidden_first ? missing : reading_.hidden);
      if (!first.has_value() || !second.has_value()) continue;
      ++pairs;
      if ((hidden_first ? *first : *second) > (hidden_first ? *second : *first)) ++later;
    }
    EXPECT_EQ(pairs, kPairs) << "too many of the calls were not answered";
    return static_cast<double>(later) / kPairs;
  }

 private:
  // How long the worker waits to be told that there is no such record; nothing when the machine had
  // no time to tell.
  std::optional<absl::Duration> Ask(const std::string& name) {
    const absl::Duration before = MonotonicNow();
    const Answer answer = Put(name);
    const absl::Duration took = MonotonicNow() - before;
    if (absl::IsUnavailable(answer.status)) return std::nullopt;
    EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
    return took;
  }

  Answer Put(const std::string& name) {
    std::unique_ptr<Message> request(reading_.offered->method->route.request_prototype->New());
    request->GetReflection()->SetString(request.get(),
                                        request->GetDescriptor()->FindFieldByName("name"), name);
    return testing::Ask(world_.cast().At(reading_.worker), *request, PurposeName(reading_.purpose),
                        kReference, reading_.offered->service);
  }

  World& world_;
  const Reading& reading_;
};

class TimeOfHiddenRecords : public TwoWorlds {
 protected:
  // One reading of each kind of secret record, by workers who stand in a relation to its child: of
  // whom only the agreements tell that they must not know.
  static std::vector<Reading> Readings(std::mt19937& random) {
    static const auto& offered = *new std::vector<Offered>(ReadingsOf(world(1)));
    std::map<std::string, Reading> by_collection;
    for (int i = 0; i < 20'000 && by_collection.size() < 3; ++i) {
      const Question question = RandomQuestion(world(1), offered, random);
      const Life& life = world(1).lives()[question.life];
      const rpc::Method& method = *question.offered->method;
      if (life.secrets.empty() || method.rule.subject() != "name") continue;
      const auto* name = method.route.request_prototype->GetDescriptor()->FindFieldByName("name");
      const std::string collection = name->options().GetExtension(options::v1::field).collection();
      if (collection != CollectionOf(life.secrets.front())) continue;
      const options::v1::Role role = world(1).cast().At(question.worker).worker().role();
      if (!method.MayCall(role, question.purpose)) continue;
      const Reading reading{question.worker, question.offered, question.purpose,
                            life.secrets.front()};
      if (by_collection.count(collection) == 0 && Stopwatch(world(1), reading).IsHidden()) {
        by_collection.emplace(collection, reading);
      }
    }
    std::vector<Reading> readings;
    for (auto& [collection, reading] : by_collection) readings.push_back(std::move(reading));
    return readings;
  }

  // The share for a hidden record whose look-up takes so much longer.
  static double ShareWithPlanted(absl::Duration planted) {
    std::mt19937 random(TestSeed());
    const Reading reading = Readings(random).front();
    world(1).work().Plant(reading.hidden, planted);
    const double share = Stopwatch(world(1), reading).ShareOfLater(random);
    world(1).work().Plant("", absl::ZeroDuration());
    std::printf("with %s planted: later in %.0f %% of %d pairs\n",
                absl::FormatDuration(planted).c_str(), 100 * share, kPairs);
    return share;
  }
};

TEST_F(TimeOfHiddenRecords, IsThatOfRecordsThatDoNotExist) {
  std::mt19937 random(TestSeed());
  const std::vector<Reading> readings = Readings(random);
  ASSERT_GE(readings.size(), 2u) << "advice, allegations or reports of the police";
  for (const Reading& reading : readings) {
    for (const bool same_missing : {false, true}) {
      const double share = Stopwatch(world(1), reading).ShareOfLater(random, same_missing);
      std::printf("%s, %s, %s: later in %.0f %% of %d pairs\n", reading.worker.c_str(),
                  reading.offered->method->path.c_str(), same_missing ? "asked again" : "new names",
                  100 * share, kPairs);
      EXPECT_NEAR(share, 0.5, kFair) << reading.worker << " " << reading.offered->method->path;
    }
  }
}

TEST_F(TimeOfHiddenRecords, IsThatOfOthersWithALittleMoreWork) {
  EXPECT_NEAR(ShareWithPlanted(kPlantedWithinAStep), 0.5, kFair);
}

TEST_F(TimeOfHiddenRecords, IsSeenWhenThereIsMuchMoreWork) {
  EXPECT_GT(ShareWithPlanted(kPlantedBeyondAStep), 0.5 + kFair);
}

}  // namespace
}  // namespace trusthub::testing
