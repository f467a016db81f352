#include "common/identifiers/identifiers.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

namespace trusthub::identifiers {
namespace {

TEST(NhsNumberTest, WorkedExamples) {
  for (const char* good : {"9434765919", "9990000018", "9990000026", "9990000034", "9990000050"}) {
    EXPECT_TRUE(IsNhsNumber(good)) << good;
  }
  for (const char* bad : {"9434765910", "", "943476591", "94347659190", "943 476 5919",
                          "943476591x", " 434765919", "999000001A"}) {
    EXPECT_FALSE(IsNhsNumber(bad)) << bad;
  }
}

TEST(NhsNumberTest, CheckDigitOfTenIsNeverIssued) {
  for (const char* nine : {"943476596", "999000000"}) {
    for (int digit = 0; digit < 10; ++digit) {
      EXPECT_FALSE(IsNhsNumber(absl::StrCat(nine, digit))) << nine << digit;
    }
  }
}

TEST(NhsNumberTest, Display) {
  EXPECT_EQ(FormatNhsNumber("9434765919"), "943 476 5919");
  EXPECT_EQ(FormatNhsNumber("123"), "123");
}

TEST(NhsNumberTest, AnySingleDigitChangeIsRefused) {
  constexpr unsigned kSeed = 51;
  std::mt19937 random(kSeed);
  std::uniform_int_distribution<int> nine(0, 999'999'999);
  int tried = 0;
  while (tried < 300) {
    const std::string start = absl::StrFormat("%09d", nine(random));
    for (char last = '0'; last <= '9'; ++last) {
      const std::string good = start + last;
      if (!IsNhsNumber(good)) continue;
      ++tried;
      for (std::size_t at = 0; at < good.size(); ++at) {
        for (char digit = '0'; digit <= '9'; ++digit) {
          std::string changed = good;
          changed[at] = digit;
          EXPECT_EQ(IsNhsNumber(changed), changed == good) << "seed " << kSeed << ": " << changed;
        }
      }
    }
  }
}

TEST(UpnTest, WorkedExamples) {
  EXPECT_TRUE(IsUpn("Z317200109012"));
  EXPECT_TRUE(IsUpn("G80120000101A"));  // temporary: ends in a letter
  EXPECT_EQ(UpnCheckLetter("317200109012"), 'Z');
  EXPECT_EQ(UpnCheckLetter("80120000101A"), 'G');
  // The letters of these are right by census rule 1510, but rule 1530 knows no authority 950 or
  // 243.
  EXPECT_EQ(UpnCheckLetter("950000178301"), 'A');
  EXPECT_EQ(UpnCheckLetter("243278544154"), 'H');
  EXPECT_FALSE(IsUpn("A950000178301"));
  EXPECT_FALSE(IsUpn("H243278544154"));
  EXPECT_NE(UpnCheckLetter("428558133462"), 'X');
  EXPECT_FALSE(IsUpn("X428558133462"));
}

TEST(UpnTest, Malformed) {
  for (const char* bad : {"", "Z31720010901", "Z3172001090122", "z317200109012", "Z3172001 9012",
                          "ZA17200109012", "Z31720010901I", "Z31720010901a", "I317200109012"}) {
    EXPECT_FALSE(IsUpn(bad)) << bad;
  }
  EXPECT_EQ(UpnCheckLetter("31720010901"), 0);
  EXPECT_EQ(UpnCheckLetter("3172001090S2"), 0);
  EXPECT_EQ(UpnCheckLetter("31720010901O"), 0);
  EXPECT_FALSE(
      IsUpn(absl::string_view("\0"
                              "31720010901O",
                              13)));
}

TEST(UpnTest, AnySingleDigitChangeIsRefused) {
  const std::string good = "Z317200109012";
  for (std::size_t at = 1; at < good.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string changed = good;
      changed[at] = digit;
      EXPECT_EQ(IsUpn(changed), changed == good) << changed;
    }
  }
}

TEST(PostcodeTest, Shapes) {
  for (const char* good :
       {"M1 1AE", "M60 1NW", "IG1 1DD", "IG11 7LZ", "W1A 0AX", "EC1A 1BB", "GIR 0AA", "IG3 8YB"}) {
    EXPECT_TRUE(IsPostcode(good)) << good;
  }
  for (const char* bad :
       {"", "IG1", "IG11DD", "ig1 1dd", "IG1  1DD", " IG1 1DD", "IG1 1DD ", "IG1 1D", "1G1 1DD",
        "IG1 DDD", "AI1 1AA", "AZ1 1AA", "IG111 1DD", "IG1 1DDX", "xGIR 0AA", "IG1\n1DD"}) {
    EXPECT_FALSE(IsPostcode(bad)) << bad;
  }
}

TEST(PostcodeTest, Canonical) {
  EXPECT_EQ(CanonicalPostcode("ig1 1dd"), "IG1 1DD");
  EXPECT_EQ(CanonicalPostcode(" ig11dd "), "IG1 1DD");
  EXPECT_EQ(CanonicalPostcode("EC1A1BB"), "EC1A 1BB");
  EXPECT_EQ(CanonicalPostcode("not one"), "not one");
  EXPECT_EQ(CanonicalPostcode(""), "");
}

TEST(CodesTest, LocalAuthorities) {
  for (const char* good : {"317", "301", "311", "316", "320", "881", "001", "941", "420"}) {
    EXPECT_TRUE(IsLocalAuthorityCode(good)) << good;
  }
  for (const char* bad : {"", "31", "3171", "000", "006", "950", "999", "A17", "243", "428"}) {
    EXPECT_FALSE(IsLocalAuthorityCode(bad)) << bad;
  }
}

TEST(CodesTest, OrganisationsAndForces) {
  for (const char* good : {"RF4", "RAT", "5NA", "RGC", "R1H", "08N", "QMF", "RRU", "RF4DG"}) {
    EXPECT_TRUE(IsOdsCode(good)) << good;
  }
  for (const char* bad : {"", "RF", "rf4", "RF 4", "RF4-1", "ABCDEFGHIJKLM"}) {
    EXPECT_FALSE(IsOdsCode(bad)) << bad;
  }
  for (const char* good : {"01", "42", "48", "63", "93"}) EXPECT_TRUE(IsPoliceForceCode(good));
  for (const char* bad : {"", "1", "02", "99", "001"}) EXPECT_FALSE(IsPoliceForceCode(bad));
}

TEST(CodesTest, Languages) {
  for (const char* good :
       {"en", "ur", "pa", "pa-Arab", "so", "zh-Hant-TW", "en-GB", "bfi", "en-x-plain"}) {
    EXPECT_TRUE(IsLanguageTag(good)) << good;
  }
  for (const char* bad : {"", "e", "Urdu", "english", "en-", "-en", "en--GB", "en GB", "en-x",
                          "en-toolongsub", "e1", "EN"}) {
    EXPECT_FALSE(IsLanguageTag(bad)) << bad;
  }
}

TEST(CodesTest, Telephones) {
  for (const char* good : {"020 8708 3885", "+44 20 8708 3885", "101", "02087083885"}) {
    EXPECT_TRUE(IsTelephone(good)) << good;
  }
  for (const char* bad : {"", "+", "12", "020-8708", "020  8708 3885", " 020", "020 ", "+ 44 20",
                          "4+4208708", "1234567890123456", "ext 12345"}) {
    EXPECT_FALSE(IsTelephone(bad)) << bad;
  }
}

}  // namespace
}  // namespace trusthub::identifiers
