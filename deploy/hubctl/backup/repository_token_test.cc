// A repository whose key a hardware token wraps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/keys/key_ring.h"
#include "common/crypto/keys/pkcs11_key.h"
#include "common/testing/matchers.h"
#include "common/testing/soft_token.h"
#include "deploy/hubctl/backup/backup_fixture.h"

namespace trusthub::hubctl {
namespace {

using testing::IsOk;
using testing::SoftToken;
using testing::StatusIs;

class RepositoryTokenTest : public BackupFixture {};

TEST_F(RepositoryTokenTest, OpensWithTheTokenAndNotWithoutIt) {
  const SoftToken token;
  crypto::KeyPlace place;
  place.id = "hsm-1";
  place.module = SoftToken::kModule;
  place.token = SoftToken::kLabel;
  place.key = "hsm-1";
  place.pin_file = token.pin_file();
  ASSERT_THAT(crypto::GeneratePkcs11Key({place.module, place.token, place.key, place.pin_file}),
              IsOk());
  ASSERT_THAT(service_.WriteMany(0, 5), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  // The key moves into the token: the file's key is only the second one now.
  ASSERT_THAT(OpenRepository()->Rewrap(**crypto::KeyRing::Open({place})), IsOk());
  EXPECT_FALSE(Repository::Open(Repo(), *ring_, UnsyncedDisk::Get()).ok());
  ring_ = *crypto::KeyRing::Open({place});
  EXPECT_THAT(Verify(made->manifest.name), IsOk());
  EXPECT_THAT(Backup(), IsOk());
  token.Remove();
  EXPECT_THAT(Repository::Open(Repo(), *ring_, UnsyncedDisk::Get()).status(),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace trusthub::hubctl
