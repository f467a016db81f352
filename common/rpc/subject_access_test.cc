#include "common/rpc/subject_access.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using internal::v1::ChildFacts;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

constexpr auto kChild = audit::v1::SUBJECT_PARTY_CHILD;
constexpr auto kParent = audit::v1::SUBJECT_PARTY_PARENT;

absl::Time Noon(absl::CivilDay day) { return absl::FromCivil(absl::CivilHour(day) + 12, London()); }

class ShippedRulesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loaded =
        LoadSubjectAccess(testing::SourcePath("deploy/config/redbridge/subject_access.yaml"));
    ASSERT_THAT(loaded, IsOk());
    access_ = *std::move(loaded);
    entry_.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
    entry_.set_purpose(options::v1::PURPOSE_EDUCATION_SUPPORT);
    *entry_.mutable_domain_time() = TimeToProto(Noon(kAccess));
  }
  std::vector<std::string> KeptFrom(audit::v1::SubjectParty party, absl::CivilDay today) const {
    return KeptBackBy(access_, entry_, facts_, party, Noon(today));
  }
  void AddEnquiry(absl::CivilDay start, std::optional<absl::CivilDay> end) {
    auto* involvement = facts_.add_involvements();
    involvement->set_kind("ENQUIRY");
    involvement->set_agency("agencies/met-police");
    *involvement->mutable_start_time() = TimeToProto(Noon(start));
    if (end.has_value()) *involvement->mutable_end_time() = TimeToProto(Noon(*end));
  }

  static constexpr absl::CivilDay kAccess{2010, 3, 16};
  SubjectAccess access_;
  AuditEntry entry_;
  ChildFacts facts_;
};

TEST_F(ShippedRulesTest, WhatNoRuleNamesIsToldAtOnce) {
  EXPECT_THAT(KeptFrom(kChild, kAccess), IsEmpty());
  AddEnquiry(kAccess, std::nullopt);
  EXPECT_THAT(KeptFrom(kParent, kAccess), IsEmpty()) << "not connected with the enquiry";
}

TEST_F(ShippedRulesTest, AnEnquiryIsToldAMonthAfterTheLastOneEnded) {
  entry_.set_purpose(options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY);
  EXPECT_THAT(KeptFrom(kChild, kAccess), IsEmpty()) << "there was none";
  AddEnquiry(kAccess, std::nullopt);
  EXPECT_THAT(KeptFrom(kChild, kAccess + 3650), ElementsAre("live-enquiry")) << "while it lasts";
  *facts_.mutable_involvements(0)->mutable_end_time() =
      TimeToProto(Noon(absl::CivilDay(2010, 4, 1)));
  EXPECT_THAT(KeptFrom(kChild, absl::CivilDay(2010, 4, 29)), ElementsAre("live-enquiry"))
      << "the 28th day";
  EXPECT_THAT(KeptFrom(kChild, absl::CivilDay(2010, 4, 30)), IsEmpty());
  AddEnquiry(absl::CivilDay(2010, 4, 20), absl::CivilDay(2010, 5, 1));
  EXPECT_THAT(KeptFrom(kParent, absl::CivilDay(2010, 4, 30)), ElementsAre("live-enquiry"))
      << "another began";
  EXPECT_THAT(KeptFrom(kParent, absl::CivilDay(2010, 5, 30)), IsEmpty());
}

TEST_F(ShippedRulesTest, RecordsOfAnEnquiryCountWhateverThePurposeWas) {
  entry_.add_decisions()->set_record_kind(options::v1::RECORD_KIND_STRATEGY_DISCUSSION);
  AddEnquiry(kAccess, std::nullopt);
  EXPECT_THAT(KeptFrom(kParent, kAccess), ElementsAre("live-enquiry"));
}

TEST_F(ShippedRulesTest, AReferralIsToldWhenItCanNoLongerWarn) {
  entry_.set_purpose(options::v1::PURPOSE_SCREENING);
  EXPECT_THAT(KeptFrom(kParent, kAccess + 15), ElementsAre("new-referral"));
  EXPECT_THAT(KeptFrom(kParent, kAccess + 16), IsEmpty());
  AddEnquiry(kAccess + 10, std::nullopt);
  EXPECT_THAT(KeptFrom(kParent, kAccess + 16), ElementsAre("new-referral")) << "it led to one";
}

