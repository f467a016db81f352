#include "tests/fault/large_log.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/tree.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/time/civil_date.h"
#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

constexpr std::int64_t kEntriesASet = 500;
constexpr int kSetsUnderWay = 8;
constexpr std::int64_t kChildren = 65'267;  // of Redbridge
constexpr std::int64_t kFirstSecond = 1'268'733'600;

}  // namespace

store::AppendLeaf EntryOfARead(std::int64_t number) {
  audit::v1::AuditEntry entry;
  *entry.mutable_entry_time() = TimeToProto(absl::FromUnixSeconds(kFirstSecond + number));
  *entry.mutable_domain_time() = entry.entry_time();
  entry.set_agency("agencies/redbridge-council");
  entry.set_system("systems/case-management");
  entry.set_worker(absl::StrCat("workers/lbr-sw-", number % 200));
  entry.set_action("referrals.get");
  entry.set_case_reference(absl::StrCat("R-2010-", number % 5'000));
  entry.add_records(absl::StrCat("referrals/", number % 100'000));
  entry.add_child_pseudonyms(crypto::Sha256(absl::StrCat("child ", number % kChildren)));
  entry.set_role(options::v1::ROLE_SOCIAL_WORKER);
  entry.set_purpose(options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY);
  entry.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
  entry.add_disclosed(options::v1::CATEGORY_IDENTITY);
  entry.set_agreement_version("redbridge-2010-1");
  entry.add_rules("council-safeguarding/referral-concern");
  entry.set_trace_id(absl::StrCat("0af7651916cd43dd8448eb21", number));
  entry.set_content_hash(crypto::Sha256(absl::StrCat("answer ", number)));
  return audit::MakeLeaf(entry);
}

absl::Status CommitAll(store::Store& store, std::int64_t count,
                       const std::function<store::WriteSet(std::int64_t n)>& make) {
  Mutex mutex;
  CondVar done;
  int under_way = 0;
  absl::Status first_error;
  for (std::int64_t n = 0; n < count; ++n) {
    store::WriteSet set = make(n);
    {
      MutexLock lock(mutex);
      while (under_way == kSetsUnderWay) done.Wait(mutex);
      if (!first_error.ok()) break;
      ++under_way;
    }
    store.Commit(std::move(set), [&](absl::StatusOr<store::Committed> committed) {
      MutexLock lock(mutex);
      first_error.Update(committed.status());
      --under_way;
      done.NotifyAll();
    });
  }
  MutexLock lock(mutex);
  while (under_way > 0) done.Wait(mutex);
  return first_error;
}

absl::Status GrowLog(store::Store& store, std::int64_t entries) {
  const std::int64_t sets = (entries + kEntriesASet - 1) / kEntriesASet;
  return CommitAll(store, sets, [&](std::int64_t set_number) {
    store::WriteSet set;
    const std::int64_t first = set_number * kEntriesASet;
    for (std::int64_t n = first; n < std::min(entries, first + kEntriesASet); ++n) {
      set.leaves.push_back(EntryOfARead(n));
    }
    return set;
  });
}

absl::Status GrowLogOfService(const std::string& data_folder, const std::string& audit_key,
                              std::int64_t entries) {
  std::string tree_name;
  std::ifstream file(data_folder + "/audit-tree");
  if (!std::getline(file, tree_name)) return absl::NotFoundError("no audit tree in " + data_folder);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto key, crypto::SigningKey::Load(audit_key));
  const auto tree = audit::MakeTree(tree_name, key.get(), &RealClock());
  store::SqliteOptions options;
  options.path = data_folder + "/store.db";
  options.sequencer = tree.get();
  options.create = false;
  TRUSTHUB_ASSIGN_OR_RETURN(const auto store, store::OpenSqlite(options));
  return GrowLog(*store, entries);
}

}  // namespace trusthub::testing
