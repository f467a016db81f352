#include "common/proto/field_rules.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/proto/count_allocations.h"
#include "common/proto/test_message.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/events/v1/events_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::proto {
namespace {

using google::protobuf::Message;

std::shared_ptr<const CodeSets> Codes() {
  static const auto* const sets = new absl::StatusOr<std::shared_ptr<const CodeSets>>(
      LoadCodeSets(testing::SourcePath("deploy/config/code_sets")));
  EXPECT_THAT(*sets, testing::IsOk());
  return **sets;
}

std::unique_ptr<FieldRules> RulesOf(const google::protobuf::Descriptor* type) {
  auto rules = CompileFieldRules(type, Codes());
  EXPECT_THAT(rules, testing::IsOk());
  return *std::move(rules);
}

// "path: rule" of every violation.
std::vector<std::string> Check(Message& message) {
  std::vector<std::string> lines;
  for (const auto& violation : RulesOf(message.GetDescriptor())->CheckAndClear(&message)) {
    lines.push_back(absl::StrCat(violation.field, ": ", violation.rule));
  }
  return lines;
}

std::vector<std::string> PathsOf(Message& message) {
  std::vector<std::string> paths;
  for (auto& violation : RulesOf(message.GetDescriptor())->CheckAndClear(&message)) {
    paths.push_back(violation.field);
  }
  return paths;
}

using Paths = std::vector<std::string>;

referrals::v1::SubmitReferralRequest GoodReferral() {
  referrals::v1::SubmitReferralRequest request;
  request.set_request_id("0b5c9f5e-8d1c-4b8e-9f5e-1c2d3e4f5a6b");
  request.set_to_agency("agencies/redbridge-council");
  auto* referral = request.mutable_referral();
  referral->set_child("children/0123456789abcdefghijklmnop");
  referral->mutable_occurred_at()->set_seconds(1'268'697'600);
  referral->set_source("2A");
  referral->set_primary_need("N1");
  referral->set_abuse_category("NEG");
  referral->set_concern("Amina comes to school hungry.\nShe wears the same clothes every day.");
  referral->set_parent_informed(true);
  referral->set_upn("Z317200109012");
  referral->set_ethnicity("APKN");
  referral->set_first_language("ur");
  return request;
}

// --- The published contract --------------------------------------------------------------------

TEST(FieldRulesTest, EveryRequestOfEveryServiceCompiles) {
  int requests = 0;
  for (const google::protobuf::FileDescriptor* file :
       {assessments::v1::GetAssessmentRequest::descriptor()->file(),
        audit::v1::ListEntriesRequest::descriptor()->file(),
        children::v1::GetChildRequest::descriptor()->file(),
        directory::v1::GetAgencyRequest::descriptor()->file(),
        events::v1::WatchRequest::descriptor()->file(),
        health::v1::GetAttendanceRequest::descriptor()->file(),
        plans::v1::GetPlanRequest::descriptor()->file(),
        referrals::v1::GetReferralRequest::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      if (!absl::EndsWith(file->message_type(i)->name(), "Request")) continue;
      EXPECT_THAT(CompileFieldRules(file->message_type(i), Codes()), testing::IsOk());
      ++requests;
    }
  }
  EXPECT_GT(requests, 30);
}

TEST(FieldRulesTest, GoodReferralPassesUnchanged) {
  auto request = GoodReferral();
  EXPECT_EQ(Check(request), Paths());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(request, GoodReferral()));
}

TEST(FieldRulesTest, WhatOnlyTheHubSetsIsCleared) {
  auto request = GoodReferral();
  auto* referral = request.mutable_referral();
  referral->set_name("referrals/mine");
  referral->set_etag("not an\netag");
  referral->set_state(referrals::v1::REFERRAL_STATE_DECIDED);
  referral->mutable_create_time()->set_nanos(-1);
  referral->mutable_decision_due_date()->set_month(13);
  referral->set_decided_late(true);
  EXPECT_EQ(Check(request), Paths());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(request, GoodReferral()));
}

TEST(FieldRulesTest, UnknownFieldsAreDropped) {
  auto request = GoodReferral();
  const auto add = [](Message* message) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(999, 1);
  };
  add(&request);
  add(request.mutable_referral());
  add(request.mutable_referral()->mutable_occurred_at());
  EXPECT_EQ(Check(request), Paths());
  EXPECT_EQ(request.SerializeAsString(), GoodReferral().SerializeAsString());
}

