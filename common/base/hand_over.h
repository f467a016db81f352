// File: hand_over.h
//
// Tells the thread sanitizer of hand-overs between threads that happen inside a library which is
// not built with it (gRPC): what was done before GiveOver(link) happened before what follows
// TakeOver(link) with the same link. Nothing in other builds. Only where the library promises that
// order; it hides a race anywhere else.
#ifndef TRUSTHUB_COMMON_BASE_HAND_OVER_H_
#define TRUSTHUB_COMMON_BASE_HAND_OVER_H_

// The sanitizer's own, null where it is not linked.
extern "C" {
void __tsan_acquire(void* link) __attribute__((weak));  // NOLINT
void __tsan_release(void* link) __attribute__((weak));  // NOLINT
}

namespace trusthub {

inline void GiveOver(void* link) {
  if (__tsan_release != nullptr) __tsan_release(link);
}
inline void TakeOver(void* link) {
  if (__tsan_acquire != nullptr) __tsan_acquire(link);
}

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_BASE_HAND_OVER_H_
