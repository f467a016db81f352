// File: count_allocations.h
//
// Counts the allocations of a test binary that links count_allocations.cc.
#ifndef TRUSTHUB_COMMON_PROTO_COUNT_ALLOCATIONS_H_
#define TRUSTHUB_COMMON_PROTO_COUNT_ALLOCATIONS_H_

#include <cstdint>

namespace trusthub::proto {

// Allocations of the whole process since its start.
std::int64_t CountedAllocations();

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_COUNT_ALLOCATIONS_H_
