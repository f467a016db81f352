// File: test_message.h
//
// The messages of test_message.proto by name, from text.
#ifndef TRUSTHUB_COMMON_PROTO_TEST_MESSAGE_H_
#define TRUSTHUB_COMMON_PROTO_TEST_MESSAGE_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/proto/test_message.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace trusthub::proto {

inline const google::protobuf::Descriptor* TestType(absl::string_view name) {
  return test::Root::descriptor()->file()->FindMessageTypeByName(std::string(name));
}

// A message of type `type` read from `text` in text format.
inline std::unique_ptr<google::protobuf::Message> MakeTest(absl::string_view type,
                                                           const std::string& text) {
  std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(TestType(type))->New());
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
  return message;
}

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_TEST_MESSAGE_H_
