// Every mistake in an agreement stops the load, and the error says where it is and what to do.
#include "common/policy/agreement_reader.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/ids.h"
#include "common/policy/policy.h"
#include "common/policy/random_agreements.h"
#include "common/testing/seed.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

namespace fs = std::filesystem;

// Line numbers in the tests below count from the line after R"(.
constexpr char kGood[] = R"(id: reading
title: Reading test
version: "1.0"
status: signed
effective_from: 2010-01-01
effective_to: 2011-12-31
review_date: 2011-06-30
parties:
  - {agency: agencies/council, capacity: controller, contact: Caldicott Guardian}
  - {agency_kind: council, capacity: controller, contact: Caldicott Guardian}
purposes: [assessment, screening]
gateways: [children_act_1989_s17]
conditions: [dpa_1998_sch2_5b]
signatories:
  - {office: Director, agency: agencies/council, sign_date: 2009-12-01}
  - {office: Caldicott Guardian, agency: agencies/council, sign_date: 2009-12-02}
secret_categories: [adoption]
items:
  - id: first
    to:
      agencies: [agencies/council]
      roles: [social_worker]
    purposes: [assessment]
    relations: [owner]
    records: [assessment]
    categories: [operational]
    released_by: agencies/council
    explanation: A reason.
  - id: second
    to: {agency_kinds: [council], roles: [team_manager]}
    purposes: [screening]
    relations: [owner]
    records: [referral]
    deny: [legal]
    when: [looked_after]
    released_by: agencies/council
    explanation: A reason.
arrangements:
  data_subjects: children in Redbridge and their families
  method: Over the hub
  notice: A leaflet
  correction: The owner corrects
  retention: As the owner keeps it
  disposal: Shredded
  subject_rights: Data Protection Officer
  breach_contact: Caldicott Guardian
  breach_hours: 24
  impact_assessment: DPIA 1
  complaints: Complaints Manager
)";

// A folder of its own that goes away with it.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("agreements-" + RandomId())) {
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
  }
  absl::StatusOr<std::shared_ptr<const Agreements>> Load() const {
    return LoadAgreements(path_.string());
  }

  std::string path() const { return path_.string(); }

 private:
  const fs::path path_;
};

struct Mistake {
  const char* name;
  const char* instead_of;
  const char* written;
  int line;
  const char* says;
};

class MistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, StopsTheLoadAndNamesItsLine) {
  const Mistake& mistake = GetParam();
  ASSERT_TRUE(absl::StrContains(kGood, mistake.instead_of));
  // Only the first place is spoilt.
  std::string text = kGood;
  text.replace(text.find(mistake.instead_of), std::string(mistake.instead_of).size(),
               mistake.written);
  Folder folder;
  folder.Write("a-good-one.yaml", absl::StrReplaceAll(kGood, {{"id: reading", "id: other"}}));
  folder.Write("bad.yaml", text);
  const auto loaded = folder.Load();
  ASSERT_FALSE(loaded.ok());
  EXPECT_TRUE(
      absl::StrContains(loaded.status().message(), absl::StrCat("bad.yaml:", mistake.line, ": ")))
      << loaded.status();
  EXPECT_TRUE(absl::StrContains(loaded.status().message(), mistake.says)) << loaded.status();
}

