#include "tests/fault/fault_memory.h"

#include <sqlite3.h>

#include <cstdlib>

namespace trusthub::testing {
namespace {

sqlite3_mem_methods real_memory;

void* Allocate(int size) {
  return FaultMemory::Install().Strike() ? nullptr : real_memory.xMalloc(size);
}
void* Resize(void* old, int size) {
  return FaultMemory::Install().Strike() ? nullptr : real_memory.xRealloc(old, size);
}

}  // namespace

FaultMemory& FaultMemory::Install() {
  static FaultMemory* const installed = [] {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK) std::abort();
    static sqlite3_mem_methods faulty = real_memory;
    faulty.xMalloc = Allocate;
    faulty.xRealloc = Resize;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty) != SQLITE_OK) std::abort();
    return new FaultMemory();  // SQLite holds on to it until the process ends
  }();
  return *installed;
}

void FaultMemory::FailFrom(std::int64_t nth, std::int64_t times) {
  first_ = std::numeric_limits<std::int64_t>::max();
  count_ = 0;
  failed_ = 0;
  times_ = times;
  first_ = nth;
}

bool FaultMemory::Strike() {
  const std::int64_t first = first_;
  const std::int64_t number = ++count_;
  if (number < first || number - first >= times_) return false;
  ++failed_;
  return true;
}

}  // namespace trusthub::testing
