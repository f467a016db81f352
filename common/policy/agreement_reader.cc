#include "common/policy/agreement_reader.h"

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/config/yaml_document.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"
#include "trusthub/types/v1/date.pb.h"
#include "yaml-cpp/yaml.h"

namespace trusthub::policy {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

// The one date that may be given as having no end.
constexpr char kOpenEnd[] = "open";

int LineOf(const YAML::Node& node) { return node.Mark().line + 1; }

std::string KeysOf(const Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) names.push_back(message.field(i)->name());
  return absl::StrJoin(names, ", ");
}

std::string ValuesOf(const EnumDescriptor& values) {
  std::vector<std::string> names;
  for (int i = 1; i < values.value_count(); ++i) names.push_back(ShortName(*values.value(i)));
  return absl::StrJoin(names, ", ");
}

// Number of the value of that short name; 0, which no file may name, when there is none.
int ValueNamed(const EnumDescriptor& values, absl::string_view name) {
  for (int i = 1; i < values.value_count(); ++i) {
    if (ShortName(*values.value(i)) == name) return values.value(i)->number();
  }
  return 0;
}

}  // namespace

std::string ShortName(const google::protobuf::EnumValueDescriptor& value) {
  // Value 0 is PREFIX_UNSPECIFIED, by lint.
  const std::string& zero = value.type()->value(0)->name();
  const std::size_t prefix = zero.size() - std::string("UNSPECIFIED").size();
  return absl::AsciiStrToLower(value.name().substr(prefix));
}

int AgreementFile::Line(const Message& part, int field) const {
  const auto at = lines_.find({&part, field});
  if (at != lines_.end()) return at->second;
  const auto whole = lines_.find({&part, 0});
  return whole == lines_.end() ? 1 : whole->second;
}

bool AgreementFile::Has(const Message& part, int field) const {
  return lines_.count({&part, field}) > 0;
}

absl::Status AgreementFile::Error(int line, absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(path_, ":", line, ": ", what));
}

// Fills messages from YAML by their descriptors. Depth is that of the schema.
class AgreementReader {
 public:
  explicit AgreementReader(AgreementFile* file) : file_(*file) {}

  absl::Status Read(const YAML::Node& document) {
    return ReadMessage(document, file_.agreement_.get());
  }

