// File: scrape.h
//
// What an operator's monitoring reads of a service.
#ifndef TRUSTHUB_TESTS_INTEGRATION_SCRAPE_H_
#define TRUSTHUB_TESTS_INTEGRATION_SCRAPE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace trusthub::testing {

// Each series that the Prometheus endpoint on this port of loopback serves, by name and labels as
// written there, and its value.
absl::StatusOr<std::map<std::string, double>> Scrape(int port);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_SCRAPE_H_
