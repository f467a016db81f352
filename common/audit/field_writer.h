// File: field_writer.h
//
// Writes the bytes of a message without the message, where that would cost more than they do: the
// two dozen hashes of a proof would each be a string first. (protobuf's encoding, "Message
// structure".)
#ifndef TRUSTHUB_COMMON_AUDIT_FIELD_WRITER_H_
#define TRUSTHUB_COMMON_AUDIT_FIELD_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/wire_format_lite.h"

namespace trusthub::audit {

// Appends fields to `bytes`. In the order of their numbers they are what protobuf would write.
class FieldWriter {
 public:
  explicit FieldWriter(std::string* bytes) : bytes_(*bytes) {}

  // Left out when zero or empty, as in proto3.
  void Int(int field, std::int64_t number) {
    if (number == 0) return;
    Varint(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_VARINT));
    Varint(static_cast<std::uint64_t>(number));
  }
  void Bytes(int field, absl::string_view value) {
    if (!value.empty()) Item(field, value);
  }
  // One of a list, or a message as bytes: written even when empty.
  void Item(int field, absl::string_view value) {
    Varint(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
    Varint(value.size());
    bytes_.append(value.data(), value.size());
  }

 private:
  using WireFormatLite = google::protobuf::internal::WireFormatLite;

  void Varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes_.push_back(static_cast<char>(number | 0x80));
    bytes_.push_back(static_cast<char>(number));
  }

  std::string& bytes_;
};

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_FIELD_WRITER_H_
