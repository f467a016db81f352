// File: local_hub.h
//
// The six services of a hub in one process, over real TLS on loopback, with a domain clock that the
// test sets.
#ifndef TRUSTHUB_TESTS_INTEGRATION_LOCAL_HUB_H_
#define TRUSTHUB_TESTS_INTEGRATION_LOCAL_HUB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/config.h"
#include "common/rpc/host.h"
#include "common/store/store.h"
#include "common/testing/fake_clock.h"
#include "common/testing/service_databases.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/hub_folder.h"
#include "tests/e2e/port_block.h"

namespace trusthub::testing {

// What a test may change of it.
struct LocalHubOptions {
  // A folder like deploy/config of the source tree, which stands in where this is empty.
  std::string config_folder;
  // Called with each service's configuration before each of its starts.
  std::function<void(absl::string_view service, config::Config* config)> adjust;
  // Told of each step of each call as it begins, on the thread that runs the call.
  std::function<void(absl::string_view service, rpc::Step step)> observer;
  // Called with each service's store as it starts: what it is to use instead.
  std::function<std::unique_ptr<store::Store>(absl::string_view service,
                                              std::unique_ptr<store::Store> store)>
      wrap_store;
};

// Not thread-safe; desks of it are.
class LocalHub {
 public:
  // All six serve and know of each other, and the directory is loaded. The clock stands at
  // CaseStart().
  static absl::StatusOr<std::unique_ptr<LocalHub>> Start(LocalHubOptions options = {});
  ~LocalHub();

  const hubctl::Hub& hub() const { return *hub_; }
  FakeClock& clock() { return clock_; }
  rpc::Host& host(absl::string_view service) { return *hosts_.at(std::string(service)); }

  // Starts, or starts again, another replica of a service, on the same database with a data folder
  // and a port of its own. Needs PostgreSQL as the hub's engine.
  absl::Status StartReplica(absl::string_view service);
  rpc::Host& replica(absl::string_view service) { return *replicas_.at(std::string(service)); }
  void StopReplica(absl::string_view service);
  // Where it listens: host:port.
  std::string AddressOfReplica(absl::string_view service);

  // Waits until every service has taken up what the others have told so far, and what they told
  // because of that; false when `limit` passed before.
  bool WaitForNews(absl::Duration limit);

  void StopService(absl::string_view service);
  absl::Status StartService(absl::string_view service);

 private:
  explicit LocalHub(LocalHubOptions options);
  absl::StatusOr<std::unique_ptr<rpc::Host>> StartHost(const std::string& service,
                                                       const config::Config& config);
  absl::StatusOr<config::Config> ConfigOf(const std::string& service);
  absl::Status Init();
  // Sequence of each service's last event that others take up; nothing for a service with none.
  absl::StatusOr<std::map<std::string, std::int64_t>> LastFacts();
  // Whether every service that follows another has taken up its events up to `ends`.
  absl::StatusOr<bool> HaveTakenUp(const std::map<std::string, std::int64_t>& ends);

  const LocalHubOptions options_;
  TempFolder folder_;
  std::unique_ptr<PortBlock> ports_;
  FakeClock clock_;
  std::unique_ptr<hubctl::Hub> hub_;
  ServiceDatabases databases_;
  std::map<std::string, std::unique_ptr<rpc::Host>> hosts_;
  std::map<std::string, std::unique_ptr<rpc::Host>> replicas_;
  // By service: up to which event they were looked at, and the last that others take up.
  std::map<std::string, std::int64_t> seen_;
  std::map<std::string, std::int64_t> last_facts_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_LOCAL_HUB_H_
