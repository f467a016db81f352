#include "deploy/hubctl/witness/witness.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/cosignature.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::hubctl {

using audit::v1::Cosignature;
using audit::v1::CosignedHead;
using store::SealedHead;

// One check of one log.
class Witness::Visit {
 public:
  Visit(const Witness& witness, WitnessedLog log)
      : folder_(witness.folder_),
        ask_(witness.ask_),
        clock_(witness.clock_),
        service_(log.service),
        log_(std::move(log)) {}

  absl::StatusOr<WitnessCheck> Run() {
    TRUSTHUB_ASSIGN_OR_RETURN(seen_, folder_.Read(log_.file));
    if (seen_.has_value() && !seen_->evidence.empty()) return Again();
    if (!log_.is_shown) return IsGone();
    TRUSTHUB_RETURN_IF_ERROR(AskForHead());
    if (shown_.size == 0 && !seen_.has_value()) return result_;  // no entries yet
    TRUSTHUB_RETURN_IF_ERROR(CheckSigned(shown_));
    TRUSTHUB_RETURN_IF_ERROR(CheckHistory());
    if (!result_.misbehaviour.empty()) return result_;
    return CosignNext();
  }

  absl::Status Accept(const Restoration& restoration) {
    TRUSTHUB_RETURN_IF_ERROR(VerifyRestoration(restoration, folder_.audit_keys()));
    TRUSTHUB_ASSIGN_OR_RETURN(seen_, folder_.Read(log_.file));
    const std::int64_t stayed = restoration.restored.size;
    if (!seen_.has_value() || seen_->newest.size <= stayed) {
      return absl::FailedPreconditionError(
          "nothing that this witness saw is lost by that restore: there is nothing to accept");
    }
    if (folder_.HasAccepted(restoration)) {
      return absl::FailedPreconditionError(
          "this statement was accepted before: what is lost now is another loss");
    }
    TRUSTHUB_RETURN_IF_ERROR(AskForHead());
    TRUSTHUB_RETURN_IF_ERROR(CheckSigned(shown_));
    TRUSTHUB_RETURN_IF_ERROR(CheckShows(restoration.after));
    if (seen_->newest.tree != shown_.tree) return DoesNotFit();
    if (seen_->cosigned.has_value() && seen_->cosigned->size <= stayed) {
      TRUSTHUB_RETURN_IF_ERROR(CheckShows(*seen_->cosigned));
    } else {
      seen_->cosigned.reset();
    }
    // Kept before it counts.
    TRUSTHUB_RETURN_IF_ERROR(folder_.WriteAccepted(restoration));
    seen_->newest = shown_;
    seen_->evidence.clear();
    return folder_.Write(log_.file, *seen_);
  }

 private:
  absl::Status AskForHead() {
    audit::v1::GetTreeHeadRequest request;
    request.set_tree(log_.tree);
    TRUSTHUB_RETURN_IF_ERROR(ask_(request, service_, &answer_));
    shown_ = audit::HeadFromProto(answer_.head());
    return absl::OkStatus();
  }

  static absl::Status DoesNotFit() {
    return absl::DataLossError(
        "the log that the hub shows is not the one that the statement tells of: accept nothing, "
        "and tell the other agencies");
  }

