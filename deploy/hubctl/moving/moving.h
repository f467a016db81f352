// File: moving.h
//
// Moving a service's store from one engine to another: the store itself (common/store/copy), the
// check of its audit log, and what stands beside it in the service's data folder.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_MOVING_MOVING_H_
#define TRUSTHUB_DEPLOY_HUBCTL_MOVING_MOVING_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/copy/copying.h"
#include "deploy/hubctl/moving/tree_check.h"

namespace trusthub::hubctl {

// A store, and the data folder of the service over it.
struct StorePlace {
  std::string url;     // postgresql://...; empty: SQLite files in the folder
  std::string folder;  // absolute
};

// "sqlite:FOLDER" or "postgresql://...". INVALID_ARGUMENT for anything else. The folder of the
// second is not known yet.
absl::StatusOr<StorePlace> ParsePlace(const std::string& text);

struct MoveOptions {
  std::string service;
  StorePlace from;
  StorePlace to;
  std::string audit_key;  // public half, 32 bytes, of the key that signs the heads
  bool follow = false;
  bool allow_plain = false;  // as of PostgresOptions
  std::function<void(const store::copy::CopyStep&)> progress;
  std::function<void()> pause;
};

struct Moved {
  std::string from;
  std::string to;
  store::copy::CopyResult copied;
  std::vector<CheckedTree> trees;
};

// As copy::CopyStore. Also FAILED_PRECONDITION: several audit trees into SQLite, or a data folder
// that belongs to another audit tree. When it returns OK a service starts over `to`, and over
// `from` none; what was in SQLite files stays in the folder, under another name. Killed, the same
// call goes on.
absl::StatusOr<Moved> MoveStore(const MoveOptions& options);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_MOVING_MOVING_H_
