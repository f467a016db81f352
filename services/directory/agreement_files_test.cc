#include "services/directory/agreement_files.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "common/base/limits.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/agreement_texts.h"
#include "trusthub/errors/v1/details.pb.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"

namespace trusthub::directory {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

// Field and description of every violation of `status`.
std::vector<std::pair<std::string, std::string>> ViolationsOf(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> violations;
  const auto payload = status.GetPayload(error::kBadRequestUrl);
  errors::v1::BadRequest bad;
  if (!payload.has_value() || !bad.ParseFromString(std::string(*payload))) return violations;
  for (const auto& row : bad.field_violations()) {
    violations.emplace_back(row.field(), row.description());
  }
  return violations;
}

AgreementFiles Files(const std::vector<policy::AgreementText>& texts) { return FilesOf(texts); }

TEST(AgreementFiles, VersionIsThatOfTheFilesInAnyOrder) {
  const auto one = CompileProposed(Files({Governance(), Phonebook()}));
  ASSERT_THAT(one, IsOk());
  const auto other = CompileProposed(Files({Phonebook(), Governance()}));
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ((*one)->version(), (*other)->version());
  const auto folder = policy::CompileAgreements({Governance(), Phonebook()});
  ASSERT_THAT(folder, IsOk());
  EXPECT_EQ((*one)->version(), (*folder)->version()) << "and that of a folder of them";
  const auto changed = CompileProposed(Files({Phonebook("worker"), Governance()}));
  ASSERT_THAT(changed, IsOk());
  EXPECT_NE((*one)->version(), (*changed)->version());
}

TEST(AgreementFiles, EveryFileThatIsWrongIsNamedWithItsLine) {
  policy::AgreementText unknown_role = Phonebook();
  unknown_role.text = absl::StrReplaceAll(unknown_role.text, {{"social_worker", "social_wrker"}});
  policy::AgreementText no_title = Governance();
  no_title.text = absl::StrReplaceAll(no_title.text, {{"title:", "heading:"}});
  const absl::Status refused =
      CompileProposed(
          Files({unknown_role, AgreementOn("fine", "auditor", "audit_review", "worker"), no_title}))
          .status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument,
                                errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(ViolationsOf(refused),
              ElementsAre(Pair("agreement_set.files[0].text",
                               AllOf(StartsWith("phonebook.yaml:20: "), HasSubstr("social_wrker"))),
                          Pair("agreement_set.files[2].text",
                               AllOf(StartsWith("governance.yaml:2: "), HasSubstr("heading")))));
}

TEST(AgreementFiles, WhatIsWrongBetweenFilesIsNamedAtOneOfThem) {
  policy::AgreementText again = Phonebook();
  again.file = "again.yaml";
  const absl::Status refused = CompileProposed(Files({Phonebook(), again})).status();
  EXPECT_THAT(ViolationsOf(refused),
              ElementsAre(Pair("agreement_set.files[0].text", StartsWith("phonebook.yaml:1: "))));
}

TEST(AgreementFiles, NamesAreThoseOfAFolder) {
  for (const char* name : {"", ".yaml", "a.yml", "../a.yaml", "a/b.yaml", "A.yaml", "a b.yaml"}) {
    policy::AgreementText file = Phonebook();
    file.file = name;
    EXPECT_THAT(ViolationsOf(CompileProposed(Files({Governance(), file})).status()),
                ElementsAre(Pair("agreement_set.files[1].file", HasSubstr(".yaml"))))
        << name;
  }
  EXPECT_THAT(ViolationsOf(CompileProposed(Files({Phonebook(), Phonebook()})).status()),
              ElementsAre(Pair("agreement_set.files[1].file", HasSubstr("earlier file"))));
}

TEST(AgreementFiles, AnAnswerCarriesWhatItsClientCanRead) {
  std::vector<policy::AgreementText> broken;
  for (int i = 0; i < 60; ++i) {
    broken.push_back(AgreementOn(absl::StrCat("file-", i), "nobody", "governance", "worker"));
  }
  const absl::Status refused = CompileProposed(Files(broken)).status();
  EXPECT_THAT(ViolationsOf(refused), SizeIs(::testing::Ge(3u)));
  // Base64 of the details, beside the other metadata of an answer, within what clients take.
  EXPECT_LT(error::WireDetails(refused).size() * 4 / 3, 7u * 1024u);
  EXPECT_THAT(CompileProposed({}), StatusIs(absl::StatusCode::kInvalidArgument,
                                            errors::v1::ERROR_REASON_REQUEST_INVALID));
}

// The borough's own set must be one that can be proposed.
TEST(AgreementFiles, TheSetOfRedbridgeFitsIntoARequest) {
  const auto texts =
      policy::ReadAgreementTexts(testing::SourcePath("deploy/config/redbridge/agreements"));
  ASSERT_THAT(texts, IsOk());
  policy::v1::ProposeAgreementSetRequest request;
  *request.mutable_agreement_set()->mutable_files() = FilesOf(*texts);
  EXPECT_THAT(CompileProposed(request.agreement_set().files()), IsOk());
  EXPECT_LT(request.ByteSizeLong(), static_cast<std::size_t>(limits::kRequestBytesMax) * 3 / 4)
      << "leave room to grow: raise limits::kRequestBytesMax, and the limits of its clients";
  for (const auto& file : request.agreement_set().files()) {
    EXPECT_LE(file.text().size(), 65536u) << file.file();
  }
}

}  // namespace
}  // namespace trusthub::directory