 private:
  absl::Status ReadMessage(const YAML::Node& node, Message* message) {
    const Descriptor& descriptor = *message->GetDescriptor();
    if (!node.IsMap()) {
      return Error(
          node, absl::StrCat("expected keys and values here; the keys are ", KeysOf(descriptor)));
    }
    file_.lines_[{message, 0}] = LineOf(node);
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const FieldDescriptor* field = descriptor.FindFieldByName(key);
      if (field == nullptr) {
        return Error(entry.first,
                     absl::StrCat("unknown key `", key, "`; use one of ", KeysOf(descriptor)));
      }
      if (file_.Has(*message, field->number())) {
        return Error(entry.first, absl::StrCat("`", key, "` is given twice; keep one"));
      }
      file_.lines_[{message, field->number()}] = LineOf(entry.first);
      if (entry.second.IsNull()) {  // stands nowhere itself
        return Error(entry.first, absl::StrCat("`", key, "` needs a value"));
      }
      TRUSTHUB_RETURN_IF_ERROR(field->is_repeated() ? ReadList(entry.second, field, message)
                                                    : ReadValue(entry.second, field, message));
    }
    return absl::OkStatus();
  }

  absl::Status ReadList(const YAML::Node& node, const FieldDescriptor* field, Message* message) {
    if (!node.IsSequence() || node.size() == 0) {
      return Error(node, absl::StrCat("`", field->name(),
                                      "` must be a list of at least one; name one or leave the "
                                      "key out"));
    }
    std::set<std::string> seen;
    for (const YAML::Node& element : node) {
      if (element.IsScalar() && !seen.insert(element.Scalar()).second) {
        return Error(element, absl::StrCat("`", element.Scalar(), "` is listed twice in `",
                                           field->name(), "`; keep one"));
      }
      TRUSTHUB_RETURN_IF_ERROR(ReadValue(element, field, message));
    }
    return absl::OkStatus();
  }

  absl::Status ReadValue(const YAML::Node& node, const FieldDescriptor* field, Message* message) {
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
        field->message_type() != types::v1::Date::descriptor()) {
      return ReadMessage(node, field->is_repeated() ? reflection.AddMessage(message, field)
                                                    : reflection.MutableMessage(message, field));
    }
    if (!node.IsScalar() || node.Scalar().empty()) {
      return Error(node, absl::StrCat("`", field->name(), "` needs a value"));
    }
    const std::string& text = node.Scalar();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return ReadDate(node, field, message);
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return ReadEnum(node, field, message);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
      return ReadNumber(node, field, message);
    }
    if (field->is_repeated()) {
      reflection.AddString(message, field, text);
    } else {
      reflection.SetString(message, field, text);
    }
    return absl::OkStatus();
  }

  // The schema's numbers are single and count something, so none is 0.
  absl::Status ReadNumber(const YAML::Node& node, const FieldDescriptor* field, Message* message) {
    std::int32_t value = 0;
    if (!absl::SimpleAtoi(node.Scalar(), &value) || value <= 0) {
      return Error(node,
                   absl::StrCat("`", field->name(), "` must be a whole number from 1, such as 24"));
    }
    message->GetReflection()->SetInt32(message, field, value);
    return absl::OkStatus();
  }

  absl::Status ReadEnum(const YAML::Node& node, const FieldDescriptor* field, Message* message) {
    const int value = ValueNamed(*field->enum_type(), node.Scalar());
    if (value == 0) {
      return Error(node, absl::StrCat("unknown value `", node.Scalar(), "` of `", field->name(),
                                      "`; use one of ", ValuesOf(*field->enum_type())));
    }
    if (field->is_repeated()) {
      message->GetReflection()->AddEnumValue(message, field, value);
    } else {
      message->GetReflection()->SetEnumValue(message, field, value);
    }
    return absl::OkStatus();
  }

  absl::Status ReadDate(const YAML::Node& node, const FieldDescriptor* field, Message* message) {
    const bool may_be_open = field->containing_type() == v1::Agreement::descriptor() &&
                             field->number() == v1::Agreement::kEffectiveToFieldNumber;
    if (may_be_open && node.Scalar() == kOpenEnd) return absl::OkStatus();
    const absl::StatusOr<absl::CivilDay> day = ParseDay(node.Scalar());
    if (!day.ok()) {
      return Error(node, absl::StrCat("`", field->name(), "` is not a day; write it as 2006-04-01",
                                      may_be_open ? ", or `open` when there is no end" : ""));
    }
    message->GetReflection()->MutableMessage(message, field)->CopyFrom(DateToProto(*day));
    return absl::OkStatus();
  }

  absl::Status Error(const YAML::Node& node, absl::string_view what) const {
    return file_.Error(LineOf(node), what);
  }

  AgreementFile& file_;
};

absl::StatusOr<AgreementFile> ReadAgreement(absl::string_view path, absl::string_view text) {
  AgreementFile file(path);
  // The one place that meets yaml-cpp's exceptions.
  try {
    const std::optional<YAML::Node> document = config::OnlyDocument(std::string(text));
    if (!document.has_value()) {
      return file.Error(1, "the file must hold exactly one agreement");
    }
    TRUSTHUB_RETURN_IF_ERROR(AgreementReader(&file).Read(*document));
  } catch (const YAML::Exception& e) {
    return file.Error(e.mark.line + 1, absl::StrCat("not valid YAML: ", e.msg));
  }
  return file;
}

}  // namespace trusthub::policy
