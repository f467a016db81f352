// File: commands.h
//
// Runs hubctl, and other programs, as an administrator does at a shell.
#ifndef TRUSTHUB_TESTS_E2E_COMMANDS_H_
#define TRUSTHUB_TESTS_E2E_COMMANDS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/testing/temp_folder.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/child_process.h"

namespace trusthub::testing {

// hubctl's exit codes, beside 0 (deploy/hubctl/README.md).
inline constexpr int kRefused = 1;
inline constexpr int kTwoHistories = 2;
inline constexpr int kUsage = 64;

struct Ran {
  int exit_code;       // -1 when it did not end in time, -signal when one ended it
  std::string output;  // of both streams
  // What it printed with --json; discarded when it is none.
  nlohmann::json json() const {
    return nlohmann::json::parse(output, nullptr, /*allow_exceptions=*/false);
  }
};

// Not thread-safe. A fixture may derive from it.
class Commands {
 public:
  static constexpr absl::Duration kLimit = absl::Seconds(300);  // of one command

  // The hub that commands are about from now on, by its folder.
  void UseHub(std::string folder) { hub_folder_ = std::move(folder); }
  // Starts hubctl; ends the test run when there is none.
  std::unique_ptr<ChildProcess> Start(std::vector<std::string> arguments);
  // Runs hubctl until it ends.
  Ran Run(std::vector<std::string> arguments);
  Ran RunProgram(const std::string& program, std::vector<std::string> arguments);
  // What the newest command printed until now.
  std::string Output() const;

 private:
  std::unique_ptr<ChildProcess> StartProgram(const std::string& program,
                                             std::vector<std::string> arguments);
  std::string OutputFile() const;

  const TempFolder outputs_;
  std::string hub_folder_;
  int commands_ = 0;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_COMMANDS_H_
