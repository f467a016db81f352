#include "common/audit/log_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/base/status_macros.h"

namespace trusthub::audit {
namespace {

constexpr int kLeavesARead = 512;

class Checker {
 public:
  Checker(const ReadLeaves& read, const Witness& witness)
      : read_(read), witness_(witness), tiles_(witness.tiles) {}

  LogCheck Run(absl::string_view public_key) {
    result_.status = Check(public_key);
    return result_;
  }

 private:
  absl::Status Check(absl::string_view public_key) {
    TRUSTHUB_RETURN_IF_ERROR(TakeHeads(public_key));
    TRUSTHUB_RETURN_IF_ERROR(PassHeads());
    const std::int64_t size = heads_.back().size;
    while (root_.size() < size) {
      const int limit = static_cast<int>(std::min<std::int64_t>(kLeavesARead, size - root_.size()));
      TRUSTHUB_ASSIGN_OR_RETURN(const auto leaves, read_(root_.size(), limit));
      if (leaves.empty()) return Fault(root_.size(), size - 1, "the log ends before its head");
      for (const store::StoredLeaf& leaf : leaves) {
        if (root_.size() == size) break;
        TRUSTHUB_RETURN_IF_ERROR(Add(leaf));
      }
    }
    TRUSTHUB_ASSIGN_OR_RETURN(const auto beyond, read_(size, 1));
    if (!beyond.empty()) {
      return Fault(size, size, "there are entries that the newest head does not cover");
    }
    return witness_.tiles ? CheckedTiles(tiles_.Finish()) : absl::OkStatus();
  }

  // Heads in order of size; every one must be signed, and of the same tree.
  absl::Status TakeHeads(absl::string_view public_key) {
    if (witness_.heads.empty()) return absl::InvalidArgumentError("no head to check against");
    heads_ = witness_.heads;
    std::stable_sort(heads_.begin(), heads_.end(),
                     [](const auto& a, const auto& b) { return a.size < b.size; });
    for (const store::SealedHead& head : heads_) {
      TRUSTHUB_RETURN_IF_ERROR(VerifyHead(head, public_key));
      if (head.tree != heads_.front().tree) {
        return absl::InvalidArgumentError("the heads are of different trees");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Add(const store::StoredLeaf& leaf) {
    const std::int64_t index = root_.size();
    if (leaf.index != index) return Fault(index, index, "an entry is missing or out of order");
    ++result_.checked;
    if (const auto entry = ParseEntry(leaf.bytes); !entry.ok()) {
      return Fault(index, index, entry.status().message());
    }
    const std::string hash = EntryLeafHash(leaf.bytes);
    const auto known = witness_.leaf_hashes.find(index);
    if (known != witness_.leaf_hashes.end()) {
      if (known->second != hash) {
        return Fault(index, index, "the entry is not the one that was receipted");
      }
    }
    root_.Add(hash);
    TRUSTHUB_RETURN_IF_ERROR(PassHeads());
    return witness_.tiles ? CheckedTiles(tiles_.Add(hash)) : absl::OkStatus();
  }

  // Entries below a bad tile are good as far as heads vouch for them; proofs over them are not.
  absl::Status CheckedTiles(absl::Status status) {
    if (!absl::IsDataLoss(status)) return status;
    return Fault(tiles_.bad_range().first, tiles_.bad_range().second - 1, status.message());
  }

  // Compares with every head of the size reached.
  absl::Status PassHeads() {
    for (; passed_ < heads_.size() && heads_[passed_].size == root_.size(); ++passed_) {
      if (heads_[passed_].root == root_.Root()) {
        good_ = root_.size();
        continue;
      }
      return Fault(good_, std::max(good_, root_.size() - 1),
                   "the entries do not lead to the root of the signed head");
    }
    return absl::OkStatus();
  }

  absl::Status Fault(std::int64_t first, std::int64_t last, absl::string_view what) {
    result_.first_bad = first;
    result_.last_bad = last;
    return absl::DataLossError(first == last
                                   ? absl::StrCat("entry ", first, ": ", what)
                                   : absl::StrCat("entries ", first, " to ", last, ": ", what));
  }

  const ReadLeaves& read_;
  const Witness& witness_;
  std::vector<store::SealedHead> heads_;
  std::size_t passed_ = 0;  // heads that agree
  std::int64_t good_ = 0;   // size of the largest of them
  RootBuilder root_;
  TileCheck tiles_;
  LogCheck result_;
};

}  // namespace

LogCheck VerifyLog(const ReadLeaves& read, const Witness& witness, absl::string_view public_key) {
  return Checker(read, witness).Run(public_key);
}

LogCheck VerifyLog(const ReadLeaves& read, const store::SealedHead& head,
                   absl::string_view public_key) {
  return VerifyLog(read, Witness{{head}}, public_key);
}

}  // namespace trusthub::audit
