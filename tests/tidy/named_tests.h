// File: named_tests.h
//
// Tests that documents name as their proof, and tests that there are.
#ifndef TRUSTHUB_TESTS_TIDY_NAMED_TESTS_H_
#define TRUSTHUB_TESTS_TIDY_NAMED_TESTS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/tidy/source_tree.h"

namespace trusthub::tidy {

// "Suite.Test" of every TEST, TEST_F and TEST_P of the tree.
std::set<std::string> TestsOf(const std::vector<SourceFile>& tree);

// A finding for each `Suite.Test` between backticks in a document that is not among `tests`. Code
// whose first part does not end in "Test" or name a suite of `tests` is something else.
std::vector<Finding> CheckNamedTests(const SourceFile& document,
                                     const std::set<std::string>& tests);

}  // namespace trusthub::tidy

#endif  // TRUSTHUB_TESTS_TIDY_NAMED_TESTS_H_