TEST(FieldRulesTest, EmptyRequestTellsEverythingInOrder) {
  referrals::v1::SubmitReferralRequest request;
  EXPECT_EQ(Check(request),
            Paths({"request_id: is required; send it", "referral: is required; send it",
                   "to_agency: is required; send it"}));
  request.mutable_referral();
  EXPECT_EQ(PathsOf(request), Paths({"request_id", "referral.child", "referral.source",
                                     "referral.primary_need", "referral.concern", "to_agency"}));
}

TEST(FieldRulesTest, EveryViolationAtOnceAndNeverTheValue) {
  auto request = GoodReferral();
  request.set_request_id("SECRET");
  auto* referral = request.mutable_referral();
  referral->set_child("workers/SECRET");
  referral->set_source("SECRET");
  referral->set_concern("   \n ");
  referral->set_upn("Z317200109013");
  referral->set_first_language("SECRET");
  referral->set_no_consent_reason("SECRET\a");
  std::vector<std::string> lines = Check(request);
  EXPECT_EQ(lines.size(), 7U);
  for (const std::string& line : lines) {
    EXPECT_FALSE(absl::StrContains(line, "SECRET")) << line;
    EXPECT_FALSE(absl::StrContains(line, "Z3172")) << line;
    EXPECT_TRUE(absl::StrContains(line, "; ")) << "says no next step: " << line;
  }
}

TEST(FieldRulesTest, PathsOfRepeatedMessages) {
  plans::v1::RecordConferenceRequest request;
  auto* conference = request.mutable_conference();
  for (int i = 0; i < 3; ++i) {
    conference->add_attendance()->set_agency(i == 2 ? "bad" : "agencies/a");
  }
  const Paths paths = PathsOf(request);
  EXPECT_NE(std::find(paths.begin(), paths.end(), "conference.attendance[2].agency"), paths.end());
  EXPECT_EQ(std::find(paths.begin(), paths.end(), "conference.attendance[1].agency"), paths.end());
}

TEST(FieldRulesTest, ValuesOfPeopleAreChecked) {
  children::v1::RegisterChildRequest request;
  request.set_request_id("0b5c9f5e-8d1c-4b8e-9f5e-1c2d3e4f5a6b");
  auto* details = request.mutable_details();
  details->mutable_person_name()->set_given("Amina");
  details->mutable_birth_date()->set_year(2003);
  details->mutable_birth_date()->set_day(3);  // a day without its month
  details->set_sex(children::v1::SEX_FEMALE);
  details->set_nhs_number("9434765910");
  details->mutable_address()->set_postcode("ig1 1dd");
  for (int i = 0; i < 6; ++i) details->mutable_address()->add_lines("line");
  EXPECT_EQ(PathsOf(request),
            Paths({"details.person_name.family", "details.birth_date", "details.nhs_number",
                   "details.address.lines", "details.address.postcode"}));
  details->mutable_birth_date()->set_day(0);
  details->mutable_person_name()->set_family("Khan");
  details->set_nhs_number("9434765919");
  details->mutable_address()->set_postcode("IG1 1DD");
  details->mutable_address()->mutable_lines()->RemoveLast();
  EXPECT_EQ(PathsOf(request), Paths());
}

// --- Every rule, on types of the test's own ----------------------------------------------------

class EveryRuleTest : public ::testing::Test {
 protected:
  // Paths of the violations of a good Root changed by `change`, a text format.
  Paths Broken(const std::string& change) {
    const auto message = MakeTest("Root", "colour: COLOUR_RED sure: false leaves {word: \"w\"}");
    EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(change, message.get())) << change;
    return PathsOf(*message);
  }
};

TEST_F(EveryRuleTest, Good) {
  EXPECT_EQ(Broken(""), Paths());
  EXPECT_EQ(Broken(R"(text: "a" lines: "a\n\tb" blob: "\001\n" number: -5 big: 9
      unbounded: 18446744073709551615 real: 1.5 colours: COLOUR_BLUE words: "abcd" numbers: 0
      leaf {word: "12345" next {word: "x"}} date {year: 2010} dates {year: 2012 month: 2 day: 29}
      time {} left: "abc" slug: "a-1" telephone: "020 8708 3885" etag: "\"7f\"" token: "any thing"
      times {seconds: 7289654399 nanos: 999999999})"),
            Paths());
}

