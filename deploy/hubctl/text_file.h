// File: text_file.h
#ifndef TRUSTHUB_DEPLOY_HUBCTL_TEXT_FILE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_TEXT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace trusthub::hubctl {

// NOT_FOUND naming the file when it cannot be read.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_TEXT_FILE_H_
