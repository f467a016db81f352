#include "common/store/set_group.h"

#include <iterator>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace trusthub::store {

bool IsOnlyLeaves(const WriteSet& set) {
  return !set.leaves.empty() && set.records.empty() && set.events.empty() && set.states.empty() &&
         !set.answer.has_value() && set.forgotten.empty();
}

absl::Status UnfitFor(const WriteSet& set, const LeafSequencer* sequencer) {
  if (!set.leaves.empty() && sequencer == nullptr) return error::AuditUnavailable();
  if (!set.forgotten.empty()) {
    return error::Internal("this store is not sealed: it has no keys to destroy");
  }
  return absl::OkStatus();
}

void FailGroup(SetGroup& group, const absl::Status& cause) {
  const bool of_store = error::ReasonOf(cause) == errors::v1::ERROR_REASON_STORE_UNAVAILABLE;
  for (PendingSet& pending : group) {
    if (!pending.status.ok()) continue;
    if (IsOnlyLeaves(pending.set)) {
      pending.status = error::AuditUnavailable();
    } else {
      pending.status = of_store ? cause : error::StoreUnavailable("the audit log refused");
    }
  }
}

absl::Status LogTurn::Extend(const SetGroup& group) {
  std::vector<absl::string_view> bytes;
  for (const PendingSet& pending : group) {
    if (!pending.status.ok()) continue;
    for (const AppendLeaf& leaf : pending.set.leaves) {
      bytes.emplace_back(leaf.bytes);
      leaves_.push_back(&leaf);
    }
  }
  if (leaves_.empty()) return absl::OkStatus();
  absl::StatusOr<LeafSequencer::Extension> extension = sequencer_->Extend(bytes);
  if (!extension.ok()) {
    log::Error("audit log refused leaves", {{"code", static_cast<int>(extension.status().code())}});
    return extension.status();
  }
  extension_ = *std::move(extension);
  if (extension_->places.size() != leaves_.size() || extension_->head == nullptr) {
    return absl::InternalError("the audit log lost leaves");
  }
  return absl::OkStatus();
}

void LogTurn::Accept(SetGroup& group) {
  if (!extension_.has_value()) return;
  sequencer_->Accept();
  auto place = extension_->places.begin();
  for (PendingSet& pending : group) {
    if (!pending.status.ok() || pending.set.leaves.empty()) continue;
    const auto end = place + static_cast<std::ptrdiff_t>(pending.set.leaves.size());
    pending.result.leaves.assign(std::make_move_iterator(place), std::make_move_iterator(end));
    pending.result.head = extension_->head;
    place = end;
  }
  extension_.reset();
}

void LogTurn::Reject() {
  if (!extension_.has_value()) return;
  sequencer_->Reject();
  extension_.reset();
}

}  // namespace trusthub::store