TEST_F(ShippedRulesTest, WhatIsKeptForGood) {
  const struct {
    const char* rule;
    std::function<void(AuditEntry*)> make;
    bool from_child;
  } cases[] = {
      {"police", [](AuditEntry* e) { e->set_purpose(options::v1::PURPOSE_POLICE_PROTECTION); },
       true},
      {"police", [](AuditEntry* e) { e->add_withheld(options::v1::CATEGORY_POLICE_INTELLIGENCE); },
       true},
      {"allegation",
       [](AuditEntry* e) {
         e->add_decisions()->set_record_kind(options::v1::RECORD_KIND_ALLEGATION);
       },
       true},
      {"adoption", [](AuditEntry* e) { e->add_withheld(options::v1::CATEGORY_ADOPTION); }, true},
      {"legal-privilege", [](AuditEntry* e) { e->add_disclosed(options::v1::CATEGORY_LEGAL); },
       true},
      {"nothing-given", [](AuditEntry* e) { e->set_decision(audit::v1::AUDIT_DECISION_REFUSED); },
       true},
      {"hidden-address",
       [](AuditEntry* e) { e->add_disclosed(options::v1::CATEGORY_CONFIDENTIAL_ADDRESS); }, false},
      {"own-confidence",
       [](AuditEntry* e) {
         e->add_decisions()->set_record_kind(options::v1::RECORD_KIND_CONSULTATION);
       },
       false},
      {"own-confidence",
       [](AuditEntry* e) { e->add_withheld(options::v1::CATEGORY_SEXUAL_HEALTH); }, false},
  };
  const AuditEntry plain = entry_;
  for (const auto& each : cases) {
    entry_ = plain;
    each.make(&entry_);
    for (const absl::CivilDay day : {kAccess, absl::CivilDay(2018, 5, 24),
                                     absl::CivilDay(2018, 5, 25), absl::CivilDay(2060, 1, 1)}) {
      EXPECT_THAT(KeptFrom(kParent, day), ElementsAre(each.rule)) << FormatDay(day);
      EXPECT_EQ(KeptFrom(kChild, day).empty(), !each.from_child) << each.rule;
    }
  }
}

TEST_F(ShippedRulesTest, EveryRuleNamesItsLawInEachPeriod) {
  for (const SubjectRule& rule : access_.rules) {
    EXPECT_THAT(rule.ground, Not(IsEmpty())) << rule.id;
    if (rule.to.has_value()) {
      EXPECT_EQ(*rule.to, absl::CivilDay(2018, 5, 24)) << rule.id;
      EXPECT_THAT(rule.ground, AllOf(Not(HasSubstr("2018")))) << rule.id;
    }
  }
  EXPECT_THAT(access_.notice, HasSubstr("Information Commissioner"));
}

TEST(LoadSubjectAccessTest, MistakesNameFileAndLine) {
  const testing::TempFolder folder;
  const std::string path = folder.File("subject_access.yaml");
  const auto error_of = [&](const std::string& rules) {
    std::ofstream(path, std::ios::trunc) << "notice: Said with it.\nrules:\n" << rules;
    return std::string(LoadSubjectAccess(path).status().message());
  };
  const auto rule = [](const std::string& period, const std::string& about,
                       const std::string& time) {
    return absl::StrCat("  - id: a\n    in_force: ", period,
                        "\n    parties: [child]\n    about: ", about, "\n    ", time,
                        "\n    ground: Some Act\n");
  };
  const std::string period = "{from: 2006-04-01}";
  const std::string about = "{purposes: [screening]}";
  const std::string good = rule(period, about, "for_good: true");
  EXPECT_EQ(error_of(good), "");
  EXPECT_THAT(error_of(good + good),
              AllOf(HasSubstr("subject_access.yaml:9"), HasSubstr("overlap")));
  EXPECT_THAT(error_of(rule(period, "{}", "for_good: true")), HasSubstr("about nothing"));
  EXPECT_THAT(error_of(rule(period, "{purposes: [curiosity]}", "for_good: true")),
              AllOf(HasSubstr("subject_access.yaml:6"), HasSubstr("`curiosity`")));
  EXPECT_THAT(error_of(rule(period, "{purposes: [unspecified]}", "for_good: true")),
              HasSubstr("`unspecified`"));
  EXPECT_THAT(error_of(rule(period, about, "for_good: false")), HasSubstr("either for_good"));
  EXPECT_THAT(error_of(rule(period, about, "days_after_access: -1")), HasSubstr("between 0"));
  EXPECT_THAT(error_of(rule(period, about, "days_after_access: 1\n    for_good: true")),
              HasSubstr("either for_good"));
  EXPECT_THAT(error_of(rule("{from: 2010-01-01, to: 2009-01-01}", about, "for_good: true")),
              HasSubstr("ends before"));
  EXPECT_THAT(error_of(rule(period, about, "later: 1")), HasSubstr("later"));
  EXPECT_THAT(error_of("  []\n"), HasSubstr("rules"));
}

}  // namespace
}  // namespace trusthub::rpc
