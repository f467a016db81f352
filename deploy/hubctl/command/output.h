// File: output.h
//
// What commands print: tables and messages for people, JSON for programs.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_OUTPUT_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_OUTPUT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::hubctl {

// Columns as wide as their widest cell. As JSON: a list of objects with the heads as names.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void Print(bool json) const;

 private:
  const std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> rows_;
};

void PrintJson(const nlohmann::ordered_json& json);
// With the field names of the protos. The caller may see the message: the hub gave it to them.
nlohmann::ordered_json JsonOf(const google::protobuf::Message& message);
// "name: value" lines, nested by indent.
void PrintText(const nlohmann::ordered_json& json);

// What was withheld of an answer, why and who can release it; and on what terms the rest was given:
// whether it may be passed on, and how it must be handled. For people; empty when nothing was.
std::vector<std::string> DisclosureLines(const types::v1::Disclosure& disclosure);

// On standard error: what went wrong and what to do; with `json` one document.
void PrintError(const absl::Status& status, bool json);

// A progress line on standard error that redraws itself; silent when that is no terminal.
std::function<void(int, int)> ProgressLine(const std::string& what);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_OUTPUT_H_
