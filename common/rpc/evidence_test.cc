#include "common/rpc/evidence.h"

#include <memory>
#include <string>
#include <utility>

#include "common/audit/entry.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/referrals/v1/referral.pb.h"

namespace trusthub::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

class EvidenceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store::SqliteOptions options;
    options.path = folder_.File("store.db");
    options.sequencer = &sequencer_;
    auto opened = store::OpenSqlite(options);
    ASSERT_THAT(opened, IsOk());
    store_ = *std::move(opened);
    // A referral of a child, and the entry of its reading beside a record that nobody knows.
    store::Transaction tx = Begin();
    referrals::v1::Referral referral;
    referral.set_child("children/a");
    ASSERT_THAT(tx.Create(&referral, "agencies/c", "agencies/c"), IsOk());
    audit::v1::AuditEntry entry;
    entry.add_records(referral.name());
    entry.add_records("events/told");  // no record; the one that it tells of is named beside it
    entry.add_records("referrals/unknown");
    entry.add_records("children/b");
    store::WriteSet set = tx.TakeWrites();
    set.leaves.push_back(audit::SaltAndSerialize(entry));
    ASSERT_THAT(store::CommitAndWait(*store_, std::move(set)), IsOk());
  }

  store::Transaction Begin() {
    auto snapshot = store_->Open(absl::InfiniteFuture());
    EXPECT_THAT(snapshot, IsOk());
    return store::Transaction(
        *std::move(snapshot), [](absl::string_view text) { return std::string(text); },
        absl::UnixEpoch());
  }
  absl::StatusOr<audit::v1::ListEntriesResponse> List(
      options::v1::Role role, options::v1::Purpose purpose,
      directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_HUB) {
    auth::Principal caller;
    caller.role = role;
    caller.agency_kind = kind;
    store::Transaction tx = Begin();
    const proto::PageTokens page_tokens(std::string(32, 'k'));
    Call call{caller, purpose, "", "", tx.now(), absl::InfiniteFuture(), tx, "", page_tokens};
    return Evidence("").ListEntries(call, {});
  }

  testing::TempFolder folder_;
  testing::FakeLeafSequencer sequencer_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(EvidenceTest, TheHubsOwnServicesAreToldTheChildrenOfRecords) {
  const auto list = List(options::v1::ROLE_HUB_SERVICE, options::v1::PURPOSE_HUB_OPERATION);
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->entries_size(), 1);
  EXPECT_THAT(list->entries(0).children(), ElementsAre("children/a", "children/b"));
}

TEST_F(EvidenceTest, PeopleAreNot) {
  const auto list = List(options::v1::ROLE_AUDITOR, options::v1::PURPOSE_AUDIT_REVIEW);
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->entries_size(), 1);
  EXPECT_THAT(list->entries(0).children(), IsEmpty());
}

TEST_F(EvidenceTest, TheWholeLogIsNotForAnAgencysOfficer) {
  const auto list = [&](options::v1::Role role, directory::v1::AgencyKind kind) {
    return List(role, options::v1::PURPOSE_AUDIT_REVIEW, kind).status();
  };
  EXPECT_THAT(
      list(options::v1::ROLE_DATA_PROTECTION_OFFICER, directory::v1::AGENCY_KIND_SCHOOL),
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
  EXPECT_THAT(list(options::v1::ROLE_DATA_PROTECTION_OFFICER, directory::v1::AGENCY_KIND_HUB),
              IsOk());
  EXPECT_THAT(list(options::v1::ROLE_AUDITOR, directory::v1::AGENCY_KIND_COUNCIL), IsOk());
}

TEST_F(EvidenceTest, ThePurposeOfServicesIsTheirsAlone) {
  const auto refused =
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
  EXPECT_THAT(List(options::v1::ROLE_AUDITOR, options::v1::PURPOSE_HUB_OPERATION), refused);
  EXPECT_THAT(List(options::v1::ROLE_HUB_SERVICE, options::v1::PURPOSE_AUDIT_REVIEW), refused);
}

}  // namespace
}  // namespace trusthub::rpc
