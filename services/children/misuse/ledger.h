// File: ledger.h
//
// What the search for misuse keeps in the service's store, within one transaction: how far each log
// was read, signs that wait to be enough, and per day who saw what and what was done. Rows are read
// once, changed in memory, and written by Flush.
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_LEDGER_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_LEDGER_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/store/transaction.h"
#include "services/children/misuse/access.h"
#include "services/children/misuse/tally.h"
#include "trusthub/internal/v1/misuse.pb.h"

namespace trusthub::children {

// Signs of one worker and pattern.
struct Tally {
  std::string agency;  // of the worker
  std::vector<Moment> moments;
};
using TallyKey = std::pair<std::string, v1::MisusePattern>;  // worker and pattern

// A child that a worker looked up on some day.
struct Search {
  std::string worker;
  std::string child;
  std::string agency;
  Moment moment;
};

// Not thread-safe; lives as long as its transaction, of which it is the only writer of these rows.
class Ledger {
 public:
  // Guards what it reads: of two ledgers that change anything at a time one is refused.
  static absl::StatusOr<Ledger> Open(store::Transaction* tx);

  absl::StatusOr<internal::v1::MisuseCursor> Cursor(const std::string& source);
  absl::Status PutCursor(const std::string& source, const internal::v1::MisuseCursor& cursor);
  // Up to when all of `sources` were read; nothing while one never was.
  absl::StatusOr<std::optional<absl::Time>> CompleteTime(const std::vector<std::string>& sources);

  // Adds a sign.
  absl::Status Note(const std::string& worker, const std::string& agency, const Sign& sign,
                    absl::Time time, const std::string& entry);
  // Every tally that got a sign here, to be judged; changes stay.
  std::map<TallyKey, Tally>& noted() { return tallies_; }

  // Days of which anything is kept, ascending, and how far they were looked at.
  absl::StatusOr<std::vector<std::pair<absl::CivilDay, internal::v1::MisuseDayState>>> Days();
  void PutDay(absl::CivilDay day, const internal::v1::MisuseDayState& state);
  // Removes a day with all that is kept of it.
  absl::Status DropDay(absl::CivilDay day);

  // Keeps that the worker had access, and to which children.
  absl::Status AddAccess(const Access& access);
  absl::StatusOr<std::optional<internal::v1::MisuseDay>> DayOf(absl::CivilDay day,
                                                               const std::string& worker);
  absl::StatusOr<std::vector<std::pair<std::string, internal::v1::MisuseDay>>> WorkersOf(
      absl::CivilDay day);

  // The first look-up of a child by a worker on a day is kept.
  absl::Status AddSearch(const Access& access, const std::string& child);
  absl::StatusOr<std::vector<Search>> SearchesOf(absl::CivilDay day);
  // The latest work of an agency on a child on a day is kept.
  absl::Status AddWork(const Access& access, const std::string& child);
  // Whether the agency did anything for the child after `time`, up to the end of `last`.
  absl::StatusOr<bool> WorkedAfter(const std::string& agency, const std::string& child,
                                   absl::Time time, absl::CivilDay last);

  // Writes what was changed.
  void Flush();

 private:
  explicit Ledger(store::Transaction* tx) : tx_(tx) {}
  absl::Status KnowDay(absl::CivilDay day);
  // A row as it stands here; a default one when there is none.
  template <class Row>
  absl::StatusOr<Row> Read(const std::string& space, const std::string& key) const;
  template <class Row>
  absl::StatusOr<std::vector<std::pair<std::string, Row>>> ReadAll(const std::string& space) const;
  absl::Status DropSpace(const std::string& space);

  store::Transaction* tx_;
  bool changed_ = false;
  std::map<TallyKey, Tally> tallies_;
  std::map<std::pair<std::string, std::string>, internal::v1::MisuseDay> days_;  // space, worker
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_LEDGER_H_
