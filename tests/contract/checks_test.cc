// Each check of the contract finds what it is for: a sound little contract passes, and each way of
// breaking it is told.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/contract/contract.h"
#include "trusthub/options/v1/options.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::contract {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A service of two methods over one record of a child. Placeholders stand for option names, which
// are long, and for the places that the tests break.
constexpr char kSound[] = R"(
name: "trusthub/kites/v1/kites_service.proto"
package: "trusthub.kites.v1"
syntax: "proto3"
dependency: "trusthub/options/v1/options.proto"
dependency: "trusthub/types/v1/disclosure.proto"
enum_type {
  name: "KiteState"
  value { name: "KITE_STATE_UNSPECIFIED" number: 0 }
  value { name: "KITE_STATE_FLYING" number: 1 }
}
message_type {
  name: "Kite"
  options { $RECORD { kind: RECORD_KIND_PLAN collection: "kites" } }
  field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OUTPUT_ONLY
                             format: FORMAT_NAME collection: "kites" } } }
  field { name: "child" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_REQUIRED } } }
  field { name: "etag" number: 3 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OUTPUT_ONLY
                             format: FORMAT_ETAG } } }
  field { name: "create_time" number: 4 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OUTPUT_ONLY } } }
  field { name: "update_time" number: 5 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OUTPUT_ONLY } } }
  field { name: "occurred_at" number: 6 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OPTIONAL } } }
  field { name: "owner_agency" number: 7 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OUTPUT_ONLY } } }
  field { name: "author_agency" number: 8 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OUTPUT_ONLY } } }
  field { name: "state" number: 9 label: LABEL_OPTIONAL type: TYPE_ENUM
          type_name: ".trusthub.kites.v1.KiteState"
          options { $FIELD { category: CATEGORY_PLAN_STATUS behaviour: BEHAVIOUR_OUTPUT_ONLY } } }
  field { name: "colour" number: 10 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_PLAN_CONTENT behaviour: BEHAVIOUR_OPTIONAL
                             format: FORMAT_CODE code_set: "colours" } } }
}
message_type {
  name: "EndKiteRequest"
  field { name: "request_id" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_REQUIRED
                             format: FORMAT_UUID } } }
  field { name: "name" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_REQUIRED
                             format: FORMAT_NAME collection: "kites" } } }
  field { name: "etag" number: 3 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_REQUIRED
                             format: FORMAT_ETAG } } }
  field { name: "height" number: 4 label: LABEL_OPTIONAL type: TYPE_INT32
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_REQUIRED
                             minimum: 1 maximum: 9 } } }
}
message_type {
  name: "EndKiteResponse"
  field { name: "kite" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE
          type_name: ".trusthub.kites.v1.Kite"
          options { $FIELD { category: CATEGORY_OPERATIONAL } } }
  field { name: "disclosure" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE
          type_name: ".trusthub.types.v1.Disclosure"
          options { $FIELD { category: CATEGORY_OPERATIONAL } } }
}
message_type {
  name: "ListKitesRequest"
  field { name: "page_size" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OPTIONAL } } }
  field { name: "page_token" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL behaviour: BEHAVIOUR_OPTIONAL
                             format: FORMAT_PAGE_TOKEN } } }
}
message_type {
  name: "ListKitesResponse"
  field { name: "kites" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE
          type_name: ".trusthub.kites.v1.Kite"
          options { $FIELD { category: CATEGORY_OPERATIONAL } } }
  field { name: "next_page_token" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING
          options { $FIELD { category: CATEGORY_OPERATIONAL } } }
  field { name: "disclosure" number: 3 label: LABEL_OPTIONAL type: TYPE_MESSAGE
          type_name: ".trusthub.types.v1.Disclosure"
          options { $FIELD { category: CATEGORY_OPERATIONAL } } }
}
service {
  name: "KitesService"
  method { name: "EndKite"
           input_type: ".trusthub.kites.v1.EndKiteRequest"
           output_type: ".trusthub.kites.v1.EndKiteResponse"
           options { $RULE { action: "kites.end" record_kind: RECORD_KIND_PLAN mutates: true
                             purposes: PURPOSE_ASSESSMENT roles: ROLE_SOCIAL_WORKER
                             subject: "name" } } }
  method { name: "ListKites"
           input_type: ".trusthub.kites.v1.ListKitesRequest"
           output_type: ".trusthub.kites.v1.ListKitesResponse"
           options { $RULE { action: "kites.list" record_kind: RECORD_KIND_PLAN
                             purposes: PURPOSE_ASSESSMENT roles: ROLE_SOCIAL_WORKER } } }
}
)";

