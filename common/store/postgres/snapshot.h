// File: snapshot.h
//
// A consistent view: one REPEATABLE READ READ ONLY transaction, begun at the first read. Writers
// follow each other (group_writer.h), so what such a view sees is what some of them, in their
// order, left: it needs no predicate locks, and is never told to try again.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_SNAPSHOT_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_SNAPSHOT_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/store/postgres/pool.h"
#include "common/store/store.h"

namespace trusthub::store::postgres {

// What it says of leaves, tiles and heads is of the tree `tree` until TurnTo. `read_limit` bounds
// each read of a view without deadline.
absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot(std::shared_ptr<ReaderPool> pool,
                                                       std::int64_t tree, absl::Time deadline,
                                                       absl::Duration read_limit);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_SNAPSHOT_H_
