#include "tests/e2e/test_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace trusthub::testing {
namespace {

absl::Status Cannot(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TestDisk>> TestDisk::InMemory(const std::string& folder) {
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=8m") != 0) return Cannot("mount a tmpfs");
  return std::unique_ptr<TestDisk>(new TestDisk(folder));
}

TestDisk::~TestDisk() { umount2(folder_.c_str(), MNT_DETACH); }

void TestDisk::Fill() {
  const int file = open((folder_ + "/ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (std::size_t size = 64 * 1024; size > 0; size /= 2) {
    const std::string bytes(size, 'b');
    while (write(file, bytes.data(), size) == static_cast<ssize_t>(size)) continue;
  }
  close(file);
}

void TestDisk::FreeSpace() { unlink((folder_ + "/ballast").c_str()); }

}  // namespace trusthub::testing
