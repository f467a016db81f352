#include "common/config/yaml.h"

#include "gtest/gtest.h"

namespace trusthub::config {
namespace {

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

TEST(YamlTest, ReadsEveryKindOfValue) {
  const auto root = Yaml::Parse(
      "text: word\nnumber: -7\nflag: true\nday: 2010-03-16\nlist: [a, b]\n", "sample.yaml");
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_TRUE(root->CheckKeys({"text", "number", "flag", "day", "list"}).ok());
  EXPECT_EQ(*root->Get("text")->Text(), "word");
  EXPECT_EQ(*root->Get("number")->Number(), -7);
  EXPECT_TRUE(*root->Get("flag")->Flag());
  EXPECT_EQ(*root->Get("day")->Day(), absl::CivilDay(2010, 3, 16));
  EXPECT_EQ(root->Get("list")->Items()->size(), 2U);
  EXPECT_FALSE(root->Find("other").has_value());
}

TEST(YamlTest, ErrorsNameFileAndLine) {
  const auto root = Yaml::Parse("one: 1\ntwo: x\nday: 2010-02-30\n", "sample.yaml");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(MessageOf(root->CheckKeys({"one", "two"})), "sample.yaml:3: unknown key 'day'");
  EXPECT_EQ(MessageOf(root->CheckKeys({"one", "two", "day", "four"})),
            "sample.yaml:1: key 'four' is missing");
  EXPECT_EQ(MessageOf(root->Get("two")->Number().status()),
            "sample.yaml:2: must be a whole number");
  EXPECT_EQ(MessageOf(root->Get("two")->Flag().status()), "sample.yaml:2: must be true or false");
  EXPECT_EQ(MessageOf(root->Get("day")->Day().status()),
            "sample.yaml:3: must be a day written as YYYY-MM-DD");
  EXPECT_EQ(MessageOf(root->Get("five").status()), "sample.yaml:1: key 'five' is missing");
  EXPECT_EQ(MessageOf(root->Items().status()), "sample.yaml:1: must be a list");
}

TEST(YamlTest, DoubledKeyIsAnError) {
  const auto root = Yaml::Parse("one: 1\none: 2\n", "sample.yaml");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(MessageOf(root->CheckKeys({"one"})), "sample.yaml:2: key 'one' stands twice");
}

TEST(YamlTest, SyntaxErrorNamesTheLine) {
  const auto root = Yaml::Parse("one: 1\ntwo: [1, 2\n", "sample.yaml");
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(MessageOf(root.status()).find("sample.yaml:"), 0U) << root.status();
}

TEST(YamlTest, MissingFileAndFolder) {
  EXPECT_EQ(Yaml::ReadFile("/nowhere/a.yaml").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(YamlFilesIn("/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(YamlTest, TwoDocumentsAreRefused) {
  EXPECT_FALSE(Yaml::Parse("a: 1\n---\nb: 2\n", "sample.yaml").ok());
  EXPECT_FALSE(Yaml::Parse("", "sample.yaml").ok());
}

TEST(YamlTest, ATextThatTheParserNeverGetsPastIsRefused) {
  // yaml-cpp's LoadAll took all memory over these.
  for (const char* text : {"&a ,[*a]", ",", "&a ,"}) {
    EXPECT_FALSE(Yaml::Parse(text, "sample.yaml").ok()) << text;
  }
}

}  // namespace
}  // namespace trusthub::config