  // Whether what is shown extends `head`.
  absl::Status CheckShows(const SealedHead& head) {
    if (head.tree != shown_.tree || shown_.size < head.size) return DoesNotFit();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> proof,
                              ProofBetween(head.size, shown_.size));
    return audit::VerifyConsistency(head.size, head.root, shown_.size, shown_.root, proof).ok()
               ? absl::OkStatus()
               : DoesNotFit();
  }

  // Once shown, a contradiction stays one, whatever the hub shows later.
  WitnessCheck Again() {
    result_.seen = seen_->newest.size;
    result_.misbehaviour = "evidence kept";
    result_.evidence = seen_->evidence;
    return result_;
  }

  // Logs are never taken off: whoever saw one can show that it was there.
  absl::StatusOr<WitnessCheck> IsGone() {
    result_.seen = seen_->newest.size;
    TRUSTHUB_RETURN_IF_ERROR(Report({"log gone", seen_->newest, SealedHead(), {}}));
    return result_;
  }

  absl::Status CheckSigned(const SealedHead& head) const {
    for (const absl::string_view key : audit::KeysFor(folder_.audit_keys(), head.tree)) {
      if (audit::VerifyHead(head, key).ok()) return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat("the head of ", service_, " is not signed by a published audit key"));
  }

  // Compares the head that is shown with every one that this witness knows, and takes it up.
  absl::Status CheckHistory() {
    if (seen_.has_value()) TRUSTHUB_RETURN_IF_ERROR(CheckExtends(seen_->newest));
    // Its own cosignatures outlive a folder that was lost or put back.
    for (const CosignedHead& one : answer_.cosigned()) {
      const std::optional<absl::Time> cosigned = CosignedByMe(one);
      if (!result_.misbehaviour.empty() || !cosigned.has_value()) continue;
      own_time_ = std::max(own_time_, *cosigned);
      const SealedHead head = audit::HeadFromProto(one.head());
      if (seen_.has_value() && head.size <= seen_->newest.size) continue;
      TRUSTHUB_RETURN_IF_ERROR(CheckExtends(head));
      result_.caught_up = true;
      own_size_ = std::max(own_size_, head.size);
    }
    if (!result_.misbehaviour.empty()) return absl::OkStatus();
    if (!seen_.has_value()) seen_.emplace();
    seen_->newest = shown_;
    result_.seen = shown_.size;
    return absl::OkStatus();
  }

  // When, by its own key.
  std::optional<absl::Time> CosignedByMe(const CosignedHead& head) const {
    const audit::Checkpoint checkpoint = audit::CheckpointOf(audit::HeadFromProto(head.head()));
    for (const Cosignature& one : head.cosignatures()) {
      if (one.witness() == folder_.settings().name &&
          audit::VerifyCosignature(checkpoint, one, folder_.key().public_key()).ok()) {
        return TimeFromProto(one.cosign_time());
      }
    }
    return std::nullopt;
  }

  // Whether what is shown extends `kept`; a contradiction is kept and told in result_.
  absl::Status CheckExtends(const SealedHead& kept) {
    if (kept.tree != shown_.tree) return Report({"another tree", kept, shown_, {}});
    if (shown_.size < kept.size) return Report({"rollback", kept, shown_, {}});
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> proof,
                              ProofBetween(kept.size, shown_.size));
    if (audit::VerifyConsistency(kept.size, kept.root, shown_.size, shown_.root, proof).ok()) {
      return absl::OkStatus();
    }
    return Report({"fork", kept, shown_, proof});
  }

  absl::StatusOr<std::vector<std::string>> ProofBetween(std::int64_t first, std::int64_t second) {
    if (first == second) return std::vector<std::string>();
    audit::v1::GetConsistencyProofRequest request;
    request.set_tree(shown_.tree);
    request.set_first_size(first);
    request.set_second_size(second);
    audit::v1::GetConsistencyProofResponse response;
    TRUSTHUB_RETURN_IF_ERROR(ask_(request, service_, &response));
    return std::vector<std::string>(response.hashes().begin(), response.hashes().end());
  }

  absl::Status Report(const Contradiction& contradiction) {
    TRUSTHUB_ASSIGN_OR_RETURN(result_.evidence,
                              folder_.WriteEvidence(log_.file, clock_.Now(), contradiction));
    result_.misbehaviour = contradiction.finding;
    SeenLog log = seen_.value_or(SeenLog{contradiction.kept});
    log.evidence = result_.evidence;
    return folder_.Write(log_.file, log);
  }

  // Heads gather cosignatures when witnesses sign what another one began: the newest such head
  // that extends what was cosigned before, else the newest head.
  absl::StatusOr<SealedHead> Next() {
    const std::int64_t before =
        std::max(own_size_, seen_->cosigned.has_value() ? seen_->cosigned->size : 0);
    for (const CosignedHead& one : answer_.cosigned()) {
      const SealedHead head = audit::HeadFromProto(one.head());
      if (one.cosignatures_size() >= answer_.needed() || head.size <= before ||
          head.size > shown_.size || CosignedByMe(one).has_value()) {
        continue;
      }
      TRUSTHUB_RETURN_IF_ERROR(CheckSigned(head));
      TRUSTHUB_RETURN_IF_ERROR(CheckExtends(head));
      return head;
    }
    return shown_;
  }

  absl::StatusOr<WitnessCheck> CosignNext() {
    TRUSTHUB_ASSIGN_OR_RETURN(const SealedHead next, Next());
    if (!result_.misbehaviour.empty()) return result_;
    // Later than the last one, even when the clock was set back: replays show by their time.
    const absl::Time last = std::max(seen_->cosign_time, own_time_);
    seen_->cosign_time = std::max(clock_.Now(), last + absl::Seconds(1));
    seen_->cosigned = next;
    TRUSTHUB_RETURN_IF_ERROR(folder_.Write(log_.file, *seen_));
    return HandIn(next, audit::Cosign(audit::CheckpointOf(next), folder_.settings().name,
                                      seen_->cosign_time, folder_.key()));
  }

  absl::StatusOr<WitnessCheck> HandIn(const SealedHead& head, const Cosignature& cosignature) {
    audit::v1::AddCosignatureRequest request;
    request.set_request_id(RandomUuid());
    request.set_tree(head.tree);
    request.set_tree_size(head.size);
    request.set_root_hash(head.root);
    *request.mutable_sign_time() = TimeToProto(head.sign_time);
    request.set_signature(head.signature);
    request.set_witness(cosignature.witness());
    *request.mutable_cosign_time() = cosignature.cosign_time();
    request.set_cosignature(cosignature.signature());
    audit::v1::AddCosignatureResponse response;
    TRUSTHUB_RETURN_IF_ERROR(ask_(request, service_, &response));
    result_.cosigned = head.size;
    result_.cosignatures = response.cosignatures();
    return result_;
  }

  const WitnessFolder& folder_;
  const AskAuditService& ask_;
  const Clock& clock_;
  const std::string service_;
  const WitnessedLog log_;
  std::optional<SeenLog> seen_;
  audit::v1::GetTreeHeadResponse answer_;
  SealedHead shown_;
  // By the hub's word, which its own signature proves: the largest head that this witness cosigned
  // beyond what it has seen, and when it cosigned last.
  std::int64_t own_size_ = 0;
  absl::Time own_time_ = absl::InfinitePast();
  WitnessCheck result_;
};

