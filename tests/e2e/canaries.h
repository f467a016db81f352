// File: canaries.h
//
// What must stand nowhere outside the hub: every text about people that its stores hold.
#ifndef TRUSTHUB_TESTS_E2E_CANARIES_H_
#define TRUSTHUB_TESTS_E2E_CANARIES_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {

// A needle and, so that a failure tells where it comes from without telling it, its field.
using Needles = std::map<std::string, std::string>;

// Everything under `folder`, by path.
std::map<std::string, std::string> FilesUnder(const std::string& folder);

// A store without keys.
absl::StatusOr<std::unique_ptr<store::Store>> OpenPlain(const std::string& path, bool create);
// The store of a service that has stopped, with the keys that a thief does not have.
absl::StatusOr<std::unique_ptr<store::Store>> OpenWithKeys(const RunningHub& hub,
                                                           const std::string& service);
// Collects the texts of every record of `service`, and writes the records into `plain` as they are.
absl::Status Collect(const RunningHub& hub, const std::string& service, store::Store& plain,
                     Needles* needles, int* records);

// The fields whose texts stand in `bytes`.
std::set<std::string> FieldsIn(const std::string& bytes, const Needles& needles);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_CANARIES_H_
