// Copies the granted part of a message along a plan that was compiled from its descriptor.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/policy/policy.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::policy {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

struct Node;

struct Field {
  const FieldDescriptor* descriptor = nullptr;
  Category category = options::v1::CATEGORY_UNSPECIFIED;
  const Node* node = nullptr;  // of a message field
};

// What is known of one message type.
struct Node {
  const Descriptor* descriptor = nullptr;
  // Fields that may be given. Of a value, only the message fields: the rest has no say.
  std::vector<Field> fields;
  bool is_value = false;
  // Categories of the fields, and of the fields of messages below, up to records.
  CategorySet categories;
  // Whether a message may be copied whole once all its categories are granted: nothing below it is
  // a record, which is decided apart, or a Disclosure, which is not given here.
  bool copies_whole = true;
  // Set on records.
  RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;
  const FieldDescriptor* name = nullptr;
  const FieldDescriptor* child = nullptr;
  const FieldDescriptor* owner_agency = nullptr;
  const FieldDescriptor* author_agency = nullptr;
  const FieldDescriptor* asked_agency = nullptr;
  const FieldDescriptor* tells_of = nullptr;

  bool is_record() const { return record_kind != options::v1::RECORD_KIND_UNSPECIFIED; }
};

using Nodes = std::map<const Descriptor*, std::unique_ptr<Node>>;
using DecideRecord = std::function<CategorySet(const RecordFacts&)>;

constexpr char kDisclosure[] = "trusthub.types.v1.Disclosure";

// --- Compiling --------------------------------------------------------------------------------

// Values of ours are marked; of the well-known types only those without openings are values.
bool IsValue(const Descriptor& message) {
  return message.options().GetExtension(options::v1::value) ||
         message.full_name() == "google.protobuf.Timestamp" ||
         message.full_name() == "google.protobuf.Duration";
}

absl::Status Refused(const FieldDescriptor& field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(field.full_name(), " ", why));
}

absl::Status CheckShape(const FieldDescriptor& field) {
  if (field.is_map()) {
    return Refused(field, "is a map; use a repeated message whose fields have categories");
  }
  const Descriptor* message = field.message_type();
  if (message == nullptr) return absl::OkStatus();
  if (message->full_name() == "google.protobuf.Any") {
    return Refused(field, "is an Any, which could hold anything; name the message it holds");
  }
  if (message->file()->syntax() != google::protobuf::FileDescriptor::SYNTAX_PROTO3) {
    return Refused(field, "holds a message that is not proto3 and may be extended");
  }
  return absl::OkStatus();
}

absl::StatusOr<Category> CategoryOf(const FieldDescriptor& field) {
  const Category category = field.options().GetExtension(options::v1::field).category();
  if (category == options::v1::CATEGORY_UNSPECIFIED || !options::v1::Category_IsValid(category)) {
    return Refused(field, "has no sharing category; add (trusthub.options.v1.field).category");
  }
  return category;
}

const FieldDescriptor* StringField(const Descriptor& message, const char* name) {
  const FieldDescriptor* field = message.FindFieldByName(name);
  const bool fits =
      field != nullptr && !field->is_repeated() && field->type() == FieldDescriptor::TYPE_STRING;
  return fits ? field : nullptr;
}

