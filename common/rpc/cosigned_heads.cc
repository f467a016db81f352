#include "common/rpc/cosigned_heads.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/proof.h"
#include "common/audit/tiles.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {
namespace {

using audit::v1::Cosignature;
using audit::v1::CosignedHead;
using audit::v1::TreeHead;

constexpr char kSpace[] = "cosigned";
constexpr char kWitnessed[] = "/witnessed";  // no witness's name begins with a slash
constexpr char kGuard[] = "cosigned";

// Where what was said of `tree` is kept.
absl::StatusOr<std::string> SpaceOf(store::Snapshot& snapshot, absl::string_view tree) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees, snapshot.Trees());
  const bool is_first = trees.empty() || trees.front() == tree;
  return is_first ? std::string(kSpace) : absl::StrCat(kSpace, "/", tree);
}

absl::StatusOr<std::optional<CosignedHead>> Find(store::Snapshot& snapshot, absl::string_view space,
                                                 absl::string_view key) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto bytes, snapshot.FindState(space, key));
  if (!bytes.has_value()) return std::optional<CosignedHead>();
  CosignedHead head;
  if (!head.ParseFromString(*bytes)) return absl::DataLossError("a kept cosigned head is damaged");
  return std::optional(std::move(head));
}

bool SameHead(const TreeHead& a, const TreeHead& b) {
  return a.tree_size() == b.tree_size() && a.root_hash() == b.root_hash();
}

// A witness's later word on the same head replaces its earlier one.
void Add(const Cosignature& cosignature, CosignedHead* head) {
  for (Cosignature& one : *head->mutable_cosignatures()) {
    if (one.witness() != cosignature.witness()) continue;
    if (one.cosign_time().seconds() < cosignature.cosign_time().seconds()) one = cosignature;
    return;
  }
  *head->add_cosignatures() = cosignature;
}

// The newest cosignature of each registered witness.
absl::StatusOr<std::vector<CosignedHead>> NewestOfEach(store::Snapshot& snapshot,
                                                       absl::string_view space,
                                                       const WitnessRules& rules) {
  std::vector<CosignedHead> all;
  for (const RegisteredWitness& witness : rules.witnesses) {
    TRUSTHUB_ASSIGN_OR_RETURN(auto newest, Find(snapshot, space, witness.name));
    if (newest.has_value()) all.push_back(*std::move(newest));
  }
  return all;
}

absl::Status Refused(absl::string_view rule, absl::string_view next) {
  return error::RuleBroken(errors::v1::ERROR_REASON_COSIGNATURE_REFUSED, rule, next);
}

}  // namespace

absl::StatusOr<std::optional<CosignedHead>> WitnessedHead(store::Snapshot& snapshot,
                                                          absl::string_view tree) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string space, SpaceOf(snapshot, tree));
  return Find(snapshot, space, kWitnessed);
}

absl::Time WitnessedTime(const CosignedHead& head, int needed) {
  std::vector<std::int64_t> times;
  for (const Cosignature& one : head.cosignatures()) times.push_back(one.cosign_time().seconds());
  std::sort(times.rbegin(), times.rend());
  if (needed < 1 || static_cast<int>(times.size()) < needed) return absl::InfinitePast();
  return absl::FromUnixSeconds(times[static_cast<std::size_t>(needed) - 1]);
}

absl::StatusOr<std::vector<CosignedHead>> CosignedHeads(store::Snapshot& snapshot,
                                                        absl::string_view tree,
                                                        const WitnessRules& rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string space, SpaceOf(snapshot, tree));
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<CosignedHead> witnessed,
                            Find(snapshot, space, kWitnessed));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<CosignedHead> newest,
                            NewestOfEach(snapshot, space, rules));
  std::vector<CosignedHead> heads;
  for (const CosignedHead& one : newest) {
    if (witnessed.has_value() && one.head().tree_size() <= witnessed->head().tree_size()) continue;
    auto known = std::find_if(heads.begin(), heads.end(), [&](const CosignedHead& head) {
      return SameHead(head.head(), one.head());
    });
    if (known == heads.end()) {
      heads.push_back(one);
    } else {
      Add(one.cosignatures(0), &*known);
    }
  }
  std::sort(heads.begin(), heads.end(), [](const CosignedHead& a, const CosignedHead& b) {
    return a.head().tree_size() > b.head().tree_size();
  });
  if (witnessed.has_value()) heads.push_back(*std::move(witnessed));
  return heads;
}

absl::StatusOr<int> KeepCosignature(const TreeHead& head, const Cosignature& cosignature,
                                    const WitnessRules& rules, store::Transaction& tx) {
  TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(kGuard).status());
  tx.Touch(kGuard);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string space, SpaceOf(tx.snapshot(), head.tree()));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto before, Find(tx.snapshot(), space, cosignature.witness()));
  if (before.has_value()) {
    if (cosignature.cosign_time().seconds() <= before->cosignatures(0).cosign_time().seconds()) {
      return Refused("A cosignature must be newer than the one its witness gave last.",
                     "Check the newest head and cosign that.");
    }
    if (head.tree_size() < before->head().tree_size()) {
      return Refused("A witness cosigned a larger head before.",
                     "Check the newest head and cosign that.");
    }
  }
  CosignedHead own;
  *own.mutable_head() = head;
  *own.add_cosignatures() = cosignature;
  tx.PutState(space, cosignature.witness(), own.SerializeAsString());

  // With what others said of the same head, as their newest word or when it became witnessed.
  CosignedHead together = own;
  TRUSTHUB_ASSIGN_OR_RETURN(const auto newest, NewestOfEach(tx.snapshot(), space, rules));
  for (const CosignedHead& one : newest) {
    if (SameHead(one.head(), head)) Add(one.cosignatures(0), &together);
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const auto witnessed, Find(tx.snapshot(), space, kWitnessed));
  if (witnessed.has_value() && SameHead(witnessed->head(), head)) {
    for (const Cosignature& one : witnessed->cosignatures()) Add(one, &together);
  }
  const bool is_newest =
      !witnessed.has_value() || head.tree_size() >= witnessed->head().tree_size();
  if (is_newest && together.cosignatures_size() >= rules.needed) {
    tx.PutState(space, kWitnessed, together.SerializeAsString());
  }
  return together.cosignatures_size();
}

absl::Status CheckAgainstCosigned(store::Snapshot& snapshot, absl::string_view tree,
                                  const WitnessRules& rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t size, snapshot.LeafCount());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<CosignedHead> heads,
                            CosignedHeads(snapshot, tree, rules));
  for (const CosignedHead& one : heads) {
    const TreeHead& head = one.head();
    if (head.tree_size() > size) {
      return absl::DataLossError(absl::StrCat(
          "the audit log has ", size, " entries, but witnesses cosigned ", head.tree_size(),
          ": it was cut short or put back to an earlier state. Restore the newest copy"));
    }
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string root,
                              audit::RootOf(head.tree_size(), audit::NodesOfLog(&snapshot)));
    if (root != head.root_hash()) {
      return absl::DataLossError(absl::StrCat("the first ", head.tree_size(),
                                              " entries of the audit log are not those that "
                                              "witnesses cosigned: the log was changed"));
    }
  }
  return absl::OkStatus();
}

}  // namespace trusthub::rpc