INSTANTIATE_TEST_SUITE_P(
    All, MistakeTest,
    ::testing::Values(
        Mistake{"UnknownKey", "title:", "titel:", 2, "unknown key `titel`; use one of id, title"},
        Mistake{"UnknownItemKey", "    records: [assess", "    recrods: [assess", 25,
                "unknown key `recrods`"},
        Mistake{"KeyTwice", "version: \"1.0\"", "title: Again", 3, "`title` is given twice"},
        Mistake{"MergeKey", "version: \"1.0\"", "<<: {version: \"1.0\"}", 3, "unknown key `<<`"},
        Mistake{"UnknownRole", "[social_worker]", "[social_wroker]", 22,
                "unknown value `social_wroker` of `roles`; use one of designated_lead"},
        Mistake{"UnspecifiedRole", "[social_worker]", "[unspecified]", 22, "unknown value"},
        Mistake{"UnknownCategory", "[operational]", "[everything]", 26, "unknown value"},
        Mistake{"UnknownDenied", "[legal]", "[leagl]", 34, "unknown value `leagl` of `deny`"},
        Mistake{"UnknownPurpose", "[assessment, screening]", "[curiosity]", 11, "unknown value"},
        Mistake{"UnknownRelation", "[owner]", "[friend]", 24, "unknown value"},
        Mistake{"UnknownKind", "[assessment]\n    categories", "[diary]\n    categories", 25,
                "unknown value"},
        Mistake{"UnknownAgencyKind", "agency_kind: council", "agency_kind: club", 10,
                "unknown value"},
        Mistake{"UnknownFlag", "[looked_after]", "[sad]", 35, "unknown value"},
        Mistake{"UnknownGateway", "[children_act_1989_s17]", "[common_sense]", 12, "unknown value"},
        Mistake{"UnknownCondition", "[dpa_1998_sch2_5b]", "[consent]", 13, "unknown value"},
        Mistake{"UnknownStatus", "signed", "agreed", 4, "unknown value"},
        Mistake{"UnknownSecret", "[adoption]", "[all]", 17, "unknown value"},
        Mistake{"DuplicateItem", "id: second", "id: first", 29, "already at line 19"},
        Mistake{"DuplicateAgreement", "id: reading", "id: other", 1, "is already in"},
        Mistake{"BadId", "id: reading", "id: Reading Test", 1, "is not an id"},
        Mistake{"MissingFrom", "effective_from: 2010-01-01\n", "", 1,
                "`effective_from` is missing"},
        Mistake{"MissingTo", "effective_to: 2011-12-31\n", "", 1, "`effective_to` is missing"},
        Mistake{"MissingReview", "review_date: 2011-06-30\n", "", 1, "`review_date` is missing"},
        Mistake{"MissingItems", "items:\n", "parties:\n", 18, "`parties` is given twice"},
        Mistake{"EndBeforeStart", "2011-12-31", "2009-12-31", 6, "lies before `effective_from`"},
        Mistake{"ReviewBeforeStart", "2011-06-30", "2009-06-30", 7, "lies before"},
        Mistake{"NoSuchDay", "2010-01-01", "2010-02-30", 5, "is not a day"},
        Mistake{"NoDayOfOurTime", "2010-01-01", "5694-03-31", 5, "is not a day"},
        Mistake{"OpenStart", "2010-01-01", "open", 5, "is not a day"},
        Mistake{"NullDate", "2010-01-01", "", 5, "needs a value"},
        Mistake{"EmptyRoles", "[social_worker]", "[]", 22, "must be a list of at least one"},
        Mistake{"EmptyCategories", "[operational]", "[]", 26, "must be a list of at least one"},
        Mistake{"NotAList", "[operational]", "operational", 26, "must be a list"},
        Mistake{"ListedTwice", "[operational]", "[operational, operational]", 26,
                "is listed twice"},
        Mistake{"MissingRelations", "    relations: [owner]\n", "", 19, "`relations` is missing"},
        Mistake{"GivesNothing", "    categories: [operational]\n", "", 19,
                "neither gives nor denies"},
        Mistake{"GivenAndDenied", "    deny: [legal]", "    deny: [legal]\n    categories: [legal]",
                34, "both given and denied"},
        Mistake{"NoRecipient", "      agencies: [agencies/council]\n", "", 21,
                "names no recipient"},
        Mistake{"NotAParty", "agencies: [agencies/council]", "agencies: [agencies/other]", 21,
                "`agencies/other` is not a party"},
        Mistake{"NotAnAgency", "agencies: [agencies/council]", "agencies: [council]", 21,
                "is not an agency's name"},
        Mistake{"KindIsNotAParty", "{agency_kinds: [council]", "{agency_kinds: [school]", 30,
                "`school` is not a kind of party"},
        Mistake{"PurposeNotAgreed", "    purposes: [screening]", "    purposes: [health_care]", 31,
                "`health_care` is not a purpose of the agreement"},
        Mistake{"ReleasedByStranger", "    released_by: agencies/council",
                "    released_by: agencies/nobody", 27, "is not a party by name"},
        Mistake{"AnyForPeople", "    relations: [owner]", "    relations: [any]", 24,
                "only for items that give nothing or whose one role is `hub_service`"},
        Mistake{"UnknownConsent", "    when: [looked_after]", "    consent: maybe", 35,
                "unknown value `maybe` of `consent`; use one of given, given_or_overridden"},
        Mistake{"ConsentOfADeny", "    when: [looked_after]", "    consent: given", 35,
                "holds whatever consent says"},
        Mistake{"FromNobody", "    when: [looked_after]", "    from: {}", 35, "names no provider"},
        Mistake{"FromAStranger", "    when: [looked_after]",
                "    from:\n      agencies: [agencies/other]", 36,
                "`agencies/other` is not a party"},
        Mistake{"FromAStrangeKind", "    when: [looked_after]",
                "    from:\n      agency_kinds: [school]", 36, "`school` is not a kind of party"},
        Mistake{"UnknownOnward", "    when: [looked_after]", "    onward: freely", 35,
                "unknown value"},
        Mistake{"UnknownTrigger", "    when: [looked_after]", "    trigger: whim", 35,
                "unknown value"},
        Mistake{"EmptyHandling", "    when: [looked_after]", "    handling: \"\"", 35,
                "needs a value"},
        Mistake{"HalfArranged", "  method: Over the hub\n", "", 39, "`method` is missing"},
        Mistake{"HoursNotANumber", "hours: 24", "hours: soon", 47,
                "`breach_hours` must be a whole number"},
        Mistake{"NoHours", "hours: 24", "hours: 0", 47, "`breach_hours` must be a whole number"},
        Mistake{"EmptyParty", "agency: agencies/council, capacity", "capacity", 9,
                "either an `agency` or an `agency_kind`"},
        Mistake{"OneSignatory",
                "  - {office: Director, agency: agencies/council, sign_date: 2009-12-01}\n", "", 14,
                "needs two different signatories"},
        Mistake{"NoConditionOfItsTime", "[dpa_1998_sch2_5b]", "[uk_gdpr_6_1_e]", 13,
                "without a condition of the Data Protection Act 1998"},
        Mistake{"NoLaterCondition", "effective_to: 2011-12-31", "effective_to: open", 13,
                "without a condition of the UK GDPR"},
        Mistake{"NotYaml", "parties:", "parties: [", 9, ""},
        Mistake{"TwoDocuments", "items:", "---\nitems:", 1, "exactly one agreement"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(LoadTest, GoodFileLoads) {
  Folder folder;
  folder.Write("good.yaml", kGood);
  folder.Write("notes.txt", "not read");
  const auto loaded = folder.Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE((*loaded)->IsSecret(options::v1::CATEGORY_ADOPTION));
}

TEST(LoadTest, VersionIsStableAndFollowsEveryByte) {
  Folder first, same, other;
  first.Write("good.yaml", kGood);
  same.Write("good.yaml", kGood);
  other.Write("good.yaml", absl::StrCat(kGood, "# a remark\n"));
  const std::string version((*first.Load())->version());
  EXPECT_EQ(version.size(), 16u);
  EXPECT_EQ(version, (*same.Load())->version());
  EXPECT_NE(version, (*other.Load())->version());
}

TEST(LoadTest, FolderThatIsMissingOrEmptyIsAnError) {
  Folder empty;
  EXPECT_EQ(empty.Load().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(LoadAgreements("/nonexistent/agreements").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(LoadTest, FolderThatIsAFileIsAnError) {
  Folder folder;
  folder.Write("good.yaml", kGood);
  const absl::Status status = LoadAgreements(folder.path() + "/good.yaml").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "cannot be read")) << status;
}

TEST(LoadTest, FolderThatMayNotBeReadIsAnError) {
  Folder folder;
  folder.Write("good.yaml", kGood);
  fs::permissions(folder.path(), fs::perms::none);
  // Root may read every folder, so the test goes on as nobody.
  constexpr uid_t kNobody = 65534;
  const uid_t user = ::geteuid();
  ASSERT_TRUE(user != 0 || ::seteuid(kNobody) == 0);
  const absl::Status status = folder.Load().status();
  ASSERT_TRUE(user != 0 || ::seteuid(user) == 0);
  fs::permissions(folder.path(), fs::perms::owner_all);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(), "cannot be read")) << status;
}

TEST(LoadTest, SetWithoutTextsIsAnError) {
  EXPECT_EQ(CompileAgreements({}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(LoadTest, FileWithoutAnAgreementIsAnError) {
  for (const char* text : {"", "\n", "# only a remark\n", "---\n", "~\n", "[]\n", "good\n"}) {
    Folder folder;
    folder.Write("good.yaml", kGood);
    folder.Write("other.yaml", text);
    const absl::Status status = folder.Load().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(absl::StrContains(status.message(), "other.yaml:1: ")) << status;
  }
}

TEST(LoadTest, LinkToNothingIsAnError) {
  Folder folder;
  folder.Write("good.yaml", kGood);
  fs::create_symlink(folder.path() + "/gone", folder.path() + "/link.yaml");
  EXPECT_EQ(folder.Load().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(LoadTest, FileThatWouldBeLeftOutIsAnError) {
  Folder folder;
  folder.Write("good.yaml", kGood);
  folder.Write("more.yml", kGood);
  EXPECT_TRUE(absl::StrContains(folder.Load().status().message(), "more.yml:1: would be left out"));
}

TEST(LoadTest, FileThatCannotBeReadIsAnError) {
  Folder folder;
  folder.Write("good.yaml", kGood);
  folder.Write("folder.yaml", "");
  EXPECT_FALSE(folder.Load().ok());
}

TEST(ReaderTest, EverySchemaFieldIsRead) {
  const auto file = ReadAgreement("x.yaml", kGood);
  ASSERT_TRUE(file.ok()) << file.status();
  const v1::Agreement& agreement = file->agreement();
  EXPECT_EQ(agreement.id(), "reading");
  EXPECT_EQ(agreement.status(), v1::AGREEMENT_STATUS_SIGNED);
  EXPECT_EQ(agreement.effective_to().year(), 2011);
  EXPECT_EQ(agreement.parties(1).agency_kind(), directory::v1::AGENCY_KIND_COUNCIL);
  EXPECT_EQ(agreement.conditions(0), v1::CONDITION_DPA_1998_SCH2_5B);
  EXPECT_EQ(agreement.signatories(1).sign_date().day(), 2);
  ASSERT_EQ(agreement.items_size(), 2);
  EXPECT_EQ(agreement.items(0).to().roles(0), options::v1::ROLE_SOCIAL_WORKER);
  EXPECT_EQ(agreement.items(1).deny(0), options::v1::CATEGORY_LEGAL);
  EXPECT_EQ(agreement.items(1).when(0), v1::CHILD_FLAG_LOOKED_AFTER);
  EXPECT_EQ(file->Line(agreement.items(1), v1::Item::kDenyFieldNumber), 34);
}

TEST(ReaderTest, ConsentProvidersHandlingAndArrangementsAreRead) {
  const std::string text = absl::StrReplaceAll(
      kGood, {{"    categories: [operational]\n",
               "    categories: [operational]\n"
               "    consent: given_or_overridden\n"
               "    from: {agencies: [agencies/council], agency_kinds: [council]}\n"
               "    onward: with_permission\n"
               "    handling: Read in the office.\n"
               "    trigger: on_event\n"},
              {"[looked_after]", "[live_enquiry]"},
              {"    relations: [owner]\n    records: [referral]",
               "    relations: [any]\n    records: [referral]"},
              {"    relations: [owner]\n    records: [assessment]",
               "    relations: [allocated, break_glass, released, asked, action_owner]\n"
               "    records: [assessment]"}});
  Folder folder;
  folder.Write("good.yaml", text);
  const auto loaded = folder.Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const v1::Agreement& agreement = (*loaded)->agreements().front();
  EXPECT_EQ(agreement.arrangements().breach_hours(), 24);
  EXPECT_EQ(agreement.arrangements().complaints(), "Complaints Manager");
  const v1::Item& item = agreement.items(0);
  EXPECT_EQ(item.consent(), v1::CONSENT_RULE_GIVEN_OR_OVERRIDDEN);
  EXPECT_EQ(item.from().agencies(0), "agencies/council");
  EXPECT_EQ(item.from().agency_kinds(0), directory::v1::AGENCY_KIND_COUNCIL);
  EXPECT_EQ(item.onward(), types::v1::ONWARD_SHARING_WITH_PERMISSION);
  EXPECT_EQ(item.handling(), "Read in the office.");
  EXPECT_EQ(item.trigger(), v1::TRIGGER_ON_EVENT);
  EXPECT_EQ(item.relations_size(), 5);
  EXPECT_EQ(agreement.items(1).when(0), v1::CHILD_FLAG_LIVE_ENQUIRY);
}

TEST(ReaderTest, SharingUnderAGatewayNeedsArrangements) {
  const std::string text(kGood, std::string(kGood).find("arrangements:"));
  Folder folder;
  folder.Write("bare.yaml", text);
  EXPECT_TRUE(absl::StrContains(folder.Load().status().message(),
                                "bare.yaml:1: `arrangements` is missing; add it"))
      << folder.Load().status();
  folder.Write("bare.yaml",
               absl::StrReplaceAll(text, {{"[children_act_1989_s17]", "[not_needed]"}}));
  EXPECT_TRUE(folder.Load().ok()) << folder.Load().status();
}

TEST(ReaderTest, BreachIsToldInTimeForTheRegulator) {
  Folder folder;
  folder.Write("late.yaml", absl::StrReplaceAll(kGood, {{"hours: 24", "hours: 96"}}));
  EXPECT_TRUE(absl::StrContains(folder.Load().status().message(),
                                "late.yaml:47: `breach_hours` is more than 72"))
      << folder.Load().status();
}

// Texts also come over the network, from whoever proposes a set.
TEST(ReaderTest, NestingWithoutEndIsRefused) {
  for (const char* opening : {"[", "{a: ", "- ", "? ", "&a [", "!x [", "a:\n "}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += opening;
    EXPECT_EQ(ReadAgreement("deep.yaml", text).status().code(), absl::StatusCode::kInvalidArgument)
        << opening;
    EXPECT_FALSE(ReadAgreement("deep.yaml", absl::StrCat("items: ", text)).ok()) << opening;
  }
  EXPECT_FALSE(ReadAgreement("loop.yaml", "items: &a [*a]").ok());
  EXPECT_FALSE(ReadAgreement("loop.yaml", "items: &a [{to: *a}]").ok());
}

TEST(ReaderTest, SpoiltTextIsReadOrRefusedAndNeverMore) {
  constexpr int kTexts = 4000;
  const std::uint64_t seed = testing::TestSeed();
  SCOPED_TRACE(absl::StrCat("TRUSTHUB_TEST_SEED=", seed));
  Draw draw(seed);
  const std::string good = kGood;
  const std::string bytes = "[]{}:,-#&*!|>'\"%@`? \n\t~\\0aZ\xff\xc3";
  int refused = 0;
  for (int i = 0; i < kTexts; ++i) {
    std::string text = good;
    for (int n = 1 + draw.Below(4); n > 0; --n) {
      const auto at = static_cast<std::size_t>(draw.Below(static_cast<int>(text.size())));
      const char byte = bytes[static_cast<std::size_t>(draw.Below(static_cast<int>(bytes.size())))];
      switch (draw.Below(4)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        case 2:
          text.erase(at, static_cast<std::size_t>(1 + draw.Below(20)));
          break;
        default:
          text.insert(at, text.substr(at / 2, static_cast<std::size_t>(draw.Below(40))));
      }
    }
    const auto compiled = CompileAgreements({{"spoilt.yaml", text}});
    if (compiled.ok()) continue;
    ++refused;
    ASSERT_EQ(compiled.status().code(), absl::StatusCode::kInvalidArgument);
    ASSERT_TRUE(absl::StartsWith(compiled.status().message(), "spoilt.yaml:")) << text;
  }
  EXPECT_GT(refused, kTexts / 2);
  EXPECT_LT(refused, kTexts);
}

}  // namespace
}  // namespace trusthub::policy
