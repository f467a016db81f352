// File: fault.h
//
// What went wrong between the engine and its server, by what can be done about it.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_FAULT_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_FAULT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace trusthub::store::postgres {

enum class Fault {
  kNone,
  kOvertaken,  // another transaction came first; the same again may go through
  kLost,       // the connection is gone; what it was about to do may be done or not
  kLate,       // no answer in time; the same
  kFull,       // the server lacks something: disk, memory, connections
  kRefused,    // the server does not take the statement, and would not take it again
  kNotOurs,    // a status that was made elsewhere
};

// `text` is for the log and for whoever starts a service.
absl::Status FaultStatus(Fault fault, absl::string_view text);
Fault FaultOf(const absl::Status& status);
// What an SQLSTATE means.
Fault FaultOfSqlState(absl::string_view state);

// The status that a caller of the store gets. A fault that no caller causes is logged.
absl::Status ToCaller(const absl::Status& status);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_FAULT_H_
