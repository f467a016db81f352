// Every method, field, record and enum of the public contract says what it must about itself.
#include "tests/contract/contract.h"

#include <string>
#include <vector>

#include "common/proto/field_rules.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"

namespace trusthub::contract {
namespace {

const Files& Linked() {
  static const Files& files = *new Files([] {
    Complaints ignored;  // LinksEveryProto reports them
    return LinkedFiles(testing::SourcePath("protos"), &ignored);
  }());
  return files;
}

void ExpectNone(const Complaints& complaints) {
  for (const std::string& complaint : complaints) ADD_FAILURE() << complaint;
}

TEST(Contract, LinksEveryProto) {
  Complaints complaints;
  LinkedFiles(testing::SourcePath("protos"), &complaints);
  ExpectNone(complaints);
  // Eight areas serve methods; a walk over nothing would pass everything.
  EXPECT_GE(MethodsOf(Linked()).size(), 37u);
  EXPECT_GE(Records(Linked()).size(), 12u);
}

TEST(Contract, EachMethodSaysWhoMayCallItAndHow) { ExpectNone(CheckMethods(Linked())); }

TEST(Contract, EachFieldSaysWhatItIs) {
  const auto code_sets = proto::LoadCodeSets(testing::SourcePath("deploy/config/code_sets"));
  ASSERT_TRUE(code_sets.ok()) << code_sets.status();
  ExpectNone(
      CheckFields(Linked(), [&](absl::string_view set) { return (*code_sets)->HasSet(set); }));
}

TEST(Contract, ListsAnswersRecordsAndEnumsHaveTheirShape) { ExpectNone(CheckShapes(Linked())); }

}  // namespace
}  // namespace trusthub::contract
