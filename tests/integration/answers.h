// File: answers.h
//
// What a caller got, in a form that tests can compare: which kinds of information, or which
// refusal; and all of it as text with everything random taken out.
#ifndef TRUSTHUB_TESTS_INTEGRATION_ANSWERS_H_
#define TRUSTHUB_TESTS_INTEGRATION_ANSWERS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "deploy/hubctl/hub_folder.h"
#include "google/protobuf/message.h"

namespace trusthub::testing {

// An answer or a refusal.
struct Answer {
  absl::Status status;
  std::unique_ptr<google::protobuf::Message> response;  // null when refused
};

// Calls the method that takes `request`, whichever it is; of `service` where several offer it.
Answer Ask(hubctl::Desk& desk, const google::protobuf::Message& request, absl::string_view purpose,
           absl::string_view case_reference, absl::string_view service = "");

// Name of the audit entry that an answer or refusal gives; empty when it gives none.
std::string DecisionOf(const Answer& answer);

// "plan_content plan_status": the categories of the fields that the response holds, in alphabetical
// order, without operational ones and the Disclosure; "nothing" when there are none; the reason of
// a refusal, e.g. "RECORD_NOT_FOUND".
std::string KindsIn(const Answer& answer);

// Writes an answer so that two worlds can be compared: names of records and children become
// "plans/#1" in the order in which this world showed them, page tokens and cursors their length;
// receipts and names of decisions go. Times stay: they are those of the domain clock.
class Canonical {
 public:
  std::string TextOf(const Answer& answer);
  std::string TextOf(const google::protobuf::Message& message);
  std::string TextOf(const absl::Status& status);

 private:
  std::string WithoutNames(absl::string_view text);

  std::map<std::string, std::string, std::less<>> names_;
  std::map<std::string, int, std::less<>> counts_;  // by collection
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_ANSWERS_H_
