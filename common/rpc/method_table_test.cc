// What stops a service at its start: a method that says too little of itself, or an answer with a
// field that nobody classified.
#include "common/rpc/method_table.h"

#include <functional>
#include <memory>
#include <string>

#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::rpc {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using ::testing::HasSubstr;
using testing::IsOk;

FieldDescriptorProto* AddText(const char* name, DescriptorProto* message) {
  FieldDescriptorProto* field = message->add_field();
  field->set_name(name);
  field->set_number(message->field_size());
  field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field->set_type(FieldDescriptorProto::TYPE_STRING);
  auto* rule = field->mutable_options()->MutableExtension(options::v1::field);
  rule->set_category(options::v1::CATEGORY_OPERATIONAL);
  rule->set_behaviour(options::v1::BEHAVIOUR_OPTIONAL);
  return field;
}

options::v1::MethodRule* RuleIn(FileDescriptorProto* file) {
  return file->mutable_service(0)->mutable_method(0)->mutable_options()->MutableExtension(
      options::v1::rule);
}

// A file whose one method would start: it streams, and so needs no handler.
FileDescriptorProto Sound() {
  FileDescriptorProto file;
  file.set_name("test/notes_service.proto");
  file.set_package("test");
  file.set_syntax("proto3");
  file.add_dependency("trusthub/options/v1/options.proto");
  DescriptorProto* request = file.add_message_type();
  request->set_name("WatchNotesRequest");
  AddText("name", request);
  DescriptorProto* part = file.add_message_type();
  part->set_name("Part");
  AddText("words", part);
  DescriptorProto* response = file.add_message_type();
  response->set_name("WatchNotesResponse");
  AddText("note", response);
  FieldDescriptorProto* holder = AddText("part", response);
  holder->set_type(FieldDescriptorProto::TYPE_MESSAGE);
  holder->set_type_name(".test.Part");
  auto* service = file.add_service();
  service->set_name("NotesService");
  auto* method = service->add_method();
  method->set_name("WatchNotes");
  method->set_input_type(".test.WatchNotesRequest");
  method->set_output_type(".test.WatchNotesResponse");
  method->set_server_streaming(true);
  options::v1::MethodRule* rule = RuleIn(&file);
  rule->set_action("notes.watch");
  rule->set_record_kind(options::v1::RECORD_KIND_PLAN);
  rule->add_purposes(options::v1::PURPOSE_ASSESSMENT);
  rule->add_roles(options::v1::ROLE_SOCIAL_WORKER);
  rule->set_subject("name");
  return file;
}

absl::StatusOr<std::size_t> MethodsOf(const FileDescriptorProto& proto) {
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const google::protobuf::FileDescriptor* file = pool.BuildFile(proto);
  if (file == nullptr) return absl::InternalError("no proto file at all");
  const auto code_sets = proto::LoadCodeSets(testing::SourcePath("deploy/config/code_sets"));
  if (!code_sets.ok()) return code_sets.status();
  const auto table = MethodTable::Compile({Routes(file)}, *code_sets);
  if (!table.ok()) return table.status();
  return (*table)->methods().size();
}

TEST(MethodTableTest, ASoundMethodIsTaken) {
  const auto methods = MethodsOf(Sound());
  ASSERT_THAT(methods, IsOk());
  EXPECT_EQ(*methods, 1u);
}

struct Mistake {
  const char* name;
  std::function<void(FileDescriptorProto*)> make;
  const char* says;
};

class MistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, StopsTheStartAndIsNamed) {
  FileDescriptorProto file = Sound();
  GetParam().make(&file);
  EXPECT_THAT(std::string(MethodsOf(file).status().message()), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, MistakeTest,
    ::testing::Values(
        Mistake{
            "ResponseFieldWithoutCategory",
            [](auto* file) { file->mutable_message_type(2)->mutable_field(0)->clear_options(); },
            "test.WatchNotesResponse.note has no sharing category"},
        Mistake{
            "FieldWithoutCategoryBelow",
            [](auto* file) { file->mutable_message_type(1)->mutable_field(0)->clear_options(); },
            "test.Part.words has no sharing category"},
        Mistake{"FieldOfNoCategoryThatThereIs",
                [](auto* file) {
                  file->mutable_message_type(2)
                      ->mutable_field(0)
                      ->mutable_options()
                      ->MutableExtension(options::v1::field)
                      ->set_category(static_cast<options::v1::Category>(63));
                },
                "test.WatchNotesResponse.note has no sharing category"},
        Mistake{"NoRule",
                [](auto* file) { file->mutable_service(0)->mutable_method(0)->clear_options(); },
                "test.NotesService.WatchNotes has no (rule)"},
        Mistake{"NobodyMayCall", [](auto* file) { RuleIn(file)->clear_roles(); },
                "without action, record_kind, roles or purposes"},
        Mistake{"ForNoPurpose", [](auto* file) { RuleIn(file)->clear_purposes(); },
                "without action, record_kind, roles or purposes"},
        Mistake{"AboutNothing", [](auto* file) { RuleIn(file)->clear_record_kind(); },
                "without action, record_kind, roles or purposes"},
        Mistake{"SubjectLeadsNowhere", [](auto* file) { RuleIn(file)->set_subject("child"); },
                "has a subject path that leads nowhere: child"},
        Mistake{"ServicesForNoOperation",
                [](auto* file) { RuleIn(file)->add_services("referrals"); },
                "must name its services when it is for hub operation, and only then"},
        Mistake{"OperationForNoService",
                [](auto* file) { RuleIn(file)->add_purposes(options::v1::PURPOSE_HUB_OPERATION); },
                "must name its services when it is for hub operation, and only then"},
        Mistake{"ChangesWithoutRequestId", [](auto* file) { RuleIn(file)->set_mutates(true); },
                "changes something, so its request needs a request_id"},
        Mistake{"NoHandler",
                [](auto* file) {
                  file->mutable_service(0)->mutable_method(0)->clear_server_streaming();
                },
                "test.NotesService.WatchNotes has no handler"},
        Mistake{"TwoMethodsOfOneRequest",
                [](auto* file) {
                  auto* again = file->mutable_service(0)->add_method();
                  *again = file->service(0).method(0);
                  again->set_name("WatchThemAgain");
                },
                "WatchThemAgain shares its request type with another method"},
        Mistake{"NoService", [](auto* file) { file->clear_service(); },
                "must hold exactly one service"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace trusthub::rpc