absl::Status CompileRecord(Node* node) {
  const Descriptor& message = *node->descriptor;
  if (!message.options().HasExtension(options::v1::record)) return absl::OkStatus();
  node->record_kind = message.options().GetExtension(options::v1::record).kind();
  node->name = StringField(message, "name");
  node->child = StringField(message, "child");
  node->owner_agency = StringField(message, "owner_agency");
  node->author_agency = StringField(message, "author_agency");
  node->asked_agency = StringField(message, "asked_agency");
  node->tells_of = StringField(message, "record");
  if (!node->is_record() || node->name == nullptr || node->is_value) {
    return absl::InvalidArgumentError(
        absl::StrCat(message.full_name(),
                     " is marked as a record but has no kind or no `name`, or is also a value"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Node*> CompileNode(const Descriptor& message, Nodes* nodes);

absl::Status CompileField(const FieldDescriptor& field, Node* node, Nodes* nodes) {
  const Descriptor* message = field.message_type();
  if (message != nullptr && message->full_name() == kDisclosure) {
    node->copies_whole = false;
    return absl::OkStatus();
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckShape(field));
  Field compiled;
  compiled.descriptor = &field;
  if (node->is_value) {
    if (message == nullptr) return absl::OkStatus();
    if (!IsValue(*message)) {
      return Refused(field, "is part of a value, so its message must be marked as a value too");
    }
  } else {
    TRUSTHUB_ASSIGN_OR_RETURN(compiled.category, CategoryOf(field));
  }
  if (message != nullptr) {
    TRUSTHUB_ASSIGN_OR_RETURN(compiled.node, CompileNode(*message, nodes));
  }
  node->fields.push_back(compiled);
  return absl::OkStatus();
}

// Messages may contain themselves, so a node is known before its fields are.
absl::StatusOr<Node*> CompileNode(const Descriptor& message, Nodes* nodes) {
  auto [at, is_new] = nodes->try_emplace(&message);
  if (!is_new) return at->second.get();
  at->second = std::make_unique<Node>();
  Node* node = at->second.get();
  node->descriptor = &message;
  node->is_value = IsValue(message);
  TRUSTHUB_RETURN_IF_ERROR(CompileRecord(node));
  for (int i = 0; i < message.field_count(); ++i) {
    TRUSTHUB_RETURN_IF_ERROR(CompileField(*message.field(i), node, nodes));
  }
  return node;
}

// Carries categories and `copies_whole` up from the messages below until nothing changes.
void Summarise(Nodes* nodes) {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& [descriptor, node] : *nodes) {
      CategorySet categories = node->categories;
      bool copies_whole = node->copies_whole;
      for (const Field& field : node->fields) {
        if (!node->is_value) categories.Add(field.category);
        if (field.node == nullptr) continue;
        if (field.node->is_record()) {
          copies_whole = false;
        } else {
          categories = categories | field.node->categories;
          copies_whole = copies_whole && field.node->copies_whole;
        }
      }
      changed = changed || !(categories == node->categories) || copies_whole != node->copies_whole;
      node->categories = categories;
      node->copies_whole = copies_whole;
    }
  }
}

// --- Copying ----------------------------------------------------------------------------------

bool IsPopulated(const Reflection& reflection, const Message& message,
                 const FieldDescriptor* field) {
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0
                              : reflection.HasField(message, field);
}

void CopyScalar(const Message& from, const FieldDescriptor* field, Message* to) {
  const Reflection& get = *from.GetReflection();
  const Reflection& set = *to->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return set.SetInt32(to, field, get.GetInt32(from, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return set.SetInt64(to, field, get.GetInt64(from, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return set.SetUInt32(to, field, get.GetUInt32(from, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return set.SetUInt64(to, field, get.GetUInt64(from, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return set.SetDouble(to, field, get.GetDouble(from, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return set.SetFloat(to, field, get.GetFloat(from, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return set.SetBool(to, field, get.GetBool(from, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return set.SetEnumValue(to, field, get.GetEnumValue(from, field));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return set.SetString(to, field, get.GetStringReference(from, field, &scratch));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;  // messages are copied along their node
  }
}

void AddScalar(const Message& from, const FieldDescriptor* field, int i, Message* to) {
  const Reflection& get = *from.GetReflection();
  const Reflection& set = *to->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return set.AddInt32(to, field, get.GetRepeatedInt32(from, field, i));
    case FieldDescriptor::CPPTYPE_INT64:
      return set.AddInt64(to, field, get.GetRepeatedInt64(from, field, i));
    case FieldDescriptor::CPPTYPE_UINT32:
      return set.AddUInt32(to, field, get.GetRepeatedUInt32(from, field, i));
    case FieldDescriptor::CPPTYPE_UINT64:
      return set.AddUInt64(to, field, get.GetRepeatedUInt64(from, field, i));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return set.AddDouble(to, field, get.GetRepeatedDouble(from, field, i));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return set.AddFloat(to, field, get.GetRepeatedFloat(from, field, i));
    case FieldDescriptor::CPPTYPE_BOOL:
      return set.AddBool(to, field, get.GetRepeatedBool(from, field, i));
    case FieldDescriptor::CPPTYPE_ENUM:
      return set.AddEnumValue(to, field, get.GetRepeatedEnumValue(from, field, i));
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return set.AddString(to, field, get.GetRepeatedStringReference(from, field, i, &scratch));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

// Calls `visit(message)` for each message in a populated message field.
template <typename Visit>
void ForEachMessage(const Message& message, const FieldDescriptor* field, Visit visit) {
  const Reflection& reflection = *message.GetReflection();
  if (!field->is_repeated()) return visit(reflection.GetMessage(message, field));
  for (int i = 0, size = reflection.FieldSize(message, field); i < size; ++i) {
    visit(reflection.GetRepeatedMessage(message, field, i));
  }
}

Message* NewMessage(Message* to, const FieldDescriptor* field) {
  const Reflection& reflection = *to->GetReflection();
  return field->is_repeated() ? reflection.AddMessage(to, field)
                              : reflection.MutableMessage(to, field);
}

// Categories of populated fields, of messages below too, up to records.
CategorySet CategoriesIn(const Node& node, const Message& message) {
  CategorySet found;
  for (const Field& field : node.fields) {
    if (!IsPopulated(*message.GetReflection(), message, field.descriptor)) continue;
    if (!node.is_value) found.Add(field.category);
    if (field.node == nullptr || field.node->is_record() || field.node->is_value) continue;
    ForEachMessage(message, field.descriptor,
                   [&](const Message& below) { found = found | CategoriesIn(*field.node, below); });
  }
  return found;
}

// Drops what this build does not know from a message that was copied whole, and gives the
// categories of its populated fields.
CategorySet Clean(const Node& node, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  if (!reflection.GetUnknownFields(*message).empty()) {
    reflection.MutableUnknownFields(message)->Clear();
  }
  CategorySet found;
  for (const Field& field : node.fields) {
    if (!IsPopulated(reflection, *message, field.descriptor)) continue;
    if (!node.is_value) found.Add(field.category);
    if (field.node == nullptr) continue;
    if (!field.descriptor->is_repeated()) {
      found = found | Clean(*field.node, reflection.MutableMessage(message, field.descriptor));
      continue;
    }
    for (int i = 0, size = reflection.FieldSize(*message, field.descriptor); i < size; ++i) {
      found = found |
              Clean(*field.node, reflection.MutableRepeatedMessage(message, field.descriptor, i));
    }
  }
  return found;
}

// One run of a plan.
class Copier {
 public:
  explicit Copier(const DecideRecord& decide) : decide_(decide) {}

  void Copy(const Node& node, const Message& from, CategorySet granted, Message* to) {
    if (node.copies_whole && (node.categories & granted) == node.categories) {
      to->CopyFrom(from);
      result_.disclosed = result_.disclosed | Clean(node, to);
      return;
    }
    const Reflection& reflection = *from.GetReflection();
    for (const Field& field : node.fields) {
      if (!IsPopulated(reflection, from, field.descriptor)) continue;
      if (field.node != nullptr && field.node->is_record()) {
        CopyRecords(field, from, granted, to);
      } else if (!granted.Has(field.category)) {
        Withhold(field, from, granted);
      } else {
        result_.disclosed.Add(field.category);
        CopyField(field, from, granted, to);
      }
    }
  }

  // Returns the grant for the record; counts it as dropped when that is empty.
  CategorySet DecideOn(const Node& node, const Message& record) {
    std::string scratch[6];
    const auto text = [&record](const FieldDescriptor* field, std::string* space) {
      if (field == nullptr) return absl::string_view();
      return absl::string_view(record.GetReflection()->GetStringReference(record, field, space));
    };
    const CategorySet granted =
        decide_({node.record_kind, text(node.name, &scratch[0]), text(node.child, &scratch[1]),
                 text(node.owner_agency, &scratch[2]), text(node.author_agency, &scratch[3]),
                 text(node.asked_agency, &scratch[4]), text(node.tells_of, &scratch[5])});
    if (granted.empty()) ++result_.records_dropped;
    return granted;
  }

  const Granted& result() const { return result_; }

 private:
  void CopyField(const Field& field, const Message& from, CategorySet granted, Message* to) {
    const FieldDescriptor* descriptor = field.descriptor;
    if (field.node != nullptr) {
      ForEachMessage(from, descriptor, [&](const Message& below) {
        Copy(*field.node, below, granted, NewMessage(to, descriptor));
      });
    } else if (!descriptor->is_repeated()) {
      CopyScalar(from, descriptor, to);
    } else {
      const int size = from.GetReflection()->FieldSize(from, descriptor);
      for (int i = 0; i < size; ++i) AddScalar(from, descriptor, i, to);
    }
  }

  // A field of CATEGORY_OPERATIONAL that holds a record has no say of its own: the record decides.
  void CopyRecords(const Field& field, const Message& from, CategorySet granted, Message* to) {
    if (field.category != options::v1::CATEGORY_OPERATIONAL && !granted.Has(field.category)) {
      result_.withheld.Add(field.category);
      return;
    }
    ForEachMessage(from, field.descriptor, [&](const Message& record) {
      const CategorySet of_record = DecideOn(*field.node, record);
      if (of_record.empty()) return;
      result_.disclosed.Add(field.category);
      Copy(*field.node, record, of_record, NewMessage(to, field.descriptor));
    });
  }

  void Withhold(const Field& field, const Message& from, CategorySet granted) {
    result_.withheld.Add(field.category);
    if (field.node == nullptr || field.node->is_value) return;
    ForEachMessage(from, field.descriptor, [&](const Message& below) {
      const CategorySet found = CategoriesIn(*field.node, below);
      result_.withheld = result_.withheld | CategorySet(found.bits() & ~granted.bits());
    });
  }

  const DecideRecord& decide_;
  Granted result_;
};

class CompiledGrantPlan final : public GrantPlan {
 public:
  CompiledGrantPlan(Nodes nodes, const Node* root) : nodes_(std::move(nodes)), root_(root) {}

  Granted Build(const Message& full, CategorySet outer, const DecideRecord& decide,
                Message* out) const override {
    Copier copier(decide);
    // A message of another type has other fields: nothing of it can be given.
    if (full.GetDescriptor() != root_->descriptor) return copier.result();
    const CategorySet granted = root_->is_record() ? copier.DecideOn(*root_, full) : outer;
    // Even with nothing granted by `outer`, records inside have a say.
    if (!root_->is_record() || !granted.empty()) copier.Copy(*root_, full, granted, out);
    return copier.result();
  }

 private:
  const Nodes nodes_;
  const Node* const root_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrantPlan>> CompileGrantPlan(const Descriptor* descriptor) {
  Nodes nodes;
  TRUSTHUB_ASSIGN_OR_RETURN(const Node* root, CompileNode(*descriptor, &nodes));
  if (root->is_value) {
    return absl::InvalidArgumentError(
        absl::StrCat(descriptor->full_name(), " is a value: it has no categories of its own"));
  }
  Summarise(&nodes);
  return std::make_unique<CompiledGrantPlan>(std::move(nodes), root);
}

}  // namespace trusthub::policy
