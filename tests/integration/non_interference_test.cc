// Non-interference: in two hubs that differ in secret data alone, nobody who may not know can tell
// which one is asked. A trial is one random question over a real connection, put to both: a worker,
// a method that reads, a purpose, a child or record (also those that one hub alone has), a page
// size; all its pages, and the explanation of the decision. The answers must be the same bytes but
// for random names, receipts, and the ciphertext (not the length) of page tokens.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/worlds.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ::testing::ContainerEq;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kTrials = 10'000;
constexpr int kChildren = 12;  // two of each secret
constexpr int kPagesMax = 60;
constexpr int kShown = 10;  // differences
constexpr char kReference[] = "SAME-1";
// For news to cross between services; a difference that lasts longer is one.
constexpr absl::Duration kSettled = absl::Seconds(20);
// Of the domain clock from trial to trial, so that no two things happen at once.
constexpr absl::Duration kStep = absl::Milliseconds(100);

const char* const kWorkers[] = {"lbr-screening-01",
                                "lbr-sw-01",
                                "lbr-sw-02",
                                "lbr-manager-01",
                                "lbr-chair-01",
                                "lbr-iro-01",
                                "lbr-virtual-school-01",
                                "lbr-placement-01",
                                "lbr-lado-01",
                                "lbr-caldicott-01",
                                "met-cait-01",
                                "bhrut-nurse-01",
                                "bhrut-reception-01",
                                "whipps-nurse-01",
                                "nhsr-visitor-01",
                                "nhsr-gp-01",
                                "nhsr-school-nurse-01",
                                "nhsr-caldicott-01",
                                "nelft-camhs-01",
                                "uphall-lead-01",
                                "valentines-lead-01",
                                "housing-officer-01",
                                "connexions-lead-01"};

// A method that reads, as one service offers it.
struct Reading {
  std::string service;
  const rpc::Method* method;
};

struct Trial {
  std::string worker;
  const Reading* reading = nullptr;
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  std::size_t life = 0;
  std::uint32_t pick = 0;  // of the records that the request may name
  int page_size = 0;
  bool explain = false;
};

std::string PurposeName(options::v1::Purpose purpose) {
  return absl::AsciiStrToLower(absl::StripPrefix(options::v1::Purpose_Name(purpose), "PURPOSE_"));
}

std::uint32_t TestSeed() {
  std::uint32_t seed = 20100316;
  const char* text = std::getenv("TRUSTHUB_TEST_SEED");
  if (text != nullptr && !absl::SimpleAtoi(text, &seed)) std::abort();
  return seed;
}

