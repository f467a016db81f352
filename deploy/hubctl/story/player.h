// File: player.h
//
// Makes the calls of the story and writes them down.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_PLAYER_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_PLAYER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "deploy/hubctl/hub_folder.h"
#include "deploy/hubctl/story/narrator.h"
#include "deploy/hubctl/story/transcript.h"
#include "google/protobuf/message.h"

namespace trusthub::story {

// Who calls, and what for.
struct Telling {
  std::string worker;  // "uphall-lead-01"
  std::string purpose;
  std::string case_reference;
  std::string intent;
  // What the story expects: an answer, or a refusal for this reason.
  error::Reason refusal = errors::v1::ERROR_REASON_UNSPECIFIED;
  // Whether it rests on facts that another service may be about to hear.
  bool settle = false;
};

using Facts = std::vector<std::pair<std::string, std::string>>;

// One play of the story. Not thread-safe.
class Player {
 public:
  Player(const hubctl::Hub& hub, Narrator& narrator, std::string seed);

  void Step(int number, absl::string_view title);
  // Sets the domain clock to this minute in London.
  absl::Status SetClock(absl::CivilMinute minute);
  void Remark(absl::string_view text) { narrator_.Remark(text); }

  // Makes a call that is to be answered. `ready` says whether the answer tells enough yet, when it
  // rests on facts that may be on their way; `facts` picks what is told of it.
  template <class Response>
  absl::StatusOr<Response> Ask(const Telling& telling, const google::protobuf::Message& request,
                               const std::function<void(const Response&, Facts&)>& facts = nullptr,
                               const std::function<bool(const Response&)>& ready = nullptr) {
    Response response;
    const absl::Status status = Call(
        telling, request, &response,
        [&](Facts& told) {
          if (facts) facts(response, told);
        },
        [&] { return ready == nullptr || ready(response); });
    if (!status.ok()) return status;
    return response;
  }
  // Makes a call that is to be refused for telling.refusal; gives the refusal.
  absl::StatusOr<absl::Status> AskInVain(const Telling& telling,
                                         const google::protobuf::Message& request);
  // As AskInVain, by telling.worker's system with the token of another worker.
  absl::StatusOr<absl::Status> AskWithTokenOf(absl::string_view other, const Telling& telling,
                                              const google::protobuf::Message& request);

  // Writes down what was done without a call: `entry` has all but step, time and person.
  absl::Status Note(absl::string_view worker, Entry entry);

  absl::StatusOr<hubctl::Desk*> DeskOf(absl::string_view worker);
  // A request id of this play: the same for the same `what`.
  std::string RequestId(absl::string_view what) const;
  const hubctl::Hub& hub() const { return hub_; }
  Transcript TakeTranscript() { return std::move(transcript_); }

 private:
  absl::Status Call(const Telling& telling, const google::protobuf::Message& request,
                    google::protobuf::Message* response, const std::function<void(Facts&)>& facts,
                    const std::function<bool()>& ready);
  absl::StatusOr<Entry> NewEntry(absl::string_view worker) const;
  absl::Status Record(const Telling& telling, Entry entry, const absl::Status& status);

  const hubctl::Hub& hub_;
  Narrator& narrator_;
  std::map<std::string, std::unique_ptr<hubctl::Desk>> desks_;
  Transcript transcript_;
  int step_ = 0;
};

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_PLAYER_H_
