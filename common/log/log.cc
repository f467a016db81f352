#include "common/log/log.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace trusthub::log {
namespace {

std::string& ServiceName() {
  static auto* name = new std::string("trusthub");
  return *name;
}

void AppendQuoted(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void Write(absl::string_view level, absl::string_view event, std::initializer_list<Field> fields) {
  std::string line = absl::StrCat(
      "{\"time\":\"", absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone()),
      "\",\"level\":\"", level, "\",\"service\":");
  AppendQuoted(ServiceName(), &line);
  line.append(",\"event\":");
  AppendQuoted(event, &line);
  for (const auto& [key, value] : fields) {
    line.push_back(',');
    AppendQuoted(key, &line);
    line.push_back(':');
    if (value.quoted()) {
      AppendQuoted(value.text(), &line);
    } else {
      absl::StrAppend(&line, value.text());
    }
  }
  line.append("}\n");
  // One write a line: lines of several threads never mix. A log that cannot be written is not an
  // error of the call that logs.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

Value::Value(std::int64_t number) : text_(absl::StrCat(number)), quoted_(false) {}
Value::Value(absl::Duration duration)
    : text_(absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(duration))), quoted_(false) {}

void SetService(absl::string_view service) { ServiceName() = std::string(service); }

void Info(absl::string_view event, std::initializer_list<Field> fields) {
  Write("info", event, fields);
}
void Warning(absl::string_view event, std::initializer_list<Field> fields) {
  Write("warning", event, fields);
}
void Error(absl::string_view event, std::initializer_list<Field> fields) {
  Write("error", event, fields);
}

}  // namespace trusthub::log
