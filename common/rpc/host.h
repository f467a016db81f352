// File: host.h
//
// A whole service: configuration in, listening server out, and its orderly end. main() of every
// service is one call of RunService; tests start the same Host in their own process.
#ifndef TRUSTHUB_COMMON_RPC_HOST_H_
#define TRUSTHUB_COMMON_RPC_HOST_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/audit/pseudonyms.h"
#include "common/config/config.h"
#include "common/events/projections.h"
#include "common/proto/field_rules.h"
#include "common/rpc/erasure.h"
#include "common/rpc/pipeline.h"
#include "common/rpc/routes.h"
#include "common/rpc/services.h"
#include "common/time/clock.h"
#include "common/timescales/rules.h"

namespace trusthub::rpc {

class Client;

// What a service's domain may use.
struct Environment {
  const config::Config& config;
  std::shared_ptr<const timescales::Rules> rules;
  std::shared_ptr<const proto::CodeSets> code_sets;
  Services* services;                      // calls to other services on a user's behalf
  std::shared_ptr<Client> client;          // calls as the service itself, by its certificate alone
  std::shared_ptr<const Erasure> erasure;  // destroys what this service keeps of a child
};

// Work that a service does beside its calls, on threads of its own.
class Background {
 public:
  virtual ~Background() = default;  // after Stop
  virtual void Stop() = 0;          // ends it and waits for its threads; the store still works
};

// What such work may use; outlives it.
struct Backstage {
  store::Store* store;
  store::IndexHash index_hash;
  Clocks clocks;
  std::shared_ptr<Client> client;  // calls as the service itself, by its certificate alone
  std::string audit_tree;          // the log of this service's own store
  audit::Pseudonyms* pseudonyms;   // how audit entries of this service name children
};

// What a service is made of.
struct ServiceParts {
  std::shared_ptr<void> domain;  // kept alive for the routes
  // Its own; AuditService, DataKeysService, DecisionsService, EventsService and HoldingsService are
  // added to every one.
  std::vector<Routes> routes;
  // Services whose events it follows; those without a configured address are an error.
  std::vector<std::string> sources;
  events::ApplyEvent apply;  // beyond ApplyFacts; may be null
  // Whether it owns the facts of children itself, so that their age is no question.
  bool owns_child_facts = false;
  // Brings the store up to what this build and its settings need, before the first call is taken
  // and the first event followed; an error stops the start. May be null.
  std::function<absl::Status(const Backstage&)> prepare;
  // Starts the work beside the calls, once the service listens; may be null.
  std::function<std::unique_ptr<Background>(const Backstage&)> start_background;
};
using MakeService = std::function<absl::StatusOr<ServiceParts>(const Environment&)>;

// What tests may put in place of the configured.
struct HostOverrides {
  std::optional<Clocks> clocks;
  std::function<void(Step)> observer;
  // Wraps the store, to make it fail. Called once at start.
  std::function<std::unique_ptr<store::Store>(std::unique_ptr<store::Store>)> wrap_store;
};

class Host {
 public:
  // Everything is checked before the first call is taken: an error is one line that names the
  // setting, file or method.
  static absl::StatusOr<std::unique_ptr<Host>> Start(const config::Config& config,
                                                     const MakeService& make,
                                                     const HostOverrides& overrides = {});
  virtual ~Host() = default;  // drains with no patience
  virtual int port() const = 0;
  // Health says NOT_SERVING, new calls are refused with SERVER_STOPPING, calls under way are
  // finished, streams are ended, the store is closed. Returns when all is done; what is not
  // finished when `limit` passed is cancelled.
  virtual void Drain(absl::Duration limit) = 0;
  virtual store::Store& store() = 0;
  virtual const MethodTable& methods() const = 0;
};

// main() of a service: reads --config, serves until SIGTERM or SIGINT, drains, returns the exit
// code.
int RunService(int argc, char** argv, const char* service, const MakeService& make);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_HOST_H_
