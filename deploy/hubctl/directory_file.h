// File: directory_file.h
//
// The agencies and workers of a directory file (deploy/config/redbridge/directory.yaml).
#ifndef TRUSTHUB_DEPLOY_HUBCTL_DIRECTORY_FILE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_DIRECTORY_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trusthub/directory/v1/directory.pb.h"

namespace trusthub::hubctl {

struct ListedAgency {
  std::string id;
  directory::v1::Agency agency;
};
struct ListedWorker {
  std::string id;
  directory::v1::Worker worker;
};
struct DirectoryFile {
  std::vector<ListedAgency> agencies;  // in the order of the file
  std::vector<ListedWorker> workers;
};

// An error names the file, the line and what is wrong; nothing is returned of a file with errors.
absl::StatusOr<DirectoryFile> ReadDirectoryFile(absl::string_view path);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_DIRECTORY_FILE_H_
