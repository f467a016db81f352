// File: changed_copy.h
//
// Data files of the borough as a test wants them: a folder copied, with some text of some of its
// files replaced.
#ifndef TRUSTHUB_TESTS_INTEGRATION_CHANGED_COPY_H_
#define TRUSTHUB_TESTS_INTEGRATION_CHANGED_COPY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace trusthub::testing {

struct TextChange {
  std::string file;  // "referrals.yaml"
  std::string from;
  std::string to;
};

// Copies the files of `source` ("deploy/config/redbridge/agreements") into a new `folder`, with the
// changes made in turn, each at every place. An error where a file does not hold what is replaced:
// the test would then try something else than it says.
absl::Status CopyChanged(absl::string_view source, const std::string& folder,
                         const std::vector<TextChange>& changes);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_CHANGED_COPY_H_
