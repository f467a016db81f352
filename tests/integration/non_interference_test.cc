// Non-interference: in two hubs that differ in secret data alone, nobody who may not know can tell
// which one is asked. Here: all that is read. A trial is one random question (question.h) over a
// real connection, put to both. The answers must be the same bytes but for random names, receipts,
// and the ciphertext (not the length) of page tokens. Beside this file: matching,
// metrics.
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/question.h"
#include "tests/integration/two_worlds.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"

namespace trusthub::testing {
namespace {

using ::testing::ContainerEq;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kTrials = 10'000;
constexpr int kShown = 10;  // differences

using NonInterference = TwoWorlds;

TEST_F(NonInterference, EveryReadAnswersTheSame) {
  std::mt19937 random(TestSeed());
  const std::vector<Offered> readings = ReadingsOf(world(0));
  std::vector<Question> questions;
  std::map<std::string, int> counts;
  for (int i = 0; i < kTrials; ++i) {
    questions.push_back(RandomQuestion(world(0), readings, random));
    ++counts[NameOf(world(0).lives()[questions.back().life].secret)];
  }
  std::vector<std::string> seen[2];
  InBoth([&](int which) {
    for (const Question& question : questions) seen[which].push_back(Put(world(which), question));
  });

  int again = 0, shown = 0;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (seen[0][i] == seen[1][i]) continue;
    ++again;
    // News may have come to one world a moment earlier.
    std::string texts[2];
    const bool same =
        SameOnceSettled([&](World& asked) { return Put(asked, questions[i]); }, texts);
    if (!same && ++shown > kShown) break;
    EXPECT_TRUE(same) << Describe(world(0), questions[i]) << "\n--- without ---\n"
                      << texts[0] << "--- with ---\n"
                      << texts[1];
  }
  int answered = 0;
  for (const std::string& text : seen[0])
    answered +=
        absl::StrContains(text, "page 0\nNOT_FOUND") || absl::StrContains(text, "PERMISSION_DENIED")
            ? 0
            : 1;
  std::printf("%d trials, %d answered, %d put again\n", kTrials, answered, again);
  for (const auto& [secret, count] : counts) std::printf("  %s: %d\n", secret.c_str(), count);
  EXPECT_GT(answered, kTrials / 5) << "the trials must reach records";
}

// Reviews as a reviewer sees them: what was found about whom, without what only tells when the logs
// were read (names, versions, order, times of recording) and where in a log an entry stands, which
// counts all calls of a service, about whomever.
std::set<std::string> ReviewsSeenBy(World& world, const std::string& reviewer) {
  std::set<std::string> seen;
  children::v1::ListAccessReviewsRequest request;
  do {
    const auto page = world.cast().At(reviewer).Call<children::v1::ListAccessReviewsResponse>(
        request, "governance", kReference);
    if (!page.ok()) return {page.status().ToString()};
    for (children::v1::AccessReview review : page->access_reviews()) {
      review.clear_name();
      review.clear_etag();
      review.clear_create_time();
      review.clear_update_time();
      review.clear_occurred_at();
      for (std::string& entry : *review.mutable_entries()) entry = "of a log";
      seen.insert(Canonical().TextOf(review));
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return seen;
}

// After the questions above, which made hundreds of refusals.
TEST_F(NonInterference, ReviewsOfAccessFindTheSame) {
  for (const char* reviewer : {"lbr-caldicott-01", "nhsr-caldicott-01"}) {
    std::set<std::string> reviews[2];
    Within(kSettled, [&] {
      for (int w = 0; w < 2; ++w) reviews[w] = ReviewsSeenBy(world(w), reviewer);
      return reviews[0] == reviews[1];
    });
    EXPECT_THAT(reviews[0], Not(IsEmpty())) << reviewer;
    EXPECT_THAT(reviews[1], ContainerEq(reviews[0])) << reviewer;
  }
}

}  // namespace
}  // namespace trusthub::testing