TEST_F(EveryRuleTest, Required) {
  const auto message = MakeTest("Root", "");
  EXPECT_EQ(Check(*message),
            Paths({"colour: is required; send it", "leaves: is required; send at least one",
                   "sure: is required; send it"}));
  EXPECT_EQ(Broken("leaf {}"), Paths({"leaf.word"}));
  EXPECT_EQ(Broken("leaves {word: \" \"}"), Paths({"leaves[1].word"}));
  EXPECT_EQ(Broken("right {}"), Paths({"right.word"}));
  EXPECT_EQ(Broken("left: \"\""), Paths());
}

TEST_F(EveryRuleTest, TextAndBytes) {
  EXPECT_EQ(Broken(R"(text: "a\nb")"), Paths({"text"}));
  EXPECT_EQ(Broken(R"(text: "a\tb")"), Paths({"text"}));
  EXPECT_EQ(Broken(R"(lines: "a\rb")"), Paths({"lines"}));
  EXPECT_EQ(Broken(R"(text: "a\xe2\x80\xae" lines: "\xe2\x81\xa6")"), Paths({"text", "lines"}));
  EXPECT_EQ(Broken(absl::StrCat("text: \"", std::string(256, 'x'), "\"")), Paths());
  EXPECT_EQ(Broken(absl::StrCat("text: \"", std::string(257, 'x'), "\"")), Paths({"text"}));
  EXPECT_EQ(Broken(R"(blob: "12345")"), Paths({"blob"}));
  EXPECT_EQ(Broken(R"(leaf {word: "\xc3\xa9\xc3\xa9\xc3\xa9"})"), Paths({"leaf.word"}));  // 6 bytes
  EXPECT_EQ(Broken(R"(left: "1234")"), Paths({"left"}));
}

TEST_F(EveryRuleTest, NotUtf8) {
  const auto message = MakeTest("Root", "colour: COLOUR_RED sure: true leaves {word: \"w\"}");
  message->GetReflection()->SetString(message.get(),
                                      message->GetDescriptor()->FindFieldByName("text"), "\xff");
  EXPECT_EQ(Check(*message), Paths({"text: must be UTF-8; convert the text before sending it"}));
}

TEST_F(EveryRuleTest, Numbers) {
  EXPECT_EQ(Broken("number: -6"), Paths({"number"}));
  EXPECT_EQ(Broken("number: 6"), Paths({"number"}));
  EXPECT_EQ(Broken("big: 10"), Paths({"big"}));
  EXPECT_EQ(Broken("big: 18446744073709551615"), Paths({"big"}));
  EXPECT_EQ(Broken("numbers: 9 numbers: 10 numbers: -1"), Paths({"numbers[1]", "numbers[2]"}));
  EXPECT_EQ(Broken("real: 2.5"), Paths({"real"}));
  EXPECT_EQ(Broken("real: nan"), Paths({"real"}));
}

TEST_F(EveryRuleTest, Enums) {
  EXPECT_EQ(Broken("colour: 7"), Paths({"colour"}));
  EXPECT_EQ(Broken("colour: COLOUR_UNSPECIFIED"), Paths({"colour"}));
  EXPECT_EQ(Broken("colours: COLOUR_RED colours: COLOUR_UNSPECIFIED colours: 3"),
            Paths({"colours[1]", "colours[2]"}));
}

TEST_F(EveryRuleTest, Repeated) {
  EXPECT_EQ(Broken(R"(words: "a" words: "b" words: "c" words: "d")"), Paths({"words"}));
  EXPECT_EQ(Broken(R"(words: "a" words: "" words: "12345")"), Paths({"words[1]", "words[2]"}));
  EXPECT_EQ(Broken("leaves {} leaves {}"), Paths({"leaves[1].word", "leaves[2].word"}));
  EXPECT_EQ(Broken("leaves {} leaves {} leaves {}"), Paths({"leaves"}));
}

