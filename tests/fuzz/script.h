// File: script.h
//
// Inputs of the pipeline's target: calls one after the other, as text that can be read and written
// by hand. A line is
//     METHOD WORKER PURPOSE REQUEST
// with the request as JSON, or as "=" and the hex digits of its bytes; or "clock SECONDS", which
// sets the domain clock on. Other lines mean nothing. In texts of a request
//     referrals/@0   is the first referral that a call before named, by its collection
//     @page          is the last page token that was given, @etag the last etag
#ifndef TRUSTHUB_TESTS_FUZZ_SCRIPT_H_
#define TRUSTHUB_TESTS_FUZZ_SCRIPT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "tests/fuzz/one_hub.h"

namespace trusthub::fuzz {

struct Line {
  std::int64_t clock = 0;  // where not 0, this alone
  std::string method, worker, purpose;
  std::string request;  // as it stands
};

// Nothing for a line that means nothing.
std::optional<Line> ParseLine(absl::string_view text);
std::string PrintLine(const Line& line);

// The request as a message; null when it is none in JSON.
std::unique_ptr<google::protobuf::Message> ParseRequest(const rpc::Method& method,
                                                        absl::string_view request);
// The other way; in hex where a text of it is not UTF-8.
std::string PrintRequest(const google::protobuf::Message& request);

// What later lines may refer to.
class Names {
 public:
  // Puts names for what refers to them.
  void Resolve(google::protobuf::Message* request) const;
  void Learn(const google::protobuf::Message& response);

 private:
  std::string Resolved(const std::string& text) const;

  std::map<std::string, std::vector<std::string>> by_collection_;
  std::string page_token_;
  std::string etag_;
};

}  // namespace trusthub::fuzz

#endif  // TRUSTHUB_TESTS_FUZZ_SCRIPT_H_
