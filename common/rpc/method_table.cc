#include "common/rpc/method_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

absl::Status Flaw(const MethodDescriptor* method, absl::string_view what) {
  return absl::FailedPreconditionError(absl::StrCat("method ", method->full_name(), " ", what));
}

absl::StatusOr<std::vector<const FieldDescriptor*>> ResolvePath(const MethodDescriptor* method,
                                                                const std::string& path) {
  std::vector<const FieldDescriptor*> fields;
  if (path.empty()) return fields;
  const Descriptor* message = method->input_type();
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field =
        message == nullptr ? nullptr : message->FindFieldByName(std::string(part));
    if (field == nullptr || field->is_repeated()) {
      return Flaw(method, absl::StrCat("has a subject path that leads nowhere: ", path));
    }
    fields.push_back(field);
    message = field->message_type();
  }
  if (fields.back()->type() != FieldDescriptor::TYPE_STRING) {
    return Flaw(method, absl::StrCat("has a subject that is not a name: ", path));
  }
  return fields;
}

absl::Status ReadRule(Method* method) {
  const MethodDescriptor* descriptor = method->descriptor;
  if (!descriptor->options().HasExtension(options::v1::rule)) {
    return Flaw(descriptor, "has no (rule)");
  }
  method->rule = descriptor->options().GetExtension(options::v1::rule);
  const auto& rule = method->rule;
  if (rule.action().empty() || rule.roles().empty() || rule.purposes().empty() ||
      rule.record_kind() == options::v1::RECORD_KIND_UNSPECIFIED) {
    return Flaw(descriptor, "has a (rule) without action, record_kind, roles or purposes");
  }
  const bool is_for_services =
      std::find(rule.purposes().begin(), rule.purposes().end(),
                options::v1::PURPOSE_HUB_OPERATION) != rule.purposes().end();
  if (is_for_services == rule.services().empty()) {
    return Flaw(descriptor, "must name its services when it is for hub operation, and only then");
  }
  for (const int role : rule.roles()) method->roles |= std::uint64_t{1} << role;
  for (const int purpose : rule.purposes()) method->purposes |= std::uint64_t{1} << purpose;
  method->timeout = absl::Milliseconds(
      rule.timeout_ms() == 0 ? limits::kCallMillisDefault : static_cast<int>(rule.timeout_ms()));
  TRUSTHUB_ASSIGN_OR_RETURN(method->subject_path, ResolvePath(descriptor, rule.subject()));
  method->request_id = descriptor->input_type()->FindFieldByName("request_id");
  if (rule.mutates() && method->request_id == nullptr) {
    return Flaw(descriptor, "changes something, so its request needs a request_id");
  }
  for (int i = 0; i < descriptor->output_type()->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->output_type()->field(i);
    if (field->message_type() == types::v1::Disclosure::descriptor()) method->disclosure = field;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Method>> CompileMethod(
    const MethodDescriptor* descriptor, const Routes& routes,
    const std::shared_ptr<const proto::CodeSets>& code_sets) {
  auto method = std::make_unique<Method>();
  method->descriptor = descriptor;
  method->path = absl::StrCat("/", descriptor->service()->full_name(), "/", descriptor->name());
  TRUSTHUB_RETURN_IF_ERROR(ReadRule(method.get()));
  for (const Route& route : routes.routes()) {
    if (route.request_prototype->GetDescriptor() != descriptor->input_type()) continue;
    if (route.response_prototype->GetDescriptor() != descriptor->output_type()) {
      return Flaw(descriptor, "has a handler that answers with another type");
    }
    method->route = route;
  }
  if (method->route.handler == nullptr && !descriptor->server_streaming()) {
    return Flaw(descriptor, "has no handler");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(method->field_rules,
                            proto::CompileFieldRules(descriptor->input_type(), code_sets));
  TRUSTHUB_ASSIGN_OR_RETURN(method->grant_plan,
                            policy::CompileGrantPlan(descriptor->output_type()));
  return method;
}

}  // namespace

absl::string_view Method::SubjectOf(const google::protobuf::Message& request) const {
  if (subject_path.empty()) return {};
  const google::protobuf::Message* message = &request;
  for (std::size_t i = 0; i + 1 < subject_path.size(); ++i) {
    message = &message->GetReflection()->GetMessage(*message, subject_path[i]);
  }
  static const std::string kUnused;
  std::string scratch;
  const std::string& value =
      message->GetReflection()->GetStringReference(*message, subject_path.back(), &scratch);
  // Generated messages return a reference into themselves; `scratch` serves dynamic ones only.
  return &value == &scratch ? absl::string_view(kUnused) : absl::string_view(value);
}

bool Method::IsForService(absl::string_view system) const {
  return absl::ConsumePrefix(&system, "/service/") &&
         std::find(rule.services().begin(), rule.services().end(), system) != rule.services().end();
}

absl::StatusOr<std::unique_ptr<MethodTable>> MethodTable::Compile(
    const std::vector<Routes>& routes, const std::shared_ptr<const proto::CodeSets>& code_sets) {
  auto table = std::make_unique<MethodTable>();
  std::set<const Descriptor*> requests;
  for (const Routes& of_file : routes) {
    if (of_file.file()->service_count() != 1) {
      return absl::FailedPreconditionError(
          absl::StrCat("proto file ", of_file.file()->name(), " must hold exactly one service"));
    }
    const auto* service = of_file.file()->service(0);
    for (int i = 0; i < service->method_count(); ++i) {
      if (!requests.insert(service->method(i)->input_type()).second) {
        return Flaw(service->method(i), "shares its request type with another method");
      }
      TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Method> method,
                                CompileMethod(service->method(i), of_file, code_sets));
      table->methods_.push_back(std::move(method));
    }
  }
  return table;
}

}  // namespace trusthub::rpc
