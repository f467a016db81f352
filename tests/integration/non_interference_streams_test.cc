// Non-interference of streams: who may not know of secrets, and follows what happens, gets the same
// answers in both worlds: as many, with the same events in each, whether the stream starts at the
// beginning, goes on from a cursor, is about one child, or is open while a secret is recorded.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/limits.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"
#include "gtest/gtest.h"
#include "tests/integration/answers.h"
#include "tests/integration/family.h"
#include "tests/integration/two_worlds.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::testing {
namespace {

using events::v1::WatchRequest;
using events::v1::WatchResponse;

constexpr int kShown = 5;
constexpr int kRandomStreams = 120;
constexpr absl::Duration kBookmark = absl::Milliseconds(limits::kUserBookmarkMillis);

struct Follower {
  const char* worker;
  options::v1::Purpose purpose;
};

// Who follows the streams, for what: each is asked about children of whose secret they must not
// know.
const std::vector<Follower>& Followers() {
  static const auto& followers =
      *new std::vector<Follower>{{"lbr-screening-01", options::v1::PURPOSE_SCREENING},
                                 {"lbr-sw-01", options::v1::PURPOSE_ASSESSMENT},
                                 {"lbr-sw-01", options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY},
                                 {"lbr-sw-02", options::v1::PURPOSE_ASSESSMENT},
                                 {"lbr-sw-02", options::v1::PURPOSE_CHILD_PROTECTION_PLANNING},
                                 {"lbr-manager-01", options::v1::PURPOSE_CHILD_PROTECTION_PLANNING},
                                 {"lbr-caldicott-01", options::v1::PURPOSE_GOVERNANCE},
                                 {"nhsr-caldicott-01", options::v1::PURPOSE_GOVERNANCE},
                                 {"uphall-lead-01", options::v1::PURPOSE_ASSESSMENT},
                                 {"met-cait-01", options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY}};
  return followers;
}

class NonInterferenceOfStreams : public TwoWorlds {
 protected:
  struct Followed {
    std::vector<WatchResponse> answers;  // those with events
    absl::Status end;                    // why it ended, if it did
    int events = 0;
  };
  // A stream from its start to now.
  static Followed Follow(World& world, const Follower& follower, const std::string& service,
                         const WatchRequest& request) {
    Followed followed;
    const absl::Time now = RealClock().Now();
    auto stream = world.cast()
                      .At(follower.worker)
                      .Watch(service, request, PurposeName(follower.purpose), kReference);
    if (!stream.ok()) {
      followed.end = stream.status();
      return followed;
    }
    WatchResponse response;
    while (true) {
      followed.end = (*stream)->Read(&response);
      if (!followed.end.ok()) break;
      followed.events += response.events_size();
      if (response.events_size() > 0) followed.answers.push_back(response);
      if (response.has_as_of() && TimeFromProto(response.as_of()) > now) break;
    }
    (*stream)->Cancel();
    return followed;
  }

  // All that was told, and in how many answers. Sorted: what one service says because of two others
  // has no order.
  static std::string TextOf(const Followed& followed, const Canonical& canonical) {
    std::vector<std::string> events;
    for (const WatchResponse& answer : followed.answers) {
      for (const events::v1::Event& event : answer.events()) {
        events.push_back(TextOf(event, canonical));
      }
    }
    return absl::StrCat(followed.answers.size(), " answers\n", Sorted(events, followed.end));
  }
  // By itself: other names than those of the children have their number in this event.
  static std::string TextOf(const events::v1::Event& event, Canonical canonical) {
    return canonical.TextOf(event);
  }
  static std::string Sorted(std::vector<std::string> events, const absl::Status& end) {
    std::sort(events.begin(), events.end());
    return absl::StrCat(absl::StrJoin(events, "\n"), end.ok() ? "" : Canonical().TextOf(end));
  }

