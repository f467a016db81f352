#include "common/store/sealed/data_key.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"

namespace trusthub::store::sealed {
namespace {

constexpr absl::string_view kChildren = "children/";
// Bytes of an alias: as many as keep two children from sharing one by accident.
constexpr std::size_t kAliasBytes = 16;

std::string Derived(const crypto::Secret& root, absl::string_view purpose, absl::string_view text) {
  return crypto::HmacSha256(crypto::DeriveKey(root.view(), purpose).view(), text);
}

bool IsIdCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

bool IsBoundary(char c) { return c == '/' || c == ' '; }

}  // namespace

crypto::Secret SealKeyOf(const crypto::Secret& root) {
  return crypto::DeriveKey(root.view(), "trusthub/data-key/seal/v1");
}

DataKeyPtr MakeDataKey(absl::string_view id, absl::string_view child, const crypto::Secret& root) {
  auto key = std::make_shared<DataKey>();
  key->id = std::string(id);
  key->child = std::string(child);
  key->seal = SealKeyOf(root);
  if (!child.empty()) {
    const std::string alias = Derived(root, "trusthub/data-key/alias/v1", child);
    key->alias = absl::StrCat("~", crypto::HexEncode(alias.substr(0, kAliasBytes)));
    key->pseudonym = Derived(root, "trusthub/data-key/pseudonym/v1", child);
  }
  return key;
}

absl::string_view ChildNamedIn(absl::string_view text) {
  for (std::size_t at = text.find(kChildren); at != text.npos; at = text.find(kChildren, at + 1)) {
    if (at > 0 && !IsBoundary(text[at - 1])) continue;
    const absl::string_view rest = text.substr(at + kChildren.size());
    const auto end = std::find_if_not(rest.begin(), rest.end(), IsIdCharacter);
    if (end != rest.end() && !IsBoundary(*end)) continue;
    const absl::string_view name =
        text.substr(at, kChildren.size() + static_cast<std::size_t>(end - rest.begin()));
    if (IsNameIn("children", name)) return name;
  }
  return "";
}

std::string WithAlias(absl::string_view text, const DataKey& key) {
  const absl::string_view child = ChildNamedIn(text);
  const auto before = static_cast<std::size_t>(child.data() - text.data());
  return absl::StrCat(text.substr(0, before), key.alias, text.substr(before + child.size()));
}

}  // namespace trusthub::store::sealed
