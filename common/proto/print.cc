#include "common/proto/print.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::proto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Formats that name nobody. Identifiers, addresses and texts of a person's own are not among them,
// whatever category a field was given by mistake.
bool FormatMayBePrinted(options::v1::Format format) {
  switch (format) {
    case options::v1::FORMAT_UNSPECIFIED:
    case options::v1::FORMAT_NAME:
    case options::v1::FORMAT_UUID:
    case options::v1::FORMAT_CODE:
    case options::v1::FORMAT_ETAG:
    case options::v1::FORMAT_LANGUAGE:
    case options::v1::FORMAT_SLUG:
      return true;
    default:
      return false;
  }
}

// Whether `field` is on the keep-list. `inherited`: it is part of a value that an operational field
// holds, and takes that field's category when it has none of its own.
bool IsKept(const FieldDescriptor& field, bool inherited) {
  if (field.is_extension() || field.is_map()) return false;
  if (field.type() == FieldDescriptor::TYPE_BYTES || field.type() == FieldDescriptor::TYPE_GROUP) {
    return false;
  }
  const options::v1::FieldRule& rule = field.options().GetExtension(options::v1::field);
  const bool operational = rule.category() == options::v1::CATEGORY_OPERATIONAL ||
                           (rule.category() == options::v1::CATEGORY_UNSPECIFIED && inherited &&
                            field.containing_type()->options().GetExtension(options::v1::value));
  return operational && !rule.identifier() && FormatMayBePrinted(rule.format());
}

void PrintMessage(const Message& message, bool inherited, std::string& out);

// A timestamp in RFC 3339, any other message by its own keep-list.
void PrintHeld(const Message& held, std::string& out) {
  if (held.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    google::protobuf::Timestamp time;
    time.CopyFrom(held);
    absl::StrAppend(&out,
                    absl::FormatTime(absl::RFC3339_full, TimeFromProto(time), absl::UTCTimeZone()));
    return;
  }
  PrintMessage(held, true, out);
}

void PrintEnum(const FieldDescriptor& field, int number, std::string& out) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  absl::StrAppend(&out, value == nullptr ? absl::StrCat(number) : value->name());
}

// The item `i` of a repeated field, or the value of a singular one when `i` is -1.
void PrintValue(const Message& message, const FieldDescriptor* field, int i, std::string& out) {
  const Reflection& get = *message.GetReflection();
  const bool one = i < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      absl::StrAppend(&out,
                      one ? get.GetInt32(message, field) : get.GetRepeatedInt32(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      absl::StrAppend(&out,
                      one ? get.GetInt64(message, field) : get.GetRepeatedInt64(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      absl::StrAppend(
          &out, one ? get.GetUInt32(message, field) : get.GetRepeatedUInt32(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      absl::StrAppend(
          &out, one ? get.GetUInt64(message, field) : get.GetRepeatedUInt64(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      absl::StrAppend(&out,
                      one ? get.GetFloat(message, field) : get.GetRepeatedFloat(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      absl::StrAppend(
          &out, one ? get.GetDouble(message, field) : get.GetRepeatedDouble(message, field, i));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      absl::StrAppend(&out,
                      (one ? get.GetBool(message, field) : get.GetRepeatedBool(message, field, i))
                          ? "true"
                          : "false");
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      PrintEnum(
          *field,
          one ? get.GetEnumValue(message, field) : get.GetRepeatedEnumValue(message, field, i),
          out);
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      absl::StrAppend(&out, "\"",
                      absl::CHexEscape(one ? get.GetString(message, field)
                                           : get.GetRepeatedString(message, field, i)),
                      "\"");
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      PrintHeld(one ? get.GetMessage(message, field) : get.GetRepeatedMessage(message, field, i),
                out);
      return;
  }
}

void PrintMessage(const Message& message, bool inherited, std::string& out) {
  const Reflection& get = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;  // by number; unknown fields are not among them
  get.ListFields(message, &set);
  absl::StrAppend(&out, "{");
  absl::string_view separator = "";
  for (const FieldDescriptor* field : set) {
    if (!IsKept(*field, inherited)) continue;
    absl::StrAppend(&out, separator, field->name(), ": ");
    separator = ", ";
    if (!field->is_repeated()) {
      PrintValue(message, field, -1, out);
      continue;
    }
    absl::StrAppend(&out, "[");
    for (int i = 0; i < get.FieldSize(message, field); ++i) {
      if (i > 0) absl::StrAppend(&out, ", ");
      PrintValue(message, field, i, out);
    }
    absl::StrAppend(&out, "]");
  }
  absl::StrAppend(&out, "}");
}

}  // namespace

std::string PrintOperational(const Message& message) {
  std::string out = message.GetDescriptor()->name();
  absl::StrAppend(&out, " ");
  PrintMessage(message, false, out);
  return out;
}

}  // namespace trusthub::proto
