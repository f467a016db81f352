#include <cstdio>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::hubctl {
namespace {

using google::protobuf::Message;

// How a record of a collection is read.
struct Reading {
  const Message* request;
  const Message* response;
};

template <class Request, class Response>
Reading ReadingBy() {
  return {&Request::default_instance(), &Response::default_instance()};
}

const std::map<std::string, Reading, std::less<>>& Readings() {
  static const auto& readings = *new std::map<std::string, Reading, std::less<>>{
      {"agencies", ReadingBy<directory::v1::GetAgencyRequest, directory::v1::GetAgencyResponse>()},
      {"workers", ReadingBy<directory::v1::GetWorkerRequest, directory::v1::GetWorkerResponse>()},
      {"children", ReadingBy<children::v1::GetChildRequest, children::v1::GetChildResponse>()},
      {"referrals",
       ReadingBy<referrals::v1::GetReferralRequest, referrals::v1::GetReferralResponse>()},
      {"contacts",
       ReadingBy<referrals::v1::GetContactRequest, referrals::v1::GetContactResponse>()},
      {"assessments",
       ReadingBy<assessments::v1::GetAssessmentRequest, assessments::v1::GetAssessmentResponse>()},
      {"strategyDiscussions", ReadingBy<assessments::v1::GetStrategyDiscussionRequest,
                                        assessments::v1::GetStrategyDiscussionResponse>()},
      {"enquiries",
       ReadingBy<assessments::v1::GetEnquiryRequest, assessments::v1::GetEnquiryResponse>()},
      {"conferences",
       ReadingBy<plans::v1::GetConferenceRequest, plans::v1::GetConferenceResponse>()},
      {"plans", ReadingBy<plans::v1::GetPlanRequest, plans::v1::GetPlanResponse>()},
      {"attendances",
       ReadingBy<health::v1::GetAttendanceRequest, health::v1::GetAttendanceResponse>()}};
  return readings;
}

absl::StatusOr<const Reading*> ReadingOf(const std::string& record) {
  const auto found = Readings().find(std::string(CollectionOf(record)));
  if (found != Readings().end()) return &found->second;
  std::string known;
  for (const auto& [collection, reading] : Readings()) absl::StrAppend(&known, " ", collection);
  return absl::InvalidArgumentError(
      absl::StrCat(record, " is not the name of a record, e.g. children/abc; collections:", known));
}

absl::Status Get(const Invocation& invocation, const Asker& asker, const std::string& record,
                 const std::string& receipt) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Reading* const reading, ReadingOf(record));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(asker.worker));
  const std::unique_ptr<Message> request(reading->request->New());
  const std::unique_ptr<Message> response(reading->response->New());
  request->GetReflection()->SetString(request.get(),
                                      request->GetDescriptor()->FindFieldByName("name"), record);
  rpc::ReceivedAnswer received;
  TRUSTHUB_RETURN_IF_ERROR(
      desk->Call(*request, asker.purpose, asker.case_reference, "", response.get(), &received));
  TRUSTHUB_RETURN_IF_ERROR(KeepReceipt(receipt, received));
  nlohmann::ordered_json json = JsonOf(*response);
  if (invocation.json) {
    PrintJson(json);
    return absl::OkStatus();
  }
  json.erase("disclosure");
  PrintText(json);
  const auto& disclosure =
      static_cast<const types::v1::Disclosure&>(response->GetReflection()->GetMessage(
          *response, response->GetDescriptor()->FindFieldByName("disclosure")));
  for (const std::string& line : DisclosureLines(disclosure)) std::puts(line.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddGet(CLI::App& app, Invocation& invocation) {
  auto asker = std::make_shared<Asker>();
  auto record = std::make_shared<std::string>();
  auto receipt = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "get", "Read a record as a worker; --json also gives the receipt of the answer");
  command->add_option("record", *record, "Name of the record, e.g. referrals/abc")->required();
  AddAskerOptions(*command, *asker);
  AddReceiptOption(*command, *receipt);
  command->callback([asker, record, receipt, &invocation] {
    invocation.run = [asker, record, receipt, &invocation] {
      return Get(invocation, *asker, *record, *receipt);
    };
  });
}

}  // namespace trusthub::hubctl
