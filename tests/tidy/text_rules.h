// File: text_rules.h
//
// What is never written here, and what is written instead.
#ifndef TRUSTHUB_TESTS_TIDY_TEXT_RULES_H_
#define TRUSTHUB_TESTS_TIDY_TEXT_RULES_H_

#include <vector>

#include "tests/tidy/source_tree.h"

namespace trusthub::tidy {

// Real clocks, sleeps, printing of messages, wrong views and mutexes, stray gRPC statuses,
// exceptions of our own: looked for in code, not in comments or literals.
std::vector<Finding> CheckBannedCode(const SourceFile& file);
// Promises of later work, in any text.
std::vector<Finding> CheckUnfinished(const SourceFile& file);
// Folders and files named for nothing.
std::vector<Finding> CheckNames(const SourceFile& file);
// Files that no longer fit in a head.
std::vector<Finding> CheckLength(const SourceFile& file);
// Headers without the guard that their path asks for.
std::vector<Finding> CheckGuard(const SourceFile& file);
// Macros beside guards and the few that the house has.
std::vector<Finding> CheckMacros(const SourceFile& file);

}  // namespace trusthub::tidy

#endif  // TRUSTHUB_TESTS_TIDY_TEXT_RULES_H_
