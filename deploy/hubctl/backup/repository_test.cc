#include "deploy/hubctl/backup/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/keys/file_key.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "deploy/hubctl/backup/backup_fixture.h"
#include "deploy/hubctl/backup/verifying.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void Put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::shared_ptr<const crypto::KeyRing> RingOf(
    const std::vector<std::pair<std::string, char>>& all) {
  std::vector<std::unique_ptr<crypto::KeyWrapper>> keys;
  for (const auto& [id, byte] : all) {
    keys.push_back(crypto::MakeKeyWrapper(id, crypto::Secret(std::string(32, byte))));
  }
  return std::make_shared<const crypto::KeyRing>(std::move(keys));
}

class RepositoryTest : public BackupFixture {
 protected:
  std::vector<std::string> ChunkFiles() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(Repo() + "/chunks")) {
      if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
};

TEST_F(RepositoryTest, ASecondBackupWritesWhatIsNew) {
  ASSERT_THAT(service_.WriteMany(0, 1500), IsOk());
  const auto first = Backup();
  ASSERT_THAT(first, IsOk());
  const ServiceBackup& backup = first->manifest.services[0];
  EXPECT_GT(backup.bytes, 1'500'000);
  EXPECT_EQ(first->added[0].chunks, static_cast<std::int64_t>(ChunkFiles().size()));
  EXPECT_THAT(Verify(first->manifest.name), IsOk());

  const auto same = Backup();
  ASSERT_THAT(same, IsOk());
  EXPECT_LE(same->added[0].chunks, 1) << "at most the page with the counter of changes";

  ASSERT_THAT(service_.WriteMany(1500, 1502), IsOk());
  const auto more = Backup();
  ASSERT_THAT(more, IsOk());
  EXPECT_GT(more->added[0].chunks, 0);
  EXPECT_LT(more->added[0].bytes, backup.bytes / 2);
  for (const auto* made : {&first, &same, &more}) {
    EXPECT_THAT(Verify((*made)->manifest.name), IsOk());
  }
}

TEST_F(RepositoryTest, BackupsAreInTheOrderOfTheirMaking) {
  ASSERT_THAT(service_.WriteMany(0, 3), IsOk());
  std::vector<std::string> made;
  for (int i = 0; i < 12; ++i) made.push_back(Backup()->manifest.name);
  EXPECT_EQ(*OpenRepository()->List(), made) << "also of those of one second";
}

TEST_F(RepositoryTest, HoldsNothingThatCanBeRead) {
  ASSERT_THAT(service_.WriteMany(0, 50), IsOk());
  ASSERT_THAT(Backup(), IsOk());
  service_.Close();
  const std::string store = ContentOf(service_.path());
  std::size_t looked_at = 0;
  for (const auto& entry : fs::recursive_directory_iterator(Repo())) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = ContentOf(entry.path().string());
    looked_at += bytes.size();
    struct stat info;
    ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0u) << entry.path();
    // Not even what the store has in the clear: names of tables, of actions, of records.
    for (const char* word : {"canary", "CREATE TABLE", "referrals.submit", "referrals/r"}) {
      EXPECT_FALSE(absl::StrContains(bytes, word)) << entry.path() << " has " << word;
    }
  }
  EXPECT_GT(looked_at, store.size() / 2);
  EXPECT_TRUE(absl::StrContains(store, "referrals.submit")) << "the words would have been found";
}

