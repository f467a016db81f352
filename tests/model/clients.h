// File: clients.h
//
// Concurrent clients of one or several stores over the same records, and what each saw: the
// recorded history of a model check in the manner of etcd's robustness tests.
#ifndef TRUSTHUB_TESTS_MODEL_CLIENTS_H_
#define TRUSTHUB_TESTS_MODEL_CLIENTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/store/store.h"
#include "tests/model/linearizable.h"

namespace trusthub::model {

struct ClientsOptions {
  // Over the same records; each client uses them in turn. Not owned.
  std::vector<store::Store*> stores;
  int clients = 6;
  int records = 3;
  int operations = 60;  // of each client
  std::uint64_t seed = 1;
  absl::Duration read_limit = absl::Seconds(2);
  // Called when half of all operations were begun, on the thread that calls RunClients, while the
  // clients go on: makes a fault and ends it.
  std::function<void()> fault;
};

struct History {
  std::map<std::string, std::vector<Operation>> records;  // by name
  // How the operations ended.
  int reads = 0;
  int writes = 0;
  int overtaken = 0;  // refused as a conflict
  int unknown = 0;    // writes that ended without saying
  int refused = 0;    // reads that failed, after which nothing is written
};

// Runs the clients until all are done, then reads every record once more from every store: what is
// there in the end belongs to the history as well.
History RunClients(const ClientsOptions& options);

// The first record whose history nothing explains; OK when there is none.
absl::Status CheckLinearizable(const History& history);

}  // namespace trusthub::model

#endif  // TRUSTHUB_TESTS_MODEL_CLIENTS_H_
