// File: story.h
//
// The seven steps of a referral that crosses the hub, played by the workers of the Redbridge
// directory with real calls. It takes place from January to April 2010 by the sandbox's clock.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_STORY_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_STORY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "deploy/hubctl/hub_folder.h"
#include "deploy/hubctl/story/narrator.h"
#include "deploy/hubctl/story/transcript.h"

namespace trusthub::story {

// Plays it on a hub whose services run and whose directory is loaded. A seed names the children:
// with a new one the story plays again on the same hub. An error says which call went another way
// than told; what happened up to there has been narrated, and is in `so_far` when that is given.
absl::StatusOr<Transcript> PlayStory(const hubctl::Hub& hub, Narrator& narrator,
                                     absl::string_view seed, Transcript* so_far = nullptr);

// A seed nobody used.
std::string NewSeed();

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_STORY_H_
