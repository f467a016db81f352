#include "common/crypto/keys/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"

namespace trusthub::crypto {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;

class KeyRingTest : public ::testing::Test {
 protected:
  void WriteKey(const std::string& name) {
    std::ofstream(folder_.File(name)) << HexEncode(Sha256(name)) << "\n";
    chmod(folder_.File(name).c_str(), 0600);
  }
  std::string WriteRing(const std::string& text) {
    std::ofstream(folder_.File("key_ring.yaml")) << text;
    return folder_.File("key_ring.yaml");
  }

  const testing::TempFolder folder_;
};

TEST_F(KeyRingTest, TheFirstKeyIsTheCurrentOneAndOlderOnesUnwrap) {
  WriteKey("one.key");
  WriteKey("two.key");
  const std::string path = WriteRing("version: 1\nkeys:\n  - {id: one, file: one.key}\n");
  const std::string wrapped =
      (*KeyRing::Load(path))->current().Wrap(Secret::Random(32), "x").value();

  WriteRing("version: 1\nkeys:\n  - {id: two, file: two.key}\n  - {id: one, file: one.key}\n");
  const auto ring = KeyRing::Load(path);
  ASSERT_THAT(ring, IsOk());
  EXPECT_EQ((*ring)->current().id(), "two");
  EXPECT_FALSE((*ring)->current().Unwrap(wrapped, "x").ok());
  ASSERT_NE((*ring)->Find("one"), nullptr);
  EXPECT_THAT((*ring)->Find("one")->Unwrap(wrapped, "x"), IsOk());
  EXPECT_EQ((*ring)->Find("three"), nullptr);
}

TEST_F(KeyRingTest, AFlawIsToldWithFileAndLine) {
  WriteKey("one.key");
  const std::pair<const char*, const char*> flaws[] = {
      {"version: 2\nkeys: [{id: one, file: one.key}]\n", "key_ring.yaml:1: version must be 1"},
      {"version: 1\nkeys: []\n", "at least one key"},
      {"version: 1\nkeys:\n  - {id: one, file: one.key}\n  - {id: one, file: one.key}\n",
       "key_ring.yaml:4: key one stands here twice"},
      {"version: 1\nkeys:\n  - {id: One, file: one.key}\n", "id must be of"},
      {"version: 1\nkeys:\n  - {id: one, file: one.key, token: t}\n", "key_ring.yaml:3"},
      {"version: 1\nkeys:\n  - {id: one}\n", "key_ring.yaml:3"},
      {"version: 1\nkeys:\n  - {id: one, file: one.key}\nmore: 1\n", "more"},
  };
  for (const auto& [text, flaw] : flaws) {
    const auto ring = KeyRing::Load(WriteRing(text));
    ASSERT_FALSE(ring.ok()) << text;
    EXPECT_THAT(std::string(ring.status().message()), HasSubstr(flaw));
  }
  EXPECT_EQ(KeyRing::Load(folder_.File("none.yaml")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(KeyRingTest, AKeyThatCannotBeReadIsNamedByItsId) {
  const auto missing = KeyRing::Load(WriteRing("version: 1\nkeys: [{id: one, file: one.key}]\n"));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("key one: key file"));
  const auto module = KeyRing::Load(
      WriteRing("version: 1\nkeys: [{id: hsm, module: none.so, token: t, key: k, pin_file: p}]\n"));
  EXPECT_THAT(std::string(module.status().message()), HasSubstr("key hsm: "));
}

TEST_F(KeyRingTest, ReadsWhatItRenders) {
  std::vector<KeyPlace> places(2);
  places[0].id = "hsm-1";
  places[0].module = "/usr/lib/softhsm/libsofthsm2.so";
  places[0].token = "trusthub";
  places[0].key = "kek-1";
  places[0].pin_file = "/keys/hsm.pin";
  places[1].id = "kek-1";
  places[1].file = "/keys/kek-1.key";
  const auto read = ParseKeyRing(RenderKeyRing(places), "/keys/key_ring.yaml");
  ASSERT_THAT(read, IsOk());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].key, "kek-1");
  EXPECT_EQ((*read)[0].pin_file, "/keys/hsm.pin");
  EXPECT_EQ((*read)[1].file, "/keys/kek-1.key");
  EXPECT_EQ(RenderKeyRing(*read), RenderKeyRing(places));
}

}  // namespace
}  // namespace trusthub::crypto
