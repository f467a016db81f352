// File: writes.h
//
// For each service an endless supply of honest writes, each with a request id of its client and a
// record to look for afterwards.
#ifndef TRUSTHUB_TESTS_E2E_WRITES_H_
#define TRUSTHUB_TESTS_E2E_WRITES_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/e2e/case_path.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::testing {

struct Written {
  std::string record;
  types::v1::Receipt receipt;
};

class Writes {
 public:
  virtual ~Writes() = default;
  // Makes what the writes rest on. Once, before the first.
  virtual absl::Status Prepare() = 0;
  // Thread-safe. The same `number` and `request_id` make the same request.
  virtual absl::StatusOr<Written> Write(int number, const std::string& request_id) = 0;
  // OK when the record can be read.
  virtual absl::Status Read(const std::string& record) = 0;
  // Names of all that a list of the service shows, where it has one.
  virtual absl::StatusOr<std::optional<std::vector<std::string>>> List() { return std::nullopt; }
  // The event that each write emits once.
  virtual events::v1::EventKind event() const = 0;
};

// The writes of `service` at a hub whose directory is loaded. The hub outlives them.
std::unique_ptr<Writes> MakeWrites(absl::string_view service, const hubctl::Hub* hub);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_WRITES_H_
