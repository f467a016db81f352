#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"

namespace trusthub::crypto {
namespace {

std::string Hex(absl::string_view text) { return HexDecode(text).value(); }

const std::string& KeyA() {
  static const auto* key = new std::string(Sha256("key a"));
  return *key;
}

// Test cases 13, 14 and 16 of the GCM specification that SP 800-38D adopted.
TEST(OpenTest, MatchesTheGcmVectors) {
  const std::string zero_key(32, '\0');
  const std::string zero_nonce(12, '\0');
  EXPECT_EQ(Open(zero_key, zero_nonce + Hex("530f8afbc74536b9a963b4f1c4cb738b"), "").value(), "");
  EXPECT_EQ(
      Open(zero_key,
           zero_nonce + Hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"), "")
          .value(),
      std::string(16, '\0'));
  EXPECT_EQ(HexEncode(Open(Hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                           Hex("cafebabefacedbaddecaf888"
                               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                               "76fc6ece0f4e1768cddf8853bb2d551b"),
                           Hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
                          .value()),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

TEST(SealTest, OpensAgain) {
  for (const std::size_t size : {0, 1, 15, 16, 17, 1000, 300'000}) {
    const std::string plaintext(size, 'p');
    const std::string sealed = Seal(KeyA(), plaintext, "record 1");
    EXPECT_EQ(sealed.size(), size + 28);
    EXPECT_EQ(Open(KeyA(), sealed, "record 1").value(), plaintext);
  }
}

TEST(SealTest, NoncesDoNotRepeat) {
  std::set<std::string> nonces;
  for (int i = 0; i < 20'000; ++i) nonces.insert(Seal(KeyA(), "", "").substr(0, 12));
  EXPECT_EQ(nonces.size(), 20'000u);
}

TEST(OpenTest, RefusesEveryFlippedBit) {
  const std::string sealed = Seal(KeyA(), "a short record", "record 1");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(Open(KeyA(), changed, "record 1").status().code(), absl::StatusCode::kUnauthenticated)
        << "bit " << bit;
  }
}

TEST(OpenTest, RefusesOtherKeyAssociatedDataAndLength) {
  const std::string sealed = Seal(KeyA(), "a short record", "record 1");
  EXPECT_FALSE(Open(Sha256("key b"), sealed, "record 1").ok());
  EXPECT_FALSE(Open("short key", sealed, "record 1").ok());
  EXPECT_FALSE(Open("", sealed, "record 1").ok());
  EXPECT_FALSE(Open(KeyA(), sealed, "record 2").ok());
  EXPECT_FALSE(Open(KeyA(), sealed, "").ok());
  EXPECT_FALSE(Open(KeyA(), sealed + "x", "record 1").ok());
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_FALSE(Open(KeyA(), sealed.substr(0, length), "record 1").ok()) << length;
  }
}

TEST(SealDeathTest, EndsTheProcessOnAKeyOfAnotherLength) {
  EXPECT_DEATH(Seal("short", "text", ""), "key length");
}

}  // namespace
}  // namespace trusthub::crypto
