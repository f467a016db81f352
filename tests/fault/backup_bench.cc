// What a backup costs: the first, one after a few more entries, checking it, restoring it. Run by
// hand:
//
//   backup_bench [entries] [more entries] [folder]
//
// The store is sealed and holds an audit log of so many entries, as that of a service does.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/tree.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/file_key.h"
#include "common/crypto/keys/key_ring.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/time/clock.h"
#include "deploy/hubctl/backup/making.h"
#include "deploy/hubctl/backup/repository.h"
#include "deploy/hubctl/backup/restoring.h"
#include "deploy/hubctl/backup/verifying.h"
#include "deploy/hubctl/pki/development.h"
#include "tests/fault/large_log.h"
#include "tests/fault/stopwatch.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kTree[] = "auditTrees/bench";
constexpr double kMiB = 1 << 20;

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::printf("%s\n", std::string(status.message()).c_str());
  std::exit(1);
}
template <class T>
T Checked(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

std::shared_ptr<const crypto::KeyRing> Ring() {
  std::vector<std::unique_ptr<crypto::KeyWrapper>> keys;
  keys.push_back(crypto::MakeKeyWrapper("kek-1", crypto::Secret(std::string(32, 'k'))));
  return std::make_shared<const crypto::KeyRing>(std::move(keys));
}

class Bench {
 public:
  explicit Bench(const std::string& folder)
      : folder_(absl::StrCat(folder, "/backup_bench-", getpid())),
        key_(crypto::SigningKey::Generate()) {
    fs::create_directories(folder_ + "/data");
    Check(pki::WriteFile(folder_ + "/audit.key", key_->ToPem(), /*secret=*/true));
    Check(hubctl::Repository::Make(folder_ + "/repo", *ring_, hubctl::RealDisk()));
    repository_ = Checked(hubctl::Repository::Open(folder_ + "/repo", *ring_, hubctl::RealDisk()));
  }
  ~Bench() { fs::remove_all(folder_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void Grow(std::int64_t entries) {
    const auto tree = audit::MakeTree(kTree, key_.get(), &RealClock());
    store::SqliteOptions options;
    options.path = folder_ + "/data/store.db";
    options.sequencer = tree.get();
    store::SealedOptions sealed;
    sealed.service = "bench";
    sealed.ring = ring_;
    const auto store =
        Checked(store::SealedStore::Over(Checked(store::OpenSqlite(options)), std::move(sealed)));
    Check(GrowLog(*store, entries));
  }

  hubctl::MadeBackup BackUp(const char* what) {
    hubctl::BackupOptions options;
    options.sources = {{"bench", folder_ + "/data", key_->public_key()}};
    options.key = key_.get();
    options.made_by = "bench";
    const Stopwatch watch;
    hubctl::MadeBackup made = Checked(hubctl::MakeBackup(*repository_, options));
    const hubctl::ServiceBackup& backup = made.manifest.services[0];
    watch.Print(what, backup.head->size);
    std::printf("  %.1f MiB, of which %.1f MiB in %lld chunks are new\n",
                static_cast<double>(backup.bytes) / kMiB,
                static_cast<double>(made.added[0].bytes) / kMiB,
                static_cast<long long>(made.added[0].chunks));
    return made;
  }

  void Verify(const hubctl::MadeBackup& made) {
    const hubctl::ServiceBackup& backup = made.manifest.services[0];
    const std::string path = folder_ + "/taken-out.db";
    const Stopwatch watch;
    Check(hubctl::TakeOut(*repository_, backup, path));
    watch.Print("taken out: every chunk checked", backup.head->size);
    const Stopwatch rest;
    rest.Print("checked: pages, log, tiles", Checked(hubctl::CheckStore(backup, path)));
  }

  void Restore(const hubctl::MadeBackup& made) {
    hubctl::RestoreOptions options;
    options.trusted = {key_->public_key()};
    options.accept_loss = true;
    const hubctl::RestoreTarget target = {"bench", folder_ + "/data", folder_ + "/audit.key", ""};
    const Stopwatch watch;
    const auto restore = Checked(
        hubctl::Restore::Prepare(*repository_, made.manifest, target, options, hubctl::RealDisk()));
    Check(restore->Replace());
    watch.Print("restored, verification included", restore->entries());
  }

 private:
  const std::string folder_;
  const std::shared_ptr<const crypto::KeyRing> ring_ = Ring();
  const std::unique_ptr<crypto::SigningKey> key_;
  std::unique_ptr<hubctl::Repository> repository_;
};

int Main(std::int64_t entries, std::int64_t more, const std::string& folder) {
  Bench bench(folder);
  bench.Grow(entries);
  const hubctl::MadeBackup first = bench.BackUp("backed up");
  bench.BackUp("again, nothing new");
  bench.Grow(more);
  bench.BackUp(absl::StrCat("again, ", more, " entries more").c_str());
  bench.Verify(first);
  bench.Restore(first);
  return 0;
}

}  // namespace
}  // namespace trusthub::testing

int main(int argc, char** argv) {
  return trusthub::testing::Main(
      argc > 1 ? std::atoll(argv[1]) : 100'000, argc > 2 ? std::atoll(argv[2]) : 1'000,
      argc > 3 ? argv[3] : std::filesystem::temp_directory_path().string());
}
