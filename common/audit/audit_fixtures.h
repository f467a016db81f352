// File: audit_fixtures.h
//
// Logs and trees that the tests of this room build.
#ifndef TRUSTHUB_COMMON_AUDIT_AUDIT_FIXTURES_H_
#define TRUSTHUB_COMMON_AUDIT_AUDIT_FIXTURES_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/audit/log_check.h"
#include "common/audit/proof.h"
#include "common/audit/receipt.h"
#include "common/crypto/crypto.h"
#include "common/store/store.h"
#include "common/testing/fake_clock.h"
#include "common/testing/log_snapshot.h"
#include "common/testing/seed.h"

namespace trusthub::audit {

inline constexpr char kTestTree[] = "auditTrees/test";

// A synthetic entry's leaf input, different for each `number`.
std::string TestLeaf(int number);

// A tree of its own with the leaves it accepted and the heads of its commits.
class TestLog {
 public:
  TestLog();
  // Commits `leaves` as one batch; fails the test when that fails.
  store::LeafSequencer::Extension Append(const std::vector<std::string>& leaves);
  // Commits `count` synthetic entries as one batch.
  store::LeafSequencer::Extension AppendSome(int count);

  const std::vector<std::string>& leaves() const { return leaves_; }
  const std::vector<store::SealedHead>& heads() const { return heads_; }
  const std::string& public_key() const { return key_->public_key(); }
  const crypto::SigningKey& key() const { return *key_; }
  store::LeafSequencer& tree() { return *tree_; }
  // The log as a store keeps it.
  testing::LogSnapshot& snapshot() { return snapshot_; }
  testing::FakeClock& clock() { return clock_; }
  // Every hash computed from the leaves.
  NodeHashes hashes() const;

 private:
  testing::FakeClock clock_;
  std::unique_ptr<crypto::SigningKey> key_;
  std::unique_ptr<store::LeafSequencer> tree_;
  std::vector<std::string> leaves_;
  std::vector<store::SealedHead> heads_;
  testing::LogSnapshot snapshot_;
};

// The receipt that ReceiptBytes gives, parsed.
types::v1::Receipt ReceiptOf(const store::LeafPlace& place, const store::SealedHead& head,
                             absl::string_view entry_hash, absl::string_view content_hash);

// The reader of a log kept as a vector.
ReadLeaves ReaderOf(const std::vector<std::string>& leaves);

using testing::TestSeed;

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_AUDIT_FIXTURES_H_
