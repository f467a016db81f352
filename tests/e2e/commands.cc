#include "tests/e2e/commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {

std::string Commands::OutputFile() const {
  return outputs_.File(absl::StrCat("output", commands_));
}

std::string Commands::Output() const { return absl::StrJoin(LinesOf(OutputFile()), "\n"); }

std::unique_ptr<ChildProcess> Commands::StartProgram(const std::string& program,
                                                     std::vector<std::string> arguments) {
  ++commands_;
  ChildProcess::Options options;
  options.program = program;
  options.arguments = std::move(arguments);
  if (!hub_folder_.empty()) options.environment = {absl::StrCat("TRUSTHUB_HUB=", hub_folder_)};
  options.output = OutputFile();
  auto started = ChildProcess::Start(options);
  EXPECT_TRUE(started.ok()) << started.status();
  return *std::move(started);
}

std::unique_ptr<ChildProcess> Commands::Start(std::vector<std::string> arguments) {
  return StartProgram(BuildPath("bin/hubctl"), std::move(arguments));
}

Ran Commands::Run(std::vector<std::string> arguments) {
  return RunProgram(BuildPath("bin/hubctl"), std::move(arguments));
}

Ran Commands::RunProgram(const std::string& program, std::vector<std::string> arguments) {
  const int exit_code = StartProgram(program, std::move(arguments))->Wait(kLimit).value_or(-1);
  return {exit_code, Output()};
}

}  // namespace trusthub::testing
