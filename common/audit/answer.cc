#include "common/audit/answer.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/field_writer.h"
#include "common/audit/receipt.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::audit {
namespace {

constexpr std::uint64_t kFieldNumberMax = (std::uint64_t{1} << 29) - 1;
constexpr std::uint64_t kWireVarint = 0;
constexpr std::uint64_t kWireFixed64 = 1;
constexpr std::uint64_t kWireBytes = 2;
constexpr std::uint64_t kWireFixed32 = 5;

absl::Status Bad(absl::string_view what) { return absl::DataLossError(what); }

// Reads a message's top-level fields. Protobuf's own reader takes varints that are longer than
// they need be, so it would let other bytes pass for the same answer.
class FieldReader {
 public:
  explicit FieldReader(absl::string_view bytes) : bytes_(bytes) {}

  struct Field {
    std::size_t begin;  // of its tag
    std::uint64_t tag;
    absl::string_view value;  // of wire type bytes; empty for others
    std::uint64_t number() const { return tag >> 3; }
  };

  bool at_end() const { return at_ == bytes_.size(); }

  std::optional<Field> Next() {
    Field field{at_, 0, {}};
    const std::optional<std::uint64_t> tag = Varint();
    if (!tag || *tag >> 3 == 0 || *tag >> 3 > kFieldNumberMax) return std::nullopt;
    field.tag = *tag;
    switch (*tag & 7) {
      case kWireVarint:
        if (!Varint()) return std::nullopt;
        return field;
      case kWireFixed64:
        return Take(8) ? std::optional(field) : std::nullopt;
      case kWireFixed32:
        return Take(4) ? std::optional(field) : std::nullopt;
      case kWireBytes: {
        const std::optional<std::uint64_t> size = Varint();
        const std::size_t begin = at_;
        if (!size || !Take(*size)) return std::nullopt;
        field.value = bytes_.substr(begin, at_ - begin);
        return field;
      }
      default:
        return std::nullopt;
    }
  }

 private:
  bool Take(std::uint64_t count) {
    if (count > bytes_.size() - at_) return false;
    at_ += static_cast<std::size_t>(count);
    return true;
  }

  std::optional<std::uint64_t> Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) return std::nullopt;
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      const std::uint64_t part = byte & 0x7f;
      if (shift == 63 && part > 1) return std::nullopt;
      value |= part << shift;
      if ((byte & 0x80) != 0) continue;
      // The last byte of several may not be zero: the value would fit into fewer.
      if (part == 0 && shift > 0) return std::nullopt;
      return value;
    }
    return std::nullopt;
  }

  const absl::string_view bytes_;
  std::size_t at_ = 0;
};

// The receipt field of an answer: it must be what a hub writes, byte by byte.
absl::Status ReadEvidence(absl::string_view bytes, Answer* answer) {
  types::v1::Disclosure disclosure;
  if (!disclosure.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Bad("the last field of the answer is no receipt");
  }
  types::v1::Disclosure written;
  *written.mutable_receipt() = disclosure.receipt();
  written.mutable_receipt()->DiscardUnknownFields();
  written.set_decision(disclosure.decision());
  if (written.SerializeAsString() != bytes) {
    return Bad("the last field of the answer is not a receipt and its decision alone");
  }
  answer->receipt = std::move(*written.mutable_receipt());
  answer->decision = std::move(*written.mutable_decision());
  return absl::OkStatus();
}

}  // namespace

std::string EntryName(absl::string_view tree, std::int64_t index) {
  return absl::StrCat(tree, "/entries/", index);
}

void AppendEvidence(int disclosure, absl::string_view receipt, absl::string_view decision,
                    std::string* answer) {
  using types::v1::Disclosure;
  constexpr std::size_t kTagsAndLengths = 10;
  std::string evidence;
  evidence.reserve(receipt.size() + decision.size() + kTagsAndLengths);
  FieldWriter fields(&evidence);
  fields.Item(Disclosure::kReceiptFieldNumber, receipt);
  fields.Bytes(Disclosure::kDecisionFieldNumber, decision);
  FieldWriter(answer).Item(disclosure, evidence);
}

absl::StatusOr<Answer> SplitAnswer(absl::string_view bytes) {
  std::vector<FieldReader::Field> fields;
  for (FieldReader reader(bytes); !reader.at_end();) {
    const auto field = reader.Next();
    if (!field) return Bad("the answer is not a protobuf message as the hub writes it");
    fields.push_back(*field);
  }
  if (fields.size() < 2) return Bad("the answer carries no receipt");
  const FieldReader::Field& last = fields.back();
  const FieldReader::Field& terms = fields[fields.size() - 2];
  if (last.tag != terms.tag || (last.tag & 7) != kWireBytes) {
    return Bad("the answer does not end with its terms and its receipt");
  }
  for (std::size_t i = 0; i + 2 < fields.size(); ++i) {
    if (fields[i].number() == last.number()) return Bad("the answer holds its terms twice");
  }
  Answer answer;
  answer.content = bytes.substr(0, last.begin);
  TRUSTHUB_RETURN_IF_ERROR(ReadEvidence(last.value, &answer));
  return answer;
}

absl::Status VerifyAnswer(absl::string_view bytes, const KeyList& keys) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Answer answer, SplitAnswer(bytes));
  return VerifyAnswer(answer, keys);
}

absl::Status VerifyAnswer(const Answer& answer, const KeyList& keys) {
  const types::v1::Receipt& receipt = answer.receipt;
  if (!IsNameIn("auditTrees", receipt.tree())) return Bad("the receipt names no audit tree");
  if (answer.decision != EntryName(receipt.tree(), receipt.entry_index())) {
    return Bad("the answer's decision is not the receipt's entry");
  }
  if (crypto::Sha256(answer.content) != receipt.content_hash()) {
    return Bad("the answer is not the one that the receipt is for");
  }
  absl::Status status = Bad("no audit key in the list counts for the receipt's tree");
  for (const absl::string_view key : KeysFor(keys, receipt.tree())) {
    status = VerifyReceipt(receipt, key);
    if (status.ok()) break;
  }
  return status;
}

}  // namespace trusthub::audit
