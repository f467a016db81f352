// File: log.h
//
// Structured lines, one JSON object each, on standard error. Takes operational values only: there
// is no overload for a message, a free text or a record, so personal data has no way in.
// Thread-safe.
#ifndef TRUSTHUB_COMMON_LOG_LOG_H_
#define TRUSTHUB_COMMON_LOG_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::log {

// A value that may be logged. Strings are names, codes, states and reasons; the caller vouches.
class Value {
 public:
  Value(absl::string_view text) : text_(text), quoted_(true) {}    // NOLINT: terse call sites
  Value(const char* text) : text_(text), quoted_(true) {}          // NOLINT
  Value(const std::string& text) : text_(text), quoted_(true) {}   // NOLINT
  Value(std::int64_t number);                                      // NOLINT
  Value(int number) : Value(static_cast<std::int64_t>(number)) {}  // NOLINT
  Value(std::size_t number) : Value(static_cast<std::int64_t>(number)) {}  // NOLINT
  Value(bool flag) : text_(flag ? "true" : "false"), quoted_(false) {}     // NOLINT
  Value(absl::Duration duration);                                          // NOLINT: milliseconds

  absl::string_view text() const { return text_; }
  bool quoted() const { return quoted_; }

 private:
  std::string text_;
  bool quoted_;
};

using Field = std::pair<absl::string_view, Value>;

// Name of this process in every line, e.g. "referrals". Call once, before threads start.
void SetService(absl::string_view service);

// `event` is a fixed phrase such as "call", never built from data.
void Info(absl::string_view event, std::initializer_list<Field> fields = {});
void Warning(absl::string_view event, std::initializer_list<Field> fields = {});
void Error(absl::string_view event, std::initializer_list<Field> fields = {});

}  // namespace trusthub::log

#endif  // TRUSTHUB_COMMON_LOG_LOG_H_
