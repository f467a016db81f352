#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/contract/contract.h"
#include "trusthub/options/v1/options.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

const options::v1::FieldRule& RuleOf(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::field);
}

// The audit log and the stream of events are the evidence themselves; they carry no receipt, and
// the log is read by index.
bool IsEvidence(const MethodDescriptor* method) {
  const options::v1::RecordKind kind =
      method->options().GetExtension(options::v1::rule).record_kind();
  return kind == options::v1::RECORD_KIND_AUDIT_ENTRY || method->server_streaming();
}

void CheckList(const MethodDescriptor* method, Complaints* complaints) {
  const auto complain = [&](absl::string_view what) {
    complaints->push_back(absl::StrCat(method->full_name(), ": ", what));
  };
  const FieldDescriptor* size = method->input_type()->FindFieldByName("page_size");
  const FieldDescriptor* token = method->input_type()->FindFieldByName("page_token");
  const FieldDescriptor* next = method->output_type()->FindFieldByName("next_page_token");
  if (size == nullptr || size->type() != FieldDescriptor::TYPE_INT32 ||
      size->options().GetExtension(options::v1::field).minimum() != 0) {
    complain("a list has an int32 page_size");
  }
  if (token == nullptr || RuleOf(token).format() != options::v1::FORMAT_PAGE_TOKEN) {
    complain("a list has a page_token of FORMAT_PAGE_TOKEN");
  }
  if (next == nullptr || next->type() != FieldDescriptor::TYPE_STRING) {
    complain("a list answers with next_page_token");
  }
  int repeated = 0;
  for (int i = 0; i < method->output_type()->field_count(); ++i) {
    repeated += method->output_type()->field(i)->is_repeated() ? 1 : 0;
  }
  if (repeated != 1) complain("a list answers with exactly one repeated field");
}

void CheckDisclosure(const MethodDescriptor* method, Complaints* complaints) {
  const FieldDescriptor* field = method->output_type()->FindFieldByName("disclosure");
  const bool good =
      field != nullptr && !field->is_repeated() && field->message_type() != nullptr &&
      field->message_type()->full_name() == types::v1::Disclosure::descriptor()->full_name();
  if (!good) {
    complaints->push_back(absl::StrCat(method->full_name(), ": an answer carries its Disclosure"));
  }
}

// The fields that every record has, and those that records about a child have.
void CheckRecord(const Descriptor* record, Complaints* complaints) {
  const auto& rule = record->options().GetExtension(options::v1::record);
  const auto complain = [&](absl::string_view what) {
    complaints->push_back(absl::StrCat(record->full_name(), ": ", what));
  };
  if (rule.kind() == options::v1::RECORD_KIND_UNSPECIFIED) complain("has no kind");
  const FieldDescriptor* name = record->FindFieldByNumber(1);
  if (name == nullptr || name->name() != "name" ||
      RuleOf(name).format() != options::v1::FORMAT_NAME ||
      RuleOf(name).collection() != rule.collection() || rule.collection().empty()) {
    complain("the first field is its name in its collection");
  }
  for (const char* field : {"create_time", "owner_agency"}) {
    if (record->FindFieldByName(field) == nullptr &&
        rule.kind() != options::v1::RECORD_KIND_AGENCY) {
      complain(absl::StrCat("has no ", field));
    }
  }
  // What never changes has no version.
  if (rule.kind() == options::v1::RECORD_KIND_EVENT ||
      rule.kind() == options::v1::RECORD_KIND_DISCLOSURE) {
    return;
  }
  for (const char* field : {"etag", "update_time"}) {
    if (record->FindFieldByName(field) == nullptr) complain(absl::StrCat("has no ", field));
  }
  if (record->FindFieldByName("child") == nullptr) return;
  for (const char* field : {"occurred_at", "author_agency"}) {
    if (record->FindFieldByName(field) == nullptr) complain(absl::StrCat("has no ", field));
  }
}

// "PlanState" -> "PLAN_STATE".
std::string PrefixOf(absl::string_view name) {
  std::string prefix;
  for (const char c : name) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return prefix;
}

void CheckEnum(const EnumDescriptor* type, Complaints* complaints) {
  const std::string prefix = PrefixOf(type->name());
  if (type->value(0)->number() != 0 || type->value(0)->name() != prefix + "_UNSPECIFIED") {
    complaints->push_back(
        absl::StrCat(type->full_name(), ": starts with ", prefix, "_UNSPECIFIED = 0"));
  }
  for (int i = 0; i < type->value_count(); ++i) {
    if (!absl::StartsWith(type->value(i)->name(), prefix + "_")) {
      complaints->push_back(absl::StrCat(type->value(i)->full_name(), ": starts with ", prefix));
    }
  }
}

}  // namespace

Complaints CheckShapes(const Files& files) {
  Complaints complaints;
  for (const MethodDescriptor* method : MethodsOf(files)) {
    if (IsEvidence(method)) continue;
    CheckDisclosure(method, &complaints);
    if (absl::StartsWith(method->name(), "List")) CheckList(method, &complaints);
  }
  std::map<std::string, std::string> collections;
  std::map<int, std::string> kinds;
  for (const Descriptor* record : Records(files)) {
    CheckRecord(record, &complaints);
    const auto& rule = record->options().GetExtension(options::v1::record);
    if (!collections.emplace(rule.collection(), record->full_name()).second) {
      complaints.push_back(absl::StrCat(record->full_name(), ": collection ", rule.collection(),
                                        " is that of ", collections[rule.collection()], " too"));
    }
    if (!kinds.emplace(rule.kind(), record->full_name()).second) {
      complaints.push_back(
          absl::StrCat(record->full_name(), ": its kind is that of ", kinds[rule.kind()], " too"));
    }
  }
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->enum_type_count(); ++i) CheckEnum(file->enum_type(i), &complaints);
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor* message = file->message_type(i);
      for (int j = 0; j < message->enum_type_count(); ++j) {
        CheckEnum(message->enum_type(j), &complaints);
      }
    }
  }
  return complaints;
}

}  // namespace trusthub::contract
