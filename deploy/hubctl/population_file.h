// File: population_file.h
//
// The rows of a population file: one JSON object a line, one child as one agency holds it.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_POPULATION_FILE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_POPULATION_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::hubctl {

struct PopulationRow {
  int line;
  int child;  // not negative; rows with the same number are of the same child
  std::string agency;
  children::v1::ChildDetails details;
};

// Reads every row of `text`, or none: an error names `file`, the line and what is wrong, and
// nothing that the line says. Empty lines count and give no row.
absl::StatusOr<std::vector<PopulationRow>> ReadPopulationRows(absl::string_view file,
                                                              absl::string_view text);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_POPULATION_FILE_H_
