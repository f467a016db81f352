#include "services/children/access_reviews.h"

#include <string>
#include <vector>

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/misuse/misuse_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;

class AccessReviewsTest : public MisuseTest {
 protected:
  Finding Noticed(const std::string& worker, int count = 3) {
    Finding finding;
    finding.pattern = v1::MISUSE_PATTERN_REFUSALS;
    finding.worker = "workers/" + worker;
    finding.agency = "agencies/redbridge-council";
    finding.count = count;
    for (int i = 0; i < count; ++i) {
      finding.entries.push_back(absl::StrCat("auditTrees/t/entries/", i));
    }
    finding.first_time = Morning(15);
    finding.last_time = Morning(16);
    return finding;
  }
  void Raise(const Finding& finding) {
    store::Transaction tx = fixture_.Begin();
    ASSERT_THAT(RaiseReview(tx, finding, 5), IsOk());
    ASSERT_THAT(store::CommitAndWait(fixture_.store(), tx.TakeWrites()), IsOk());
  }
  std::vector<std::string> ListedFor(const auth::Principal& caller, bool open_only) {
    v1::ListAccessReviewsRequest request;
    request.set_open_only(open_only);
    const auto page = fixture_.Run(caller, reviews_, &AccessReviews::ListAccessReviews, request);
    EXPECT_THAT(page, IsOk());
    std::vector<std::string> workers;
    for (const v1::AccessReview& review : page->access_reviews())
      workers.push_back(review.worker());
    return workers;
  }
};

TEST_F(AccessReviewsTest, IsDueInWorkingDaysAndOfTheWorkersAgency) {
  // Wednesday 31 March 2010: Good Friday and Easter Monday do not count.
  fixture_.SetNow(testing::LondonTime(2010, 3, 31, 15));
  Raise(Noticed("sw"));
  ASSERT_THAT(Reviews(), SizeIs(1));
  const v1::AccessReview review = Reviews()[0];
  EXPECT_EQ(review.owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(review.author_agency(), "agencies/trust-hub");
  EXPECT_EQ(review.child(), "");
  EXPECT_EQ(review.state(), v1::ACCESS_REVIEW_STATE_OPEN);
  EXPECT_EQ(review.due_date().month(), 4);
  EXPECT_EQ(review.due_date().day(), 9);
  v1::GetAccessReviewRequest get;
  get.set_name(review.name());
  const auto read = fixture_.Run(lead_, reviews_, &AccessReviews::GetAccessReview, get);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->access_review().SerializeAsString(), review.SerializeAsString());
}

TEST_F(AccessReviewsTest, GrowsWhileItWaits) {
  Raise(Noticed("sw", 40));
  Finding more = Noticed("sw", 20);
  more.first_time = Morning(14);
  more.last_time = Morning(17);
  Raise(more);
  ASSERT_THAT(Reviews(), SizeIs(1));
  const v1::AccessReview review = Reviews()[0];
  EXPECT_EQ(review.count(), 60);
  EXPECT_EQ(review.entries_size(), 50) << "the rest is in the count";
  EXPECT_EQ(TimeFromProto(review.first_time()), Morning(14));
  EXPECT_EQ(TimeFromProto(review.last_time()), Morning(17));
  Finding other = Noticed("sw");
  other.pattern = v1::MISUSE_PATTERN_LEAVER;
  Raise(other);
  Raise(Noticed("manager"));
  EXPECT_THAT(Reviews(), SizeIs(3)) << "one for each worker and pattern";
}

TEST_F(AccessReviewsTest, AnotherPersonClosesIt) {
  Raise(Noticed("lead"));
  const v1::AccessReview own = Reviews()[0];
  EXPECT_THAT(Close(lead_, own), StatusIs(absl::StatusCode::kFailedPrecondition,
                                          errors::v1::ERROR_REASON_SECOND_PERSON_MISSING));
  const auth::Principal guardian =
      testing::Caller("redbridge-council", "guardian", options::v1::ROLE_CALDICOTT_GUARDIAN);
  EXPECT_THAT(
      Close(guardian, own, v1::ACCESS_REVIEW_STATE_OPEN),
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));
  const auto closed = Close(guardian, own, v1::ACCESS_REVIEW_STATE_MISUSE);
  ASSERT_THAT(closed, IsOk());
  EXPECT_EQ(closed->access_review().state(), v1::ACCESS_REVIEW_STATE_MISUSE);
  EXPECT_EQ(closed->access_review().reviewer(), "workers/guardian");
  EXPECT_THAT(
      Close(guardian, closed->access_review()),
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
}

TEST_F(AccessReviewsTest, AnotherAgencyHasNone) {
  Raise(Noticed("sw"));
  const auth::Principal police =
      testing::Caller("met-police", "ig-lead", options::v1::ROLE_INFORMATION_GOVERNANCE_LEAD);
  EXPECT_THAT(ListedFor(police, false), IsEmpty());
  EXPECT_THAT(Close(police, Reviews()[0]),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(AccessReviewsTest, AClosedOneWaitsNoMoreAndTheNextIsNew) {
  Raise(Noticed("sw"));
  Raise(Noticed("manager"));
  ASSERT_THAT(Close(lead_, Reviews()[0]), IsOk());
  EXPECT_THAT(ListedFor(lead_, /*open_only=*/true), ElementsAre("workers/manager"));
  EXPECT_THAT(ListedFor(lead_, /*open_only=*/false), ElementsAre("workers/sw", "workers/manager"));
  Raise(Noticed("sw"));
  EXPECT_THAT(ListedFor(lead_, /*open_only=*/true), ElementsAre("workers/manager", "workers/sw"));
}

}  // namespace
}  // namespace trusthub::children
