#include "common/crypto/keys/file_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "common/crypto/crypto.h"
#include "common/crypto/keys/wrapped_form.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"

namespace trusthub::crypto {
namespace {

using testing::IsOk;

std::unique_ptr<KeyWrapper> WrapperOf(absl::string_view seed) {
  return MakeKeyWrapper("kek-1", Secret(Sha256(seed)));
}

TEST(FileKeyTest, UnwrapsWhatItWrapped) {
  const auto wrapper = WrapperOf("kek");
  EXPECT_EQ(wrapper->id(), "kek-1");
  const Secret key = Secret::Random(32);
  const auto wrapped = wrapper->Wrap(key, "children/a");
  ASSERT_THAT(wrapped, IsOk());
  EXPECT_EQ(wrapped->size(), kWrappedKeyBytes);
  const auto opened = wrapper->Unwrap(*wrapped, "children/a");
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->view(), key.view());
}

TEST(FileKeyTest, AWrappedKeyIsWorthNothingElsewhere) {
  const auto wrapper = WrapperOf("kek");
  const std::string wrapped = wrapper->Wrap(Secret::Random(32), "children/a").value();
  for (const char* other : {"children/b", "children/", "children/aa", ""}) {
    EXPECT_EQ(wrapper->Unwrap(wrapped, other).status().code(), absl::StatusCode::kUnauthenticated);
  }
  EXPECT_EQ(WrapperOf("another")->Unwrap(wrapped, "children/a").status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(FileKeyTest, EveryFlippedBitIsFound) {
  const auto wrapper = WrapperOf("kek");
  const std::string wrapped = wrapper->Wrap(Secret::Random(32), "children/a").value();
  for (std::size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
    std::string changed = wrapped;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(wrapper->Unwrap(changed, "children/a").ok()) << "bit " << bit;
  }
}

TEST(FileKeyTest, WrapsKeysOf32BytesAlone) {
  for (const std::size_t size : {0, 16, 31, 33, 64}) {
    EXPECT_EQ(WrapperOf("kek")->Wrap(Secret::OfSize(size), "x").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(FileKeyTest, TheFileIsOfItsOwnerAlone) {
  const testing::TempFolder folder;
  const std::string path = folder.File("kek.key");
  std::ofstream(path) << HexEncode(Sha256("kek")) << "\n";
  chmod(path.c_str(), 0640);
  EXPECT_EQ(OpenFileKey("kek-1", path).status().code(), absl::StatusCode::kPermissionDenied);
  chmod(path.c_str(), 0400);
  const auto wrapper = OpenFileKey("kek-1", path);
  ASSERT_THAT(wrapper, IsOk());
  const std::string wrapped = (*wrapper)->Wrap(Secret::Random(32), "x").value();
  EXPECT_THAT(WrapperOf("kek")->Unwrap(wrapped, "x"), IsOk());
}

}  // namespace
}  // namespace trusthub::crypto
