#include "deploy/hubctl/backup/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/backup/signed_file.h"

namespace trusthub::hubctl {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

Manifest Example() {
  Manifest manifest;
  manifest.repository = "repository1";
  manifest.name = "20261130t140102z-3f8a00";
  manifest.time = absl::FromUnixMicros(1'796'050'862'123'456);
  manifest.made_by = "root on hub-1";
  ServiceBackup backup;
  backup.service = "referrals";
  backup.time = manifest.time;
  backup.schema = 2;
  backup.bytes = 70'000;
  backup.content_hash = crypto::Sha256("content");
  backup.chunk_bytes = 65'536;
  backup.chunks = {std::string(32, 'a'), std::string(32, '0')};
  backup.head = store::SealedHead{"auditTrees/t", 7, crypto::Sha256("root"), manifest.time,
                                  std::string(64, 's')};
  backup.audit_key = crypto::Sha256("key");
  backup.last_event = 12;
  backup.destroyed = 2;
  manifest.services = {backup, backup};
  manifest.services[1].service = "plans";
  manifest.services[1].head.reset();
  return manifest;
}

TEST(ManifestTest, IsReadAsItWasWritten) {
  const std::string text = ManifestText(Example());
  const auto parsed = ParseManifest(text);
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(ManifestText(*parsed), text);
  EXPECT_EQ(parsed->Find("referrals")->head->size, 7);
  EXPECT_FALSE(parsed->Find("plans")->head.has_value());
  EXPECT_EQ(parsed->Find("health"), nullptr);
  EXPECT_EQ(parsed->services[0].chunks, Example().services[0].chunks);
}

TEST(ManifestTest, WhatIsNotWrittenSoIsRefused) {
  const std::string text = ManifestText(Example());
  const auto refused = [&](const std::string& from, const std::string& to) {
    const std::string changed = absl::StrReplaceAll(text, {{from, to}});
    ASSERT_NE(changed, text) << from;
    EXPECT_THAT(ParseManifest(changed).status(), StatusIs(StatusCode::kDataLoss)) << from;
  };
  refused("\"bytes\": 70000", "\"bytes\": 700000");
  refused("\"bytes\": 70000", "\"bytes\": -1");
  refused("\"bytes\": 70000", "\"bytes\": \"70000\"");
  refused("\"chunk_bytes\": 65536", "\"chunk_bytes\": 0");
  refused(std::string(32, 'a'), "../" + std::string(29, 'a'));
  refused("\"engine\"", "\"motor\"");
  refused("\"last_event\": 12", "\"last_event\": 12.5");
  refused("\"made_by\"", "\"more\": 1,\n \"made_by\"");
  refused("\"made_by\"", "\"backup\": \"x\",\n \"made_by\"");
  EXPECT_FALSE(ParseManifest("").ok());
  EXPECT_FALSE(ParseManifest("{}").ok());
  EXPECT_FALSE(ParseManifest(text + " ").ok());
}

TEST(ManifestTest, NamesLeadOutOfNoFolder) {
  EXPECT_TRUE(IsBackupName("20261130t140102z-3f8a00"));
  for (const char* name : {"", ".", "..", "a/b", "../a", "A", "a.new"}) {
    EXPECT_FALSE(IsBackupName(name)) << name;
    EXPECT_FALSE(IsChunkName(name)) << name;
  }
}

TEST(DestroyedTextTest, HoldsRowsOfDestroyedKeysAlone) {
  const std::vector<store::DestroyedRow> rows = {{"sealing/child", "ab12", "Dsealed"},
                                                 {"sealing/key", "cd34", "Dother"}};
  const auto parsed = ParseDestroyed(DestroyedText(rows));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(*parsed, rows);
  EXPECT_FALSE(ParseDestroyed(DestroyedText({{"sealing/key", "cd34", "Klive"}})).ok());
  EXPECT_FALSE(ParseDestroyed(DestroyedText({{"agreements", "cd34", "D"}})).ok());
}

TEST(SignedFileTest, EveryFlippedBitIsFound) {
  const auto key = crypto::SigningKey::Generate();
  const std::string file = SignText("manifest", "text of a manifest\n", *key);
  const auto opened = OpenSigned("manifest", file, {key->public_key()});
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(*opened, "text of a manifest\n");
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = file;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      // Hex digits say the same in either case.
      const auto result = OpenSigned("manifest", changed, {key->public_key()});
      EXPECT_TRUE(!result.ok() || *result == *opened) << "byte " << at << " bit " << bit;
    }
    EXPECT_FALSE(OpenSigned("manifest", file.substr(0, at), {key->public_key()}).ok());
  }
}

TEST(SignedFileTest, AnotherKeyKindOrVersionIsRefused) {
  const auto key = crypto::SigningKey::Generate();
  const auto other = crypto::SigningKey::Generate();
  const std::string file = SignText("manifest", "text", *key);
  const auto stranger = OpenSigned("manifest", file, {other->public_key()});
  EXPECT_THAT(stranger.status(), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(stranger.status().message()), HasSubstr("--signed-by"));
  EXPECT_THAT(OpenSigned("destroyed/a/b", file, {key->public_key()}).status(),
              StatusIs(StatusCode::kDataLoss));
  const std::string older =
      absl::StrReplaceAll(file, {{"trusthub/backup/v1", "trusthub/backup/v0"}});
  const auto refused = OpenSigned("manifest", older, {key->public_key()});
  EXPECT_THAT(refused.status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("another version"));
}

}  // namespace
}  // namespace trusthub::hubctl
