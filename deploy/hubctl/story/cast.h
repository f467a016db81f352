// File: cast.h
//
// The synthetic children of one play: fresh names, birth dates and numbers for every seed, so that
// the story may be played again on the same hub.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_CAST_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_CAST_H_

#include <string>

#include "absl/strings/string_view.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::story {

struct Cast {
  // A girl of seven or eight, as her school holds her: with a UPN.
  children::v1::ChildDetails at_school;
  // The same girl as the police hold her: another spelling, no numbers.
  children::v1::ChildDetails at_police;
  // The same girl as the health visitors hold her: with her NHS number.
  children::v1::ChildDetails at_health;
  // Her small brother, as the health visitors hold him.
  children::v1::ChildDetails brother;
};

// The same cast for the same seed. NHS numbers are of the range 999, which is never given to a
// person.
Cast CastOf(absl::string_view seed);

// `nhs_number` with a wrong check digit.
std::string WithWrongCheckDigit(absl::string_view nhs_number);

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_CAST_H_
