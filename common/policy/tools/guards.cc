#include "common/policy/tools/guards.h"

#include <utility>
#include <vector>

#include "common/policy/compiled_agreements.h"

namespace trusthub::policy {
namespace {

// The same agreements giving what they deny, and nothing else. A deny does not ask for consent.
CompiledAgreements Inverted(const Agreements& agreements) {
  std::vector<v1::Agreement> inverted;
  for (const v1::Agreement& agreement : agreements.agreements()) {
    v1::Agreement denies = agreement;
    denies.clear_secret_categories();
    denies.clear_items();
    for (const v1::Item& item : agreement.items()) {
      if (item.deny().empty()) continue;
      v1::Item deny = item;
      deny.mutable_categories()->Swap(deny.mutable_deny());
      deny.clear_deny();
      deny.clear_consent();
      *denies.add_items() = std::move(deny);
    }
    inverted.push_back(std::move(denies));
  }
  return CompiledAgreements(std::move(inverted), "denies");
}

}  // namespace

AccessDiff CompareDenies(const Agreements& before, const Agreements& after,
                         const CompareOptions& options) {
  return CompareAccess(Inverted(before), Inverted(after), options);
}

}  // namespace trusthub::policy
