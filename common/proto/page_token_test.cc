#include "common/proto/page_token.h"

#include "common/base/limits.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::proto {
namespace {

using testing::IsOk;
using testing::StatusIs;

class PageTokenTest : public ::testing::Test {
 protected:
  PageTokenTest() { request_.set_child("children/abc"); }

  // The request for the page after `position`.
  referrals::v1::ListReferralsRequest Next(std::int64_t position) const {
    referrals::v1::ListReferralsRequest next = request_;
    next.set_page_token(tokens_.Seal(request_, "agencies/a workers/w", position, now_));
    return next;
  }
  template <class Request>
  void ExpectRefused(const Request& request, absl::string_view caller, absl::Time now) {
    EXPECT_THAT(
        tokens_.Open(request, caller, now),
        StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID));
  }

  const std::string caller_ = "agencies/a workers/w";
  const absl::Time now_ = absl::FromUnixSeconds(1'268'697'600);
  PageTokens tokens_{std::string(32, 'k')};
  referrals::v1::ListReferralsRequest request_;
};

TEST_F(PageTokenTest, FirstPageAndSizes) {
  const auto size = [&](int asked) {
    request_.set_page_size(asked);
    return tokens_.Open(request_, caller_, now_)->size;
  };
  EXPECT_EQ(tokens_.Open(request_, caller_, now_)->after_position, 0);
  EXPECT_EQ(size(0), limits::kPageSizeDefault);
  EXPECT_EQ(size(-5), limits::kPageSizeDefault);
  EXPECT_EQ(size(7), 7);
  EXPECT_EQ(size(limits::kPageSizeMax + 1), limits::kPageSizeMax);
}

TEST_F(PageTokenTest, GoesOnWhereItEnded) {
  const auto start = tokens_.Open(Next(42), caller_, now_);
  ASSERT_THAT(start, IsOk());
  EXPECT_EQ(start->after_position, 42);
}

TEST_F(PageTokenTest, SizeMayChangeAndTokensDiffer) {
  auto next = Next(42);
  EXPECT_NE(next.page_token(), Next(42).page_token());
  next.set_page_size(3);
  EXPECT_EQ(tokens_.Open(next, caller_, now_)->after_position, 42);
  // The token of the third page is sealed from a request that carries that of the second.
  const std::string third = tokens_.Seal(next, caller_, 84, now_);
  next.set_page_token(third);
  EXPECT_EQ(tokens_.Open(next, caller_, now_)->after_position, 84);
}

TEST_F(PageTokenTest, AnotherCallerIsRefused) { ExpectRefused(Next(42), "agencies/b", now_); }

TEST_F(PageTokenTest, OtherArgumentsAreRefused) {
  auto next = Next(42);
  next.set_child("children/other");
  ExpectRefused(next, caller_, now_);
}

TEST_F(PageTokenTest, AnotherMethodIsRefused) {
  referrals::v1::GetReferralRequest other_type;
  plans::v1::ListPlansRequest other;
  other.set_child(request_.child());
  other.set_page_token(Next(42).page_token());
  ExpectRefused(other, caller_, now_);
  EXPECT_THAT(tokens_.Open(other_type, caller_, now_), IsOk());  // takes no token at all
}

TEST_F(PageTokenTest, AgesWithinADay) {
  const auto next = Next(42);
  EXPECT_THAT(tokens_.Open(next, caller_, now_ + absl::Hours(24) - absl::Seconds(1)), IsOk());
  ExpectRefused(next, caller_, now_ + absl::Hours(24));
  EXPECT_THAT(tokens_.Open(next, caller_, now_ - absl::Minutes(5)), IsOk());  // another replica
  ExpectRefused(next, caller_, now_ - absl::Minutes(6));
}

TEST_F(PageTokenTest, AnotherKeyIsRefused) {
  const PageTokens others(std::string(32, 'x'));
  EXPECT_FALSE(others.Open(Next(42), caller_, now_).ok());
}

TEST_F(PageTokenTest, EveryChangedCharacterIsRefused) {
  const auto good = Next(42);
  for (std::size_t at = 0; at < good.page_token().size(); ++at) {
    auto changed = good;
    char& c = (*changed.mutable_page_token())[at];
    c = c == 'A' ? 'B' : 'A';
    ExpectRefused(changed, caller_, now_);
  }
  for (const char* token : {"x", "not base64!", "AAAA", "===="}) {
    auto changed = good;
    changed.set_page_token(token);
    ExpectRefused(changed, caller_, now_);
  }
}

}  // namespace
}  // namespace trusthub::proto
