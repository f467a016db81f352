#include "services/children/child_index.h"

#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "services/children/blocking.h"

namespace trusthub::children {
namespace {

constexpr char kUniqueNhsNumber[] = "children/nhs_number";
constexpr char kUniqueLocalIdentifier[] = "children/local_identifier";
constexpr char kBlock[] = "children/block";

// The keyed hash that the store makes of identifiers: extra keys are made of personal data too.
std::string Hashed(const store::Transaction& tx, absl::string_view text) {
  return tx.KeyOf(v1::Child::descriptor(), "nhs_number", text).key;
}

std::string LocalKey(const store::Transaction& tx, absl::string_view agency,
                     absl::string_view local_identifier) {
  return Hashed(tx, absl::StrCat("local ", agency, " ", local_identifier));
}

std::string BlockKey(const store::Transaction& tx, absl::string_view key) {
  return Hashed(tx, absl::StrCat("block ", key));
}

// What registrations guard and writers touch.
std::string UpnGuard(const store::Transaction& tx, absl::string_view upn) {
  return absl::StrCat("children/upn/", Hashed(tx, upn));
}
std::string BlockGuard(absl::string_view block_key) { return absl::StrCat(kBlock, "/", block_key); }

absl::StatusOr<std::vector<v1::Child>> ListEvery(store::Transaction& tx, absl::string_view field,
                                                 absl::string_view key) {
  std::vector<v1::Child> children;
  std::int64_t after = 0;
  bool more = true;
  while (more) {
    TRUSTHUB_ASSIGN_OR_RETURN(store::Page<v1::Child> page,
                              tx.ListByIndex<v1::Child>(field, key, after, limits::kPageSizeMax));
    for (v1::Child& child : page.records) children.push_back(std::move(child));
    after = page.last_position;
    more = page.more;
  }
  return children;
}

// All extra index entries of `child`, as it is now.
std::vector<store::IndexKey> ExtraIndex(const store::Transaction& tx, const MatchingRules& rules,
                                        const v1::Child& child) {
  std::vector<store::IndexKey> index;
  if (!child.nhs_number().empty()) {
    index.push_back({kUniqueNhsNumber, Hashed(tx, child.nhs_number()), /*unique=*/true});
  }
  for (const v1::Holding& holding : child.holdings()) {
    if (holding.local_identifier().empty()) continue;
    index.push_back({kUniqueLocalIdentifier,
                     LocalKey(tx, holding.agency(), holding.local_identifier()),
                     /*unique=*/true});
  }
  std::set<std::string> keys;
  for (const Description& description : DescriptionsOf(child)) {
    for (std::string& key : BlockingKeys(rules, description)) keys.insert(std::move(key));
  }
  for (const std::string& key : keys) index.push_back({kBlock, BlockKey(tx, key), false});
  return index;
}

void TouchGuards(store::Transaction& tx, const v1::Child& child,
                 const std::vector<store::IndexKey>& index) {
  if (!child.upn().empty()) tx.Touch(UpnGuard(tx, child.upn()));
  for (const store::IndexKey& entry : index) {
    if (entry.field == kBlock) tx.Touch(BlockGuard(entry.key));
  }
}

}  // namespace

absl::StatusOr<std::vector<v1::Child>> FindByNhsNumber(store::Transaction& tx,
                                                       absl::string_view nhs_number) {
  return ListEvery(tx, "nhs_number", nhs_number);
}

absl::StatusOr<std::vector<v1::Child>> FindByUpn(store::Transaction& tx, absl::string_view upn) {
  TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(UpnGuard(tx, upn)).status());
  return ListEvery(tx, "upn", upn);
}

absl::StatusOr<std::vector<v1::Child>> FindByLocalIdentifier(store::Transaction& tx,
                                                             absl::string_view agency,
                                                             absl::string_view local_identifier) {
  return ListEvery(tx, kUniqueLocalIdentifier, LocalKey(tx, agency, local_identifier));
}

absl::StatusOr<std::vector<v1::Child>> FindAlike(store::Transaction& tx, const MatchingRules& rules,
                                                 const Description& description) {
  std::vector<v1::Child> alike;
  std::set<std::string> seen;
  for (const std::string& text : BlockingKeys(rules, description)) {
    const std::string key = BlockKey(tx, text);
    TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(BlockGuard(key)).status());
    TRUSTHUB_ASSIGN_OR_RETURN(
        store::Page<v1::Child> block,
        tx.ListByIndex<v1::Child>(kBlock, key, /*after_position=*/0, kBlockMax));
    if (block.more) return std::vector<v1::Child>();
    for (v1::Child& child : block.records) {
      if (seen.insert(child.name()).second) alike.push_back(std::move(child));
    }
  }
  return alike;
}

absl::Status AddChild(store::Transaction& tx, const MatchingRules& rules,
                      absl::string_view owner_agency, absl::string_view author_agency,
                      v1::Child* child) {
  const std::vector<store::IndexKey> index = ExtraIndex(tx, rules, *child);
  TouchGuards(tx, *child, index);
  return tx.Create(child, owner_agency, author_agency, index);
}

absl::Status SaveChild(store::Transaction& tx, const MatchingRules& rules, v1::Child* child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const v1::Child before, tx.Get<v1::Child>(child->name()));
  const std::vector<store::IndexKey> index = ExtraIndex(tx, rules, *child);
  // Only keys that are new to the child can make a registration miss it.
  std::set<std::string> known;
  for (const store::IndexKey& entry : ExtraIndex(tx, rules, before)) known.insert(entry.key);
  std::vector<store::IndexKey> added;
  for (const store::IndexKey& entry : index) {
    if (known.count(entry.key) == 0) added.push_back(entry);
  }
  if (before.upn() != child->upn() || !added.empty()) TouchGuards(tx, *child, added);
  return tx.UpdateNewest(child, index);
}

absl::Status IndexAgain(store::Transaction& tx, const MatchingRules& rules, v1::Child* child) {
  std::vector<store::IndexKey> index = ExtraIndex(tx, rules, *child);
  TouchGuards(tx, *child, index);
  return tx.UpdateNewest(child, std::move(index));
}

}  // namespace trusthub::children
