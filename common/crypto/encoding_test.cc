#include <gtest/gtest.h>

#include "common/crypto/crypto.h"

namespace trusthub::crypto {
namespace {

TEST(Base64UrlTest, MatchesRfc4648WithoutPadding) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64UrlEncode(bytes), text);
    EXPECT_EQ(Base64UrlDecode(text).value(), bytes);
  }
  EXPECT_EQ(Base64UrlEncode("\xfb\xff\xfe"), "-__-");
}

TEST(Base64UrlTest, EveryByteComesBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (std::size_t length = 0; length <= all.size(); ++length) {
    const std::string bytes = all.substr(0, length);
    EXPECT_EQ(Base64UrlDecode(Base64UrlEncode(bytes)).value(), bytes);
  }
}

TEST(Base64UrlTest, RefusesAllButTheOneSpelling) {
  for (const char* text : {"Zg==", "Zm8=", "Zm9v\n", " Zm9v", "Zm 9v", "Z", "Zm9vY", "Zm9+", "Zm9/",
                           "Zh", "Zm9", "Zm9v.", "Zm9\x80"}) {
    EXPECT_FALSE(Base64UrlDecode(text).ok()) << text;
  }
  EXPECT_FALSE(Base64UrlDecode(absl::string_view("Zm9\0", 4)).ok());
}

TEST(HexTest, RoundTripsAndRefuses) {
  EXPECT_EQ(HexEncode(absl::string_view("\x00\x9f\xff", 3)), "009fff");
  EXPECT_EQ(HexDecode("009fFF").value(), std::string("\x00\x9f\xff", 3));
  EXPECT_EQ(HexDecode("").value(), "");
  for (const char* text : {"0", "0g", "0x00", "00 0", "-1"}) {
    EXPECT_FALSE(HexDecode(text).ok()) << text;
  }
}

}  // namespace
}  // namespace trusthub::crypto
