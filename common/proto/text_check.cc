#include "common/proto/text_check.h"

#include <cstdint>
#include <cstring>

namespace trusthub::proto {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

// The high bit of every byte of eight that is not printable ASCII.
std::uint64_t Unprintable(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  const std::uint64_t is_delete = (word & ~kHighs) + kOnes;
  const std::uint64_t below_space = ~((word | kHighs) - kOnes * 0x20);
  return (word | is_delete | below_space) & kHighs;
}

// How many bytes at the start of `text` are printable ASCII: a multiple of eight, perhaps too low.
std::size_t PrintableStart(absl::string_view text) {
  std::size_t at = 0;
  for (; at + 32 <= text.size(); at += 32) {
    const char* bytes = text.data() + at;
    if ((Unprintable(bytes) | Unprintable(bytes + 8) | Unprintable(bytes + 16) |
         Unprintable(bytes + 24)) != 0) {
      break;
    }
  }
  while (at + 8 <= text.size() && Unprintable(text.data() + at) == 0) at += 8;
  return at;
}

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;  // 0 when it is no UTF-8
};

// RFC 3629: shortest form only, no surrogates, at most U+10FFFF.
CodePoint Decode(absl::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first < 0xc2   ? 0
                            : first < 0xe0 ? 2
                            : first < 0xf0 ? 3
                            : first < 0xf5 ? 4
                                           : 0;
  if (bytes == 0 || bytes > text.size()) return {};
  std::uint32_t value = first & (0x7f >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[bytes] || surrogate || value > 0x10ffff) return {};
  return {value, bytes};
}

TextFault FaultOf(std::uint32_t value, bool lines) {
  if (value < 0x20) {
    return lines && (value == '\n' || value == '\t') ? TextFault::kNone : TextFault::kControl;
  }
  if (value >= 0x7f && value < 0xa0) return TextFault::kControl;
  // Embeddings, overrides and isolates.
  if ((value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069)) {
    return TextFault::kDirection;
  }
  const bool separator = value == 0x2028 || value == 0x2029;
  return separator && !lines ? TextFault::kControl : TextFault::kNone;
}

}  // namespace

TextFault CheckText(absl::string_view text, bool lines) {
  while (!text.empty()) {
    text.remove_prefix(PrintableStart(text));
    if (text.empty()) break;
    const CodePoint point = Decode(text);
    if (point.bytes == 0) return TextFault::kNotUtf8;
    const TextFault fault = FaultOf(point.value, lines);
    if (fault != TextFault::kNone) return fault;
    text.remove_prefix(point.bytes);
  }
  return TextFault::kNone;
}

}  // namespace trusthub::proto
