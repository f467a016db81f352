#include "services/children/reindexing.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/log/log.h"
#include "services/children/child_index.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::children {
namespace {

constexpr char kSpace[] = "children/index";
constexpr char kRules[] = "rules";
// To be raised with every change of blocking.cc or names.cc that changes a key.
constexpr int kKeysVersion = 2;
constexpr int kChildrenAtATime = 100;

// Of what the keys are made of: the points and the threshold are not in it.
std::string FingerprintOf(const MatchingRules& rules) {
  std::vector<std::string> variants;
  for (const auto& [spelling, standing] : rules.variants) {
    variants.push_back(absl::StrCat(spelling, "=", standing, "\n"));
  }
  std::sort(variants.begin(), variants.end());
  std::string text = absl::StrCat(kKeysVersion, "\n");
  for (const std::string& variant : variants) text += variant;
  return crypto::Sha256(text);
}

struct Step {
  std::int64_t after = 0;  // position of the last child that was indexed
  int children = 0;
  bool more = true;
};

// The next children after `step`; a Conflict when a child was written to meanwhile.
absl::Status IndexSome(store::Store& store, const store::IndexHash& hash, absl::Time now,
                       const MatchingRules& rules, Step* step) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Snapshot> view,
                            store.Open(absl::InfiniteFuture()));
  store::Transaction tx(std::move(view), hash, now);
  TRUSTHUB_ASSIGN_OR_RETURN(store::Page<v1::Child> page,
                            tx.ListAll<v1::Child>(step->after, kChildrenAtATime));
  for (v1::Child& child : page.records) {
    TRUSTHUB_RETURN_IF_ERROR(IndexAgain(tx, rules, &child));
  }
  if (tx.has_writes()) {
    TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(store, tx.TakeWrites()).status());
  }
  step->children += static_cast<int>(page.records.size());
  step->after = page.last_position;
  step->more = page.more;
  return absl::OkStatus();
}

}  // namespace

absl::Status ReindexIfNeeded(store::Store& store, const store::IndexHash& hash, const Clock& clock,
                             const MatchingRules& rules) {
  const std::string fingerprint = FingerprintOf(rules);
  {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Snapshot> view,
                              store.Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> last,
                              view->FindState(kSpace, kRules));
    if (last == fingerprint) return absl::OkStatus();
  }
  Step step;
  while (step.more) {
    absl::Status indexed = IndexSome(store, hash, clock.Now(), rules, &step);
    if (!indexed.ok() && !store::IsConflict(indexed)) return indexed;
  }
  store::WriteSet set;
  set.states.push_back({kSpace, kRules, fingerprint});
  TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(store, std::move(set)).status());
  if (step.children > 0) log::Info("children_indexed_again", {{"children", step.children}});
  return absl::OkStatus();
}

}  // namespace trusthub::children