  // The events about children of whose secret the worker must not know.
  static std::string TextOfHidden(World& world, absl::string_view worker, const Followed& followed,
                                  const Canonical& canonical) {
    std::set<std::string> hidden;
    for (const Life& life : world.lives()) {
      if (!MayKnow(worker, life.secret)) hidden.insert(life.records.at("children").front());
    }
    std::vector<std::string> events;
    for (const WatchResponse& answer : followed.answers) {
      for (const events::v1::Event& event : answer.events()) {
        if (hidden.count(event.child()) != 0) events.push_back(TextOf(event, canonical));
      }
    }
    return Sorted(std::move(events), followed.end);
  }

  static void ExpectSame(const std::string (&told)[2], const std::string& what) {
    static int shown = 0;
    if (told[0] == told[1]) return;
    if (++shown > kShown) {
      FAIL() << what;
    }
    ADD_FAILURE() << "TRUSTHUB_TEST_SEED=" << TestSeed() << ": " << what << "\n--- without ---\n"
                  << told[0] << "--- with ---\n"
                  << told[1];
  }
};

std::string Name(const Follower& follower, const std::string& service) {
  return absl::StrCat(follower.worker, " for ", PurposeName(follower.purpose), " follows ",
                      service);
}

TEST_F(NonInterferenceOfStreams, OfOneChildTheSameIsTold) {
  std::vector<std::string> told[2];
  std::vector<std::string> what;
  int events = 0;
  InBoth([&](int which) {
    world(which).hub().WaitForNews(kSettled);
    for (const Follower& follower : Followers()) {
      for (const char* service : hubctl::kServices) {
        for (const std::size_t life : HiddenFrom(follower.worker)) {
          Canonical canonical = NumbersOf(world(which));
          WatchRequest request;
          request.set_child(world(which).lives()[life].records.at("children").front());
          const Followed followed = Follow(world(which), follower, service, request);
          told[which].push_back(TextOf(followed, canonical));
          if (which == 1) continue;
          events += followed.events;
          what.push_back(absl::StrCat(Name(follower, service), " of child ", life, " with secret ",
                                      NameOf(world(0).lives()[life].secret)));
        }
      }
    }
  });
  ASSERT_EQ(told[0].size(), told[1].size());
  for (std::size_t i = 0; i < told[0].size(); ++i) {
    ExpectSame({told[0][i], told[1][i]}, what[i]);
  }
  std::printf("%zu streams, %d events\n", told[0].size(), events);
  EXPECT_GT(events, 100) << "the streams must tell of something";
}

// Random streams: of one child or of all, of some kinds of events, broken off and gone on with. Of
// all children those are left out of whom this worker may know more in one world.
TEST_F(NonInterferenceOfStreams, FromAnyCursorOnTheSameIsTold) {
  std::vector<std::string> told[2];
  std::vector<std::string> what;
  int events = 0, went_on = 0;
  InBoth([&](int which) {
    World& asked = world(which);
    std::mt19937 random(TestSeed());
    asked.hub().WaitForNews(kSettled);
    for (int i = 0; i < kRandomStreams; ++i) {
      const Follower& follower = Followers()[random() % Followers().size()];
      const std::string service = hubctl::kServices[random() % hubctl::kServices.size()];
      const std::vector<std::size_t> hidden = HiddenFrom(follower.worker);
      Canonical canonical = NumbersOf(asked);
      WatchRequest request;
      const std::size_t life = hidden[random() % hidden.size()];
      if (random() % 2 == 0) {
        request.set_child(asked.lives()[life].records.at("children").front());
      }
      for (unsigned kinds = random() % 4; kinds > 0; --kinds) {
        request.add_kinds(static_cast<events::v1::EventKind>(1 + random() % 12));
      }
      const unsigned pick = random();
      Followed followed = Follow(asked, follower, service, request);
      std::string text = request.child().empty()
                             ? TextOfHidden(asked, follower.worker, followed, canonical)
                             : TextOf(followed, canonical);
      if (which == 0) events += followed.events;
      if (!followed.answers.empty()) {
        request.set_cursor(followed.answers[pick % followed.answers.size()].cursor());
        followed = Follow(asked, follower, service, request);
        // How many answers came before the cursor is compared where all of them are the same.
        if (!request.child().empty()) {
          absl::StrAppend(&text, "and from a cursor\n", TextOf(followed, canonical));
        }
        if (which == 0) ++went_on;
      }
      told[which].push_back(std::move(text));
      if (which == 0) what.push_back(Name(follower, service));
    }
  });
  for (std::size_t i = 0; i < told[0].size(); ++i) ExpectSame({told[0][i], told[1][i]}, what[i]);
  std::printf("%d streams, %d events, %d went on from a cursor\n", kRandomStreams, events, went_on);
  EXPECT_GT(went_on, kRandomStreams / 10);
}

// While streams are open, secrets are recorded in one world; then the same happens in both. No
// answer comes out of turn for what must not be told, and what may be told is told the same.
TEST_F(NonInterferenceOfStreams, WhileASecretIsRecordedNothingMoves) {
  constexpr int kRounds = 3;
  constexpr absl::Duration kLookedOn = absl::Seconds(3);
  const Follower follower = {"lbr-sw-02", options::v1::PURPOSE_ASSESSMENT};
  std::string told[2];
  int out_of_turn[2] = {0, 0}, bookmarks[2] = {0, 0};
  InBoth([&](int which) {
    World& asked = world(which);
    Canonical canonical = NumbersOf(asked);
    for (int round = 0; round < kRounds; ++round) {
      Family family(&asked.hub().hub(), &asked.cast(), 900 + round,
                    LondonDay(asked.hub().clock().Now()));
      family.BeforeEachCall([&] { asked.hub().WaitForNews(kSettled); });
      ASSERT_THAT(family.Register(), IsOk());
      ASSERT_THAT(family.Refer(), IsOk());
      asked.hub().WaitForNews(kSettled);
      WatchRequest request;
      request.set_from_now(true);
      std::vector<std::unique_ptr<rpc::Client::Stream>> streams;
      for (const char* service : {"health", "assessments", "referrals"}) {
        auto stream = asked.cast()
                          .At(follower.worker)
                          .Watch(service, request, PurposeName(follower.purpose), kReference);
        ASSERT_THAT(stream, IsOk());
        WatchResponse first;
        ASSERT_THAT((*stream)->Read(&first), IsOk()) << "says where the stream begins";
        streams.push_back(*std::move(stream));
      }
      if (which == 1) {
        ASSERT_THAT(family.Advise(), IsOk());
        ASSERT_THAT(family.Allege(), IsOk());
      }
      const absl::Time until = RealClock().Now() + kLookedOn;
      for (auto& stream : streams) {
        WatchResponse response;
        for (absl::Time before = absl::InfinitePast(); before <= until; ++bookmarks[which]) {
          ASSERT_THAT(stream->Read(&response), IsOk());
          ASSERT_EQ(response.events_size(), 0) << "kind " << response.events(0).kind();
          const absl::Time as_of = TimeFromProto(response.as_of());
          if (as_of - before < kBookmark * 3 / 4) ++out_of_turn[which];
          before = as_of;
        }
      }
      ASSERT_THAT(family.ReferAs("nelft-camhs-01"), IsOk());
      int events = 0;
      while (events == 0) {
        WatchResponse response;
        ASSERT_THAT(streams.back()->Read(&response), IsOk());
        events = response.events_size();
        if (events > 0) absl::StrAppend(&told[which], canonical.TextOf(response.events(0)));
      }
      for (auto& stream : streams) stream->Cancel();
    }
  });
  EXPECT_EQ(told[0], told[1]);
  std::printf("%d and %d bookmarks\n", bookmarks[0], bookmarks[1]);
  EXPECT_EQ(out_of_turn[0], 0);
  EXPECT_EQ(out_of_turn[1], 0);
}

}  // namespace
}  // namespace trusthub::testing
