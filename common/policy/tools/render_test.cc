// The document is the one that was looked at; what it quotes cannot become markup. To look at a new
// one: hubctl policy render common/policy/tools/testdata/agreements --out FILE.
#include "common/policy/tools/render.h"

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

const std::string kFolder = testing::SourcePath("common/policy/tools/testdata");

std::string Golden(const std::string& file) {
  std::ifstream in(absl::StrCat(kFolder, "/", file), std::ios::binary);
  EXPECT_TRUE(in.is_open()) << file;
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

Document Rendered() {
  const auto agreements = LoadAgreements(kFolder + "/agreements");
  EXPECT_TRUE(agreements.ok()) << agreements.status().message();
  return Render(**agreements, {});
}

TEST(RenderTest, Markdown) { EXPECT_EQ(Rendered().Markdown(), Golden("plans.md")); }

TEST(RenderTest, Html) { EXPECT_EQ(Rendered().Html(), Golden("plans.html")); }

TEST(RenderTest, NamesAgenciesByTheirTitles) {
  const auto agreements = LoadAgreements(kFolder + "/agreements");
  ASSERT_TRUE(agreements.ok());
  const std::string text =
      Render(**agreements, {{"agencies/council", "London Borough of Somewhere"}}).Markdown();
  EXPECT_TRUE(absl::StrContains(text, "London Borough of Somewhere"));
  EXPECT_FALSE(absl::StrContains(text, "agencies/council"));
}

TEST(DocumentTest, NothingItQuotesIsMarkup) {
  Document document("<script>&'\"");
  document.Heading(2, "a|b <b>");
  document.List({"*strong* [link](x)"});
  document.Table({"<th>"}, {{"one | two\nthree"}});
  const std::string html = document.Html();
  EXPECT_FALSE(absl::StrContains(html, "<script>"));
  EXPECT_TRUE(absl::StrContains(html, "<title>&lt;script&gt;&amp;&#39;&quot;</title>"));
  EXPECT_TRUE(absl::StrContains(html, "<h2>a|b &lt;b&gt;</h2>"));
  EXPECT_TRUE(absl::StrContains(html, "<th>&lt;th&gt;</th>"));
  const std::string markdown = document.Markdown();
  EXPECT_TRUE(absl::StrContains(markdown, "\\*strong\\* \\[link\\](x)"));
  EXPECT_TRUE(absl::StrContains(markdown, "| one \\| two three |"));
}

}  // namespace
}  // namespace trusthub::policy
