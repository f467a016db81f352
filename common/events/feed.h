// File: feed.h
//
// The serving side of Watch without gRPC: cursors, filters, batches. common/rpc asks it for the
// next batch, authorises and sends it.
#ifndef TRUSTHUB_COMMON_EVENTS_FEED_H_
#define TRUSTHUB_COMMON_EVENTS_FEED_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::events {

// Cursors name the store and a sequence, sealed under `store_id`, which is secret: one from another
// service or a restored store is refused, and none tells its sequence. All are of one length.
// The same text for the same sequence.
std::string EncodeCursor(absl::string_view store_id, std::int64_t sequence);
// Another text each time, so that two cursors do not tell whether events lie between them.
std::string EncodeVaryingCursor(absl::string_view store_id, std::int64_t sequence);
// CURSOR_INVALID unless made by one of these with the same store id.
absl::StatusOr<std::int64_t> DecodeCursor(absl::string_view store_id, absl::string_view cursor);

struct Batch {
  v1::WatchResponse response;      // events that pass, in order; as_of and cursor not yet set
  std::int64_t last_sequence = 0;  // all up to here was looked at
  bool more = false;               // whether another batch is ready now
};

// Looks at up to `limit` events after `after_sequence`. Never quietly shorter: last_sequence says
// how far it looked. CURSOR_INVALID when the store has not come that far: it was restored from a
// backup.
absl::StatusOr<Batch> NextBatch(store::Snapshot& snapshot, const v1::WatchRequest& filter,
                                std::int64_t after_sequence, int limit);

}  // namespace trusthub::events

#endif  // TRUSTHUB_COMMON_EVENTS_FEED_H_
