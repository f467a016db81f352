#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <future>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"

namespace trusthub::crypto {
namespace {

std::string Hex(absl::string_view text) { return HexDecode(text).value(); }

TEST(Sha256Test, MatchesFips180) {
  EXPECT_EQ(HexEncode(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexEncode(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexEncode(Sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PartsHashAsTheirConcatenation) {
  EXPECT_EQ(Sha256({"a", "", "bc"}), Sha256("abc"));
  EXPECT_EQ(Sha256({}), Sha256(""));
  EXPECT_EQ(Sha256(absl::string_view()), Sha256(""));
}

struct HmacVector {
  std::string key, data;
  const char* mac;
};

// Looks algorithms up without end while the process exits.
[[noreturn]] void ExitWhileInUse() {
  std::promise<void> begun;
  std::thread user([&begun] {
    for (bool first = true;; first = false) {
      EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-512", nullptr);
      if (algorithm == nullptr) std::abort();
      EVP_MD_free(algorithm);
      if (first) begun.set_value();
    }
  });
  user.detach();
  begun.get_future().wait();
  Sha256("");
  std::exit(0);  // NOLINT(concurrency-mt-unsafe): it is what is tested
}

// Threads of gRPC use OpenSSL to the end of a process.
TEST(OpenSslDeathTest, MayBeInUseWhenTheProcessEnds) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_EXIT(ExitWhileInUse(), ::testing::ExitedWithCode(0), "");
  }
}

TEST(HmacSha256Test, MatchesRfc4231) {
  const HmacVector vectors[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {Hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const HmacVector& vector : vectors) {
    EXPECT_EQ(HexEncode(HmacSha256(vector.key, vector.data)), vector.mac);
  }
}

TEST(HmacSha256Test, AnEmptyKeyDoesNotReuseTheLastOne) {
  // The well-known value of HMAC-SHA-256 with empty key and message.
  const char kEmpty[] = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  HmacSha256("another key", "another message");
  EXPECT_EQ(HexEncode(HmacSha256("", "")), kEmpty);
  EXPECT_EQ(HexEncode(HmacSha256(absl::string_view(), absl::string_view())), kEmpty);
}

TEST(DeriveKeyTest, MatchesRfc5869WithoutSaltAndInfo) {
  // Test case 3; the first 32 of its 42 bytes.
  EXPECT_EQ(HexEncode(DeriveKey(std::string(22, '\x0b'), "").view()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(DeriveKeyTest, PurposesAndMastersGiveDifferentKeys) {
  const std::string master(32, 'm');
  EXPECT_EQ(DeriveKey(master, "records").size(), 32u);
  EXPECT_NE(DeriveKey(master, "records").view(), DeriveKey(master, "indexes").view());
  EXPECT_NE(DeriveKey(master, "records").view(), DeriveKey(std::string(32, 'n'), "records").view());
}

TEST(ConstantTimeEqualsTest, ComparesBytesAndLength) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("same", "same"));
  EXPECT_FALSE(ConstantTimeEquals("same", "sane"));
  EXPECT_FALSE(ConstantTimeEquals("same", "same "));
  EXPECT_FALSE(ConstantTimeEquals("same", ""));
}

}  // namespace
}  // namespace trusthub::crypto
