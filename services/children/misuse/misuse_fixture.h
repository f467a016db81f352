// File: misuse_fixture.h
//
// Audit logs that a test writes, and the detector on a store, for tests of the search for misuse.
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_FIXTURE_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_FIXTURE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/time/civil_date.h"
#include "services/children/access_reviews.h"
#include "services/children/children_fixture.h"
#include "services/children/misuse/detector.h"

namespace trusthub::children {

// Small thresholds, so that tests stand just below and just above them.
inline MisuseRules SmallRules() {
  MisuseRules rules;
  rules.read_every = absl::Milliseconds(5);
  rules.review_working_days = 5;
  rules.conflict = {1, absl::Hours(24 * 28)};
  rules.same_address = {1, absl::Hours(24 * 28)};
  rules.leaver = {1, absl::Hours(24 * 28)};
  rules.break_glass_habit = {3, absl::Hours(24 * 28)};
  rules.refusals.threshold = {3, absl::Minutes(60)};
  rules.refusals.reasons = {"RECORD_NOT_FOUND", "WORKER_CONFLICTED"};
  rules.no_allocation.threshold = {3, absl::Hours(24 * 7)};
  rules.no_allocation.roles = {options::v1::ROLE_SOCIAL_WORKER};
  rules.no_allocation.purposes = {options::v1::PURPOSE_ASSESSMENT};
  rules.searches.threshold = {2, absl::Hours(24 * 28)};
  rules.searches.wait_days = 3;
  rules.searches.roles = {options::v1::ROLE_SOCIAL_WORKER};
  rules.searches.searches = {"children.register", "children.get"};
  rules.searches.no_work = {"break_glass.open"};
  rules.breadth = {4, 2};
  return rules;
}

// A call of `worker` of the council, answered.
inline audit::v1::AuditEntry EntryOf(absl::string_view worker, absl::string_view action,
                                     absl::Time time) {
  audit::v1::AuditEntry entry;
  *entry.mutable_domain_time() = TimeToProto(time);
  entry.set_agency("agencies/redbridge-council");
  entry.set_worker(absl::StrCat("workers/", worker));
  entry.set_role(options::v1::ROLE_SOCIAL_WORKER);
  entry.set_purpose(options::v1::PURPOSE_ASSESSMENT);
  entry.set_action(std::string(action));
  entry.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
  return entry;
}
inline audit::v1::AuditEntry RefusalOf(absl::string_view worker, absl::string_view reason,
                                       absl::Time time) {
  audit::v1::AuditEntry entry = EntryOf(worker, "referrals.get", time);
  entry.set_decision(audit::v1::AUDIT_DECISION_REFUSED);
  entry.set_reason(std::string(reason));
  return entry;
}
inline audit::v1::AuditEntry WorkOf(absl::string_view worker, absl::string_view action,
                                    absl::Time time) {
  audit::v1::AuditEntry entry = EntryOf(worker, action, time);
  entry.set_decision(audit::v1::AUDIT_DECISION_RECORDED);
  return entry;
}

// The log of one service.
class WrittenLog {
 public:
  explicit WrittenLog(absl::string_view id) : tree_(absl::StrCat("auditTrees/", id)) {}

  void Add(audit::v1::AuditEntry entry, std::vector<std::string> children = {}) {
    audit::v1::LoggedEntry logged;
    logged.set_index(static_cast<std::int64_t>(entries_.size()));
    logged.set_leaf_input(audit::SaltAndSerialize(entry));
    for (std::string& child : children) logged.add_children(std::move(child));
    entries_.push_back(std::move(logged));
  }
  // Another log under the same name of a service: its store was lost.
  void BecomeAnother(absl::string_view id) {
    tree_ = absl::StrCat("auditTrees/", id);
    entries_.clear();
  }
  void Lose(int count) { entries_.resize(entries_.size() - static_cast<std::size_t>(count)); }

  audit::v1::ListEntriesResponse Read(std::int64_t first, int count) const {
    audit::v1::ListEntriesResponse response;
    response.set_tree(tree_);
    response.set_tree_size(size());
    for (std::int64_t i = first; i < size() && i < first + count; ++i) {
      *response.add_entries() = entries_[static_cast<std::size_t>(i)];
    }
    return response;
  }
  std::int64_t size() const { return static_cast<std::int64_t>(entries_.size()); }

 private:
  std::string tree_;
  std::vector<audit::v1::LoggedEntry> entries_;
};

// Takes up at most `count` entries of a log; whether it was read to its end.
inline bool TakeSome(testing::HandlerFixture& fixture, const Detector& detector,
                     const std::string& source, const WrittenLog& log, int count) {
  LogBatch batch;
  store::Transaction tx = fixture.Begin();
  const auto next = detector.NextIndex(tx, source);
  EXPECT_TRUE(next.ok()) << next.status();
  batch.first_index = next.value_or(0);
  batch.log = log.Read(batch.first_index, count);
  const bool to_end = batch.first_index + batch.log.entries_size() >= log.size();
  if (to_end) batch.complete_time = fixture.now();
  const auto joined = detector.Take(tx, source, batch);
  EXPECT_TRUE(joined.ok()) << joined.status();
  EXPECT_TRUE(store::CommitAndWait(fixture.store(), tx.TakeWrites()).ok());
  return to_end && joined.value_or(true);
}
inline void LookBack(testing::HandlerFixture& fixture, const Detector& detector) {
  bool more = true;
  while (more) {
    store::Transaction tx = fixture.Begin();
    const auto looked = detector.LookBack(tx);
    ASSERT_TRUE(looked.ok()) << looked.status();
    more = *looked;
    ASSERT_TRUE(store::CommitAndWait(fixture.store(), tx.TakeWrites()).ok());
  }
}
inline std::vector<v1::AccessReview> ReviewsIn(testing::HandlerFixture& fixture) {
  store::Transaction tx = fixture.Begin();
  const auto page = tx.ListAll<v1::AccessReview>(0, 200);
  EXPECT_TRUE(page.ok()) << page.status();
  return page.ok() ? page->records : std::vector<v1::AccessReview>();
}

class MisuseTest : public ChildrenTest {
 protected:
  void Take(const Detector& detector, const std::string& source, const WrittenLog& log) {
    while (!TakeSome(fixture_, detector, source, log, 2)) {
    }
  }
  std::vector<v1::AccessReview> Reviews() { return ReviewsIn(fixture_); }
  std::optional<v1::AccessReview> ReviewOf(absl::string_view worker, v1::MisusePattern pattern) {
    for (v1::AccessReview& review : Reviews()) {
      if (review.worker() == absl::StrCat("workers/", worker) && review.pattern() == pattern) {
        return std::move(review);
      }
    }
    return std::nullopt;
  }
  absl::StatusOr<v1::CloseAccessReviewResponse> Close(
      const auth::Principal& reviewer, const v1::AccessReview& review,
      v1::AccessReviewState outcome = v1::ACCESS_REVIEW_STATE_EXPLAINED) {
    v1::CloseAccessReviewRequest request;
    request.set_name(review.name());
    request.set_etag(review.etag());
    request.set_outcome(outcome);
    request.set_note("Spoke with the team manager: duty week.");
    return fixture_.Run(reviewer, reviews_, &AccessReviews::CloseAccessReview, request);
  }

  absl::Time Morning(int day) const { return testing::LondonTime(2010, 3, day, 9); }

  AccessReviews reviews_;
  const auth::Principal lead_ =
      testing::Caller("redbridge-council", "lead", options::v1::ROLE_INFORMATION_GOVERNANCE_LEAD);
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_FIXTURE_H_
