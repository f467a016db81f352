// File: field_plan.h
//
// The rules of a message type and of all that it holds, read from the descriptors once.
#ifndef TRUSTHUB_COMMON_PROTO_FIELD_PLAN_H_
#define TRUSTHUB_COMMON_PROTO_FIELD_PLAN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/proto/field_rules.h"
#include "google/protobuf/descriptor.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::proto {

struct MessagePlan;

// What is checked of one field.
struct FieldPlan {
  enum class Kind { kText, kBytes, kNumber, kEnum, kFlag, kMessage, kDate, kTimestamp };

  const google::protobuf::FieldDescriptor* field = nullptr;
  Kind kind = Kind::kFlag;
  bool clear = false;  // only the hub sets it
  bool required = false;
  bool presence = false;  // whether absence can be told from the default value
  options::v1::Format format = options::v1::FORMAT_UNSPECIFIED;
  std::string detail;  // collection of FORMAT_NAME, code set of FORMAT_CODE
  std::size_t bytes_max = 0;
  int items_max = 0;
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  const MessagePlan* message = nullptr;  // of kMessage
};

struct MessagePlan {
  std::vector<FieldPlan> fields;  // as declared
};

// The plans of a message type and of every type that it holds, which may hold itself.
class PlanSet {
 public:
  // Fails with Internal, naming the field, when an option makes no sense.
  static absl::StatusOr<std::unique_ptr<PlanSet>> Compile(const google::protobuf::Descriptor* root,
                                                          const CodeSets& code_sets);

  const MessagePlan& root() const { return *root_; }

 private:
  absl::StatusOr<const MessagePlan*> PlanOf(const google::protobuf::Descriptor* descriptor,
                                            const CodeSets& code_sets);
  absl::StatusOr<FieldPlan> PlanOfField(const google::protobuf::FieldDescriptor* field,
                                        const CodeSets& code_sets);

  std::map<const google::protobuf::Descriptor*, std::unique_ptr<MessagePlan>> plans_;
  const MessagePlan* root_ = nullptr;
};

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_FIELD_PLAN_H_
