#include "common/store/postgres/arguments.h"

#include <algorithm>
#include <utility>

namespace trusthub::store::postgres {
namespace {

constexpr Arguments::Type kBytes = 17;        // bytea
constexpr Arguments::Type kInt = 20;          // int8
constexpr Arguments::Type kIntList = 1016;    // int8[]
constexpr Arguments::Type kBytesList = 1001;  // bytea[]
constexpr int kIntBytes = 8;
constexpr int kShortBytes = 4;
constexpr int kNullLength = -1;

// Network order.
void Append(std::uint64_t value, int bytes, std::string* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

void AppendShort(std::int64_t value, std::string* out) {
  Append(static_cast<std::uint64_t>(value), kShortBytes, out);
}

// What stands before the elements of an array: dimensions, whether there are nulls, type of an
// element; then of the one dimension its length and the number of its first element.
std::string ArrayHead(std::size_t size, bool has_nulls, Arguments::Type element) {
  std::string head;
  AppendShort(size == 0 ? 0 : 1, &head);
  AppendShort(has_nulls ? 1 : 0, &head);
  AppendShort(element, &head);
  if (size == 0) return head;
  AppendShort(static_cast<std::int64_t>(size), &head);
  AppendShort(1, &head);
  return head;
}

}  // namespace

void Arguments::Add(Type type, std::string value) {
  types_.push_back(type);
  values_.push_back(std::move(value));
  nulls_.push_back(false);
}

Arguments& Arguments::Int(std::int64_t value) {
  std::string bytes;
  Append(static_cast<std::uint64_t>(value), kIntBytes, &bytes);
  Add(kInt, std::move(bytes));
  return *this;
}

Arguments& Arguments::Bytes(absl::string_view value) {
  Add(kBytes, std::string(value));
  return *this;
}

Arguments& Arguments::BytesOrNull(absl::string_view value) {
  Add(kBytes, std::string(value));
  nulls_.back() = value.empty();
  return *this;
}

Arguments& Arguments::Ints(const std::vector<std::int64_t>& values) {
  std::string array = ArrayHead(values.size(), false, kInt);
  array.reserve(array.size() + values.size() * (kShortBytes + kIntBytes));
  for (const std::int64_t value : values) {
    AppendShort(kIntBytes, &array);
    Append(static_cast<std::uint64_t>(value), kIntBytes, &array);
  }
  Add(kIntList, std::move(array));
  return *this;
}

Arguments& Arguments::BytesList(const std::vector<absl::string_view>& values) {
  return AddBytesList(values, false);
}

Arguments& Arguments::BytesOrNullList(const std::vector<absl::string_view>& values) {
  return AddBytesList(values, true);
}

Arguments& Arguments::AddBytesList(const std::vector<absl::string_view>& values,
                                   bool empty_is_null) {
  const bool has_nulls =
      empty_is_null && std::any_of(values.begin(), values.end(),
                                   [](absl::string_view value) { return value.empty(); });
  std::string array = ArrayHead(values.size(), has_nulls, kBytes);
  std::size_t size = array.size();
  for (const absl::string_view value : values) size += kShortBytes + value.size();
  array.reserve(size);
  for (const absl::string_view value : values) {
    if (empty_is_null && value.empty()) {
      AppendShort(kNullLength, &array);
      continue;
    }
    AppendShort(static_cast<std::int64_t>(value.size()), &array);
    array.append(value.data(), value.size());
  }
  Add(kBytesList, std::move(array));
  return *this;
}

std::vector<const char*> Arguments::Values() const {
  std::vector<const char*> values;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    values.push_back(nulls_[i] ? nullptr : values_[i].data());
  }
  return values;
}

std::vector<int> Arguments::Lengths() const {
  std::vector<int> lengths;
  for (const std::string& value : values_) lengths.push_back(static_cast<int>(value.size()));
  return lengths;
}

std::int64_t IntOf(absl::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

}  // namespace trusthub::store::postgres
