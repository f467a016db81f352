// File: transcript.h
//
// What happened in the story, call by call: for tests to assert, for people to read.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_TRANSCRIPT_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_TRANSCRIPT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::story {

struct Entry {
  int step = 0;
  absl::Time domain_time;   // by the sandbox's clock
  std::string worker;       // "workers/uphall-lead-01"
  std::string person;       // "Jane Prior"
  std::string role;         // "designated lead"
  std::string agency;       // "agencies/uphall-primary"
  std::string agency_name;  // "Uphall Primary School"
  std::string purpose;      // "safeguarding_referral"
  std::string call;         // "SubmitReferral"
  std::string intent;       // what for, in a few words
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string reason;                 // "WORKER_NOT_QUALIFIED"; empty when answered
  std::string message;                // of the refusal
  std::vector<std::string> next;      // what the hub says to do
  std::vector<std::string> withheld;  // categories that the answer went without: "plan_content"
  std::vector<std::pair<std::string, std::string>> facts;  // of the answer, in order

  bool answered() const { return code == absl::StatusCode::kOk; }
  // The value of a fact; empty when there is none.
  std::string Fact(absl::string_view name) const;
};

struct Transcript {
  std::string seed;
  std::vector<Entry> entries;

  // The `number`-th entry (from 0) of this call; null when there are fewer.
  const Entry* Find(absl::string_view call, int number = 0) const;
  std::string ToJson() const;
};

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_TRANSCRIPT_H_
