#include "common/proto/text_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace trusthub::proto {
namespace {

TEST(TextCheckTest, GoodTexts) {
  for (const char* text : {"", "a", "Ayesha saw bruises on 3 March.", "Zoë Ó Briain", "عائشہ",
                           "ਅਮਨ", "𝄞 and 😀", "\u200F\u200Eمرحبا"}) {
    EXPECT_EQ(CheckText(text, false), TextFault::kNone) << text;
    EXPECT_EQ(CheckText(text, true), TextFault::kNone) << text;
  }
  EXPECT_EQ(CheckText("one\n\ttwo", true), TextFault::kNone);
}

// Each fault at every place of a long text, so that the eight byte steps miss none.
TEST(TextCheckTest, FaultsAreFoundAnywhere) {
  for (std::size_t at = 0; at <= 40; ++at) {
    const std::string before(at, 'x');
    const std::string after(40 - at, 'y');
    const auto fault = [&](absl::string_view bad, bool lines) {
      return CheckText(absl::StrCat(before, bad, after), lines);
    };
    for (int c = 0; c < 0x20; ++c) {
      const std::string one(1, static_cast<char>(c));
      const bool line = c == '\n' || c == '\t';
      EXPECT_EQ(fault(one, false), TextFault::kControl) << at << " " << c;
      EXPECT_EQ(fault(one, true), line ? TextFault::kNone : TextFault::kControl) << at << " " << c;
    }
    EXPECT_EQ(fault("\x7f", true), TextFault::kControl) << at;
    EXPECT_EQ(fault("\u0085", true), TextFault::kControl) << at;
    EXPECT_EQ(fault("\u2028", false), TextFault::kControl) << at;
    EXPECT_EQ(fault("\u2028", true), TextFault::kNone) << at;
    for (const char* bidi : {"\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066", "\u2067",
                             "\u2068", "\u2069"}) {
      EXPECT_EQ(fault(bidi, true), TextFault::kDirection) << at;
    }
    for (const char* bad : {"\x80", "\xff", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x80"}) {
      EXPECT_EQ(fault(bad, true), TextFault::kNotUtf8) << at;
    }
  }
}

TEST(TextCheckTest, EveryPrintableByteIsGood) {
  for (char c = ' '; c <= '~'; ++c) {
    EXPECT_EQ(CheckText(std::string(24, c), false), TextFault::kNone) << c;
  }
}

}  // namespace
}  // namespace trusthub::proto
