// The example of RECEIPT.md, made anew from its inputs: the vectors that are checked in, and the
// text, stay what the hub does. TRUSTHUB_WRITE_VECTORS=1 writes the file anew.
#include <sys/stat.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/audit/answer.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/cosignature.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/receipt.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using Json = nlohmann::ordered_json;

constexpr char kTree[] = "auditTrees/example";
constexpr char kVectors[] = "common/audit/testdata/receipt_vectors.json";
constexpr int kEntries = 7;
constexpr int kIndex = 3;
constexpr std::int64_t kEarlierSize = 3;

std::string Hex(absl::string_view bytes) { return crypto::HexEncode(bytes); }
std::string TextOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// An Ed25519 key of a known seed, which makes it nobody's secret.
std::unique_ptr<crypto::SigningKey> KeyOf(absl::string_view what) {
  const std::string der =
      absl::HexStringToBytes("302e020100300506032b657004220420") + crypto::Sha256(what);
  const testing::TempFolder folder;
  const std::string path = folder.File("key.pem");
  std::ofstream(path) << "-----BEGIN PRIVATE KEY-----\n"
                      << absl::Base64Escape(der) << "\n-----END PRIVATE KEY-----\n";
  chmod(path.c_str(), 0600);
  auto key = crypto::SigningKey::Load(path);
  EXPECT_THAT(key, IsOk());
  return key.ok() ? *std::move(key) : nullptr;
}

// A record of one text, then the terms on which it was given.
std::string Content() {
  types::v1::Disclosure terms;
  auto* row = terms.add_terms();
  row->set_rule("example/own-record");
  row->add_categories(options::v1::CATEGORY_OPERATIONAL);
  row->set_onward(types::v1::ONWARD_SHARING_NOT_PERMITTED);
  const std::string record = "An example.";
  const std::string bytes = terms.SerializeAsString();
  return absl::StrCat("\x0a", std::string(1, static_cast<char>(record.size())), record, "\x12",
                      std::string(1, static_cast<char>(bytes.size())), bytes);
}

std::string EntryOf(int number) {
  v1::AuditEntry entry;
  entry.set_salt(crypto::Sha256(absl::StrCat("salt ", number)).substr(0, kSaltBytes));
  entry.set_agency("agencies/example-council");
  entry.set_action("examples.get");
  // The last is of a refused call: nothing was delivered.
  if (number + 1 == kEntries) {
    entry.set_reason("RECORD_NOT_FOUND");
  } else {
    entry.set_content_hash(number == kIndex ? crypto::Sha256(Content())
                                            : crypto::Sha256(absl::StrCat("answer ", number)));
  }
  return CanonicalBytes(entry);
}

Json HexList(const std::vector<std::string>& hashes) {
  Json list = Json::array();
  for (const std::string& hash : hashes) list.push_back(Hex(hash));
  return list;
}

Json MakeVectors() {
  const auto key = KeyOf("audit key of the example");
  const auto witness = KeyOf("witness key of the example");
  std::vector<std::string> entries;
  std::vector<std::string> leaves;
  for (int i = 0; i < kEntries; ++i) {
    entries.push_back(EntryOf(i));
    leaves.push_back(EntryLeafHash(entries.back()));
  }
  const NodeHashes nodes = NodesOf([&leaves](std::int64_t i) -> absl::StatusOr<std::string> {
    return leaves[static_cast<std::size_t>(i)];
  });
  store::SealedHead head;
  head.tree = kTree;
  head.size = kEntries;
  head.root = *RootOf(kEntries, nodes);
  head.sign_time = absl::FromUnixMicros(1268733600123456);
  head.signature = key->Sign(HeadSigningInput(head));
  const std::vector<std::string> proof = *InclusionProof(kIndex, kEntries, nodes);
  const store::LeafPlace place{kIndex, leaves[kIndex], absl::StrJoin(proof, "")};

  types::v1::Disclosure evidence;
  *evidence.mutable_receipt() =
      ReceiptOf(place, head, EntryHash(entries[kIndex]), crypto::Sha256(Content()));
  evidence.set_decision(EntryName(kTree, kIndex));
  const std::string last = evidence.SerializeAsString();
  // Its length takes two bytes.
  const std::string answer = absl::StrCat(
      Content(), "\x12", std::string(1, static_cast<char>(0x80 | (last.size() & 0x7f))),
      std::string(1, static_cast<char>(last.size() >> 7)), last);
  EXPECT_THAT(VerifyAnswer(answer, {{key->public_key(), kTree}}), IsOk());

  const absl::Time cosigned = absl::FromUnixSeconds(1268733660);
  const v1::Cosignature cosignature =
      Cosign(CheckpointOf(head), "example-police", cosigned, *witness);
  Json json;
  json["audit_key"] = Hex(key->public_key());
  json["tree"] = kTree;
  json["entries"] = HexList(entries);
  json["leaf_hashes"] = HexList(leaves);
  json["entry_index"] = kIndex;
  json["content"] = Hex(Content());
  json["content_hash"] = Hex(crypto::Sha256(Content()));
  json["entry_hash"] = Hex(EntryHash(entries[kIndex]));
  json["leaf_hash"] = Hex(place.leaf_hash);
  json["inclusion_proof"] = HexList(proof);
  json["tree_size"] = kEntries;
  json["root_hash"] = Hex(head.root);
  json["head_signing_input"] = HeadSigningInput(head);
  json["signature"] = Hex(head.signature);
  json["answer"] = Hex(answer);
  json["earlier_size"] = kEarlierSize;
  json["earlier_root"] = Hex(*RootOf(kEarlierSize, nodes));
  json["consistency_proof"] = HexList(*ConsistencyProof(kEarlierSize, kEntries, nodes));
  json["witness"] = "example-police";
  json["witness_key"] = Hex(witness->public_key());
  json["cosign_time"] = absl::ToUnixSeconds(cosigned);
  json["cosignature_input"] = CosignatureInput(CheckpointOf(head), cosigned);
  json["cosignature"] = Hex(cosignature.signature());
  return json;
}

TEST(ReceiptVectorsTest, TheFileIsWhatTheHubDoes) {
  const Json made = MakeVectors();
  const std::string path = testing::SourcePath(kVectors);
  if (std::getenv("TRUSTHUB_WRITE_VECTORS") != nullptr) {
    std::ofstream(path) << made.dump(2) << "\n";
  }
  const Json kept = Json::parse(TextOf(path), nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(kept.is_object());
  for (const auto& [name, value] : made.items()) EXPECT_EQ(kept.value(name, Json()), value) << name;
  EXPECT_EQ(kept.size(), made.size());
}

// Every value of the vectors stands in the text; long ones may be broken into lines.
TEST(ReceiptVectorsTest, TheTextTellsTheSame) {
  std::string text;
  for (const char c : TextOf(testing::SourcePath("common/audit/RECEIPT.md"))) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) text.push_back(c);
  }
  const Json made = MakeVectors();
  for (const char* name :
       {"audit_key", "tree", "content", "content_hash", "entry_hash", "leaf_hash",
        "inclusion_proof", "root_hash", "head_signing_input", "signature", "answer", "witness_key",
        "cosignature_input", "cosignature"}) {
    const Json& value = made[name];
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      std::string sought;
      for (const char c : one.get<std::string>()) {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) sought.push_back(c);
      }
      EXPECT_NE(text.find(sought), std::string::npos) << name << ": " << one;
    }
  }
}

}  // namespace
}  // namespace trusthub::audit
