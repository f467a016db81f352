// File: worlds.h
//
// Two hubs whose children live the same lives, but that in one of them there is also what only few
// may know: confidential advice, an allegation, an adoption, a hidden address, a report of the
// police. Whoever may not know must not be able to tell in which of the two he is.
#ifndef TRUSTHUB_TESTS_INTEGRATION_WORLDS_H_
#define TRUSTHUB_TESTS_INTEGRATION_WORLDS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/testing/temp_folder.h"
#include "tests/e2e/port_block.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/work_of_calls.h"

namespace trusthub::testing {

enum class Secret { kNone, kAdvice, kAllegation, kAdoption, kHiddenAddress, kPoliceReport };
inline constexpr Secret kSecrets[] = {Secret::kNone,          Secret::kAdvice,
                                      Secret::kAllegation,    Secret::kAdoption,
                                      Secret::kHiddenAddress, Secret::kPoliceReport};
const char* NameOf(Secret secret);
// Whether this worker may know of it.
bool MayKnow(absl::string_view worker, Secret secret);

// A child of a world and the names of its records, by collection, in the order they were made.
struct Life {
  Secret secret = Secret::kNone;
  std::string nhs_number;
  std::string attendance_id;
  std::map<std::string, std::vector<std::string>> records;  // what both worlds have
  std::vector<std::string> secrets;  // names of what one world alone has; random ones in the other
};

// Not thread-safe, but two worlds may be used by two threads.
class World {
 public:
  // The same `seed` and `children` make the same lives, each with one secret when `with_secrets`.
  static absl::StatusOr<std::unique_ptr<World>> Make(bool with_secrets, std::uint32_t seed,
                                                     int children);

  LocalHub& hub() { return *hub_; }
  Cast& cast() { return *cast_; }
  const std::vector<Life>& lives() const { return lives_; }
  // What its services read of their stores.
  WorkOfCalls& work() { return work_; }
  // Where a service's Prometheus endpoint listens on loopback.
  int MetricsPortOf(absl::string_view service) const;

 private:
  absl::Status Live(bool with_secrets, std::uint32_t seed, int number, Secret secret);

  TempFolder folder_;
  std::unique_ptr<PortBlock> metrics_ports_;
  WorkOfCalls work_;
  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<Cast> cast_;
  std::vector<Life> lives_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_WORLDS_H_