TEST_F(RepositoryTest, EveryFlippedBitIsFoundAndTheFileNamed) {
  ASSERT_THAT(service_.WriteMany(0, 40), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  const std::string& name = made->manifest.name;
  std::mt19937 random(static_cast<std::uint32_t>(testing::TestSeed()));
  std::vector<std::string> files = ChunkFiles();
  files.push_back(absl::StrCat(Repo(), "/backups/", name));
  int flips = 0;
  for (const std::string& file : files) {
    const std::string good = ContentOf(file);
    std::vector<std::size_t> places = {0, good.size() / 2, good.size() - 1};
    for (int i = 0; i < 5; ++i) {
      places.push_back(std::uniform_int_distribution<std::size_t>(0, good.size() - 1)(random));
    }
    for (const std::size_t at : places) {
      std::string bad = good;
      // A bit whose flip does not turn a hex digit into the same one of the other case.
      bad[at] = static_cast<char>(bad[at] ^ 1);
      Put(file, bad);
      const absl::Status found = Verify(name);
      EXPECT_FALSE(found.ok()) << file << " at " << at;
      EXPECT_THAT(std::string(found.message()), HasSubstr(file));
      ++flips;
    }
    Put(file, good.substr(0, good.size() - 1));
    EXPECT_FALSE(Verify(name).ok()) << file << " cut short";
    Put(file, good);
  }
  EXPECT_GT(flips, 40);
  EXPECT_THAT(Verify(name), IsOk());
}

TEST_F(RepositoryTest, MissingAndSwappedChunksAreFound) {
  ASSERT_THAT(service_.WriteMany(0, 40), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  const std::vector<std::string> files = ChunkFiles();
  ASSERT_GT(files.size(), 3u);
  fs::rename(files[0], folder_.File("kept"));
  const absl::Status missing = Verify(made->manifest.name);
  EXPECT_THAT(missing, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(std::string(missing.message()), HasSubstr(files[0]));
  // The next backup finds that it is not there, and writes it again.
  ASSERT_THAT(Backup(), IsOk());
  EXPECT_THAT(Verify(made->manifest.name), IsOk());

  const std::string first = ContentOf(files[0]);
  const std::string second = ContentOf(files[1]);
  Put(files[0], second);
  Put(files[1], first);
  EXPECT_THAT(Verify(made->manifest.name), StatusIs(StatusCode::kDataLoss));
  Put(files[0], first);
  Put(files[1], second);

  // A manifest in another's place, and one of another repository.
  const auto again = Backup();
  ASSERT_THAT(again, IsOk());
  const std::string path = absl::StrCat(Repo(), "/backups/", made->manifest.name);
  const std::string own = ContentOf(path);
  Put(path, ContentOf(absl::StrCat(Repo(), "/backups/", again->manifest.name)));
  EXPECT_THAT(Verify(made->manifest.name), StatusIs(StatusCode::kDataLoss));
  Manifest foreign = made->manifest;
  foreign.repository = "another";
  Put(path, SignText("manifest", ManifestText(foreign), *key_));
  EXPECT_THAT(Verify(made->manifest.name), StatusIs(StatusCode::kDataLoss));
  // Chunks of a manifest in another order, signed with the right key.
  Manifest shuffled = made->manifest;
  std::swap(shuffled.services[0].chunks[1], shuffled.services[0].chunks[2]);
  Put(path, SignText("manifest", ManifestText(shuffled), *key_));
  EXPECT_THAT(Verify(made->manifest.name), StatusIs(StatusCode::kDataLoss));
  Put(path, own);
  EXPECT_THAT(Verify(made->manifest.name), IsOk());
}

TEST_F(RepositoryTest, ChunksOfAllBackupsAreCheckedEachOnce) {
  ASSERT_THAT(service_.WriteMany(0, 200), IsOk());
  const auto first = Backup();
  ASSERT_THAT(service_.WriteMany(200, 210), IsOk());
  const auto second = Backup();
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  const auto repository = OpenRepository();
  const ServiceBackup& one = first->manifest.services[0];
  const ServiceBackup& two = second->manifest.services[0];
  KnownChunks known;
  EXPECT_THAT(CheckChunks(*repository, one, &known), IsOk());
  EXPECT_THAT(CheckChunks(*repository, two, &known), IsOk());
  EXPECT_EQ(known.size(), ChunkFiles().size());
  // Right chunks in a wrong order are not the backup.
  ServiceBackup shuffled = two;
  std::swap(shuffled.chunks[1], shuffled.chunks[2]);
  EXPECT_THAT(CheckChunks(*repository, shuffled, &known), StatusIs(StatusCode::kDataLoss));
  const std::string file = ChunkFiles()[3];
  std::string bad = ContentOf(file);
  bad[40] = static_cast<char>(bad[40] ^ 1);
  Put(file, bad);
  KnownChunks anew;
  const absl::Status found_one = CheckChunks(*repository, one, &anew);
  const absl::Status found_two = CheckChunks(*repository, two, &anew);
  const absl::Status& found = found_one.ok() ? found_two : found_one;
  EXPECT_THAT(found, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(std::string(found.message()), HasSubstr(file));
}

TEST_F(RepositoryTest, AnotherEngineSchemaOrFormatIsRefused) {
  ASSERT_THAT(service_.WriteMany(0, 5), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  const std::string path = absl::StrCat(Repo(), "/backups/", made->manifest.name);
  Manifest other = made->manifest;
  other.services[0].schema = 1;
  Put(path, SignText("manifest", ManifestText(other), *key_));
  const absl::Status schema = Verify(made->manifest.name);
  EXPECT_THAT(schema, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(schema.message()), HasSubstr("schema 1, this one knows 3"));
  other = made->manifest;
  other.services[0].engine = "postgresql";
  Put(path, SignText("manifest", ManifestText(other), *key_));
  EXPECT_THAT(std::string(Verify(made->manifest.name).message()), HasSubstr("postgresql"));

  std::string repository = ContentOf(Repo() + "/repository.json");
  repository.replace(repository.find("/v1"), 3, "/v0");
  Put(Repo() + "/repository.json", repository);
  const auto opened = Repository::Open(Repo(), *ring_, UnsyncedDisk::Get());
  EXPECT_THAT(opened.status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("another version"));
}

TEST_F(RepositoryTest, TheWrongKeyOpensNothing) {
  const auto without = Repository::Open(Repo(), *RingOf({{"other", 'b'}}), UnsyncedDisk::Get());
  EXPECT_THAT(without.status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("backup-1"));
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("--keys"));
  const auto wrong = Repository::Open(Repo(), *RingOf({{"backup-1", 'x'}}), UnsyncedDisk::Get());
  EXPECT_THAT(wrong.status(), StatusIs(StatusCode::kDataLoss));
}

TEST_F(RepositoryTest, ItsKeyIsWrappedAnew) {
  ASSERT_THAT(service_.WriteMany(0, 5), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  const auto both = RingOf({{"backup-2", 'c'}, {"backup-1", 'b'}});
  {
    const auto repository = Repository::Open(Repo(), *both, UnsyncedDisk::Get());
    ASSERT_THAT(repository, IsOk());
    EXPECT_THAT((*repository)->Rewrap(*both), IsOk());
    EXPECT_EQ((*repository)->ring_key(), "backup-2");
  }
  EXPECT_FALSE(Repository::Open(Repo(), *ring_, UnsyncedDisk::Get()).ok());
  ring_ = RingOf({{"backup-2", 'c'}});
  EXPECT_THAT(Verify(made->manifest.name), IsOk());
}

TEST_F(RepositoryTest, DroppedBackupsGiveTheirChunksBack) {
  ASSERT_THAT(service_.WriteMany(0, 200), IsOk());
  const auto first = Backup();
  ASSERT_THAT(service_.WriteMany(200, 400), IsOk());
  const auto second = Backup();
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  const std::size_t before = ChunkFiles().size();
  const auto repository = OpenRepository();
  {
    const auto lock = repository->LockToChange();
    ASSERT_THAT(lock, IsOk());
    EXPECT_THAT(repository->LockToRead().status(), StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(repository->Drop("20000101t000000z-000000"), StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(repository->Drop("../lock"), StatusIs(StatusCode::kNotFound));
    ASSERT_THAT(repository->Drop(first->manifest.name), IsOk());
    const auto freed = repository->Collect(signers());
    ASSERT_THAT(freed, IsOk());
    EXPECT_GT(*freed, 0);
  }
  EXPECT_LT(ChunkFiles().size(), before);
  EXPECT_EQ(ChunkFiles().size(), second->manifest.services[0].chunks.size());
  EXPECT_THAT(Verify(second->manifest.name), IsOk());
  EXPECT_THAT(Verify(first->manifest.name), StatusIs(StatusCode::kNotFound));

  // A manifest that nobody can read may name any of them.
  Put(absl::StrCat(Repo(), "/backups/", second->manifest.name), "torn");
  EXPECT_THAT(repository->Collect(signers()).status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(ChunkFiles().size(), second->manifest.services[0].chunks.size());
}

TEST_F(RepositoryTest, TornChunksOfARunThatDiedAreNotTrusted) {
  ASSERT_THAT(service_.WriteMany(0, 100), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  // As after a power cut in the run: chunks with their size and no content, and no manifest.
  fs::remove(absl::StrCat(Repo(), "/backups/", made->manifest.name));
  for (const std::string& file : ChunkFiles()) Put(file, std::string(fs::file_size(file), '\0'));
  const auto again = Backup();
  ASSERT_THAT(again, IsOk());
  EXPECT_THAT(Verify(again->manifest.name), IsOk());
}

TEST_F(RepositoryTest, RemembersDestroyedKeysAndNoticesAShorterList) {
  ASSERT_THAT(service_.WriteMany(0, 5), IsOk());
  ASSERT_THAT(service_.Forget("children/c3"), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->manifest.services[0].destroyed, 2) << "a row of the key, one of the child";
  const auto repository = OpenRepository();
  EXPECT_EQ(repository->Destroyed("referrals", signers())->size(), 2u);
  EXPECT_TRUE(repository->Destroyed("plans", signers())->empty());
  const std::string path = Repo() + "/destroyed/referrals";
  const std::string list = ContentOf(path);
  EXPECT_FALSE(absl::StrContains(list, "children/"));
  // One of another service, a changed one, and none.
  Put(Repo() + "/destroyed/plans", list);
  EXPECT_FALSE(repository->Destroyed("plans", signers()).ok());
  Put(path, list + " ");
  EXPECT_FALSE(repository->Destroyed("referrals", signers()).ok());
  fs::remove(path);
  const absl::Status found = Verify(made->manifest.name);
  EXPECT_THAT(found, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(std::string(found.message()), HasSubstr("destroyed"));
}

TEST_F(RepositoryTest, ADamagedStoreIsNotBackedUp) {
  ASSERT_THAT(service_.WriteMany(0, 50), IsOk());
  service_.Close();
  std::string store = ContentOf(service_.path());
  store[store.size() / 2] = static_cast<char>(store[store.size() / 2] ^ 1);
  Put(service_.path(), store);
  const auto made = Backup();
  EXPECT_FALSE(made.ok());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr(service_.path()));
  EXPECT_TRUE(OpenRepository()->List()->empty());
}

}  // namespace
}  // namespace trusthub::hubctl
