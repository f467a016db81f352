#include "deploy/hubctl/receipt_file.h"

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_replace.h"
#include "common/audit/cosignature.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

using testing::IsOk;
using testing::StatusIs;

// The vectors of RECEIPT.md, which hold an answer, its keys and a cosignature.
class ReceiptFileTest : public ::testing::Test {
 protected:
  ReceiptFileTest() {
    std::stringstream text;
    text
        << std::ifstream(testing::SourcePath("common/audit/testdata/receipt_vectors.json")).rdbuf();
    const auto json = nlohmann::json::parse(text.str());
    const auto bytes = [&](const char* name) {
      return *crypto::HexDecode(json[name].get<std::string>());
    };
    file_.method = "/trusthub.examples.v1.ExamplesService/GetExample";
    file_.response = bytes("answer");
    trusted_.audit_keys = {{bytes("audit_key"), json["tree"]}};
    trusted_.witnesses = {{bytes("witness_key"), json["witness"]}};
    WitnessedEntry witnessed;
    witnessed.tree_size = json["tree_size"];
    witnessed.root_hash = bytes("root_hash");
    for (const auto& hash : json["inclusion_proof"]) {
      witnessed.inclusion_proof.push_back(*crypto::HexDecode(hash.get<std::string>()));
    }
    audit::v1::Cosignature cosignature;
    cosignature.set_witness(json["witness"].get<std::string>());
    cosignature.mutable_cosign_time()->set_seconds(json["cosign_time"].get<std::int64_t>());
    cosignature.set_signature(bytes("cosignature"));
    witnessed.cosignatures.push_back(cosignature);
    witnessed_ = witnessed;
  }

  ReceiptFile file_;
  std::optional<WitnessedEntry> witnessed_;
  Trusted trusted_;
};

TEST_F(ReceiptFileTest, ReadsWhatItWrites) {
  for (const bool with_witnesses : {false, true}) {
    if (with_witnesses) file_.witnessed = witnessed_;
    const auto again = ParseReceiptFile(ReceiptFileText(file_));
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(ReceiptFileText(*again), ReceiptFileText(file_));
    EXPECT_THAT(VerifyReceiptFile(*again, trusted_), IsOk());
  }
}

TEST_F(ReceiptFileTest, WitnessesAreAskedForWhereTheyAreNeeded) {
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  trusted_.needed = 1;
  EXPECT_THAT(VerifyReceiptFile(file_, trusted_), data_loss);
  file_.witnessed = witnessed_;
  EXPECT_THAT(VerifyReceiptFile(file_, trusted_), IsOk());
  trusted_.needed = 2;
  EXPECT_THAT(VerifyReceiptFile(file_, trusted_), data_loss);
  trusted_.needed = 1;
  file_.witnessed->inclusion_proof.pop_back();
  EXPECT_THAT(VerifyReceiptFile(file_, trusted_), data_loss);
  file_.witnessed = witnessed_;
  file_.witnessed->root_hash = crypto::Sha256("another history");
  EXPECT_THAT(VerifyReceiptFile(file_, trusted_), data_loss);
}

TEST_F(ReceiptFileTest, OtherFilesAreRefused) {
  file_.witnessed = witnessed_;
  const std::string right = ReceiptFileText(file_);
  const auto refused = [&](absl::string_view from, absl::string_view to) {
    const std::string text = absl::StrReplaceAll(right, {{from, to}});
    ASSERT_NE(text, right) << from;
    EXPECT_THAT(ParseReceiptFile(text), StatusIs(absl::StatusCode::kInvalidArgument)) << from;
  };
  refused("receipt/v1", "receipt/v2");
  refused("\"format\"", "\"formats\"");
  refused("\"method\"", "\"response\"");  // twice
  refused("\"method\": ", "\"method\": 3, \"x\": ");
  refused("\"tree_size\": 7", "\"tree_size\": -7");
  refused("\"tree_size\": 7", "\"tree_size\": 7.0");
  refused("\"tree_size\": 7", "\"tree_size\": 9223372036854775808");
  refused("\"root_hash\": \"", "\"root_hash\": \"0");
  refused("\"response\": \"", "\"response\": \" ");
  EXPECT_THAT(ParseReceiptFile(" " + right), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseReceiptFile("[]"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseReceiptFile(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace trusthub::hubctl
