// Receipts of a running hub, checked by both verifiers: ours (hubctl receipt verify) and
// deploy/verify-receipt, which knows common/audit/RECEIPT.md and nothing of our code. Every
// mutation is put before both; their verdicts must be the same, and a refusal.
#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/audit/answer.h"
#include "common/audit/entry.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/receipt_file.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/processes.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::testing {
namespace {

using google::protobuf::Message;
using hubctl::ReceiptFile;
using types::v1::Disclosure;
using types::v1::Receipt;

constexpr absl::Duration kVerifierLimit = absl::Minutes(5);
constexpr std::size_t kFilesARun = 3000;

// A mutation and what it is called; a receipt file's text.
struct Mutant {
  std::string name;
  std::string text;
};

std::string Field(int number, absl::string_view value) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  std::size_t size = value.size();
  for (; size > 0x7f; size >>= 7) bytes.push_back(static_cast<char>(0x80 | (size & 0x7f)));
  bytes.push_back(static_cast<char>(size));
  return absl::StrCat(bytes, value);
}

class ReceiptsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    RunningHub::Options options;
    options.domain_now = CaseStart();
    auto started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    running_ = started->release();
    ASSERT_THAT(running_->LoadDirectory(), IsOk());
    path_ = new CasePath(&running_->hub(), 1, LondonDay(CaseStart()));
    ASSERT_THAT(path_->Register(), IsOk());
    ASSERT_THAT(path_->Refer(), IsOk());
  }
  static void TearDownTestSuite() {
    delete path_;
    delete running_;
    running_ = nullptr;
  }

  void SetUp() override {
    ASSERT_NE(running_, nullptr);
    const auto key = running_->hub().AuditKeyOf("referrals");
    ASSERT_THAT(key, IsOk());
    trusted_.audit_keys = {{*key, ""}};
    std::ofstream(KeysPath()) << audit::KeyListText(trusted_.audit_keys);
  }

  // The school reads its referral.
  ReceiptFile Read() {
    referrals::v1::GetReferralRequest request;
    request.set_name(path_->referral.name());
    referrals::v1::GetReferralResponse response;
    rpc::ReceivedAnswer received;
    EXPECT_THAT(path_->At("uphall-lead-01")
                    .Call(request, "safeguarding_referral", "RECEIPT-1", "", &response, &received),
                IsOk());
    return {received.method, received.bytes, std::nullopt};
  }

  std::string KeysPath() const { return folder_.File("keys.txt"); }
  bool OursTakes(const std::string& text) const {
    const google::protobuf::LogSilencer quiet;
    const auto file = hubctl::ParseReceiptFile(text);
    return file.ok() && hubctl::VerifyReceiptFile(*file, trusted_).ok();
  }

  // Whether deploy/verify-receipt takes each file.
  std::vector<bool> TheOtherTakes(const std::vector<Mutant>& mutants) {
    std::vector<bool> verdicts;
    for (std::size_t first = 0; first < mutants.size(); first += kFilesARun) {
      const TempFolder files;
      ChildProcess::Options options;
      options.program = "/usr/bin/python3";
      options.arguments = {"-B", testing::SourcePath("deploy/verify-receipt"), "--keys",
                           KeysPath()};
      options.output = files.File("output");
      const std::size_t end = std::min(first + kFilesARun, mutants.size());
      for (std::size_t i = first; i < end; ++i) {
        options.arguments.push_back(files.File(absl::StrCat(i)));
        std::ofstream(options.arguments.back()) << mutants[i].text;
      }
      auto child = ChildProcess::Start(options);
      EXPECT_THAT(child, IsOk());
      if (!child.ok()) return {};
      const int code = (*child)->Wait(kVerifierLimit).value_or(-1);
      EXPECT_TRUE(code == 0 || code == 1) << code;
      for (const std::string& line : LinesOf(options.output)) {
        verdicts.push_back(absl::StrContains(line, ": genuine: "));
        EXPECT_NE(verdicts.back(), absl::StrContains(line, ": refused: ")) << line;
      }
    }
    return verdicts;
  }

  void BothRefuse(const std::vector<Mutant>& mutants) {
    const std::vector<bool> other = TheOtherTakes(mutants);
    ASSERT_EQ(other.size(), mutants.size());
    for (std::size_t i = 0; i < mutants.size(); ++i) {
      EXPECT_FALSE(other[i]) << "deploy/verify-receipt takes: " << mutants[i].name;
      EXPECT_FALSE(OursTakes(mutants[i].text)) << "hubctl takes: " << mutants[i].name;
    }
  }

  static std::string TextOf(absl::string_view response) {
    return hubctl::ReceiptFileText({"", std::string(response), std::nullopt});
  }

  static RunningHub* running_;
  static CasePath* path_;
  const TempFolder folder_;
  hubctl::Trusted trusted_;
};