// The complaints about the sound contract with its first `what` replaced by `with`.
Complaints ComplaintsAbout(absl::string_view what, absl::string_view with) {
  std::string text = kSound;
  if (!what.empty()) {
    const std::size_t at = text.find(std::string(what));
    EXPECT_NE(at, std::string::npos) << "the sound contract does not hold: " << what;
    if (at == std::string::npos) return {};
    text.replace(at, what.size(), std::string(with));
  }
  text = absl::StrReplaceAll(text, {{"$FIELD", "[trusthub.options.v1.field]"},
                                    {"$RECORD", "[trusthub.options.v1.record]"},
                                    {"$RULE", "[trusthub.options.v1.rule]"}});
  google::protobuf::FileDescriptorProto proto;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto));
  // Asked for, so that it is linked.
  EXPECT_NE(types::v1::Disclosure::descriptor(), nullptr);
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const google::protobuf::FileDescriptor* file = pool.BuildFile(proto);
  EXPECT_NE(file, nullptr);
  if (file == nullptr) return {};
  Complaints all = CheckMethods({file});
  for (std::string& each :
       CheckFields({file}, [](absl::string_view set) { return set == "colours"; })) {
    all.push_back(std::move(each));
  }
  for (std::string& each : CheckShapes({file})) all.push_back(std::move(each));
  return all;
}

TEST(Checks, PassASoundContract) { EXPECT_THAT(ComplaintsAbout("", ""), IsEmpty()); }

struct Break {
  std::string what;
  std::string with;
  std::string complaint;
};

class Breaks : public ::testing::TestWithParam<Break> {};

TEST_P(Breaks, AreTold) {
  EXPECT_THAT(ComplaintsAbout(GetParam().what, GetParam().with),
              Contains(HasSubstr(GetParam().complaint)));
}

INSTANTIATE_TEST_SUITE_P(
    Methods, Breaks,
    ::testing::Values(
        Break{"options { $RULE { action: \"kites.list\" record_kind: RECORD_KIND_PLAN\n"
              "                             purposes: PURPOSE_ASSESSMENT roles: "
              "ROLE_SOCIAL_WORKER } }",
              "", "ListKites: has no rule"},
        Break{"action: \"kites.list\"", "action: \"kites.end\"", "action kites.end is that of"},
        Break{"action: \"kites.end\"", "action: \"End\"", "not of the form noun.verb"},
        Break{"\"kites.end\" record_kind: RECORD_KIND_PLAN", "\"kites.end\"", "no record_kind"},
        Break{"purposes: PURPOSE_ASSESSMENT", "", "no purpose"},
        Break{"roles: ROLE_SOCIAL_WORKER", "", "no role"},
        Break{"roles: ROLE_SOCIAL_WORKER", "roles: ROLE_UNSPECIFIED", "an unspecified role"},
        Break{"subject: \"name\"", "subject: \"kite.name\"", "leads to no string field"},
        Break{"subject: \"name\"", "subject: \"height\"", "leads to no string field"},
        Break{"subject: \"name\"", "subject: \"etag\"", "subject is not a name"},
        Break{"subject: \"name\"", "", "names a child's record in name but has no subject"},
        Break{"mutates: true", "timeout_ms: 60000", "has a request_id but does not mutate"},
        Break{"mutates: true", "timeout_ms: 60000", "above kCallMillisMax"},
        Break{"format: FORMAT_UUID", "", "without a required request_id"},
        Break{"behaviour: BEHAVIOUR_REQUIRED\n                             format: FORMAT_ETAG",
              "behaviour: BEHAVIOUR_OPTIONAL format: FORMAT_ETAG",
              "changes a record without its etag"},
        Break{"output_type: \".trusthub.kites.v1.EndKiteResponse\"",
              "output_type: \".trusthub.kites.v1.Kite\"", "must be named for the method"},
        Break{"output_type: \".trusthub.kites.v1.EndKiteResponse\"",
              "output_type: \".trusthub.kites.v1.ListKitesResponse\"", "shares ListKitesResponse"},
        Break{"name: \"EndKite\"\n", "name: \"EndKite\" client_streaming: true\n",
              "streams requests"},
        Break{"name: \"EndKite\"\n", "name: \"EndKite\" server_streaming: true\n",
              "only Watch does"}));

