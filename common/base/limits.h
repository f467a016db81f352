// File: limits.h
//
// Every limit of the hub, once, with its unit and its reason.
#ifndef TRUSTHUB_COMMON_BASE_LIMITS_H_
#define TRUSTHUB_COMMON_BASE_LIMITS_H_

#include <cstdint>

namespace trusthub::limits {

// Bytes of one request. The largest honest one, a conference with 100 actions, is below 200 KiB.
inline constexpr int kRequestBytesMax = 256 * 1024;
// Bytes of one answer: a page of 200 records.
inline constexpr int kResponseBytesMax = 1024 * 1024;
// Bytes of all metadata of a call when no ingress stands before us.
inline constexpr int kMetadataBytesMax = 8 * 1024;
// Bytes of a user token; real ones are near 700.
inline constexpr int kTokenBytesMax = 8 * 1024;
// Concurrent calls of one connection.
inline constexpr int kConcurrentStreamsMax = 200;
// Calls that wait for a thread of ours; beyond it a caller is refused with a retry delay.
inline constexpr int kQueuedCallsMax = 512;
// Streams that one process serves at a time.
inline constexpr int kWatchStreamsMax = 256;
// Longest unary call in milliseconds, whatever the caller asks.
inline constexpr int kCallMillisMax = 30'000;
// Default ceiling of a unary call in milliseconds, when its method names none.
inline constexpr int kCallMillisDefault = 10'000;
// Milliseconds between the even times, counted from when a call came, at which a caller is told
// that there is no such record: several times what a look-up and its entry in the log take.
inline constexpr int kNotFoundStepMillis = 5;
// Retry delay in milliseconds told to a refused caller.
inline constexpr int kRetryDelayMillis = 250;
// Times a handler is run again when a concurrent change of the same child won.
inline constexpr int kConflictRetriesMax = 4;
// Records of one page: default and maximum.
inline constexpr int kPageSizeDefault = 50;
inline constexpr int kPageSizeMax = 200;
// Seconds for which a remembered answer is kept: one week, so that a queue drained after a long
// weekend still finds it.
inline constexpr std::int64_t kIdempotencySeconds = 7 * 24 * 3600;
// Seconds for which a page token is honoured.
inline constexpr std::int64_t kPageTokenSeconds = 24 * 3600;
// Hours by which a caller's clock may run ahead of ours (domain.md 3.3).
inline constexpr int kFutureHoursMax = 24;
// Milliseconds after which a projection of another service's facts is too old to rest on.
inline constexpr int kProjectionAgeMillisMax = 5'000;
// The same for what was granted on consent: a withdrawal takes effect everywhere within it.
inline constexpr int kConsentAgeMillisMax = 1'000;
// Milliseconds between two words of a stream that it is complete: to the hub's own services, whose
// projections must stay well below the bound above, and to people's systems.
inline constexpr int kHubBookmarkMillis = 250;
inline constexpr int kUserBookmarkMillis = 1'000;
// Milliseconds within which an audit sink must answer; after that it is down.
inline constexpr int kAuditMillisMax = 500;
// Bytes of a string field whose rule names no maximum.
inline constexpr int kFieldBytesDefault = 256;
// Items of a repeated field whose rule names no maximum.
inline constexpr int kFieldItemsDefault = 100;

}  // namespace trusthub::limits

#endif  // TRUSTHUB_COMMON_BASE_LIMITS_H_
