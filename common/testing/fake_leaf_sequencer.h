// File: fake_leaf_sequencer.h
//
// A LeafSequencer without cryptography, for tests of stores: a chain of hashes whose state must fit
// the leaves that the store kept. Each extension to `size` leaves gives two tiles: tile `size` of
// level 0, and tile 0 of level 1 anew. Both say "{size}".
#ifndef TRUSTHUB_COMMON_TESTING_FAKE_LEAF_SEQUENCER_H_
#define TRUSTHUB_COMMON_TESTING_FAKE_LEAF_SEQUENCER_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "common/store/store.h"

namespace trusthub::testing {

class FakeLeafSequencer : public store::LeafSequencer {
 public:
  absl::Status Restore(absl::string_view state, store::Snapshot& log) override;
  absl::StatusOr<Extension> Extend(const std::vector<absl::string_view>& leaves) override;
  void Accept() override;
  void Reject() override;

  // The next calls of Extend fail.
  void FailExtend(bool fail) { fail_ = fail; }
  std::int64_t size() const { return size_; }
  std::int64_t accepts() const { return accepts_; }
  std::int64_t rejects() const { return rejects_; }

  // The root after `leaves`, from nothing: what Head().root must be.
  static std::string RootOf(const std::vector<std::string>& leaves);

 private:
  std::atomic<bool> fail_{false};
  std::atomic<std::int64_t> size_{0};
  std::atomic<std::int64_t> accepts_{0};
  std::atomic<std::int64_t> rejects_{0};
  std::string root_;
  std::string next_root_;
  std::int64_t next_size_ = -1;  // negative: no extension is open
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_FAKE_LEAF_SEQUENCER_H_
