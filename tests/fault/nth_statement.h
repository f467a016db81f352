// File: nth_statement.h
//
// Makes the n-th statement that an engine sends to its server fail, and some after it.
#ifndef TRUSTHUB_TESTS_FAULT_NTH_STATEMENT_H_
#define TRUSTHUB_TESTS_FAULT_NTH_STATEMENT_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/store/postgres/statement_faults.h"

namespace trusthub::testing {

// Thread-safe. Lets everything pass at first.
class NthStatement final : public store::postgres::StatementFaults {
 public:
  // From now on: `times` statements, the `nth` being the first of them.
  void FailFrom(std::int64_t nth, std::int64_t times, store::postgres::StatementFault fault) {
    MutexLock lock(mutex_);
    nth_ = nth;
    times_ = times;
    fault_ = std::move(fault);
    seen_ = 0;
    failed_ = 0;
    first_.clear();
  }
  // Nothing fails any more. How many did.
  std::int64_t Mend() {
    MutexLock lock(mutex_);
    times_ = 0;
    return failed_;
  }
  // The statement that failed first.
  std::string first() {
    MutexLock lock(mutex_);
    return first_;
  }

  store::postgres::StatementFault Next(absl::string_view text) override {
    MutexLock lock(mutex_);
    ++seen_;
    if (seen_ < nth_ || seen_ >= nth_ + times_) return {};
    if (failed_++ == 0) first_ = std::string(text);
    return fault_;
  }

 private:
  Mutex mutex_;
  std::int64_t nth_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t times_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t seen_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  store::postgres::StatementFault fault_ ABSL_GUARDED_BY(mutex_);
  std::string first_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_NTH_STATEMENT_H_