RunningHub* ReceiptsTest::running_ = nullptr;
CasePath* ReceiptsTest::path_ = nullptr;

TEST_F(ReceiptsTest, BothVerifiersTakeWhatAHubGave) {
  std::vector<Mutant> genuine;
  for (int i = 0; i < 20; ++i) genuine.push_back({absl::StrCat(i), ReceiptFileText(Read())});
  EXPECT_EQ(TheOtherTakes(genuine), std::vector<bool>(genuine.size(), true));
  for (const Mutant& each : genuine) EXPECT_TRUE(OursTakes(each.text)) << each.name;
}

// From what a client keeps of an answer it finds the content that the receipt is for.
TEST_F(ReceiptsTest, TheContentIsWhatWasReceived) {
  const ReceiptFile file = Read();
  const auto answer = audit::SplitAnswer(file.response);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(crypto::Sha256(answer->content), answer->receipt.content_hash());
  referrals::v1::GetReferralResponse content;
  ASSERT_TRUE(content.ParseFromString(std::string(answer->content)));
  EXPECT_EQ(content.referral().name(), path_->referral.name());
  EXPECT_GT(content.disclosure().terms_size(), 0) << "on what terms is part of it";
  EXPECT_EQ(file.method, "/trusthub.referrals.v1.ReferralsService/GetReferral");
}

TEST_F(ReceiptsTest, EveryFlippedBitIsRefusedByBoth) {
  const std::string right = Read().response;
  std::vector<Mutant> mutants;
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    std::string bytes = right;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    mutants.push_back({absl::StrCat("bit ", bit), TextOf(bytes)});
  }
  BothRefuse(mutants);
}

TEST_F(ReceiptsTest, EveryLengthButItsOwnIsRefusedByBoth) {
  const std::string right = Read().response;
  std::vector<Mutant> mutants;
  for (std::size_t size = 0; size < right.size(); ++size) {
    mutants.push_back({absl::StrCat("cut to ", size), TextOf(right.substr(0, size))});
  }
  mutants.push_back({"a byte too many", TextOf(right + std::string(1, '\0'))});
  mutants.push_back({"a field too many", TextOf(right + Field(15, "x"))});
  mutants.push_back({"a field before", TextOf(Field(15, "x") + right)});
  BothRefuse(mutants);
}

