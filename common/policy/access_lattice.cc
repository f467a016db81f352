#include "common/policy/access_lattice.h"

#include <algorithm>
#include <set>

#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;

// The schema's relations and flags are the bits of relations.h, in the same order; `any`, which is
// no relation, stands between them.
constexpr std::uint32_t BitOf(int value) { return 1u << (value - 1); }
constexpr std::uint32_t RelationBitOf(int relation) {
  return relation < v1::RELATION_ANY ? BitOf(relation) : BitOf(relation - 1);
}
static_assert(RelationBitOf(v1::RELATION_PUBLIC) == kPublic &&
              RelationBitOf(v1::RELATION_ALLOCATED) == kAllocated &&
              RelationBitOf(v1::RELATION_BREAK_GLASS) == kBreakGlass &&
              RelationBitOf(v1::Relation_MAX) == kActionOwner);
static_assert(BitOf(v1::ChildFlag_MAX) == kLiveEnquiry);

std::uint32_t RelationBits(const v1::Item& item) {
  std::uint32_t bits = 0;
  for (const int relation : item.relations()) {
    if (relation != v1::RELATION_ANY) bits |= RelationBitOf(relation);
  }
  return bits;
}

std::uint32_t FlagBits(const v1::Item& item) {
  std::uint32_t bits = 0;
  for (const int flag : item.when()) bits |= BitOf(flag);
  return bits;
}

// Splits the bits of `masks` into sets whose bits stand in the same masks.
std::vector<std::uint32_t> BitClasses(const std::set<std::uint32_t>& masks) {
  std::map<std::vector<bool>, std::uint32_t> classes;
  for (int bit = 0; bit < 32; ++bit) {
    std::vector<bool> stands;
    for (const std::uint32_t mask : masks) stands.push_back(((mask >> bit) & 1) != 0);
    if (std::find(stands.begin(), stands.end(), true) != stands.end()) {
      classes[stands] |= 1u << bit;
    }
  }
  std::vector<std::uint32_t> sets;
  for (const auto& [stands, bits] : classes) sets.push_back(bits);
  std::sort(sets.begin(), sets.end());
  return sets;
}

// Agencies that lists of names and kinds tell apart.
class Names {
 public:
  void Add(const RepeatedPtrField<std::string>& agencies, const RepeatedField<int>& kinds) {
    agencies_.insert(agencies.begin(), agencies.end());
    for (const int kind : kinds) kinds_.insert(static_cast<directory::v1::AgencyKind>(kind));
  }

  // Without those that are in none of the lists.
  std::vector<AgencyAndKind> Recipients(const KindsOfAgencies& known) const {
    std::vector<AgencyAndKind> classes;
    for (const directory::v1::AgencyKind kind : kinds_) classes.push_back({"", kind});
    for (const std::string& agency : agencies_) {
      const auto at = known.find(agency);
      if (at != known.end()) {
        classes.push_back({agency, at->second});
        continue;
      }
      classes.push_back({agency, directory::v1::AGENCY_KIND_UNSPECIFIED});
      for (const directory::v1::AgencyKind kind : kinds_) classes.push_back({agency, kind});
    }
    return classes;
  }

  // With those that are in none of them, and with what may not be known: a deny holds there too.
  std::vector<AgencyAndKind> Providers(const KindsOfAgencies& known) const {
    std::vector<std::string> agencies = {kAnotherAgency};
    if (!agencies_.empty()) agencies.insert(agencies.begin(), kUnknownAgency);
    agencies.insert(agencies.end(), agencies_.begin(), agencies_.end());
    std::vector<directory::v1::AgencyKind> kinds = {kAnotherKind};
    if (!kinds_.empty()) kinds.insert(kinds.begin(), kUnknownKind);
    kinds.insert(kinds.end(), kinds_.begin(), kinds_.end());
    std::vector<AgencyAndKind> classes;
    for (const std::string& agency : agencies) {
      const auto at = known.find(agency);
      for (const directory::v1::AgencyKind kind : kinds) {
        const directory::v1::AgencyKind of_it =
            at == known.end() || kind == kUnknownKind ? kind : at->second;
        const AgencyAndKind one{agency, of_it};
        if (std::find(classes.begin(), classes.end(), one) == classes.end()) classes.push_back(one);
      }
    }
    return classes;
  }

 private:
  std::set<std::string> agencies_;
  std::set<directory::v1::AgencyKind> kinds_;
};

}  // namespace

std::vector<SignedItem> SignedItems(const Agreements& agreements) {
  std::vector<SignedItem> items;
  for (const v1::Agreement& agreement : agreements.agreements()) {
    if (agreement.status() != v1::AGREEMENT_STATUS_SIGNED) continue;
    // Loaded agreements have real days only.
    const absl::CivilDay first = *DateFromProto(agreement.effective_from());
    const absl::CivilDay last = agreement.has_effective_to()
                                    ? *DateFromProto(agreement.effective_to())
                                    : absl::CivilDay::max();
    for (const v1::Item& item : agreement.items()) {
      items.push_back({&agreement, &item, first, last});
    }
  }
  return items;
}

ItemsOfCells ByCell(const std::vector<SignedItem>& items) {
  ItemsOfCells cells;
  for (const SignedItem& each : items) {
    for (const int role : each.item->to().roles()) {
      for (const int purpose : each.item->purposes()) {
        for (const int kind : each.item->records()) {
          cells[{static_cast<options::v1::Role>(role), static_cast<Purpose>(purpose),
                 static_cast<RecordKind>(kind)}]
              .push_back(&each);
        }
      }
    }
  }
  return cells;
}

AccessAxes AxesOf(const std::vector<const SignedItem*>& items, const KindsOfAgencies& kinds) {
  Names recipients;
  Names providers;
  std::set<std::uint32_t> relations;
  std::set<std::uint32_t> flags;
  std::set<absl::CivilDay> days;
  bool asks_consent = false;
  for (const SignedItem* each : items) {
    const v1::Item& item = *each->item;
    recipients.Add(item.to().agencies(), item.to().agency_kinds());
    providers.Add(item.from().agencies(), item.from().agency_kinds());
    relations.insert(RelationBits(item));
    flags.insert(FlagBits(item));
    days.insert(each->first_day);
    if (each->last_day != absl::CivilDay::max()) days.insert(each->last_day + 1);
    asks_consent = asks_consent || item.consent() != v1::CONSENT_RULE_UNSPECIFIED;
  }
  // An item that matches by kBreakGlass alone gives less: what is opened.
  relations.insert(kBreakGlass & [&] {
    std::uint32_t used = 0;
    for (const std::uint32_t mask : relations) used |= mask;
    return used;
  }());
  AccessAxes axes;
  axes.recipients = recipients.Recipients(kinds);
  axes.relations = BitClasses(relations);
  axes.flags = BitClasses(flags);
  axes.consents = {ConsentStanding::kNone};
  if (asks_consent) {
    axes.consents = {ConsentStanding::kNone, ConsentStanding::kGiven, ConsentStanding::kRefused,
                     ConsentStanding::kOverridden, ConsentStanding::kNotRequired};
  }
  axes.providers = providers.Providers(kinds);
  axes.days.assign(days.begin(), days.end());
  return axes;
}

}  // namespace trusthub::policy
