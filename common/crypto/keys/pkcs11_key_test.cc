#include "common/crypto/keys/pkcs11_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/key_ring.h"
#include "common/testing/matchers.h"
#include "common/testing/soft_token.h"
#include "common/time/clock.h"

namespace trusthub::crypto {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::SoftToken;

class Pkcs11Test : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(GeneratePkcs11Key(PlaceOf("kek-1")), IsOk()); }

  Pkcs11Place PlaceOf(const std::string& key) const {
    return {SoftToken::kModule, SoftToken::kLabel, key, token_.pin_file()};
  }
  std::unique_ptr<KeyWrapper> Open(const std::string& key = "kek-1") {
    auto opened = OpenPkcs11Key("hsm-1", PlaceOf(key));
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  // Refused, typed, within a second, and not telling the PIN.
  void ExpectRefused(KeyWrapper& wrapper, const std::string& why) {
    const absl::Duration before = MonotonicNow();
    const absl::Status refused = wrapper.Wrap(Secret::OfSize(32), "x").status();
    EXPECT_LT(MonotonicNow() - before, absl::Seconds(1));
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(why));
    EXPECT_THAT(std::string(refused.message()), Not(HasSubstr(SoftToken::kPin)));
    EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("wrong-pin")));
  }
  // A token that is back is looked for at most once a second.
  static bool WorksWithin(KeyWrapper& wrapper, absl::Duration limit) {
    const absl::Duration until = MonotonicNow() + limit;
    while (MonotonicNow() < until) {
      if (wrapper.Wrap(Secret::OfSize(32), "x").ok()) return true;
    }
    return false;
  }

  const SoftToken token_;
};

TEST_F(Pkcs11Test, UnwrapsWhatItWrapped) {
  const auto wrapper = Open();
  const Secret key = Secret::Random(32);
  const auto wrapped = wrapper->Wrap(key, "children/a");
  ASSERT_THAT(wrapped, IsOk());
  EXPECT_EQ(wrapped->find(std::string(key.view().substr(0, 8))), wrapped->npos);
  const auto opened = wrapper->Unwrap(*wrapped, "children/a");
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->view(), key.view());
  // Another connection to the same key.
  EXPECT_THAT(Open()->Unwrap(*wrapped, "children/a"), IsOk());
}

TEST_F(Pkcs11Test, AWrappedKeyIsWorthNothingElsewhereNorChanged) {
  const auto wrapper = Open();
  const std::string wrapped = wrapper->Wrap(Secret::Random(32), "children/a").value();
  EXPECT_EQ(wrapper->Unwrap(wrapped, "children/b").status().code(),
            absl::StatusCode::kUnauthenticated);
  for (std::size_t byte = 0; byte < wrapped.size(); byte += 7) {
    std::string changed = wrapped;
    changed[byte] = static_cast<char>(changed[byte] ^ 1);
    EXPECT_EQ(wrapper->Unwrap(changed, "children/a").status().code(),
              absl::StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(wrapper->Unwrap(wrapped.substr(8), "children/a").status().code(),
            absl::StatusCode::kUnauthenticated);
  ASSERT_THAT(GeneratePkcs11Key(PlaceOf("kek-2")), IsOk());
  EXPECT_EQ(Open("kek-2")->Unwrap(wrapped, "children/a").status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST_F(Pkcs11Test, TwoKeysOfOneTokenWorkByTurns) {
  ASSERT_THAT(GeneratePkcs11Key(PlaceOf("kek-2")), IsOk());
  const auto one = Open();
  const auto two = Open("kek-2");
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(one->Wrap(Secret::OfSize(32), "x"), IsOk()) << i;
    ASSERT_THAT(two->Wrap(Secret::OfSize(32), "x"), IsOk()) << i;
  }
}

TEST_F(Pkcs11Test, AnAbsentTokenIsRefusedAndFoundWhenItComes) {
  token_.Remove();
  const auto wrapper = Open();
  ExpectRefused(*wrapper, "token trusthub is not present");
  ExpectRefused(*wrapper, "token trusthub is not present");
  token_.Insert();
  EXPECT_TRUE(WorksWithin(*wrapper, absl::Seconds(10)));
}

TEST_F(Pkcs11Test, ATokenTakenOutIsRefusedAndWorksAgainWhenPutBack) {
  const auto wrapper = Open();
  const std::string wrapped = wrapper->Wrap(Secret::Random(32), "x").value();
  token_.Remove();
  const absl::Duration before = MonotonicNow();
  EXPECT_EQ(wrapper->Unwrap(wrapped, "x").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(MonotonicNow() - before, absl::Seconds(1));
  token_.Insert();
  EXPECT_TRUE(WorksWithin(*wrapper, absl::Seconds(10)));
  EXPECT_THAT(wrapper->Unwrap(wrapped, "x"), IsOk());
}

TEST_F(Pkcs11Test, ARefusedPinIsNotTriedAgainUntilItChanges) {
  token_.WritePin("wrong-pin");
  const auto wrapper = Open();
  // More often than a token would stand.
  for (int i = 0; i < 20; ++i) ExpectRefused(*wrapper, "refuses the PIN of");
  EXPECT_FALSE(WorksWithin(*wrapper, absl::Milliseconds(2500)));
  token_.WritePin(SoftToken::kPin);
  EXPECT_TRUE(WorksWithin(*wrapper, absl::Seconds(10)));
}

TEST_F(Pkcs11Test, ATokenThatHangsHoldsUpNobody) {
  const auto hanging = OpenPkcs11Key("hsm-2", {HANGING_TOKEN, "t", "k", token_.pin_file()});
  ASSERT_THAT(hanging, IsOk());
  ExpectRefused(**hanging, "does not answer");
  // The next is not even made to wait.
  const absl::Duration before = MonotonicNow();
  for (int i = 0; i < 100; ++i) ExpectRefused(**hanging, "does not answer");
  EXPECT_LT(MonotonicNow() - before, absl::Seconds(1));
  EXPECT_THAT(Open()->Wrap(Secret::OfSize(32), "x"), IsOk()) << "another token works on";
}

TEST_F(Pkcs11Test, AMissingKeyAndAMissingPinAreSaid) {
  ExpectRefused(*Open("none"), "has no AES key labelled none");
  Pkcs11Place place = PlaceOf("kek-1");
  place.pin_file = "/nowhere/pin";
  ExpectRefused(**OpenPkcs11Key("hsm-1", place), "/nowhere/pin");
  EXPECT_EQ(OpenPkcs11Key("hsm-1", {"/nowhere/lib.so", "t", "k", "p"}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(GeneratePkcs11Key(PlaceOf("kek-1")).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(Pkcs11Test, ARingOfATokenIsTriedOutBeforeItIsUsed) {
  KeyPlace place;
  place.id = "hsm-1";
  place.module = SoftToken::kModule;
  place.token = SoftToken::kLabel;
  place.key = "kek-1";
  place.pin_file = token_.pin_file();
  EXPECT_THAT(KeyRing::Open({place}), IsOk());
  place.key = "none";
  const auto refused = KeyRing::Open({place});
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("key hsm-1: token trusthub has"));
}

}  // namespace
}  // namespace trusthub::crypto
