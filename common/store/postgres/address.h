// File: address.h
//
// Where a database is and how to reach it safely: a postgresql:// URL with libpq's parameters.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_ADDRESS_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_ADDRESS_H_

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::store::postgres {

class StatementFaults;

struct Address {
  // For messages: "postgresql://host:port/database", without user and files.
  std::string name;
  std::map<std::string, std::string> parameters;  // libpq's
  // Which of several hosts is tried first: the one that was connected to last, or the next one when
  // that one did not answer. One for all copies.
  std::shared_ptr<std::atomic<std::size_t>> serving = std::make_shared<std::atomic<std::size_t>>(0);
  StatementFaults* faults = nullptr;  // of tests; not owned
};

// Files of the URL (sslcert, sslkey, sslrootcert, sslcrl, passfile) are relative to `folder`. A
// password in it is refused, for secrets come from files. Over a network the server must prove its
// name: sslmode is verify-full when the URL does not say, and nothing weaker is taken unless
// `allow_plain` (a sandbox). Of several hosts the one that takes writes is connected to.
// InvalidArgument says in one line what to change; it does not repeat the URL.
absl::StatusOr<Address> ParseAddress(absl::string_view url, absl::string_view folder,
                                     bool allow_plain);

// What a service that appends to `tree` calls its sessions.
std::string SessionName(absl::string_view tree);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_ADDRESS_H_
