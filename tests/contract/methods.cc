#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/limits.h"
#include "tests/contract/contract.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// Verbs that change a record which exists; the record is named and its version said.
constexpr absl::string_view kChangingVerbs[] = {
    "Update", "Decide", "Authorise", "Conclude", "End", "Withdraw", "Close", "Delete", "Complete"};

const options::v1::FieldRule& RuleOf(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::field);
}

bool IsRequired(const FieldDescriptor* field, options::v1::Format format) {
  return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING &&
         !field->is_repeated() && RuleOf(field).format() == format &&
         RuleOf(field).behaviour() == options::v1::BEHAVIOUR_REQUIRED;
}

// The field at the end of a path such as "conference.child"; null when it leads nowhere.
const FieldDescriptor* Follow(const Descriptor* message, absl::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view step : absl::StrSplit(path, '.')) {
    if (message == nullptr) return nullptr;
    field = message->FindFieldByName(std::string(step));
    if (field == nullptr || field->is_repeated()) return nullptr;
    message = field->message_type();
  }
  return field;
}

// `plans.end`: lower-case words, at least a noun and a verb.
bool IsAction(absl::string_view action) {
  const std::vector<absl::string_view> words = absl::StrSplit(action, '.');
  return words.size() >= 2 && std::all_of(words.begin(), words.end(), [](absl::string_view word) {
           return !word.empty() &&
                  word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == absl::string_view::npos;
         });
}

// Collections of records that are about a child, and of children.
std::set<std::string> CollectionsOfChildren(const Files& files) {
  std::set<std::string> collections;
  for (const Descriptor* record : Records(files)) {
    const options::v1::RecordRule& rule = record->options().GetExtension(options::v1::record);
    if (rule.kind() == options::v1::RECORD_KIND_CHILD ||
        record->FindFieldByName("child") != nullptr) {
      collections.insert(rule.collection());
    }
  }
  return collections;
}

class MethodCheck {
 public:
  MethodCheck(const MethodDescriptor* method, Complaints* complaints)
      : method_(method),
        rule_(method->options().GetExtension(options::v1::rule)),
        complaints_(complaints) {}

  void Run(const std::set<std::string>& collections_of_children) {
    if (!method_->options().HasExtension(options::v1::rule)) return Complain("has no rule");
    CheckRule();
    CheckTypes();
    CheckSubject(collections_of_children);
    CheckMutation();
  }

 private:
  void Complain(absl::string_view what) {
    complaints_->push_back(absl::StrCat(method_->full_name(), ": ", what));
  }

  void CheckRule() {
    if (!IsAction(rule_.action())) Complain("action is not of the form noun.verb");
    if (rule_.record_kind() == options::v1::RECORD_KIND_UNSPECIFIED) Complain("no record_kind");
    if (rule_.purposes().empty()) Complain("no purpose: nobody could call it");
    if (rule_.roles().empty()) Complain("no role: nobody could call it");
    for (const int purpose : rule_.purposes()) {
      if (purpose == options::v1::PURPOSE_UNSPECIFIED) Complain("an unspecified purpose");
    }
    for (const int role : rule_.roles()) {
      if (role == options::v1::ROLE_UNSPECIFIED) Complain("an unspecified role");
    }
    if (rule_.timeout_ms() > limits::kCallMillisMax) Complain("timeout_ms above kCallMillisMax");
  }

  void CheckTypes() {
    if (method_->input_type()->name() != method_->name() + "Request" ||
        method_->output_type()->name() != method_->name() + "Response") {
      Complain("request and response must be named for the method");
    }
    if (method_->client_streaming()) Complain("streams requests, which nothing serves");
    if (method_->server_streaming() && !absl::StartsWith(method_->name(), "Watch")) {
      Complain("streams answers; only Watch does");
    }
  }

  void CheckSubject(const std::set<std::string>& collections_of_children) {
    const Descriptor* request = method_->input_type();
    if (!rule_.subject().empty()) {
      const FieldDescriptor* subject = Follow(request, rule_.subject());
      if (subject == nullptr || subject->type() != FieldDescriptor::TYPE_STRING) {
        return Complain("subject leads to no string field");
      }
      if (RuleOf(subject).format() != options::v1::FORMAT_NAME) {
        Complain("subject is not a name");
      }
      return;
    }
    // A stream is authorised anew at each delivery.
    if (method_->server_streaming()) return;
    for (const char* path : {"name", "child"}) {
      const FieldDescriptor* field = request->FindFieldByName(path);
      if (field != nullptr && collections_of_children.count(RuleOf(field).collection()) > 0) {
        Complain(absl::StrCat("names a child's record in ", path, " but has no subject"));
      }
    }
  }

  void CheckMutation() {
    const Descriptor* request = method_->input_type();
    const FieldDescriptor* request_id = request->FindFieldByName("request_id");
    if (!rule_.mutates()) {
      if (request_id != nullptr) Complain("has a request_id but does not mutate");
      return;
    }
    if (!IsRequired(request_id, options::v1::FORMAT_UUID)) {
      Complain("mutates without a required request_id of FORMAT_UUID");
    }
    const FieldDescriptor* name = request->FindFieldByName("name");
    const bool changes = name != nullptr ||
                         std::any_of(std::begin(kChangingVerbs), std::end(kChangingVerbs),
                                     [&](absl::string_view verb) { return StartsWithVerb(verb); });
    if (!changes) return;
    if (!IsRequired(name, options::v1::FORMAT_NAME)) Complain("changes a record without its name");
    if (!IsRequired(request->FindFieldByName("etag"), options::v1::FORMAT_ETAG)) {
      Complain("changes a record without its etag");
    }
  }

  // EndPlan begins with End, Endorse does not.
  bool StartsWithVerb(absl::string_view verb) const {
    const absl::string_view name = method_->name();
    return absl::StartsWith(name, verb) && name.size() > verb.size() && name[verb.size()] >= 'A' &&
           name[verb.size()] <= 'Z';
  }

  const MethodDescriptor* method_;
  const options::v1::MethodRule& rule_;
  Complaints* complaints_;
};

}  // namespace

Complaints CheckMethods(const Files& files) {
  Complaints complaints;
  const std::set<std::string> collections_of_children = CollectionsOfChildren(files);
  std::map<std::string, std::string> actions;
  std::map<const Descriptor*, std::string> types;
  for (const MethodDescriptor* method : MethodsOf(files)) {
    MethodCheck(method, &complaints).Run(collections_of_children);
    const std::string& action = method->options().GetExtension(options::v1::rule).action();
    if (!actions.emplace(action, method->full_name()).second) {
      complaints.push_back(absl::StrCat(method->full_name(), ": action ", action, " is that of ",
                                        actions[action], " too"));
    }
    for (const Descriptor* type : {method->input_type(), method->output_type()}) {
      if (!types.emplace(type, method->full_name()).second) {
        complaints.push_back(
            absl::StrCat(method->full_name(), ": shares ", type->name(), " with ", types[type]));
      }
    }
  }
  return complaints;
}

}  // namespace trusthub::contract
