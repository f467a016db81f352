// File: schedules.h
//
// How long records are kept: effective-dated schedules as data (deploy/config/retention/*.yaml;
// domain.md 6.7), and what they say of the records of one child. Pure functions over a loaded,
// immutable set; thread-safe.
//
// A child's records are destroyed together, with the key that seals them all. So the longest of
// them decides: while one must be kept, it holds back the others. Whatever cannot be told is kept.
#ifndef TRUSTHUB_COMMON_RETENTION_SCHEDULES_H_
#define TRUSTHUB_COMMON_RETENTION_SCHEDULES_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::retention {

using options::v1::RecordKind;

// What is known of one record, or of several alike.
struct HeldRecord {
  RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  // Values by which schedules tell records of a kind apart, e.g. {"outcome", "unfounded"}. A field
  // that a schedule asks for and that is not here makes it one that cannot be told.
  std::map<std::string, std::string> marks;
  absl::CivilDay last_change;  // in London: the last contact that it shows
};

// Whose records they are. A day that is not wholly known is absent.
struct Life {
  std::optional<absl::CivilDay> birth;
  std::optional<absl::CivilDay> death;
};

// From when a term counts.
enum class Start { kBirth, kDeath, kLastChange };

struct Term {
  Start start = Start::kBirth;
  int years = 0;
};

struct Schedule {
  std::string id;
  absl::CivilDay from;                                 // first day on which it is in force
  std::optional<absl::CivilDay> to;                    // last; nothing while it lasts
  std::set<int> records;                               // RecordKind
  std::map<std::string, std::set<std::string>> where;  // marks that a record must have
  std::vector<Term> keep;                              // the latest end counts
  // In place of `keep` for a child who died, where the schedule says so: below the age.
  std::vector<Term> keep_if_died;
  std::optional<int> died_under_years;
  std::string source;
};

// A time in which nothing may be destroyed, e.g. while an inquiry sits.
struct Moratorium {
  std::string id;
  absl::CivilDay from;
  std::optional<absl::CivilDay> to;
  std::string source;
};

// What the schedules say of one record on one day.
struct Verdict {
  std::string schedule;  // the one that keeps it longest; empty for none
  std::optional<absl::CivilDay>
      keep_until;  // the last day; absent: it cannot be told, so it is kept
  // Whether its time is over on `today`.
  bool IsOver(absl::CivilDay today) const { return keep_until.has_value() && today > *keep_until; }
};

class Schedules {
 public:
  // Of several schedules that fit the longest counts; one that cannot be told counts as for ever.
  Verdict Of(const HeldRecord& record, const Life& life, absl::CivilDay today) const;
  // The moratorium on `today`; null for none.
  const Moratorium* MoratoriumOn(absl::CivilDay today) const;
  const std::vector<Schedule>& all() const { return schedules_; }
  // Whether officers are told of records of this kind: that there are some may be the secret
  // itself.
  bool IsTold(RecordKind kind) const { return told_.count(kind) != 0; }
  // SHA-256 over the files, in hex: what a decision to destroy rests on.
  const std::string& version() const { return version_; }

 private:
  friend absl::StatusOr<Schedules> LoadSchedules(absl::string_view folder);

  std::vector<Schedule> schedules_;
  std::vector<Moratorium> moratoria_;
  std::set<int> told_;  // RecordKind
  std::string version_;
};

// `years` after `day`; the 1st of March after a 29th of February that the year lacks.
absl::CivilDay YearsAfter(absl::CivilDay day, int years);

// Reads every *.yaml of `folder`. Fails, naming file and line, on unknown keys and values, a
// schedule that keeps for no time, and periods of one id that overlap. Every kind of record must be
// kept by a schedule without conditions that is in force for good, or be named under
// `without_term`: a new kind stops the load until somebody has said how long it is kept.
absl::StatusOr<Schedules> LoadSchedules(absl::string_view folder);

}  // namespace trusthub::retention

#endif  // TRUSTHUB_COMMON_RETENTION_SCHEDULES_H_
