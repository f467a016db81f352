#include "tests/e2e/test_disk.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "tests/e2e/child_process.h"

namespace trusthub::testing {
namespace {

constexpr off_t kImageBytes = 64 << 20;
constexpr absl::Duration kToolLimit = absl::Seconds(30);

// As in linux/fs.h, which glibc 2.36's sys/mount.h does not go with.
constexpr unsigned long kFreeze = _IOWR('X', 119, int);
constexpr unsigned long kThaw = _IOWR('X', 120, int);

absl::Status Cannot(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, ": ", std::strerror(errno)));
}

absl::Status Run(const std::string& program, std::vector<std::string> arguments) {
  ChildProcess::Options options;
  options.program = program;
  options.arguments = std::move(arguments);
  options.output = "/dev/null";
  TRUSTHUB_ASSIGN_OR_RETURN(const auto process, ChildProcess::Start(options));
  if (process->Wait(kToolLimit) == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(program, " does not work here"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TestDisk>> TestDisk::InMemory(const std::string& folder) {
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=8m") != 0) return Cannot("mount a tmpfs");
  return std::unique_ptr<TestDisk>(new TestDisk(folder));
}

absl::StatusOr<std::unique_ptr<TestDisk>> TestDisk::InFile(const std::string& folder,
                                                           const std::string& image) {
  const int file = open(image.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const bool made = file >= 0 && ftruncate(file, kImageBytes) == 0;
  if (file >= 0) close(file);
  if (!made) return Cannot("make an image");
  TRUSTHUB_RETURN_IF_ERROR(Run("/usr/sbin/mkfs.ext4", {"-q", "-F", image}));
  TRUSTHUB_RETURN_IF_ERROR(Run("/usr/bin/mount", {"-o", "loop", image, folder}));
  return std::unique_ptr<TestDisk>(new TestDisk(folder));
}

TestDisk::~TestDisk() {
  if (frozen_) Thaw().IgnoreError();
  umount2(folder_.c_str(), MNT_DETACH);
}

void TestDisk::Fill() {
  const int file = open((folder_ + "/ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (std::size_t size = 64 * 1024; size > 0; size /= 2) {
    const std::string bytes(size, 'b');
    while (write(file, bytes.data(), size) == static_cast<ssize_t>(size)) continue;
  }
  close(file);
}

void TestDisk::FreeSpace() { unlink((folder_ + "/ballast").c_str()); }

absl::Status TestDisk::Control(unsigned long request) {
  const int file = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = file >= 0 && ioctl(file, request, 0) == 0;
  const absl::Status status = done ? absl::OkStatus() : Cannot("freeze or thaw");
  if (file >= 0) close(file);
  return status;
}

absl::Status TestDisk::Freeze() {
  const absl::Status status = Control(kFreeze);
  frozen_ = status.ok();
  return status;
}

absl::Status TestDisk::Thaw() {
  frozen_ = false;
  return Control(kThaw);
}

}  // namespace trusthub::testing
