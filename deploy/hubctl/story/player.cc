#include "deploy/hubctl/story/player.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/settle.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::story {
namespace {

using google::protobuf::Message;

// How long the story waits for facts on their way between services.
constexpr absl::Duration kSettleLimit = absl::Seconds(15);

std::string LowerName(absl::string_view name, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

// "SubmitReferral" of SubmitReferralRequest.
std::string CallOf(const Message& request) {
  return std::string(absl::StripSuffix(request.GetDescriptor()->name(), "Request"));
}

// The categories that `response` says it went without.
std::vector<std::string> WithheldOf(const Message& response) {
  std::vector<std::string> withheld;
  const auto* field = response.GetDescriptor()->FindFieldByName("disclosure");
  if (field == nullptr) return withheld;
  const auto& disclosure = static_cast<const types::v1::Disclosure&>(
      response.GetReflection()->GetMessage(response, field));
  for (const types::v1::Withheld& row : disclosure.withheld()) {
    withheld.push_back(LowerName(options::v1::Category_Name(row.category()), "CATEGORY_"));
  }
  return withheld;
}

}  // namespace

Player::Player(const hubctl::Hub& hub, Narrator& narrator, std::string seed)
    : hub_(hub), narrator_(narrator) {
  transcript_.seed = std::move(seed);
}

void Player::Step(int number, absl::string_view title) {
  step_ = number;
  narrator_.Step(number, title);
}

absl::Status Player::SetClock(absl::CivilMinute minute) {
  const absl::Time instant = absl::FromCivil(minute, London());
  TRUSTHUB_RETURN_IF_ERROR(hub_.SetClock(instant));
  narrator_.Clock(instant);
  return absl::OkStatus();
}

absl::StatusOr<hubctl::Desk*> Player::DeskOf(absl::string_view worker) {
  std::unique_ptr<hubctl::Desk>& desk = desks_[std::string(worker)];
  if (desk == nullptr) {
    TRUSTHUB_ASSIGN_OR_RETURN(desk, hub_.DeskOf(worker));
  }
  return desk.get();
}

std::string Player::RequestId(absl::string_view what) const {
  return StableUuid(absl::StrCat("story ", transcript_.seed, " ", what));
}

absl::StatusOr<Entry> Player::NewEntry(absl::string_view worker) const {
  Entry entry;
  entry.step = step_;
  TRUSTHUB_ASSIGN_OR_RETURN(entry.domain_time, hub_.DomainNow());
  for (const hubctl::ListedWorker& listed : hub_.directory().workers) {
    if (listed.id != worker) continue;
    entry.worker = absl::StrCat("workers/", listed.id);
    entry.person = listed.worker.display_name();
    entry.role = absl::StrReplaceAll(
        LowerName(options::v1::Role_Name(listed.worker.role()), "ROLE_"), {{"_", " "}});
    entry.agency = listed.worker.agency();
  }
  for (const hubctl::ListedAgency& listed : hub_.directory().agencies) {
    if (listed.id == IdOf(entry.agency)) entry.agency_name = listed.agency.title();
  }
  return entry;
}

absl::Status Player::Record(const Telling& telling, Entry entry, const absl::Status& status) {
  entry.purpose = telling.purpose;
  entry.intent = telling.intent;
  entry.code = status.code();
  if (!status.ok()) {
    entry.reason = error::ReasonName(error::ReasonOf(status));
    entry.message = std::string(status.message());
    entry.next = error::Explain(status);
  }
  narrator_.Called(entry);
  const std::string what = absl::StrCat("step ", entry.step, ": ", entry.call, " by ", entry.worker,
                                        " for ", entry.purpose);
  transcript_.entries.push_back(std::move(entry));
  if (error::ReasonOf(status) == telling.refusal &&
      status.ok() == (telling.refusal == errors::v1::ERROR_REASON_UNSPECIFIED)) {
    return absl::OkStatus();
  }
  const std::string wanted = telling.refusal == errors::v1::ERROR_REASON_UNSPECIFIED
                                 ? "an answer"
                                 : error::ReasonName(telling.refusal);
  return absl::FailedPreconditionError(
      absl::StrCat("the story went another way at ", what, ": expected ", wanted, ", got ",
                   status.ok() ? "an answer"
                               : absl::StrCat(error::ReasonName(error::ReasonOf(status)), " (",
                                              std::string(status.message()), ")")));
}

absl::Status Player::Call(const Telling& telling, const Message& request, Message* response,
                          const std::function<void(Facts&)>& facts,
                          const std::function<bool()>& ready) {
  TRUSTHUB_ASSIGN_OR_RETURN(hubctl::Desk* const desk, DeskOf(telling.worker));
  bool enough = true;
  const absl::Status status = hubctl::Settle(
      telling.settle ? kSettleLimit : absl::ZeroDuration(),
      [&] {
        response->Clear();
        absl::Status answer =
            desk->Call(request, telling.purpose, telling.case_reference, "", response);
        enough = !answer.ok() || ready();
        return answer;
      },
      [&](const absl::Status& answer) { return !enough || hubctl::MayStillArrive(answer); });
  TRUSTHUB_ASSIGN_OR_RETURN(Entry entry, NewEntry(telling.worker));
  entry.call = CallOf(request);
  if (status.ok()) {
    facts(entry.facts);
    entry.withheld = WithheldOf(*response);
  }
  TRUSTHUB_RETURN_IF_ERROR(Record(telling, std::move(entry), status));
  if (enough) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat(CallOf(request), " does not tell yet what the story waits for"));
}

absl::StatusOr<absl::Status> Player::AskInVain(const Telling& telling, const Message& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(hubctl::Desk* const desk, DeskOf(telling.worker));
  return AskWithTokenOf(desk->name(), telling, request);
}

absl::StatusOr<absl::Status> Player::AskWithTokenOf(absl::string_view other, const Telling& telling,
                                                    const Message& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(hubctl::Desk* const desk, DeskOf(telling.worker));
  TRUSTHUB_ASSIGN_OR_RETURN(hubctl::Desk* const owner,
                            DeskOf(absl::StripPrefix(other, "workers/")));
  rpc::CallContext context;
  TRUSTHUB_ASSIGN_OR_RETURN(context.token, owner->Token());
  context.purpose = telling.purpose;
  context.case_reference = telling.case_reference;
  // Of which type the answer would be does not matter: an answer is a failure of the story.
  types::v1::Disclosure nothing;
  const absl::Status status = hubctl::Settle(
      telling.settle ? kSettleLimit : absl::ZeroDuration(),
      [&] { return desk->client().Call(request, context, &nothing); },
      [&](const absl::Status& answer) {
        return error::ReasonOf(answer) != telling.refusal && hubctl::MayStillArrive(answer);
      });
  TRUSTHUB_ASSIGN_OR_RETURN(Entry entry, NewEntry(telling.worker));
  entry.call = CallOf(request);
  TRUSTHUB_RETURN_IF_ERROR(Record(telling, std::move(entry), status));
  return status;
}

absl::Status Player::Note(absl::string_view worker, Entry entry) {
  TRUSTHUB_ASSIGN_OR_RETURN(Entry whole, NewEntry(worker));
  entry.step = whole.step;
  entry.domain_time = whole.domain_time;
  entry.worker = whole.worker;
  entry.person = whole.person;
  entry.role = whole.role;
  entry.agency = whole.agency;
  entry.agency_name = whole.agency_name;
  narrator_.Called(entry);
  transcript_.entries.push_back(std::move(entry));
  return absl::OkStatus();
}

}  // namespace trusthub::story
