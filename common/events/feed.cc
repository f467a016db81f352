#include "common/events/feed.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"

namespace trusthub::events {
namespace {

// A cursor in Base64url: masked || tag, where
//   text   = sequence (8 bytes, big endian) || salt (8 bytes)
//   tag    = first 16 bytes of HMAC-SHA-256(tag key, text)
//   masked = text XOR first 16 bytes of HMAC-SHA-256(mask key, tag)
// Both keys come of the store id. The tag is a synthetic nonce: equal masks mean equal texts.
constexpr std::size_t kSequenceBytes = 8;
constexpr std::size_t kSaltBytes = 8;
constexpr std::size_t kTextBytes = kSequenceBytes + kSaltBytes;
constexpr std::size_t kTagBytes = 16;

std::string TagOf(absl::string_view store_id, absl::string_view text) {
  return crypto::HmacSha256(absl::StrCat("trusthub/cursor/v2/tag/", store_id), text)
      .substr(0, kTagBytes);
}

std::string Masked(absl::string_view store_id, absl::string_view tag, std::string text) {
  const std::string mask =
      crypto::HmacSha256(absl::StrCat("trusthub/cursor/v2/mask/", store_id), tag);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ mask[i]);
  return text;
}

std::string Seal(absl::string_view store_id, std::int64_t sequence, absl::string_view salt) {
  std::string text(kSequenceBytes, '\0');
  auto rest = static_cast<std::uint64_t>(sequence);
  for (std::size_t i = kSequenceBytes; i-- > 0; rest >>= 8) {
    text[i] = static_cast<char>(rest & 0xff);
  }
  absl::StrAppend(&text, salt);
  const std::string tag = TagOf(store_id, text);
  return crypto::Base64UrlEncode(Masked(store_id, tag, std::move(text)) + tag);
}

bool Passes(const v1::WatchRequest& filter, const v1::Event& event) {
  if (!filter.child().empty() && event.child() != filter.child()) return false;
  if (filter.kinds().empty()) return true;
  return std::find(filter.kinds().begin(), filter.kinds().end(), event.kind()) !=
         filter.kinds().end();
}

}  // namespace

std::string EncodeCursor(absl::string_view store_id, std::int64_t sequence) {
  return Seal(store_id, sequence, std::string(kSaltBytes, '\0'));
}

std::string EncodeVaryingCursor(absl::string_view store_id, std::int64_t sequence) {
  return Seal(store_id, sequence, RandomBytes(kSaltBytes));
}

absl::StatusOr<std::int64_t> DecodeCursor(absl::string_view store_id, absl::string_view cursor) {
  const absl::StatusOr<std::string> bytes = crypto::Base64UrlDecode(cursor);
  if (!bytes.ok() || bytes->size() != kTextBytes + kTagBytes) return error::CursorInvalid();
  const absl::string_view tag = absl::string_view(*bytes).substr(kTextBytes);
  const std::string text = Masked(store_id, tag, bytes->substr(0, kTextBytes));
  if (!crypto::ConstantTimeEquals(tag, TagOf(store_id, text))) return error::CursorInvalid();
  std::uint64_t sequence = 0;
  for (const char c : text.substr(0, kSequenceBytes)) {
    sequence = sequence << 8 | static_cast<unsigned char>(c);
  }
  return static_cast<std::int64_t>(sequence);
}

absl::StatusOr<Batch> NextBatch(store::Snapshot& snapshot, const v1::WatchRequest& filter,
                                std::int64_t after_sequence, int limit) {
  // One more than is looked at tells whether another batch is ready.
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<store::StoredEvent> rows,
                            snapshot.ReadEvents(after_sequence, limit + 1));
  if (rows.empty() && after_sequence > 0) {
    // A store that was restored from a backup lacks events that the watcher has seen.
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t last, snapshot.LastEventSequence());
    if (last < after_sequence) return error::CursorInvalid();
  }
  Batch batch;
  batch.last_sequence = after_sequence;
  batch.more = static_cast<int>(rows.size()) > limit;
  if (batch.more) rows.resize(static_cast<std::size_t>(limit));
  for (const store::StoredEvent& row : rows) {
    v1::Event event;
    if (!event.ParseFromString(row.bytes)) {
      return absl::DataLossError(absl::StrCat("stored event ", row.sequence, " does not parse"));
    }
    batch.last_sequence = row.sequence;
    if (!Passes(filter, event)) continue;
    event.set_sequence(row.sequence);
    event.set_child_sequence(row.child_sequence);
    *batch.response.add_events() = std::move(event);
  }
  return batch;
}

}  // namespace trusthub::events
