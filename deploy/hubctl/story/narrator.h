// File: narrator.h
//
// Tells the story as it happens.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_NARRATOR_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_NARRATOR_H_

#include <cstdio>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/hubctl/story/transcript.h"

namespace trusthub::story {

class Narrator {
 public:
  virtual ~Narrator() = default;
  virtual void Step(int number, absl::string_view title) = 0;
  // The sandbox's clock was set.
  virtual void Clock(absl::Time domain_time) = 0;
  virtual void Called(const Entry& entry) = 0;
  // What is worth knowing beside the calls.
  virtual void Remark(absl::string_view text) = 0;
};

// Readable text in 100 columns; in colour when `file` is a terminal.
std::unique_ptr<Narrator> TextNarrator(std::FILE* file);
// Says nothing: for tests and for --json.
std::unique_ptr<Narrator> SilentNarrator();

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_NARRATOR_H_
