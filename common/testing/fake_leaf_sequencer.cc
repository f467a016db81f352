#include "common/testing/fake_leaf_sequencer.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace trusthub::testing {
namespace {

// FNV-1a over root and leaf, four times with other seeds: 32 bytes that depend on order and
// content.
std::string Chain(absl::string_view root, absl::string_view leaf) {
  std::string hash;
  for (std::uint64_t lane = 0; lane < 4; ++lane) {
    std::uint64_t h = 14695981039346656037ull + lane;
    for (const absl::string_view part : {root, absl::string_view("|"), leaf}) {
      for (const char c : part) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    }
    for (int shift = 0; shift < 64; shift += 8) {
      hash.push_back(static_cast<char>((h >> shift) & 0xff));
    }
  }
  return hash;
}

}  // namespace

absl::Status FakeLeafSequencer::Restore(absl::string_view state, store::Snapshot& log) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t leaves, log.LeafCount());
  if (state.empty()) {
    if (leaves != 0) return absl::DataLossError("leaves without a state");
    size_ = 0;
    root_.clear();
    return absl::OkStatus();
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(state, absl::MaxSplits(':', 1));
  if (parts.size() != 2 || parts[0] != absl::StrCat(leaves)) {
    return absl::DataLossError("the state does not fit the leaves");
  }
  size_ = leaves;
  root_ = std::string(parts[1]);
  return absl::OkStatus();
}

absl::StatusOr<store::LeafSequencer::Extension> FakeLeafSequencer::Extend(
    const std::vector<absl::string_view>& leaves) {
  if (next_size_ >= 0) std::abort();  // the store broke the agreement
  if (fail_) return absl::UnavailableError("told to fail");
  next_size_ = size_;
  next_root_ = root_;
  Extension extension;
  for (const absl::string_view leaf : leaves) {
    next_root_ = Chain(next_root_, leaf);
    extension.places.push_back({next_size_++, Chain("", leaf), {}});
  }
  auto head = std::make_shared<store::SealedHead>();
  head->tree = "auditTrees/fake";
  head->size = next_size_;
  head->root = next_root_;
  head->sign_time = absl::FromUnixSeconds(1'290'000'000) + absl::Seconds(next_size_);
  head->signature = absl::StrCat("signed ", next_size_);
  extension.head = std::move(head);
  extension.tiles.push_back({0, next_size_, absl::StrCat(next_size_)});
  extension.tiles.push_back({1, 0, absl::StrCat(next_size_)});
  extension.state = absl::StrCat(next_size_, ":", next_root_);
  return extension;
}

void FakeLeafSequencer::Accept() {
  if (next_size_ < 0) std::abort();
  size_ = next_size_;
  root_ = next_root_;
  next_size_ = -1;
  ++accepts_;
}

void FakeLeafSequencer::Reject() {
  if (next_size_ < 0) std::abort();
  next_size_ = -1;
  ++rejects_;
}

std::string FakeLeafSequencer::RootOf(const std::vector<std::string>& leaves) {
  std::string root;
  for (const std::string& leaf : leaves) root = Chain(root, leaf);
  return root;
}

}  // namespace trusthub::testing