TEST_F(EveryRuleTest, DatesAndTimes) {
  for (const char* bad : {"date {}", "date {year: 2010 month: 13}", "date {year: 2010 day: 1}",
                          "date {year: 2010 month: 2 day: 29}", "date {year: 1899}",
                          "date {year: 2201}", "date {year: 2010 month: -1}"}) {
    EXPECT_EQ(Broken(bad), Paths({"date"})) << bad;
  }
  EXPECT_EQ(Broken("dates {year: 2010} dates {}"), Paths({"dates[1]"}));
  for (const char* bad : {"time {nanos: -1}", "time {nanos: 1000000000}",
                          "time {seconds: 7289654400}", "time {seconds: -2208988801}"}) {
    EXPECT_EQ(Broken(bad), Paths({"time"})) << bad;
  }
  EXPECT_EQ(Broken("time {seconds: -2208988800}"), Paths());
}

TEST_F(EveryRuleTest, Formats) {
  for (const char* bad : {"-a", "a-", "A", "a b", "a_b"}) {
    EXPECT_EQ(Broken(absl::StrCat("slug: \"", bad, "\"")), Paths({"slug"})) << bad;
  }
  EXPECT_EQ(Broken(absl::StrCat("slug: \"", std::string(64, 'a'), "\"")), Paths({"slug"}));
  EXPECT_EQ(Broken(R"(telephone: "ring me")"), Paths({"telephone"}));
  EXPECT_EQ(Broken(R"(etag: "a b")"), Paths({"etag"}));
}

TEST_F(EveryRuleTest, ClearsRecursively) {
  const auto message = MakeTest("Root", R"(
      colour: COLOUR_RED sure: true given: "g" given: "h"
      leaves {word: "w" given: "g" next {word: "w" given: "g"}} right {word: "w" given: "g"})");
  EXPECT_EQ(PathsOf(*message), Paths());
  const auto cleared = MakeTest("Root", R"(
      colour: COLOUR_RED sure: true leaves {word: "w" next {word: "w"}} right {word: "w"})");
  EXPECT_EQ(message->SerializeAsString(), cleared->SerializeAsString());
}

// --- Options that make no sense ----------------------------------------------------------------

TEST(FieldRulesCompileTest, NonsenseIsRefusedByName) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"NameWithoutCollection", "FORMAT_NAME lacks collection"},
      {"CollectionWithoutName", "collection without FORMAT_NAME"},
      {"CodeWithoutSet", "FORMAT_CODE lacks code_set"},
      {"CodeOfUnknownSet", "unknown code set x"},
      {"SetWithoutCode", "code_set without FORMAT_CODE"},
      {"NumberWithFormat", "only a string has a format"},
      {"NumberWithLength", "only strings and bytes have max_length"},
      {"SingularWithItems", "only repeated fields have max_items"},
      {"TextWithBounds", "only numbers have minimum and maximum"},
      {"BoundsUpsideDown", "maximum is below minimum"},
      {"RequiredBool", "a required bool must be declared optional, or false is absent"},
      {"Map", "maps have no rules; use a repeated message"},
  };
  for (const auto& [type, what] : cases) {
    const auto rules = CompileFieldRules(TestType(type), Codes());
    EXPECT_EQ(rules.status().message(),
              absl::StrCat("field rule of trusthub.test.", type, ".Inner.f: ", what));
    EXPECT_EQ(rules.status().code(), absl::StatusCode::kInternal);
  }
}

// --- Cost
// -----------------------------------------------------------------------------------------
TEST(FieldRulesCostTest, GoodRequestAllocatesNothing) {
  auto request = GoodReferral();
  const auto rules = RulesOf(request.GetDescriptor());
  ASSERT_TRUE(rules->CheckAndClear(&request).empty());
  const std::int64_t before = CountedAllocations();
  const std::vector<error::Violation> violations = rules->CheckAndClear(&request);
  EXPECT_EQ(CountedAllocations() - before, 0);
  EXPECT_TRUE(violations.empty());
  request.set_to_agency("bad");
  EXPECT_EQ(rules->CheckAndClear(&request).size(), 1U);
  EXPECT_GT(CountedAllocations(), before);  // the counter counts
}

}  // namespace
}  // namespace trusthub::proto