class NonInterference : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    seed_ = TestSeed();
    std::printf("TRUSTHUB_TEST_SEED=%u\n", seed_);
    auto secret =
        std::async(std::launch::async, [] { return World::Make(true, seed_, kChildren); });
    auto plain = World::Make(false, seed_, kChildren);
    auto with_secrets = secret.get();
    ASSERT_THAT(plain, IsOk());
    ASSERT_THAT(with_secrets, IsOk());
    worlds_[0] = *std::move(plain);
    worlds_[1] = *std::move(with_secrets);
    for (const char* worker : kWorkers) {
      for (const auto& world : worlds_) world->cast().At(worker);
    }
    for (const char* service : hubctl::kServices) {
      for (const auto& method : worlds_[0]->hub().host(service).methods().methods()) {
        if (!method->rule.mutates() && method->route.handler != nullptr && !IsOfLogs(*method)) {
          readings_.push_back({service, method.get()});
        }
      }
    }
  }
  static void TearDownTestSuite() {
    readings_.clear();
    for (auto& world : worlds_) world.reset();
  }
  void SetUp() override {
    ASSERT_NE(worlds_[0], nullptr);
    ASSERT_NE(worlds_[1], nullptr);
  }

  // The audit log is for auditors, who see that secret records were read, not what is in them.
  // Reviews of access come of reading the logs now and then; they have a test of their own.
  static bool IsOfLogs(const rpc::Method& method) {
    return absl::StrContains(method.path, "trusthub.audit.") ||
           absl::StrContains(method.path, "ExplainDecision") ||
           absl::StrContains(method.path, "AccessReview");
  }

  static Trial RandomTrial(std::mt19937& random) {
    Trial trial;
    trial.reading = &readings_[random() % readings_.size()];
    const rpc::Method& method = *trial.reading->method;
    do {
      trial.life = random() % kChildren;
      trial.worker = kWorkers[random() % std::size(kWorkers)];
    } while (MayKnow(trial.worker, worlds_[0]->lives()[trial.life].secret));
    // Mostly what the role may do, else what it may not.
    const options::v1::Role role = worlds_[0]->cast().At(trial.worker).worker().role();
    if (((method.roles >> role) & 1) == 0 && random() % 8 != 0) return RandomTrial(random);
    const int purposes = method.rule.purposes_size();
    trial.purpose =
        random() % 16 == 0
            ? static_cast<options::v1::Purpose>(1 + random() % options::v1::Purpose_MAX)
            : method.rule.purposes(static_cast<int>(random() % static_cast<unsigned>(purposes)));
    trial.pick = random();
    trial.page_size = static_cast<int>(random() % 4);  // 0: the default
    trial.explain = random() % 4 == 0;
    return trial;
  }

  // A name for a field of `collection`: of the child's own records, or of what one world hides.
  static std::string NameFor(const Life& life, const std::string& collection, std::uint32_t pick) {
    std::vector<std::string> names;
    if (const auto found = life.records.find(collection); found != life.records.end()) {
      names = found->second;
    }
    for (const std::string& secret : life.secrets) {
      if (CollectionOf(secret) == collection) names.push_back(secret);
    }
    if (names.empty()) return absl::StrCat(collection, "/", std::string(26, '0'));
    return names[pick % names.size()];
  }

  static std::unique_ptr<Message> RequestOf(const Trial& trial, const Life& life) {
    std::unique_ptr<Message> request(trial.reading->method->route.request_prototype->New());
    const auto& reflection = *request->GetReflection();
    const Descriptor* type = request->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const auto& rule = field->options().GetExtension(options::v1::field);
      if (field->name() == "page_size") {
        reflection.SetInt32(request.get(), field, trial.page_size);
      } else if (field->name() == "nhs_number") {
        reflection.SetString(request.get(), field, life.nhs_number);
      } else if (field->name() == "attendance_id") {
        reflection.SetString(request.get(), field, life.attendance_id);
      } else if (rule.format() == options::v1::FORMAT_NAME && !field->is_repeated()) {
        const bool named = rule.behaviour() == options::v1::BEHAVIOUR_REQUIRED;
        if (named) {
          reflection.SetString(request.get(), field, NameFor(life, rule.collection(), trial.pick));
        }
      }
    }
    return request;
  }

  // The whole of what the worker sees.
  static std::string Put(World& world, const Trial& trial) {
    world.hub().clock().Advance(kStep);
    hubctl::Desk& desk = world.cast().At(trial.worker);
    const std::unique_ptr<Message> request = RequestOf(trial, world.lives()[trial.life]);
    const std::string purpose = PurposeName(trial.purpose);
    const auto& reflection = *request->GetReflection();
    const FieldDescriptor* token = request->GetDescriptor()->FindFieldByName("page_token");
    Canonical canonical;
    std::string seen;
    for (int page = 0; page < kPagesMax; ++page) {
      const Answer answer = Ask(desk, *request, purpose, kReference, trial.reading->service);
      absl::StrAppend(&seen, "page ", page, "\n", canonical.TextOf(answer));
      if (trial.explain) absl::StrAppend(&seen, Explain(world, trial, answer, canonical));
      const std::string next = NextPage(answer);
      if (token == nullptr || next.empty()) break;
      reflection.SetString(request.get(), token, next);
    }
    return seen;
  }

  static std::string NextPage(const Answer& answer) {
    if (!answer.status.ok()) return "";
    const FieldDescriptor* next =
        answer.response->GetDescriptor()->FindFieldByName("next_page_token");
    return next == nullptr ? ""
                           : answer.response->GetReflection()->GetString(*answer.response, next);
  }

  static std::string Explain(World& world, const Trial& trial, const Answer& answer,
                             Canonical& canonical) {
    policy::v1::ExplainDecisionRequest request;
    request.set_decision(DecisionOf(answer));
    if (request.decision().empty()) return "";
    return canonical.TextOf(Ask(world.cast().At(trial.worker), request, PurposeName(trial.purpose),
                                kReference, trial.reading->service));
  }

  static std::string Describe(const Trial& trial) {
    const Life& life = worlds_[0]->lives()[trial.life];
    return absl::StrCat("TRUSTHUB_TEST_SEED=", seed_, ": ", trial.worker, " for ",
                        PurposeName(trial.purpose), " calls ", trial.reading->method->path,
                        ", child ", trial.life, " with secret ", NameOf(life.secret), ", pick ",
                        trial.pick, ", page size ", trial.page_size);
  }

  static std::unique_ptr<World> worlds_[2];  // without and with secrets
  static std::vector<Reading> readings_;
  static std::uint32_t seed_;
};

std::unique_ptr<World> NonInterference::worlds_[2];
std::vector<Reading> NonInterference::readings_;
std::uint32_t NonInterference::seed_ = 0;

TEST_F(NonInterference, EveryReadAnswersTheSame) {
  std::mt19937 random(seed_);
  std::vector<Trial> trials;
  std::map<std::string, int> counts;
  for (int i = 0; i < kTrials; ++i) {
    trials.push_back(RandomTrial(random));
    ++counts[NameOf(worlds_[0]->lives()[trials.back().life].secret)];
  }
  std::vector<std::string> seen[2];
  const auto run = [&](int world) {
    for (const Trial& trial : trials) seen[world].push_back(Put(*worlds_[world], trial));
  };
  auto other = std::async(std::launch::async, [&] { run(1); });
  run(0);
  other.get();

  int again = 0, shown = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (seen[0][i] == seen[1][i]) continue;
    ++again;
    // News may have come to one world a moment earlier.
    std::string texts[2];
    const bool same = Within(kSettled, [&] {
      for (int w = 0; w < 2; ++w) texts[w] = Put(*worlds_[w], trials[i]);
      return texts[0] == texts[1];
    });
    if (!same && ++shown > kShown) break;
    EXPECT_TRUE(same) << Describe(trials[i]) << "\n--- without ---\n"
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
      for (int w = 0; w < 2; ++w) reviews[w] = ReviewsSeenBy(*worlds_[w], reviewer);
      return reviews[0] == reviews[1];
    });
    EXPECT_THAT(reviews[0], Not(IsEmpty())) << reviewer;
    EXPECT_THAT(reviews[1], ContainerEq(reviews[0])) << reviewer;
  }
}

}  // namespace
}  // namespace trusthub::testing
