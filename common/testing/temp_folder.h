// File: temp_folder.h
//
// A folder for the files of one test.
#ifndef TRUSTHUB_COMMON_TESTING_TEMP_FOLDER_H_
#define TRUSTHUB_COMMON_TESTING_TEMP_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace trusthub::testing {

// Removed with everything in it.
class TempFolder {
 public:
  TempFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "trusthub-test-XXXXXX").string();
    path_ = mkdtemp(path.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_TEMP_FOLDER_H_
