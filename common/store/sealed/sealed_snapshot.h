// File: sealed_snapshot.h
//
// The reading half of a sealed store: asks the engine by aliases and keyed hashes, and opens what
// it gives.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_SEALED_SNAPSHOT_H_
#define TRUSTHUB_COMMON_STORE_SEALED_SEALED_SNAPSHOT_H_

#include <memory>

#include "common/store/sealed/data_keys.h"
#include "common/store/store.h"

namespace trusthub::store::sealed {

// `keys` outlives the snapshot.
std::unique_ptr<Snapshot> OpenSealed(std::unique_ptr<Snapshot> engine, DataKeys* keys);

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_SEALED_SNAPSHOT_H_
