#include "common/events/feed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"

namespace trusthub::events {
namespace {

// A cursor: sequence (8 bytes, big endian) || first 16 bytes of HMAC-SHA-256(store id, sequence),
// in Base64url. The store id never shows, and a cursor cannot be made without it.
constexpr std::size_t kSequenceBytes = 8;
constexpr std::size_t kTagBytes = 16;

std::string TagOf(absl::string_view store_id, absl::string_view sequence) {
  return crypto::HmacSha256(absl::StrCat("trusthub/cursor/v1/", store_id), sequence)
      .substr(0, kTagBytes);
}

bool Passes(const v1::WatchRequest& filter, const v1::Event& event) {
  if (!filter.child().empty() && event.child() != filter.child()) return false;
  if (filter.kinds().empty()) return true;
  return std::find(filter.kinds().begin(), filter.kinds().end(), event.kind()) !=
         filter.kinds().end();
}

}  // namespace

std::string EncodeCursor(absl::string_view store_id, std::int64_t sequence) {
  std::string bytes(kSequenceBytes, '\0');
  auto rest = static_cast<std::uint64_t>(sequence);
  for (std::size_t i = kSequenceBytes; i-- > 0; rest >>= 8) {
    bytes[i] = static_cast<char>(rest & 0xff);
  }
  bytes += TagOf(store_id, bytes);
  return crypto::Base64UrlEncode(bytes);
}

absl::StatusOr<std::int64_t> DecodeCursor(absl::string_view store_id, absl::string_view cursor) {
  const absl::StatusOr<std::string> bytes = crypto::Base64UrlDecode(cursor);
  if (!bytes.ok() || bytes->size() != kSequenceBytes + kTagBytes) return error::CursorInvalid();
  const absl::string_view number = absl::string_view(*bytes).substr(0, kSequenceBytes);
  const absl::string_view tag = absl::string_view(*bytes).substr(kSequenceBytes);
  if (!crypto::ConstantTimeEquals(tag, TagOf(store_id, number))) return error::CursorInvalid();
  std::uint64_t sequence = 0;
  for (const char c : number) sequence = sequence << 8 | static_cast<unsigned char>(c);
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
