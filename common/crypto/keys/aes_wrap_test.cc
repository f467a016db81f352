#include "common/crypto/keys/aes_wrap.h"

#include <gtest/gtest.h>

#include "common/crypto/crypto.h"

namespace trusthub::crypto {
namespace {

std::string Hex(absl::string_view text) { return HexDecode(text).value(); }

constexpr char kKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

struct Vector {
  const char* secret;
  const char* wrapped;
};
// RFC 3394, sections 4.3, 4.5 and 4.6: those with a 256 bit key-encryption key.
constexpr Vector kVectors[] = {
    {"00112233445566778899aabbccddeeff", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
    {"00112233445566778899aabbccddeeff0001020304050607",
     "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
    {"00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
     "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
};

TEST(AesWrapTest, MatchesTheVectorsOfRfc3394) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(HexEncode(AesWrap(Hex(kKey), Hex(vector.secret))), vector.wrapped);
    EXPECT_EQ(HexEncode(AesUnwrap(Hex(kKey), Hex(vector.wrapped)).value().view()), vector.secret);
  }
}

// The negative classes of Wycheproof's aes_wrap_test: changed bits, other key, wrong lengths, other
// initial values.
TEST(AesWrapTest, RefusesEveryFlippedBit) {
  for (const Vector& vector : kVectors) {
    const std::string wrapped = Hex(vector.wrapped);
    for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
      std::string changed = wrapped;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_EQ(AesUnwrap(Hex(kKey), changed).status().code(), absl::StatusCode::kUnauthenticated)
          << "bit " << bit;
    }
  }
}

TEST(AesWrapTest, RefusesOtherKeysAndLengths) {
  const std::string wrapped = Hex(kVectors[2].wrapped);
  EXPECT_FALSE(AesUnwrap(Sha256("another key"), wrapped).ok());
  EXPECT_FALSE(AesUnwrap(Hex(kKey).substr(1), wrapped).ok());
  EXPECT_FALSE(AesUnwrap("", wrapped).ok());
  EXPECT_FALSE(AesUnwrap(Hex(kKey), wrapped + std::string(8, '\0')).ok());
  EXPECT_FALSE(AesUnwrap(Hex(kKey), std::string(8, '\0') + wrapped).ok());
  for (std::size_t length = 0; length < wrapped.size(); ++length) {
    EXPECT_FALSE(AesUnwrap(Hex(kKey), wrapped.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(AesUnwrap(Hex(kKey), std::string(80, 'x')).ok()) << "more than a secret holds";
}

TEST(AesWrapTest, RefusesOtherInitialValues) {
  // RFC 5649 (key wrap with padding) of the same key and secret: another initial value.
  EXPECT_FALSE(AesUnwrap(Hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"),
                         Hex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"))
                   .ok());
  EXPECT_FALSE(AesUnwrap(Hex(kKey), std::string(40, '\xa6')).ok());
}

TEST(AesWrapDeathTest, EndsTheProcessOnWhatItCannotWrap) {
  EXPECT_DEATH(AesWrap("short", std::string(32, 's')), "key length");
  EXPECT_DEATH(AesWrap(Hex(kKey), std::string(33, 's')), "key length");
  EXPECT_DEATH(AesWrap(Hex(kKey), ""), "key length");
}

}  // namespace
}  // namespace trusthub::crypto
