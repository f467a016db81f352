// File: proof.h
//
// RFC 9162 hashing, proofs and their checks. Pure functions; the reference vectors of RFC 6962 are
// the tests. Verifiers refuse any hash that is not exactly 32 bytes and any proof of another length
// than the sizes demand; consistency from size 0 is refused.
#ifndef TRUSTHUB_COMMON_AUDIT_PROOF_H_
#define TRUSTHUB_COMMON_AUDIT_PROOF_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::audit {

std::string LeafHash(absl::string_view input);
std::string NodeHash(absl::string_view left, absl::string_view right);
std::string EmptyRoot();

// Hash of node `index` of height `height`: the root of the complete subtree over leaves
// index << height to ((index + 1) << height) - 1. Height 0 are leaf hashes. For trees that are read
// when needed; a proof asks for O(log n) of them.
using NodeHashes = std::function<absl::StatusOr<std::string>(int height, std::int64_t index)>;
// Leaf hash of index i.
using LeafHashes = std::function<absl::StatusOr<std::string>(std::int64_t)>;
// Computes every node from the leaves below it.
NodeHashes NodesOf(LeafHashes leaves);

absl::StatusOr<std::string> RootOf(std::int64_t size, const NodeHashes& nodes);
absl::StatusOr<std::vector<std::string>> InclusionProof(std::int64_t index, std::int64_t size,
                                                        const NodeHashes& nodes);
absl::StatusOr<std::vector<std::string>> ConsistencyProof(std::int64_t first, std::int64_t second,
                                                          const NodeHashes& nodes);

// The hashes of a proof that stand one behind the other (store::LeafPlace).
std::vector<std::string> HashesIn(absl::string_view proof);

// OK, or DATA_LOSS saying what does not fit.
absl::Status VerifyInclusion(absl::string_view leaf_hash, std::int64_t index, std::int64_t size,
                             const std::vector<std::string>& proof, absl::string_view root);
absl::Status VerifyConsistency(std::int64_t first, absl::string_view first_root,
                               std::int64_t second, absl::string_view second_root,
                               const std::vector<std::string>& proof);

// Root over leaf hashes given one after the other, O(log n) memory; for verifying a whole log.
class RootBuilder {
 public:
  void Add(absl::string_view leaf_hash);
  std::string Root() const;
  std::int64_t size() const { return size_; }

 private:
  std::int64_t size_ = 0;
  std::vector<std::string> frontier_;  // one root per set bit of size_, largest first
};

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_PROOF_H_