absl::StatusOr<std::vector<WitnessedLog>> Witness::LogsOf(absl::string_view service) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees, TreesOf(ask_, service));
  std::vector<WitnessedLog> logs;
  for (const std::string& tree : trees) {
    logs.push_back({std::string(service), tree,
                    logs.empty() ? WitnessFolder::FileOfFirst(service)
                                 : WitnessFolder::FileOf(service, tree)});
  }
  for (const std::string& file : folder_.FurtherFiles(service)) {
    const bool is_shown = std::any_of(logs.begin(), logs.end(),
                                      [&](const WitnessedLog& log) { return log.file == file; });
    if (is_shown) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<SeenLog> seen, folder_.Read(file));
    logs.push_back({std::string(service), seen->newest.tree, file, /*is_shown=*/false});
  }
  return logs;
}

absl::StatusOr<WitnessCheck> Witness::Check(const WitnessedLog& log) const {
  return Visit(*this, log).Run();
}

absl::Status Witness::Accept(const Restoration& restoration) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<WitnessedLog> logs, LogsOf(restoration.service));
  const auto of_statement = std::find_if(logs.begin(), logs.end(), [&](const WitnessedLog& log) {
    return log.tree == restoration.restored.tree;
  });
  // Of a log that is not shown: it does not fit, as the comparison with the first one says.
  return Visit(*this, of_statement == logs.end() ? logs.front() : *of_statement)
      .Accept(restoration);
}

}  // namespace trusthub::hubctl
