// Receipts and proofs: what verifies is what the log signed.
//
// The first byte says what the rest is:
//   0  which receipt, then a Receipt: its fields replace those of the good receipt
//   1  which receipt, then a Receipt alone
//   2  sizes, then hashes for a consistency proof
//   3  index and size, then hashes for an inclusion proof
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/receipt.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/mutator.h"
#include "tests/fuzz/target.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::fuzz {
namespace {

using google::protobuf::util::MessageDifferencer;
using types::v1::Receipt;

constexpr int kLeaves = 21;

// A log of a few commits of different sizes, and the receipt of each entry.
struct World {
  World() {
    for (const int count : {1, 2, 5, 8, 5}) {
      const int first = static_cast<int>(log.leaves().size());
      const auto extension = log.AppendSome(count);
      for (int i = 0; i < count; ++i) {
        const auto leaf = static_cast<std::size_t>(first + i);
        audit::v1::AuditEntry entry;
        RequireReady(entry.ParseFromString(log.leaves()[leaf]), "an entry");
        receipts.push_back(audit::ReceiptOf(extension.places[static_cast<std::size_t>(i)],
                                            *extension.head, audit::EntryHash(log.leaves()[leaf]),
                                            entry.content_hash()));
      }
    }
    RequireReady(receipts.size() == kLeaves, "a receipt of each entry");
  }
  audit::TestLog log;
  std::vector<Receipt> receipts;
};

World& TheWorld() {
  static auto& world = *new World;
  return world;
}

// `changes`, with the fields that it lacks from `good`.
Receipt Changed(const Receipt& good, Receipt changes) {
  const auto* reflection = changes.GetReflection();
  for (int i = 0; i < Receipt::descriptor()->field_count(); ++i) {
    const auto* field = Receipt::descriptor()->field(i);
    const bool has = field->is_repeated() ? reflection->FieldSize(changes, field) > 0
                                          : reflection->HasField(changes, field);
    if (has) continue;
    Receipt only;
    std::vector<const google::protobuf::FieldDescriptor*> others;
    only.CopyFrom(good);
    only.GetReflection()->ListFields(only, &others);
    for (const auto* other : others) {
      if (other != field) only.GetReflection()->ClearField(&only, other);
    }
    changes.MergeFrom(only);
  }
  return changes;
}

void Verify(std::size_t which, Receipt receipt) {
  const World& world = TheWorld();
  const Receipt& good = world.receipts[which];
  receipt.DiscardUnknownFields();
  const std::string& leaf = world.log.leaves()[which];
  const std::string& key = world.log.public_key();
  Require(audit::VerifyReceiptOfEntry(good, leaf, key).ok(), "a good receipt verifies");
  const bool same = MessageDifferencer::Equals(receipt, good);
  Require(audit::VerifyReceiptOfEntry(receipt, leaf, key).ok() == same,
          "no other receipt of the entry verifies");
  Require(audit::VerifyReceipt(receipt, key).ok() == same,
          "no other receipt verifies, without the entry either");
}

std::vector<std::string> Hashes(Input& input) {
  std::vector<std::string> hashes;
  while (!input.empty() && hashes.size() < 80) hashes.push_back(input.Text(input.Byte() % 40U));
  return hashes;
}

// Proofs of any sizes, made of the log's own hashes or of none.
void VerifyConsistency(Input& input) {
  const World& world = TheWorld();
  const auto first = static_cast<std::int64_t>(input.Number());
  const auto second = static_cast<std::int64_t>(input.Number());
  if (first >= 1 && first <= second && second <= kLeaves) {
    const auto made = audit::ConsistencyProof(first, second, world.log.hashes());
    Require(made.ok(), "a proof is made for every two sizes of the log");
    const auto root = [&](std::int64_t size) { return *audit::RootOf(size, world.log.hashes()); };
    Require(audit::VerifyConsistency(first, root(first), second, root(second), *made).ok(),
            "a proof that was made verifies");
    std::vector<std::string> longer = *made;
    longer.push_back(audit::EmptyRoot());
    Require(!audit::VerifyConsistency(first, root(first), second, root(second), longer).ok(),
            "a longer proof is refused");
  }
  const std::vector<std::string> hashes = Hashes(input);
  const std::string root = audit::LeafHash("a root that no tree has");
  Require(first == second || !audit::VerifyConsistency(first, root, second, root, hashes).ok(),
          "nothing is consistent with a root that no tree has");
}

void VerifyInclusion(Input& input) {
  const World& world = TheWorld();
  const auto index = static_cast<std::int64_t>(input.Number());
  const auto size = static_cast<std::int64_t>(input.Number());
  if (index >= 0 && index < size && size <= kLeaves) {
    const auto made = audit::InclusionProof(index, size, world.log.hashes());
    Require(made.ok(), "a proof is made for every entry of the log");
    const std::string hash =
        audit::EntryLeafHash(world.log.leaves()[static_cast<std::size_t>(index)]);
    const std::string root = *audit::RootOf(size, world.log.hashes());
    Require(audit::VerifyInclusion(hash, index, size, *made, root).ok(),
            "a proof that was made verifies");
  }
  const std::vector<std::string> hashes = Hashes(input);
  const std::string leaf = audit::LeafHash("no leaf of this log");
  Require(!audit::VerifyInclusion(leaf, index, size, hashes, audit::LeafHash("no root")).ok(),
          "no leaf lies under a root that no tree has");
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(data, size);
  const std::size_t kind = input.OneOf(4);
  if (kind == 2) {
    VerifyConsistency(input);
  } else if (kind == 3) {
    VerifyInclusion(input);
  } else {
    const std::size_t which = input.OneOf(kLeaves);
    trusthub::types::v1::Receipt receipt;
    if (!receipt.ParseFromString(input.Rest())) return 0;
    Verify(which, kind == 0 ? Changed(TheWorld().receipts[which], receipt) : receipt);
  }
  return 0;
}

// Most changes are of fields; the others of bytes.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  constexpr std::size_t kBeforeReceipt = 2;
  trusthub::fuzz::MessageMutator mutator(seed);
  trusthub::types::v1::Receipt receipt;
  if (size < kBeforeReceipt || data[0] % 4 > 1 || mutator.Below(8) == 0 ||
      !receipt.ParseFromArray(data + kBeforeReceipt, static_cast<int>(size - kBeforeReceipt))) {
    return LLVMFuzzerMutate(data, size, size_max);
  }
  mutator.Mutate(&receipt);
  const std::string bytes = receipt.SerializeAsString();
  if (bytes.size() + kBeforeReceipt > size_max) return size;
  std::copy(bytes.begin(), bytes.end(), data + kBeforeReceipt);
  return kBeforeReceipt + bytes.size();
}
