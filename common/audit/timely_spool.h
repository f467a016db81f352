// File: timely_spool.h
//
// A spool that nobody waits for long: entries are added on a thread of its own, so that a disk that
// hangs holds up no call. Add waits a moment for the disk; what the disk did not take by then waits
// in memory, in order, and goes down when the disk answers.
#ifndef TRUSTHUB_COMMON_AUDIT_TIMELY_SPOOL_H_
#define TRUSTHUB_COMMON_AUDIT_TIMELY_SPOOL_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "common/audit/spool.h"

namespace trusthub::audit {

inline constexpr absl::Duration kSpoolAnswersWithin = absl::Milliseconds(80);
// Entries that wait in memory; the next one is refused RESOURCE_EXHAUSTED.
inline constexpr std::size_t kSpoolWaitingMax = 2'000;

// Add gives the disk's answer when it comes in time, else UNAVAILABLE: the entry is kept as long as
// the process lives. Drain and the end wait for the disk.
std::unique_ptr<Spool> MakeTimelySpool(std::unique_ptr<Spool> inner,
                                       absl::Duration bound = kSpoolAnswersWithin);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_TIMELY_SPOOL_H_
