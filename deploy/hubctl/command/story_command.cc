#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/story/story.h"

namespace trusthub::hubctl {
namespace {

struct Options {
  std::string seed;
  std::string transcript;
};

absl::Status Save(const std::string& path, const story::Transcript& transcript) {
  std::ofstream file(path);
  file << transcript.ToJson() << "\n";
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat(path, " cannot be written"));
  return absl::OkStatus();
}

void PrintSummary(const story::Transcript& transcript) {
  int refused = 0;
  for (const story::Entry& entry : transcript.entries) refused += entry.answered() ? 0 : 1;
  std::printf("\nThe story went as told: %d calls answered, %d refused. Seed %s.\n",
              static_cast<int>(transcript.entries.size()) - refused, refused,
              transcript.seed.c_str());
}

absl::Status Play(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  const std::unique_ptr<story::Narrator> narrator =
      invocation.json ? story::SilentNarrator() : story::TextNarrator(stdout);
  story::Transcript so_far;
  const absl::StatusOr<story::Transcript> transcript = story::PlayStory(
      *hub, *narrator, options.seed.empty() ? story::NewSeed() : options.seed, &so_far);
  if (!options.transcript.empty()) TRUSTHUB_RETURN_IF_ERROR(Save(options.transcript, so_far));
  if (invocation.json) std::puts(so_far.ToJson().c_str());
  if (!transcript.ok()) return transcript.status();
  if (!invocation.json) PrintSummary(*transcript);
  return absl::OkStatus();
}

}  // namespace

void AddStory(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("story", "Play a referral from a school to a plan, and what is refused");
  command->add_option("--seed", options->seed, "Names the children; new for every play");
  command->add_option("--transcript", options->transcript, "Also write the calls to this file");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Play(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
