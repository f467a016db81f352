#include "common/store/entries.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <tuple>

namespace trusthub::store {
namespace {

void PackText(absl::string_view text, std::string* packed) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 0; shift < 32; shift += 8) {
    packed->push_back(static_cast<char>((size >> shift) & 0xff));
  }
  packed->append(text.data(), text.size());
}

bool UnpackText(absl::string_view* packed, absl::string_view* text) {
  if (packed->size() < 4) return false;
  std::uint32_t size = 0;
  for (int i = 3; i >= 0; --i) {
    size = size << 8 | static_cast<unsigned char>((*packed)[static_cast<std::size_t>(i)]);
  }
  if (packed->size() - 4 < size) return false;
  *text = packed->substr(4, size);
  packed->remove_prefix(4 + size);
  return true;
}

bool Before(const EntryView& a, const EntryView& b) {
  return std::tie(a.field, a.key, b.unique) < std::tie(b.field, b.key, a.unique);
}

bool SameKey(const EntryView& a, const EntryView& b) {
  return a.field == b.field && a.key == b.key;
}

}  // namespace

std::vector<EntryView> SortedEntries(const std::vector<IndexKey>& index) {
  std::vector<EntryView> entries;
  entries.reserve(index.size());
  for (const IndexKey& key : index) entries.push_back({key.field, key.key, key.unique});
  std::sort(entries.begin(), entries.end(), Before);
  entries.erase(std::unique(entries.begin(), entries.end(), SameKey), entries.end());
  return entries;
}

std::string PackEntries(const std::vector<EntryView>& entries) {
  std::string packed;
  for (const EntryView& entry : entries) {
    PackText(entry.field, &packed);
    PackText(entry.key, &packed);
    packed.push_back(entry.unique ? '\1' : '\0');
  }
  return packed;
}

std::vector<EntryView> UnpackEntries(absl::string_view packed) {
  std::vector<EntryView> entries;
  EntryView entry;
  while (UnpackText(&packed, &entry.field) && UnpackText(&packed, &entry.key) && !packed.empty()) {
    entry.unique = packed[0] != '\0';
    packed.remove_prefix(1);
    entries.push_back(entry);
  }
  return entries;
}

}  // namespace trusthub::store
