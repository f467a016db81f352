#include "services/children/registration.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/children/child_index.h"
#include "services/children/likeness.h"

namespace trusthub::children {
namespace {

using google::protobuf::util::MessageDifferencer;

bool IsTemporaryUpn(absl::string_view upn) {
  return !upn.empty() && absl::ascii_isalpha(static_cast<unsigned char>(upn.back()));
}

// Whether the agency holds `child` under another number than that of `details`.
bool AgencyTellsApart(const v1::Child& child, absl::string_view agency,
                      const v1::ChildDetails& details) {
  const v1::Holding* holding = FindHolding(child, agency);
  return holding != nullptr && !holding->local_identifier().empty() &&
         !details.local_identifier().empty() &&
         holding->local_identifier() != details.local_identifier();
}

// The one child of `found` that nothing contradicts; nothing when there are several.
std::optional<Link> OnlyOne(std::vector<v1::Child> found, const v1::ChildDetails& details,
                            v1::LinkBasis basis) {
  found.erase(
      std::remove_if(found.begin(), found.end(),
                     [&](const v1::Child& child) { return IdentifiersConflict(child, details); }),
      found.end());
  if (found.size() != 1) return std::nullopt;
  return Link{std::move(found.front()), basis, 100};
}

template <class Message>
bool Replace(const Message& value, Message* kept) {
  if (MessageDifferencer::Equals(value, *kept)) return false;
  *kept = value;
  return true;
}

bool FillIn(const std::string& value, std::string* kept) {
  if (value.empty() || !kept->empty()) return false;
  *kept = value;
  return true;
}

// What the child itself takes from a registration.
bool FillInChild(const v1::ChildDetails& details, v1::Child* child) {
  bool changed = FillIn(details.nhs_number(), child->mutable_nhs_number());
  changed |= FillIn(details.ethnicity(), child->mutable_ethnicity());
  changed |= FillIn(details.first_language(), child->mutable_first_language());
  changed |= FillIn(details.upn(), child->mutable_upn());
  if (IsTemporaryUpn(child->upn()) && !details.upn().empty() && !IsTemporaryUpn(details.upn())) {
    child->set_upn(details.upn());
    changed = true;
  }
  if (details.has_address()) changed |= Replace(details.address(), child->mutable_address());
  return changed;
}

v1::Holding* HoldingOf(absl::string_view agency, v1::Child* child) {
  for (v1::Holding& holding : *child->mutable_holdings()) {
    if (holding.agency() == agency) return &holding;
  }
  return nullptr;
}

}  // namespace

const v1::Holding* FindHolding(const v1::Child& child, absl::string_view agency) {
  for (const v1::Holding& holding : child.holdings()) {
    if (holding.agency() == agency) return &holding;
  }
  return nullptr;
}

bool IdentifiersConflict(const v1::Child& child, const v1::ChildDetails& details) {
  if (!child.nhs_number().empty() && !details.nhs_number().empty() &&
      child.nhs_number() != details.nhs_number()) {
    return true;
  }
  return !child.upn().empty() && !details.upn().empty() && child.upn() != details.upn() &&
         !IsTemporaryUpn(child.upn()) && !IsTemporaryUpn(details.upn());
}

std::optional<Link> BestOf(const MatchingRules& rules, const std::vector<v1::Child>& candidates,
                           absl::string_view agency, const v1::ChildDetails& details) {
  const Description described = DescriptionOf(details);
  const v1::Child* best = nullptr;
  int best_score = 0, next_score = 0;
  for (const v1::Child& child : candidates) {
    if (IdentifiersConflict(child, details) || AgencyTellsApart(child, agency, details)) continue;
    int score = 0;
    for (const Description& known : DescriptionsOf(child)) {
      score = std::max(score, Likeness(rules, known, described));
    }
    if (best == nullptr || score > best_score) {
      next_score = best_score;
      best_score = score;
      best = &child;
    } else {
      next_score = std::max(next_score, score);
    }
  }
  if (best == nullptr || best_score < rules.threshold) return std::nullopt;
  if (best_score - next_score < rules.margin) return std::nullopt;
  return Link{*best, v1::LINK_BASIS_SCORED, best_score};
}

absl::StatusOr<std::optional<Link>> FindChild(store::Transaction& tx, const MatchingRules& rules,
                                              absl::string_view agency,
                                              const v1::ChildDetails& details) {
  if (!details.nhs_number().empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::vector<v1::Child> found,
                              FindByNhsNumber(tx, details.nhs_number()));
    if (!found.empty()) return Link{std::move(found.front()), v1::LINK_BASIS_NHS_NUMBER, 100};
  }
  if (!details.upn().empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::vector<v1::Child> found, FindByUpn(tx, details.upn()));
    std::optional<Link> link = OnlyOne(std::move(found), details, v1::LINK_BASIS_UPN);
    if (link.has_value()) return link;
  }
  if (!details.local_identifier().empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::vector<v1::Child> found,
                              FindByLocalIdentifier(tx, agency, details.local_identifier()));
    std::optional<Link> link =
        OnlyOne(std::move(found), details, v1::LINK_BASIS_SAME_AGENCY_IDENTIFIER);
    if (link.has_value()) return link;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<v1::Child> alike,
                            FindAlike(tx, rules, DescriptionOf(details)));
  return BestOf(rules, alike, agency, details);
}

bool UpdateHolding(absl::string_view agency, const v1::ChildDetails& details, v1::LinkBasis basis,
                   int score, absl::Time now, v1::Child* child) {
  bool changed = FillInChild(details, child);
  v1::Holding* holding = HoldingOf(agency, child);
  if (holding == nullptr) {
    holding = child->add_holdings();
    holding->set_agency(std::string(agency));
    holding->set_link_basis(basis);
    holding->set_link_score(score);
    *holding->mutable_link_time() = TimeToProto(now);
    changed = true;
  }
  changed |= Replace(details.person_name(), holding->mutable_person_name());
  changed |= Replace(details.birth_date(), holding->mutable_birth_date());
  if (!details.local_identifier().empty() &&
      details.local_identifier() != holding->local_identifier()) {
    holding->set_local_identifier(details.local_identifier());
    changed = true;
  }
  return changed;
}

}  // namespace trusthub::children
