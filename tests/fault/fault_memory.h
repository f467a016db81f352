// File: fault_memory.h
//
// An allocator under SQLite that fails on request (SQLITE_CONFIG_MALLOC).
#ifndef TRUSTHUB_TESTS_FAULT_FAULT_MEMORY_H_
#define TRUSTHUB_TESTS_FAULT_FAULT_MEMORY_H_

#include <atomic>
#include <cstdint>
#include <limits>

namespace trusthub::testing {

// Thread-safe.
class FaultMemory {
 public:
  // To be called before anything uses SQLite.
  static FaultMemory& Install();

  // Of the allocations from now on the `nth` (from 1) and the `times` - 1 after it fail.
  void FailFrom(std::int64_t nth, std::int64_t times);
  void Mend() { FailFrom(std::numeric_limits<std::int64_t>::max(), 0); }
  // That failed since FailFrom.
  std::int64_t failed() const { return failed_; }

  // For the allocator: whether this one fails.
  bool Strike();

 private:
  std::atomic<std::int64_t> count_ = 0;
  std::atomic<std::int64_t> first_ = std::numeric_limits<std::int64_t>::max();
  std::atomic<std::int64_t> times_ = 0;
  std::atomic<std::int64_t> failed_ = 0;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_FAULT_MEMORY_H_
