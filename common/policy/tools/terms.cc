#include "common/policy/tools/terms.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/agreement_reader.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string MessageText(const Message& message);

// One value of a field; `index` -1 for a field that is not repeated.
std::string ValueText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = index < 0 ? reflection.GetEnumValue(message, &field)
                                  : reflection.GetRepeatedEnumValue(message, &field, index);
      const auto* named = field.enum_type()->FindValueByNumber(value);
      if (value == 0) return "";
      return named == nullptr ? absl::StrCat(value) : ShortName(*named);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageText(index < 0 ? reflection.GetMessage(message, &field)
                                   : reflection.GetRepeatedMessage(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
      return index < 0 ? reflection.GetString(message, &field)
                       : reflection.GetRepeatedString(message, &field, index);
    default:
      return "";  // agreements have no other types
  }
}

// Values of a repeated field; their order says nothing.
std::multiset<std::string> ValuesOf(const Message& message, const FieldDescriptor& field) {
  std::multiset<std::string> values;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    values.insert(ValueText(message, field, i));
  }
  return values;
}

std::string FieldText(const Message& message, const FieldDescriptor& field) {
  if (field.is_repeated()) {
    return absl::StrCat("[", absl::StrJoin(ValuesOf(message, field), ", "), "]");
  }
  if (field.has_presence() && !message.GetReflection()->HasField(message, &field)) return "";
  return ValueText(message, field, -1);
}

// "{agency: agencies/bhrut, capacity: controller}", as the file would have it.
std::string MessageText(const Message& message) {
  if (message.GetDescriptor() == types::v1::Date::descriptor()) {
    const auto& date = static_cast<const types::v1::Date&>(message);
    const absl::StatusOr<absl::CivilDay> day = DateFromProto(date);
    return day.ok() ? FormatDay(*day) : "";
  }
  std::vector<std::string> fields;
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    fields.push_back(absl::StrCat(field->name(), ": ", FieldText(message, *field)));
  }
  return absl::StrCat("{", absl::StrJoin(fields, ", "), "}");
}

// Fields of `before` and `after` that differ, one by one.
void CompareFields(const std::string& where, const std::string& prefix, const Message& before,
                   const Message& after, std::vector<TermChange>* changes) {
  for (int i = 0; i < before.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *before.GetDescriptor()->field(i);
    if (field.message_type() == v1::Item::descriptor()) continue;  // item by item, below
    const std::string term = prefix + field.name();
    const bool open = !field.is_repeated() &&
                      field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                      field.message_type() != types::v1::Date::descriptor();
    if (open) {
      CompareFields(where, term + ".", before.GetReflection()->GetMessage(before, &field),
                    after.GetReflection()->GetMessage(after, &field), changes);
      continue;
    }
    const std::string was = FieldText(before, field);
    const std::string is = FieldText(after, field);
    if (was != is) changes->push_back({where, term, was, is});
  }
}

template <typename List>
auto ById(const List& list) {
  std::map<std::string, const typename List::value_type*> by_id;
  for (const auto& each : list) by_id[each.id()] = &each;
  return by_id;
}

void CompareItems(const v1::Agreement& before, const v1::Agreement& after,
                  std::vector<TermChange>* changes) {
  const auto were = ById(before.items());
  const auto are = ById(after.items());
  std::set<std::string> ids;
  for (const auto& [id, item] : were) ids.insert(id);
  for (const auto& [id, item] : are) ids.insert(id);
  for (const std::string& id : ids) {
    const std::string where = absl::StrCat(after.id(), "/", id);
    if (were.count(id) == 0) {
      changes->push_back({where, "", "", "item added"});
    } else if (are.count(id) == 0) {
      changes->push_back({where, "", "item", "removed"});
    } else {
      CompareFields(where, "", *were.at(id), *are.at(id), changes);
    }
  }
}

}  // namespace

std::vector<TermChange> CompareTerms(const Agreements& before, const Agreements& after) {
  const auto were = ById(before.agreements());
  const auto are = ById(after.agreements());
  std::set<std::string> ids;
  for (const auto& [id, agreement] : were) ids.insert(id);
  for (const auto& [id, agreement] : are) ids.insert(id);
  std::vector<TermChange> changes;
  for (const std::string& id : ids) {
    if (were.count(id) == 0) {
      changes.push_back({id, "", "", absl::StrCat("agreement added: ", are.at(id)->title())});
    } else if (are.count(id) == 0) {
      changes.push_back({id, "", were.at(id)->title(), "removed"});
    } else {
      CompareFields(id, "", *were.at(id), *are.at(id), &changes);
      CompareItems(*were.at(id), *are.at(id), &changes);
    }
  }
  return changes;
}

}  // namespace trusthub::policy
