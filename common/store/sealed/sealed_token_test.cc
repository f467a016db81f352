// A sealed store whose ring is a key in a hardware token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/keys/key_ring.h"
#include "common/crypto/keys/pkcs11_key.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/testing/matchers.h"
#include "common/testing/soft_token.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"

namespace trusthub::store {
namespace {

using testing::IsOk;
using testing::RecordSet;
using testing::SoftToken;
using testing::StatusIs;

crypto::KeyPlace PlaceIn(const SoftToken& token) {
  crypto::KeyPlace place;
  place.id = "hsm-1";
  place.module = SoftToken::kModule;
  place.token = SoftToken::kLabel;
  place.key = "hsm-1";
  place.pin_file = token.pin_file();
  return place;
}

TEST(SealedTokenTest, WorksWithTheTokenAndRefusesAtOnceWithoutIt) {
  const SoftToken token;
  const crypto::KeyPlace place = PlaceIn(token);
  ASSERT_THAT(crypto::GeneratePkcs11Key({place.module, place.token, place.key, place.pin_file}),
              IsOk());
  const auto ring = crypto::KeyRing::Open({place});
  ASSERT_THAT(ring, IsOk());
  const testing::TempFolder folder;
  const auto open = [&]() -> absl::StatusOr<std::unique_ptr<SealedStore>> {
    SqliteOptions engine;
    engine.path = folder.File("store.db");
    auto opened = OpenSqlite(engine);
    if (!opened.ok()) return opened.status();
    SealedOptions options;
    options.service = "test";
    options.ring = *ring;
    return SealedStore::Over(*std::move(opened), std::move(options));
  };
  {
    const auto store = open();
    ASSERT_THAT(store, IsOk());
    ASSERT_THAT(CommitAndWait(**store, RecordSet("referrals/a", 1, "one", "children/a")), IsOk());
    ASSERT_THAT(CommitAndWait(**store, RecordSet("referrals/b", 1, "two", "children/b")), IsOk());
  }
  const auto store = open();
  ASSERT_THAT(store, IsOk());
  const auto find = [&](const char* name) {
    return (*store)->Open(absl::InfiniteFuture()).value()->Find(name);
  };
  EXPECT_EQ(find("referrals/a").value()->bytes, "one");
  token.Remove();
  const absl::Duration before = MonotonicNow();
  EXPECT_THAT(find("referrals/b").status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(CommitAndWait(**store, RecordSet("referrals/c", 1, "three", "children/c")).status(),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LT(MonotonicNow() - before, absl::Seconds(5)) << "two operations, each within a second";
  EXPECT_EQ(find("referrals/a").value()->bytes, "one") << "what is unwrapped stays in use";
  token.Insert();
  // It is looked for at most once a second.
  const absl::Duration until = MonotonicNow() + absl::Seconds(10);
  while (!find("referrals/b").ok() && MonotonicNow() < until) continue;
  EXPECT_EQ(find("referrals/b").value()->bytes, "two");
  EXPECT_THAT(CommitAndWait(**store, RecordSet("referrals/c", 1, "three", "children/c")), IsOk());
}

}  // namespace
}  // namespace trusthub::store
