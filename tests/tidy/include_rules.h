// File: include_rules.h
//
// Includes run one way (design.md, "The house"):
//   services -> rpc -> {auth, policy, audit, events} -> store -> {proto, error, crypto, timescales,
//   identifiers} -> {time, log, config} -> base
// and each outside library is seen by the rooms that wrap it alone.
#ifndef TRUSTHUB_TESTS_TIDY_INCLUDE_RULES_H_
#define TRUSTHUB_TESTS_TIDY_INCLUDE_RULES_H_

#include <string>
#include <vector>

#include "tests/tidy/source_tree.h"

namespace trusthub::tidy {

struct Include {
  std::string path;
  int line = 0;
};
// What `file` includes, by quotes or angle brackets.
std::vector<Include> IncludesOf(const SourceFile& file);

// Includes that run against the arrows, or past the room that wraps a library.
std::vector<Finding> CheckIncludes(const SourceFile& file);

// What is wrong with the table itself: a circle among its arrows, an arrow that runs up. Empty when
// sound.
std::vector<std::string> CheckIncludeTable();

}  // namespace trusthub::tidy

#endif  // TRUSTHUB_TESTS_TIDY_INCLUDE_RULES_H_
