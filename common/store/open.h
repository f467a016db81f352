// File: open.h
//
// Opens a service's store with the engine that its configuration names.
#ifndef TRUSTHUB_COMMON_STORE_OPEN_H_
#define TRUSTHUB_COMMON_STORE_OPEN_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store {

struct OpenOptions {
  std::string url;         // postgresql://...; empty: SQLite files in `folder`
  std::string url_folder;  // what files named in `url` are relative to
  std::string folder;      // the service's data folder
  std::string service;
  std::string tree;  // name of this process's audit tree
  // Makes audit leaves part of commits. Not owned.
  LeafSequencer* sequencer = nullptr;
  const Clock* clock = &RealClock();  // the real clock; not owned
  // Whether a store that is not there is made.
  bool create = true;
  bool sandbox = false;
};

// What messages call it: "{folder}/store.db", "postgresql://host:port/database".
std::string StoreName(const OpenOptions& options);

// Whether the folder holds a store; of one elsewhere it tells nothing.
bool HoldsStore(const std::string& folder);

// As OpenSqlite and OpenPostgres.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const OpenOptions& options);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_OPEN_H_
