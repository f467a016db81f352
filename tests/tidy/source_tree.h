// File: source_tree.h
//
// The sources of this tree as text, for tests about the code itself.
#ifndef TRUSTHUB_TESTS_TIDY_SOURCE_TREE_H_
#define TRUSTHUB_TESTS_TIDY_SOURCE_TREE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace trusthub::tidy {

struct SourceFile {
  std::string path;  // from the root: "common/base/ids.h"
  std::string text;
};

// One broken rule: where, and what to write instead.
struct Finding {
  std::string path;
  int line = 0;  // from 1; 0 when the whole file is meant
  std::string message;
};
std::string Describe(const Finding& finding);

// Every file under common, services, deploy, tests and protos that people write, in order of path.
std::vector<SourceFile> ReadTree(absl::string_view root);

// "common/base" of "common/base/ids.h".
absl::string_view FolderOf(absl::string_view path);
// Whether `path` is `prefix` or lies under it: "common/rpc" holds "common/rpc/call.h".
bool IsUnder(absl::string_view path, absl::string_view prefix);
bool IsCpp(absl::string_view path);
// Tests, and what stands beside them for tests alone: foo_test.cc, foo_fixture.h, foo_factory.h,
// test_foo.h, foo_bench.cc.
bool IsTest(absl::string_view path);
bool IsTestSupport(absl::string_view path);

// The lines of C++ `text` with comments and the contents of string and character literals blanked.
std::vector<std::string> CodeLines(absl::string_view text);
std::vector<std::string> PlainLines(absl::string_view text);

}  // namespace trusthub::tidy

#endif  // TRUSTHUB_TESTS_TIDY_SOURCE_TREE_H_
