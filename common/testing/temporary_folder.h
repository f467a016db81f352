// File: temporary_folder.h
//
// A folder that lives as long as its owner.
#ifndef TRUSTHUB_COMMON_TESTING_TEMPORARY_FOLDER_H_
#define TRUSTHUB_COMMON_TESTING_TEMPORARY_FOLDER_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace trusthub::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "trusthub-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      std::perror("mkdtemp");
      std::abort();
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_TEMPORARY_FOLDER_H_