// What a forger would try who knows the format.
TEST_F(ReceiptsTest, ForgeriesAreRefusedByBoth) {
  const std::string right = Read().response;
  const std::string other_right = Read().response;
  const auto answer = audit::SplitAnswer(right);
  const auto other = audit::SplitAnswer(other_right);
  ASSERT_THAT(answer, IsOk());
  ASSERT_THAT(other, IsOk());
  const int number =
      referrals::v1::GetReferralResponse::descriptor()->FindFieldByName("disclosure")->number();
  const auto assemble = [&](absl::string_view content, const Receipt& receipt,
                            const std::string& decision) {
    Disclosure evidence;
    *evidence.mutable_receipt() = receipt;
    evidence.set_decision(decision);
    return absl::StrCat(content, Field(number, evidence.SerializeAsString()));
  };
  ASSERT_EQ(assemble(answer->content, answer->receipt, answer->decision), right);

  std::vector<Mutant> mutants;
  const auto forge = [&](const std::string& name, const std::function<void(Receipt&)>& change) {
    Receipt receipt = answer->receipt;
    change(receipt);
    mutants.push_back({name, TextOf(assemble(answer->content, receipt, answer->decision))});
    // With a decision to match.
    mutants.push_back({name + ", named",
                       TextOf(assemble(answer->content, receipt,
                                       audit::EntryName(receipt.tree(), receipt.entry_index())))});
  };
  forge("another leaf", [&](Receipt& r) { r.set_leaf_hash(other->receipt.leaf_hash()); });
  forge("another entry", [&](Receipt& r) { r.set_entry_hash(other->receipt.entry_hash()); });
  forge("the proof cut", [](Receipt& r) { r.mutable_inclusion_proof()->RemoveLast(); });
  forge("no proof", [](Receipt& r) { r.clear_inclusion_proof(); });
  forge("a longer proof", [](Receipt& r) { r.add_inclusion_proof(std::string(32, '\0')); });
  forge("the root in the proof", [](Receipt& r) { r.add_inclusion_proof(r.root_hash()); });
  forge("a proof of short hashes", [](Receipt& r) { r.mutable_inclusion_proof(0)->pop_back(); });
  forge("the proof turned", [](Receipt& r) {
    std::reverse(r.mutable_inclusion_proof()->begin(), r.mutable_inclusion_proof()->end());
  });
  for (const std::int64_t by : {-1, 1, 2, 64}) {
    forge(absl::StrCat("size by ", by), [&](Receipt& r) { r.set_tree_size(r.tree_size() + by); });
    forge(absl::StrCat("index by ", by),
          [&](Receipt& r) { r.set_entry_index(r.entry_index() + by); });
  }
  forge("no size", [](Receipt& r) { r.clear_tree_size(); });
  forge("a negative size", [](Receipt& r) { r.set_tree_size(-1); });
  forge("a negative index", [](Receipt& r) { r.set_entry_index(-1); });
  forge("another root", [&](Receipt& r) { r.set_root_hash(crypto::Sha256("other")); });
  forge("another tree", [](Receipt& r) { r.set_tree("auditTrees/other"); });
  forge("no tree", [](Receipt& r) { r.clear_tree(); });
  forge("a tree of two lines", [](Receipt& r) { r.set_tree(r.tree() + "\n7"); });
  forge("a finer time",
        [](Receipt& r) { r.mutable_sign_time()->set_nanos(r.sign_time().nanos() + 1); });
  forge("a later time",
        [](Receipt& r) { r.mutable_sign_time()->set_seconds(r.sign_time().seconds() + 1); });
  forge("another head's signature",
        [&](Receipt& r) { r.set_signature(other->receipt.signature()); });
  forge("no signature", [](Receipt& r) { r.clear_signature(); });
  forge("a field that is not known",
        [](Receipt& r) { r.GetReflection()->MutableUnknownFields(&r)->AddVarint(11, 1); });

  // Another answer under this receipt, as it is and with hashes to match.
  const std::string forged = absl::StrCat(Field(1, "what was not given"), Field(number, ""));
  mutants.push_back(
      {"another answer", TextOf(assemble(forged, answer->receipt, answer->decision))});
  mutants.push_back(
      {"another true answer", TextOf(assemble(forged, other->receipt, other->decision))});
  Receipt matched = answer->receipt;
  matched.set_content_hash(crypto::Sha256(forged));
  mutants.push_back(
      {"another answer and its hash", TextOf(assemble(forged, matched, answer->decision))});
  matched.set_leaf_hash(audit::EntryLeafHash(matched.entry_hash(), matched.content_hash()));
  mutants.push_back(
      {"another answer, its hash and leaf", TextOf(assemble(forged, matched, answer->decision))});
  mutants.push_back(
      {"another decision", TextOf(assemble(answer->content, answer->receipt, other->decision))});

  // Files that are none.
  const std::string file = TextOf(right);
  mutants.push_back({"nothing", ""});
  mutants.push_back({"no object", "[]"});
  mutants.push_back({"a space before", " " + file});
  mutants.push_back({"a member twice", "{\"format\": \"trusthub/receipt/v1\"," + file.substr(1)});
  mutants.push_back({"an unknown member", "{\"more\": 1," + file.substr(1)});
  BothRefuse(mutants);
}

TEST_F(ReceiptsTest, KeysThatDoNotCountAreRefusedByBoth) {
  const std::string text = ReceiptFileText(Read());
  const std::vector<Mutant> one = {{"the right file", text}};
  const auto with = [&](const audit::KeyList& keys) {
    trusted_.audit_keys = keys;
    std::ofstream(KeysPath(), std::ios::trunc) << audit::KeyListText(keys);
  };
  const std::string right = trusted_.audit_keys[0].key;
  const auto of_children = running_->hub().AuditKeyOf("children");
  ASSERT_THAT(of_children, IsOk());
  const auto answer = audit::SplitAnswer(hubctl::ParseReceiptFile(text)->response);
  ASSERT_THAT(answer, IsOk());
  with({{*of_children, ""}});
  BothRefuse(one);
  with({{right, "auditTrees/other"}, {*of_children, answer->receipt.tree()}});
  BothRefuse(one);
  for (std::size_t bit = 0; bit < right.size() * 8; bit += 37) {
    std::string key = right;
    key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << (bit % 8)));
    with({{key, ""}});
    BothRefuse(one);
  }
  with({{*of_children, ""}, {right, answer->receipt.tree()}});
  EXPECT_EQ(TheOtherTakes(one), std::vector<bool>{true});
  EXPECT_TRUE(OursTakes(text));
}

}  // namespace
}  // namespace trusthub::testing
