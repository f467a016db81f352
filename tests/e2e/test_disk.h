// File: test_disk.h
//
// A disk of a test's own, mounted over a folder, that can be filled. Needs root and a
// kernel that lets us mount; where it does not, the caller skips, loudly.
#ifndef TRUSTHUB_TESTS_E2E_TEST_DISK_H_
#define TRUSTHUB_TESTS_E2E_TEST_DISK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace trusthub::testing {

// Unmounted when destroyed, whoever still uses it.
class TestDisk {
 public:
  // In memory, of 8 MiB. UNAVAILABLE when this machine does not allow it.
  static absl::StatusOr<std::unique_ptr<TestDisk>> InMemory(const std::string& folder);
  ~TestDisk();
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  // Takes all the space there is, and gives it back.
  void Fill();
  void FreeSpace();

 private:
  explicit TestDisk(std::string folder) : folder_(std::move(folder)) {}

  const std::string folder_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_TEST_DISK_H_
