// File: arguments.h
//
// The values of one execution of a statement, in PostgreSQL's binary form: integers, bytes and
// arrays of both. There is no text: names and keys are bytes here (migrations.cc).
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_ARGUMENTS_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace trusthub::store::postgres {

// Values are copied. Parameters are added in order.
class Arguments {
 public:
  // A type of PostgreSQL (pg_type.oid), fixed since its first versions.
  using Type = unsigned int;

  Arguments& Int(std::int64_t value);
  Arguments& Bytes(absl::string_view value);
  Arguments& BytesOrNull(absl::string_view value);  // empty: null
  Arguments& Ints(const std::vector<std::int64_t>& values);
  Arguments& BytesList(const std::vector<absl::string_view>& values);
  Arguments& BytesOrNullList(const std::vector<absl::string_view>& values);  // empty: null

  int count() const { return static_cast<int>(types_.size()); }
  const Type* types() const { return types_.data(); }
  // Good until the next value is added.
  std::vector<const char*> Values() const;
  std::vector<int> Lengths() const;

 private:
  void Add(Type type, std::string value);
  Arguments& AddBytesList(const std::vector<absl::string_view>& values, bool empty_is_null);

  std::vector<Type> types_;
  std::vector<std::string> values_;
  std::vector<bool> nulls_;
};

// The integer in eight bytes of a result.
std::int64_t IntOf(absl::string_view bytes);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_ARGUMENTS_H_
