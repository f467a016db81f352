// File: ledger_pipe.h
//
// The ledger of what a writer acknowledged, kept outside its process: the writer tells through a
// pipe, each word whole or not at all, and a kill -9 takes nothing back that was told.
#ifndef TRUSTHUB_TESTS_FAULT_LEDGER_PIPE_H_
#define TRUSTHUB_TESTS_FAULT_LEDGER_PIPE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/store/store.h"

namespace trusthub::testing {

struct Told {
  enum Kind : char {
    kOpened = 'o',
    kBegun = 'b',    // a set is about to be committed
    kKept = 'k',     // a set was acknowledged; with its receipt
    kFound = 'f',    // a set was sent again, and its answer was there already
    kSpooled = 's',  // a refusal was spooled
  };
  Kind kind = kOpened;
  std::int64_t number = 0;
  store::Committed committed = {};  // of kKept: one leaf and the head
};

class LedgerPipe {
 public:
  LedgerPipe();
  ~LedgerPipe();
  LedgerPipe(const LedgerPipe&) = delete;
  LedgerPipe& operator=(const LedgerPipe&) = delete;

  // For the writer. Thread-safe; ends the process when nobody listens.
  void Tell(const Told& told) const;
  // For the reader, after the fork: it hears the end of the writer.
  void CloseWriter();
  // The next word; nothing when none comes within `limit`, or ever.
  std::optional<Told> Hear(absl::Duration limit);
  bool ended() const { return ended_; }

 private:
  int reader_ = -1;
  int writer_ = -1;
  bool ended_ = false;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_LEDGER_PIPE_H_