INSTANTIATE_TEST_SUITE_P(
    Fields, Breaks,
    ::testing::Values(
        Break{"category: CATEGORY_PLAN_CONTENT", "", "Kite.colour: has no category"},
        Break{"options { $FIELD { category: CATEGORY_OPERATIONAL } } }\n  field { name: "
              "\"disclosure\" number: 2",
              "}\n  field { name: \"disclosure\" number: 2",
              "EndKiteResponse.kite: has no category"},
        Break{"category: CATEGORY_PLAN_CONTENT behaviour: BEHAVIOUR_OPTIONAL",
              "category: CATEGORY_PLAN_CONTENT", "Kite.colour: has no behaviour"},
        Break{"minimum: 1", "minimum: 0", "0 passes for absent"},
        Break{"minimum: 1 maximum: 9", "minimum: 10 maximum: 9", "maximum below its minimum"},
        Break{"minimum: 1", "minimum: 1 format: FORMAT_UUID", "has a format but is no string"},
        Break{"minimum: 1", "minimum: 1 max_items: 3", "has max_items but is single"},
        Break{"format: FORMAT_NAME collection: \"kites\"",
              "format: FORMAT_NAME collection: \"swings\"", "'swings', which no record has"},
        Break{"code_set: \"colours\"", "code_set: \"flavours\"", "'flavours', which is not"},
        Break{"code_set: \"colours\"", "", "'', which is not published"},
        Break{"format: FORMAT_CODE code_set", "code_set", "has a code set but is no code"},
        Break{"behaviour: BEHAVIOUR_OPTIONAL } } }\n  field { name: \"owner_agency\"",
              "behaviour: BEHAVIOUR_OPTIONAL identifier: true } } }\n"
              "  field { name: \"owner_agency\"",
              "OPERATIONAL, which may be logged"},
        Break{"category: CATEGORY_PLAN_STATUS behaviour: BEHAVIOUR_OUTPUT_ONLY",
              "category: CATEGORY_PLAN_STATUS behaviour: BEHAVIOUR_OPTIONAL",
              "a state is never written"}));

INSTANTIATE_TEST_SUITE_P(
    Shapes, Breaks,
    ::testing::Values(
        Break{"\"page_size\"", "\"size\"", "has an int32 page_size"},
        Break{"format: FORMAT_PAGE_TOKEN", "", "has a page_token of FORMAT_PAGE_TOKEN"},
        Break{"\"next_page_token\"", "\"next\"", "answers with next_page_token"},
        Break{"label: LABEL_REPEATED", "label: LABEL_OPTIONAL", "exactly one repeated field"},
        Break{"name: \"disclosure\" number: 2", "name: \"evidence\" number: 2",
              "EndKite: an answer carries its Disclosure"},
        Break{"name: \"KITE_STATE_UNSPECIFIED\"", "name: \"KITE_STATE_NONE\"",
              "starts with KITE_STATE_UNSPECIFIED = 0"},
        Break{"name: \"KITE_STATE_FLYING\"", "name: \"FLYING\"", "starts with KITE_STATE"},
        Break{"collection: \"kites\" } }", "collection: \"gulls\" } }",
              "the first field is its name in its collection"},
        Break{"kind: RECORD_KIND_PLAN collection", "collection", "Kite: has no kind"},
        Break{"name: \"update_time\"", "name: \"updated\"", "Kite: has no update_time"},
        Break{"name: \"author_agency\"", "name: \"author\"", "Kite: has no author_agency"}));

}  // namespace
}  // namespace trusthub::contract
