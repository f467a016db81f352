#include "common/proto/print.h"

#include "absl/strings/match.h"
#include "common/proto/test_message.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::proto {
namespace {

TEST(PrintTest, KeptFieldsOfEveryKind) {
  const auto message = MakeTest("Every", R"(
    int32_field: -1 int64_field: -2 uint32_field: 3 uint64_field: 4 sint32_field: -5
    fixed64_field: 6 float_field: 0.5 double_field: 0.25 bool_field: true enum_field: COLOUR_RED
    string_field: "a\"b\nc" time {seconds: 1268697600 nanos: 500000000}
    date {year: 2010 month: 3 day: 16} inner {kept: "in"} inners {kept: "x"} inners {}
    strings: "s1" strings: "s2" colours: COLOUR_RED colours: 7 chosen: "c" maybe: ""
    self {string_field: "deep" identity: "SECRET"})");
  EXPECT_EQ(
      PrintOperational(*message),
      "Every {int32_field: -1, int64_field: -2, uint32_field: 3, uint64_field: 4, "
      "sint32_field: -5, fixed64_field: 6, float_field: 0.5, double_field: 0.25, "
      "bool_field: true, enum_field: COLOUR_RED, string_field: \"a\\\"b\\nc\", "
      "time: 2010-03-16T00:00:00.5+00:00, date: {year: 2010, month: 3, day: 16}, "
      "inner: {kept: \"in\"}, inners: [{kept: \"x\"}, {}], strings: [\"s1\", \"s2\"], "
      "colours: [COLOUR_RED, 7], chosen: \"c\", maybe: \"\", self: {string_field: \"deep\"}}");
}

TEST(PrintTest, NothingElseIsPrinted) {
  const auto message = MakeTest("Every", R"(
    bytes_field: "SECRET" inner {hidden: "SECRET" no_rule: "SECRET"}
    inners {hidden: "SECRET"} map_field {key: "SECRET" value: "SECRET"} chosen_name: "SECRET"
    identity: "SECRET" identity_number: 777 identity_inner {kept: "SECRET"}
    identity_time {seconds: 777} birth_date {year: 1777} no_rule: "SECRET" identifier: "SECRET"
    narrative: "SECRET" mismarked: "SECRET" identities: "SECRET"
    inner_map {key: "SECRET" value {kept: "SECRET"}} blobs: "SECRET" token: "SECRET")");
  const std::string printed = PrintOperational(*message);
  EXPECT_FALSE(absl::StrContains(printed, "SECRET")) << printed;
  EXPECT_FALSE(absl::StrContains(printed, "777")) << printed;
  EXPECT_EQ(printed, "Every {inner: {}, inners: [{}]}");
}

TEST(PrintTest, MessageOfAOneofIsPrintedByItsOwnList) {
  const auto message =
      MakeTest("Every", R"(chosen_inner {kept: "yes" hidden: "SECRET" no_rule: "SECRET"})");
  EXPECT_EQ(PrintOperational(*message), "Every {chosen_inner: {kept: \"yes\"}}");
}

TEST(PrintTest, UnknownFieldsAreNotPrinted) {
  const auto message = MakeTest("Every", R"(string_field: "known" inner {kept: "known"})");
  message->GetReflection()->MutableUnknownFields(message.get())->AddLengthDelimited(999, "SECRET");
  auto* inner = message->GetReflection()->MutableMessage(
      message.get(), message->GetDescriptor()->FindFieldByName("inner"));
  inner->GetReflection()->MutableUnknownFields(inner)->AddVarint(998, 777);
  EXPECT_EQ(PrintOperational(*message),
            "Every {string_field: \"known\", inner: {kept: \"known\"}}");
}

TEST(PrintTest, ReferralShowsNamesAndCodesOnly) {
  referrals::v1::SubmitReferralRequest request;
  request.set_request_id("r1");
  request.mutable_referral()->set_child("children/abc");
  request.mutable_referral()->set_source("2A");
  request.mutable_referral()->set_concern("SECRET");
  request.mutable_referral()->set_upn("SECRET");
  request.mutable_referral()->set_ethnicity("SECRET");
  EXPECT_EQ(PrintOperational(request),
            "SubmitReferralRequest {request_id: \"r1\", referral: {child: \"children/abc\", "
            "source: \"2A\"}}");
}

}  // namespace
}  // namespace trusthub::proto
