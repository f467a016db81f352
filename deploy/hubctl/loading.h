// File: loading.h
//
// Fills a hub from the borough's files: the directory, and a synthetic population as the agencies
// hold it. Every row keeps its request id, so that loading twice changes nothing.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_LOADING_H_
#define TRUSTHUB_DEPLOY_HUBCTL_LOADING_H_

#include <functional>

#include "absl/status/statusor.h"
#include "deploy/hubctl/hub_folder.h"

namespace trusthub::hubctl {

// Called with rows done and rows in all; from one thread at a time.
using Progress = std::function<void(int, int)>;

struct Loaded {
  int rows = 0;      // of the file
  int children = 0;  // different children that the hub answered with; 0 for the directory
};

// Agencies and workers of directory.yaml, as the hub's administrator. One that is there already
// with other content is kept as it is: a directory entry is never replaced by loading.
absl::StatusOr<Loaded> LoadDirectory(const Hub& hub, const Progress& progress);

// Children of population.ndjson, each registered by a worker of the agency that holds it. Rows of
// one child are sent in the order of the file, different children side by side by `threads`. Stops
// at the first row that is refused: the error names it.
absl::StatusOr<Loaded> LoadPopulation(const Hub& hub, int threads, const Progress& progress);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_LOADING_H_
