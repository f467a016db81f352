// File: pool.h
//
// Connections for reading, opened when first needed, at most so many. A connection is looked at
// before it is lent, and thrown away when anything failed on it.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_POOL_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_POOL_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/connection.h"
#include "common/time/clock.h"

namespace trusthub::store::postgres {

// Thread-safe.
class ReaderPool {
 public:
  struct Options {
    Address address;
    const Clock* clock = nullptr;  // not owned
    int readers_max = 0;
    int waiting_max = 0;
    absl::Duration connect_limit;
  };
  explicit ReaderPool(Options options)
      : options_(std::move(options)), free_(options_.readers_max) {}

  // Waits for a connection until `deadline`. SERVER_BUSY at once when too many wait already.
  absl::StatusOr<std::unique_ptr<Connection>> Take(absl::Time deadline);
  // In the place of a lent one that turned out to be dead.
  absl::StatusOr<std::unique_ptr<Connection>> Replace(absl::Time deadline);
  // Null: the connection was thrown away.
  void GiveBack(std::unique_ptr<Connection> connection);
  const Clock& clock() const { return *options_.clock; }

 private:
  absl::Status TakePlace(absl::Time deadline, std::unique_ptr<Connection>* idle);

  const Options options_;
  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  int free_ ABSL_GUARDED_BY(mutex_);  // connections that may still be lent
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_POOL_H_
