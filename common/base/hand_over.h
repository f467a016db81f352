// File: hand_over.h
//
// Tells the thread sanitizer of hand-overs between threads that happen inside a library which is
// not built with it (gRPC): what was done before GiveOver(link) happened before what follows
// TakeOver(link) with the same link. Nothing in other builds. Only where the library promises that
// order; it hides a race anywhere else.
#ifndef TRUSTHUB_COMMON_BASE_HAND_OVER_H_
#define TRUSTHUB_COMMON_BASE_HAND_OVER_H_

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TRUSTHUB_THREAD_SANITIZER 1
#endif
#endif

#ifdef TRUSTHUB_THREAD_SANITIZER
extern "C" {
void __tsan_acquire(void* link);  // NOLINT: the sanitizer's names
void __tsan_release(void* link);  // NOLINT
}
#endif

namespace trusthub {

#ifdef TRUSTHUB_THREAD_SANITIZER
inline void GiveOver(void* link) { __tsan_release(link); }
inline void TakeOver(void* link) { __tsan_acquire(link); }
#else
inline void GiveOver(void*) {}
inline void TakeOver(void*) {}
#endif

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_BASE_HAND_OVER_H_
