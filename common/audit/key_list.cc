#include "common/audit/key_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::audit {
namespace {

constexpr std::size_t kHexDigits = 2 * crypto::kKeyBytes;

bool IsNameCharacter(char c) { return c > ' ' && c < '\x7f'; }

absl::StatusOr<ListedKey> ParseLine(absl::string_view line) {
  const absl::string_view hex = line.substr(0, kHexDigits);
  const bool lower =
      std::none_of(hex.begin(), hex.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  ListedKey listed;
  absl::StatusOr<std::string> key = crypto::HexDecode(hex);
  if (hex.size() != kHexDigits || !lower || !key.ok()) {
    return absl::InvalidArgumentError("must begin with a key, 64 hex digits in lower case");
  }
  listed.key = *std::move(key);
  line.remove_prefix(kHexDigits);
  if (line.empty()) return listed;
  listed.name = std::string(line.substr(1));
  if (line[0] != ' ' || listed.name.empty() ||
      !std::all_of(listed.name.begin(), listed.name.end(), IsNameCharacter)) {
    return absl::InvalidArgumentError("must have one blank and a name after the key, or nothing");
  }
  return listed;
}

}  // namespace

absl::StatusOr<KeyList> ParseKeyList(absl::string_view text) {
  KeyList keys;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    absl::StatusOr<ListedKey> listed = ParseLine(line);
    if (!listed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " of the key list ", listed.status().message()));
    }
    keys.push_back(*std::move(listed));
  }
  if (keys.empty()) return absl::InvalidArgumentError("the key list holds no key");
  return keys;
}

absl::StatusOr<KeyList> ParseWitnessList(absl::string_view text) {
  TRUSTHUB_ASSIGN_OR_RETURN(KeyList keys, ParseKeyList(text));
  std::set<std::string> seen;
  for (const ListedKey& listed : keys) {
    if (listed.name.empty()) {
      return absl::InvalidArgumentError("a key in the list of witnesses has no name");
    }
    if (!seen.insert(listed.name).second || !seen.insert(listed.key).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("witness ", listed.name, " or its key is listed twice"));
    }
  }
  return keys;
}

std::string KeyListText(const KeyList& keys) {
  std::string text;
  for (const ListedKey& listed : keys) {
    absl::StrAppend(&text, "# key id ", KeyId(listed.key), "\n", crypto::HexEncode(listed.key),
                    listed.name.empty() ? "" : " ", listed.name, "\n");
  }
  return text;
}

std::vector<absl::string_view> KeysFor(const KeyList& keys, absl::string_view tree) {
  std::vector<absl::string_view> found;
  for (const ListedKey& listed : keys) {
    if (listed.name.empty() || listed.name == tree) found.push_back(listed.key);
  }
  return found;
}

std::string KeyId(absl::string_view key) {
  return crypto::HexEncode(crypto::Sha256(key)).substr(0, 16);
}

}  // namespace trusthub::audit
