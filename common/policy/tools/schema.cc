#include "common/policy/tools/schema.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

bool IsOurs(const Descriptor& message) {
  return absl::StartsWith(message.full_name(), "trusthub.");
}

bool IsValue(const Descriptor& message) {
  return !IsOurs(message) || message.options().GetExtension(options::v1::value);
}

bool IsRecord(const Descriptor& message) {
  return message.options().HasExtension(options::v1::record);
}

bool IsDisclosure(const Descriptor& message) {
  return message.full_name() == "trusthub.types.v1.Disclosure";
}

// Walks a message down to its values and to the records inside it, which are kinds of their own.
class Walk {
 public:
  explicit Walk(Schema* schema) : schema_(*schema) {}

  // Fields of `message` that count as of `kind`.
  void Fields(const Descriptor& message, RecordKind kind, const std::string& path,
              CategorySet above) {
    if (std::find(open_.begin(), open_.end(), &message) != open_.end()) return;  // holds itself
    open_.push_back(&message);
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const Category category = field.options().GetExtension(options::v1::field).category();
      const Descriptor* inside = field.message_type();
      if (inside != nullptr && IsDisclosure(*inside)) continue;
      if (inside != nullptr && IsRecord(*inside)) {
        inside_.insert(inside);
        continue;
      }
      if (category == options::v1::CATEGORY_UNSPECIFIED) continue;
      CategorySet needed = above;
      needed.Add(category);
      const std::string name = absl::StrCat(path, ".", field.name());
      if (inside == nullptr || IsValue(*inside)) {
        schema_.fields[kind][name] = needed;
      } else {
        Fields(*inside, kind, name, needed);
      }
    }
    open_.pop_back();
  }

  // Records met on the way.
  const std::set<const Descriptor*>& inside() const { return inside_; }

 private:
  Schema& schema_;
  std::vector<const Descriptor*> open_;
  std::set<const Descriptor*> inside_;
};

RecordKind KindOf(const Descriptor& record) {
  return record.options().GetExtension(options::v1::record).kind();
}

void AddMethod(const MethodDescriptor& method, Schema* schema) {
  const options::v1::MethodRule& rule = method.options().GetExtension(options::v1::rule);
  std::set<RecordKind> kinds = {rule.record_kind()};
  schema->actions[rule.action()] = rule.record_kind();
  std::set<const Descriptor*> seen;
  std::vector<const Descriptor*> left;
  Walk answer(schema);
  answer.Fields(*method.output_type(), rule.record_kind(), method.output_type()->full_name(), {});
  left.assign(answer.inside().begin(), answer.inside().end());
  while (!left.empty()) {
    const Descriptor* record = left.back();
    left.pop_back();
    if (!seen.insert(record).second) continue;
    kinds.insert(KindOf(*record));
    Walk within(schema);
    within.Fields(*record, KindOf(*record), record->full_name(), {});
    left.insert(left.end(), within.inside().begin(), within.inside().end());
  }
  if (method.server_streaming()) schema->delivered.insert(kinds.begin(), kinds.end());
  for (const int role : rule.roles()) {
    for (const int purpose : rule.purposes()) {
      for (const RecordKind kind : kinds) {
        schema->askable.insert(
            {static_cast<options::v1::Role>(role), static_cast<Purpose>(purpose), kind});
      }
    }
  }
}

}  // namespace

CategorySet Schema::CategoriesOf(RecordKind kind) const {
  CategorySet categories;
  const auto at = fields.find(kind);
  if (at == fields.end()) return categories;
  for (const auto& [path, needed] : at->second) categories = categories | needed;
  return categories;
}

CategorySet Schema::Categories() const {
  CategorySet categories;
  for (const auto& [kind, of_kind] : fields) categories = categories | CategoriesOf(kind);
  return categories;
}

Schema SchemaOf(const std::vector<const FileDescriptor*>& files) {
  Schema schema;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor& message = *file->message_type(i);
      if (!IsRecord(message)) continue;
      Walk(&schema).Fields(message, KindOf(message), message.full_name(), {});
    }
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        AddMethod(*file->service(s)->method(m), &schema);
      }
    }
  }
  return schema;
}

}  // namespace trusthub::policy
