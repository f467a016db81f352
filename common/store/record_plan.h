// File: record_plan.h
//
// What Transaction must know of a record message, read once from its descriptor and options: where
// its common fields are and which fields are indexed.
#ifndef TRUSTHUB_COMMON_STORE_RECORD_PLAN_H_
#define TRUSTHUB_COMMON_STORE_RECORD_PLAN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::store {

struct IndexedField {
  const google::protobuf::FieldDescriptor* field;
  bool identifier;
};

// Fields that the message does not have are null.
struct RecordPlan {
  options::v1::RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  std::string collection;
  std::string noun;  // "strategy discussion" of StrategyDiscussion
  const google::protobuf::FieldDescriptor* name = nullptr;
  const google::protobuf::FieldDescriptor* child = nullptr;
  const google::protobuf::FieldDescriptor* etag = nullptr;
  const google::protobuf::FieldDescriptor* create_time = nullptr;
  const google::protobuf::FieldDescriptor* update_time = nullptr;
  const google::protobuf::FieldDescriptor* owner_agency = nullptr;
  const google::protobuf::FieldDescriptor* author_agency = nullptr;
  std::vector<IndexedField> indexed;
};

// The plan of `descriptor`, made at the first call and kept for the life of the process. INTERNAL
// when the message is no record, has no name, or indexes a field that has no single text: only
// strings, bytes, enums, whole numbers and booleans, single or repeated, can be indexed.
// Thread-safe.
absl::StatusOr<const RecordPlan*> PlanOf(const google::protobuf::Descriptor* descriptor);

// The string field `field` of `message`; empty when `field` is null.
std::string StringOf(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor* field);
// Sets the string field `field` of `message`; nothing when `field` is null.
void SetString(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
               absl::string_view value);
// Sets the Timestamp field `field` of `message`; nothing when `field` is null.
void SetTime(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
             absl::Time time);

// The texts by which `field` of `message` is found: a string itself, an enum by its number, a
// number in decimal. Empty strings, zero enums and absent fields have none.
std::vector<std::string> IndexTexts(const google::protobuf::Message& message,
                                    const google::protobuf::FieldDescriptor* field);
// The same text for a value that a caller looks for; enums may be given by name or number.
std::string IndexTextOf(const google::protobuf::FieldDescriptor* field, absl::string_view value);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_RECORD_PLAN_H_
