#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"

namespace trusthub::crypto {
namespace {

std::string Hex(absl::string_view text) { return HexDecode(text).value(); }

class KeyFileTest : public testing::Test {
 protected:
  KeyFileTest() {
    std::string pattern = testing::TempDir() + "crypto_test_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/key";
  }
  ~KeyFileTest() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }
  void Write(absl::string_view text, mode_t mode) {
    std::ofstream(path_, std::ios::trunc) << text;
    chmod(path_.c_str(), mode);
  }
  std::string folder_;
  std::string path_;
};

std::string Pem(absl::string_view base64) {
  return absl::StrCat("-----BEGIN PRIVATE KEY-----\n", base64, "\n-----END PRIVATE KEY-----\n");
}

// RFC 8032 7.1, tests 1 to 3; the secret keys as PKCS#8 (RFC 8410).
struct Vector {
  const char* secret;
  const char* public_key;
  const char* message;
  const char* signature;
};
const Vector kVectors[] = {
    {"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST_F(KeyFileTest, SignsAndVerifiesAsRfc8032) {
  for (const Vector& vector : kVectors) {
    Write(Pem(vector.secret), 0600);
    const auto key = SigningKey::Load(path_);
    ASSERT_TRUE(key.ok()) << key.status();
    const std::string message = Hex(vector.message);
    EXPECT_EQ(HexEncode((*key)->public_key()), vector.public_key);
    EXPECT_EQ(HexEncode((*key)->Sign(message)), vector.signature);
    EXPECT_TRUE(VerifyEd25519(Hex(vector.public_key), message, Hex(vector.signature)));
  }
}

TEST_F(KeyFileTest, AGeneratedKeyComesBackFromItsPem) {
  const auto key = SigningKey::Generate();
  Write(key->ToPem(), 0400);
  const auto loaded = SigningKey::Load(path_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->public_key(), key->public_key());
  EXPECT_NE(SigningKey::Generate()->public_key(), key->public_key());
}

TEST_F(KeyFileTest, RefusesAFileThatOthersMayRead) {
  for (const mode_t mode : {0640, 0604, 0620, 0610, 0644}) {
    Write(Pem(kVectors[0].secret), mode);
    EXPECT_EQ(SigningKey::Load(path_).status().code(), absl::StatusCode::kPermissionDenied);
    Write(std::string(64, 'a'), mode);
    EXPECT_EQ(LoadKeyFile(path_).status().code(), absl::StatusCode::kPermissionDenied);
  }
}

TEST_F(KeyFileTest, RefusesWhatIsNoEd25519Key) {
  // An RFC 8410 X25519 key, garbage, and nothing.
  for (const std::string& text :
       {Pem("MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
        std::string("garbage"), std::string()}) {
    Write(text, 0600);
    EXPECT_EQ(SigningKey::Load(path_).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(SigningKey::Load(folder_ + "/absent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(SigningKey::Load(folder_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(KeyFileTest, LoadsAMasterKeyOf64HexDigits) {
  const std::string digits = HexEncode(Sha256("master"));
  for (const char* end : {"", "\n"}) {
    Write(digits + end, 0600);
    EXPECT_EQ(LoadKeyFile(path_).value().view(), Sha256("master"));
  }
  for (const std::string& text : {digits + "00", digits.substr(2), digits + "\n\n", " " + digits,
                                  "g" + digits.substr(1), std::string()}) {
    Write(text, 0600);
    EXPECT_EQ(LoadKeyFile(path_).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(LoadKeyFile(folder_ + "/absent").status().code(), absl::StatusCode::kNotFound);
}

TEST(VerifyEd25519Test, RefusesWhatWasNotSigned) {
  const auto key = SigningKey::Generate();
  const std::string data = "tree head";
  const std::string signature = key->Sign(data);
  ASSERT_TRUE(VerifyEd25519(key->public_key(), data, signature));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(VerifyEd25519(key->public_key(), data, changed)) << "bit " << bit;
  }
  EXPECT_FALSE(VerifyEd25519(key->public_key(), "tree heap", signature));
  EXPECT_FALSE(VerifyEd25519(SigningKey::Generate()->public_key(), data, signature));
  EXPECT_FALSE(VerifyEd25519(key->public_key(), data, signature + "x"));
  EXPECT_FALSE(VerifyEd25519(key->public_key(), data, ""));
  EXPECT_FALSE(VerifyEd25519("", data, signature));
  EXPECT_FALSE(VerifyEd25519(std::string(31, 'k'), data, signature));
}

}  // namespace
}  // namespace trusthub::crypto
