#include "common/crypto/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::crypto {
namespace {

constexpr std::size_t kSecretBytesMax = 64 * 1024;

class File {
 public:
  explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(absl::string_view path) {
  const File file{std::string(path)};
  struct stat info;
  // The open file is asked, not the path: it cannot be swapped between the question and the read.
  if (file.descriptor() < 0 || fstat(file.descriptor(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat("key file ", path, " cannot be opened"));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("key file ", path, " is not a plain file"));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("key file ", path, " must be readable by its owner only (mode 0600 or 0400)"));
  }
  // Read where it stays: a buffer that grows would leave copies behind.
  std::string bytes(kSecretBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(file.descriptor(), bytes.data() + size, bytes.size() - size);
    if (got < 0) return absl::NotFoundError(absl::StrCat("key file ", path, " cannot be read"));
    if (got == 0) {
      bytes.resize(size);
      return bytes;
    }
    size += static_cast<std::size_t>(got);
  }
  return absl::InvalidArgumentError(absl::StrCat("key file ", path, " is above 64 KiB"));
}

absl::StatusOr<Secret> LoadKeyFile(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::string text, ReadSecretFile(path));
  absl::StatusOr<std::string> key = HexDecode(absl::StripSuffix(text, "\n"));
  Cleanse(text);
  if (!key.ok() || key->size() != kKeyBytes) {
    if (key.ok()) Cleanse(*key);
    return absl::InvalidArgumentError(absl::StrCat("key file ", path, " must hold 64 hex digits"));
  }
  return Secret::Take(*std::move(key));
}

}  // namespace trusthub::crypto
