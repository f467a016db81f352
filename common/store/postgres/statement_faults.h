// File: statement_faults.h
//
// What a test makes of a statement on its way to the server. In a service there is none of these,
// and a statement costs one look at a null pointer.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_STATEMENT_FAULTS_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_STATEMENT_FAULTS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace trusthub::store::postgres {

struct StatementFault {
  enum class Kind {
    kNone,
    kLostBefore,  // the connection ends before the server hears of it; what came before it is done
    kLostAfter,   // the connection ends when the server has done it, before anybody hears of that
    kInstead,     // `instead` is sent in its place
  };
  Kind kind = Kind::kNone;
  std::string instead;
};

// Asked by each connection on its own thread.
class StatementFaults {
 public:
  virtual ~StatementFaults() = default;
  // What becomes of the next statement, those that set up a session among them.
  virtual StatementFault Next(absl::string_view text) = 0;
};

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_STATEMENT_FAULTS_H_
