// File: server_checks.h
//
// Whether a server is set up so that what it acknowledges lasts, and is the right one to write to.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_SERVER_CHECKS_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_SERVER_CHECKS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/store/postgres/connection.h"

namespace trusthub::store::postgres {

// FAILED_PRECONDITION names the setting, what it is and what it must be: the server's version,
// fsync, full_page_writes, data_sync_retry, data_checksums, synchronous_commit, settings that pass
// over damage, encoding, being a standby, and a connection that is not encrypted over a network
// unless `allow_plain`. A server that does not know one of the settings is refused too: nobody has
// shown what it does instead. Asked for whenever the writer connects, for after a failover the
// server is another one.
absl::Status CheckServer(Connection& connection, bool allow_plain, absl::Duration limit);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_SERVER_CHECKS_H_
