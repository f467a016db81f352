// The tree keeps its own rules. Each finding names the file, the line and what to write instead.
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"
#include "tests/tidy/include_rules.h"
#include "tests/tidy/named_tests.h"
#include "tests/tidy/source_tree.h"
#include "tests/tidy/text_rules.h"

namespace trusthub::tidy {
namespace {

const std::vector<SourceFile>& Tree() {
  static const auto& tree = *new std::vector<SourceFile>(ReadTree(testing::SourcePath()));
  return tree;
}

void ExpectNone(const std::function<std::vector<Finding>(const SourceFile&)>& check) {
  for (const SourceFile& file : Tree()) {
    for (const Finding& finding : check(file)) ADD_FAILURE() << Describe(finding);
  }
}

TEST(Tidy, ReadsTheWholeTree) {
  std::set<std::string> tops;
  for (const SourceFile& file : Tree()) tops.insert(file.path.substr(0, file.path.find('/')));
  EXPECT_EQ(tops, (std::set<std::string>{"common", "deploy", "protos", "services", "tests"}));
  EXPECT_GT(Tree().size(), 100u);
}

TEST(Tidy, IncludesRunOneWay) { ExpectNone(CheckIncludes); }
TEST(Tidy, IncludeTableIsSound) { EXPECT_EQ(CheckIncludeTable(), std::vector<std::string>()); }
TEST(Tidy, NothingBannedIsWritten) { ExpectNone(CheckBannedCode); }
TEST(Tidy, NothingIsLeftForLater) { ExpectNone(CheckUnfinished); }
TEST(Tidy, NamesSayWhatIsInside) { ExpectNone(CheckNames); }
TEST(Tidy, FilesFitInAHead) { ExpectNone(CheckLength); }
TEST(Tidy, HeadersAreGuarded) { ExpectNone(CheckGuard); }
TEST(Tidy, MacrosAreFew) { ExpectNone(CheckMacros); }

TEST(Tidy, TestsThatDocumentsNameExist) {
  const std::set<std::string> tests = TestsOf(Tree());
  EXPECT_GT(tests.size(), 500u);
  for (const char* path : {"deploy/SECURITY.md", "BUILD.md"}) {
    std::ifstream file(std::string(testing::SourcePath() + "/") + path);
    const SourceFile document{path, std::string(std::istreambuf_iterator<char>(file), {})};
    EXPECT_FALSE(document.text.empty()) << path;
    for (const Finding& finding : CheckNamedTests(document, tests)) {
      ADD_FAILURE() << Describe(finding);
    }
  }
}

}  // namespace
}  // namespace trusthub::tidy
