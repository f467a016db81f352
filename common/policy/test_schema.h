// File: test_schema.h
//
// Descriptors and messages of testdata, made for tests of grant plans; no code is generated for
// them, and the hub would never have them.
#ifndef TRUSTHUB_COMMON_POLICY_TEST_SCHEMA_H_
#define TRUSTHUB_COMMON_POLICY_TEST_SCHEMA_H_

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/paths.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace trusthub::policy {

class Schema {
 public:
  Schema() {
    std::ifstream in(testing::BuildPath("common/policy/testdata.binpb"), std::ios::binary);
    google::protobuf::FileDescriptorSet files;
    EXPECT_TRUE(files.ParseFromIstream(&in));
    for (const auto& file : files.file()) EXPECT_NE(pool_.BuildFile(file), nullptr);
  }
  const google::protobuf::Descriptor* Get(const std::string& name) const {
    return pool_.FindMessageTypeByName(absl::StrCat("test.", name));
  }
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor* descriptor) {
    return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(descriptor)->New());
  }

 private:
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
  google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TEST_SCHEMA_H_
