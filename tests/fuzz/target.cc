#include "tests/fuzz/target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace trusthub::fuzz {
namespace {

[[noreturn]] void End(absl::string_view kind, absl::string_view what) {
  std::fprintf(stderr, "fuzz: %.*s: %.*s\n", static_cast<int>(kind.size()), kind.data(),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace

void Require(bool holds, absl::string_view promise) {
  if (!holds) End("BROKEN PROMISE", promise);
}

void RequireReady(bool ready, absl::string_view what) {
  if (!ready) End("not ready", what);
}

Input::Input(const std::uint8_t* data, std::size_t size)
    : rest_(reinterpret_cast<const char*>(data), size) {}

std::uint8_t Input::Byte() {
  if (rest_.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return byte;
}

std::uint64_t Input::Number() {
  std::uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 8) number |= std::uint64_t{Byte()} << shift;
  return number;
}

std::string Input::Text(std::size_t size) {
  const std::string text(rest_.substr(0, size));
  rest_.remove_prefix(text.size());
  return text;
}

std::string Input::Line() {
  std::string line(rest_.substr(0, rest_.find('\n')));
  rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
  return line;
}

std::string Input::Rest() { return Text(rest_.size()); }

}  // namespace trusthub::fuzz
