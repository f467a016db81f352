#include "deploy/hubctl/backup/backup_fixture.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/log_check.h"
#include "common/audit/tree.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/keys/file_key.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/matchers.h"
#include "common/testing/write_sets.h"
#include "deploy/hubctl/backup/verifying.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using testing::IsOk;

constexpr char kTree[] = "auditTrees/backup-test";
constexpr std::int64_t kPageBytes = 4096;
constexpr char kIndex[] = "backup.number";

std::string NameOf(int number) { return absl::StrCat("referrals/r", number); }

void WriteSecret(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
}

}  // namespace

ServiceStore::ServiceStore(const std::string& folder, const std::string& service)
    : service_(service), keys_(folder + "/keys"), data_(folder + "/data") {
  if (!fs::exists(keys_)) {
    fs::create_directories(keys_);
    WriteSecret(keys_ + "/audit.key", crypto::SigningKey::Generate()->ToPem());
    WriteSecret(keys_ + "/kek-1.key", std::string(64, 'a') + "\n");
    WriteSecret(keys_ + "/data_keys.yaml", "version: 1\nkeys:\n  - {id: kek-1, file: kek-1.key}\n");
  }
  audit_key_ = crypto::SigningKey::Load(keys_ + "/audit.key").value();
}

absl::Status ServiceStore::Open() {
  Close();
  fs::create_directories(data_);
  tree_ = audit::MakeTree(kTree, audit_key_.get(), &RealClock());
  store::SqliteOptions options;
  options.path = path();
  options.sequencer = tree_.get();
  // As a service does: where a spool stands, a store stood.
  options.create = !fs::exists(data_ + "/refusals.spool");
  TRUSTHUB_ASSIGN_OR_RETURN(auto engine, store::OpenSqlite(options));
  store::SealedOptions sealed;
  sealed.service = service_;
  TRUSTHUB_ASSIGN_OR_RETURN(sealed.ring, crypto::KeyRing::Load(keys_ + "/data_keys.yaml"));
  TRUSTHUB_ASSIGN_OR_RETURN(store_, store::SealedStore::Over(std::move(engine), std::move(sealed)));
  return absl::OkStatus();
}

void ServiceStore::Close() { store_.reset(); }

store::WriteSet ServiceStore::SetOf(int number, const std::string& child) {
  store::WriteSet set =
      testing::RecordSet(NameOf(number), 1, absl::StrCat("canary ", number), child);
  set.records[0].index = {{kIndex, absl::StrCat(number), /*unique=*/true}};
  set.events.push_back({child, absl::StrCat("event ", number)});
  audit::v1::AuditEntry entry;
  entry.set_action("referrals.submit");
  entry.set_case_reference(absl::StrCat(number));
  set.leaves.push_back(audit::MakeLeaf(entry));
  return set;
}

absl::Status ServiceStore::Write(int number, const std::string& child) {
  return store::CommitAndWait(*store_, SetOf(number, child)).status();
}

absl::Status ServiceStore::WriteMany(int first, int end) {
  Mutex mutex;
  CondVar done;
  int under_way = end - first;
  absl::Status worst;
  for (int number = first; number < end; ++number) {
    store_->Commit(SetOf(number, absl::StrCat("children/c", number)),
                   [&](absl::StatusOr<store::Committed> committed) {
                     MutexLock lock(mutex);
                     worst.Update(committed.status());
                     --under_way;
                     done.NotifyAll();
                   });
  }
  MutexLock lock(mutex);
  while (under_way > 0) done.Wait(mutex);
  return worst;
}

absl::Status ServiceStore::Forget(const std::string& child) {
  store::WriteSet set;
  set.forgotten = {child};
  return store::CommitAndWait(*store_, std::move(set)).status();
}

bool ServiceStore::Has(int number) {
  const auto view = store_->Open(absl::InfiniteFuture());
  if (!view.ok()) return false;
  const auto found = (*view)->Find(NameOf(number));
  return found.ok() && found->has_value() && (*found)->bytes == absl::StrCat("canary ", number);
}

int ServiceStore::CountFrom(int first) {
  int count = 0;
  while (Has(first + count)) ++count;
  return count;
}

absl::StatusOr<std::int64_t> ServiceStore::VerifiedEntries() {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto view, store_->Open(absl::InfiniteFuture()));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto head, view->Head());
  if (head == nullptr) return absl::NotFoundError("no head");
  audit::Witness known{{*head}};
  known.tiles = [&](int level, std::int64_t first, int limit) {
    return view->ReadTiles(level, first, limit);
  };
  const audit::LogCheck check = audit::VerifyLog(
      [&](std::int64_t first, int limit) { return view->ReadLeaves(first, limit); }, known,
      audit_key_->public_key());
  TRUSTHUB_RETURN_IF_ERROR(check.status);
  return check.checked;
}

void ServiceStore::Damage(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<std::int64_t>(fs::file_size(path));
  for (std::int64_t page = kPageBytes; page < size; page += kPageBytes) {
    file.seekp(page + 100);
    file << "damage";
  }
}

BackupFixture::BackupFixture()
    : key_(crypto::SigningKey::Generate()), service_(folder_.File("service")) {
  std::vector<std::unique_ptr<crypto::KeyWrapper>> keys;
  keys.push_back(crypto::MakeKeyWrapper("backup-1", crypto::Secret(std::string(32, 'b'))));
  ring_ = std::make_shared<const crypto::KeyRing>(std::move(keys));
  EXPECT_THAT(Repository::Make(Repo(), *ring_, UnsyncedDisk::Get()), IsOk());
  EXPECT_THAT(service_.Open(), IsOk());
}

std::unique_ptr<Repository> BackupFixture::OpenRepository(Disk& disk) {
  auto opened = Repository::Open(Repo(), *ring_, disk);
  EXPECT_THAT(opened, IsOk());
  return *std::move(opened);
}

absl::StatusOr<MadeBackup> BackupFixture::Backup(Disk& disk) {
  BackupOptions options;
  options.sources = {service_.source()};
  options.key = key_.get();
  options.made_by = "test";
  return MakeBackup(*OpenRepository(disk), options);
}

absl::StatusOr<std::unique_ptr<Restore>> BackupFixture::Prepare(const std::string& backup,
                                                                bool accept_loss, Disk& disk) {
  const auto repository = OpenRepository(disk);
  TRUSTHUB_ASSIGN_OR_RETURN(const Manifest manifest, repository->Read(backup, signers()));
  RestoreOptions options;
  options.trusted = signers();
  options.accept_loss = accept_loss;
  return Restore::Prepare(*repository, manifest, service_.target(), options, disk);
}

absl::Status BackupFixture::RestoreFrom(const std::string& backup, bool accept_loss, Disk& disk) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto restore, Prepare(backup, accept_loss, disk));
  return restore->Replace();
}

absl::Status BackupFixture::Verify(const std::string& backup) {
  const auto repository = OpenRepository();
  TRUSTHUB_ASSIGN_OR_RETURN(const Manifest manifest, repository->Read(backup, signers()));
  const testing::TempFolder out;
  for (const ServiceBackup& service : manifest.services) {
    const std::string path = out.File(service.service);
    TRUSTHUB_RETURN_IF_ERROR(CheckDestroyed(*repository, service, signers()));
    TRUSTHUB_RETURN_IF_ERROR(TakeOut(*repository, service, path));
    TRUSTHUB_RETURN_IF_ERROR(CheckStore(service, path).status());
  }
  return absl::OkStatus();
}

}  // namespace trusthub::hubctl
