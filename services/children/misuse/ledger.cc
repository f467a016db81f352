#include "services/children/misuse/ledger.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::children {
namespace {

using internal::v1::MisuseCursor;
using internal::v1::MisuseDay;
using internal::v1::MisuseDayState;
using internal::v1::MisuseMoment;
using internal::v1::MisuseSearch;
using internal::v1::MisuseTally;

constexpr char kGuard[] = "misuse";
constexpr char kCursors[] = "misuse/cursor";
constexpr char kTallies[] = "misuse/tally";
constexpr char kDays[] = "misuse/days";

// Accesses of a worker's day that are kept by name: as many as a review names.
constexpr int kAccessesMax = 50;
// Children of a worker's day that are told apart. Whoever sees more stands out already.
constexpr int kChildrenMax = 5000;
constexpr int kRowsRead = 500;

std::string DaySpace(absl::CivilDay day) { return absl::StrCat("misuse/day/", FormatDay(day)); }
std::string SearchSpace(absl::CivilDay day) {
  return absl::StrCat("misuse/search/", FormatDay(day));
}
std::string WorkSpace(absl::CivilDay day) { return absl::StrCat("misuse/work/", FormatDay(day)); }

std::string KeyOfTally(const TallyKey& key) {
  return absl::StrCat(key.first, " ", static_cast<int>(key.second));
}

MisuseMoment ToProto(const Moment& moment) {
  MisuseMoment proto;
  *proto.mutable_time() = TimeToProto(moment.time);
  proto.set_entry(moment.entry);
  proto.set_key(moment.key);
  proto.set_subject(moment.subject);
  proto.set_counted(moment.counted);
  return proto;
}

Moment FromProto(const MisuseMoment& proto) {
  return {TimeFromProto(proto.time()), proto.entry(), proto.key(), proto.subject(),
          proto.counted()};
}

}  // namespace

template <class Row>
absl::StatusOr<Row> Ledger::Read(const std::string& space, const std::string& key) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> stored, tx_->FindState(space, key));
  Row row;
  if (stored.has_value() && !row.ParseFromString(*stored)) {
    return absl::DataLossError(absl::StrCat("a row of ", space, " does not parse"));
  }
  return row;
}

template <class Row>
absl::StatusOr<std::vector<std::pair<std::string, Row>>> Ledger::ReadAll(
    const std::string& space) const {
  std::vector<std::pair<std::string, Row>> rows;
  std::string after;
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto part, tx_->snapshot().ListState(space, after, kRowsRead));
    for (const auto& [key, value] : part) {
      rows.emplace_back(key, Row());
      if (!rows.back().second.ParseFromString(value)) {
        return absl::DataLossError(absl::StrCat("a row of ", space, " does not parse"));
      }
    }
    if (static_cast<int>(part.size()) < kRowsRead) return rows;
    after = part.back().first;
  }
}

absl::StatusOr<Ledger> Ledger::Open(store::Transaction* tx) {
  TRUSTHUB_RETURN_IF_ERROR(tx->GuardOn(kGuard).status());
  return Ledger(tx);
}

absl::StatusOr<MisuseCursor> Ledger::Cursor(const std::string& source) {
  return Read<MisuseCursor>(kCursors, source);
}

absl::Status Ledger::PutCursor(const std::string& source, const MisuseCursor& cursor) {
  std::string row = cursor.SerializeAsString();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                            tx_->FindState(kCursors, source));
  if (stored == row) return absl::OkStatus();
  tx_->PutState(kCursors, source, std::move(row));
  changed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<absl::Time>> Ledger::CompleteTime(
    const std::vector<std::string>& sources) {
  std::optional<absl::Time> complete;
  for (const std::string& source : sources) {
    TRUSTHUB_ASSIGN_OR_RETURN(const MisuseCursor cursor, Cursor(source));
    if (!cursor.has_complete_time()) return std::nullopt;
    const absl::Time time = TimeFromProto(cursor.complete_time());
    complete = complete.has_value() ? std::min(*complete, time) : time;
  }
  return complete;
}

absl::Status Ledger::Note(const std::string& worker, const std::string& agency, const Sign& sign,
                          absl::Time time, const std::string& entry) {
  const TallyKey key(worker, sign.pattern);
  const auto [it, is_new] = tallies_.try_emplace(key);
  Tally& tally = it->second;
  if (is_new) {
    TRUSTHUB_ASSIGN_OR_RETURN(const MisuseTally stored,
                              Read<MisuseTally>(kTallies, KeyOfTally(key)));
    for (const MisuseMoment& moment : stored.moments()) tally.moments.push_back(FromProto(moment));
  }
  tally.agency = agency;
  Keep({time, entry, sign.key, sign.subject}, &tally.moments);
  changed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::pair<absl::CivilDay, MisuseDayState>>> Ledger::Days() {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, ReadAll<MisuseDayState>(kDays));
  std::vector<std::pair<absl::CivilDay, MisuseDayState>> days;
  for (const auto& [key, state] : rows) {
    TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(key));
    days.emplace_back(day, state);
  }
  return days;
}

void Ledger::PutDay(absl::CivilDay day, const MisuseDayState& state) {
  tx_->PutState(kDays, FormatDay(day), state.SerializeAsString());
  changed_ = true;
}

absl::Status Ledger::KnowDay(absl::CivilDay day) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> known,
                            tx_->FindState(kDays, FormatDay(day)));
  if (!known.has_value()) PutDay(day, MisuseDayState());
  return absl::OkStatus();
}

absl::Status Ledger::DropSpace(const std::string& space) {
  std::string after;
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto part, tx_->snapshot().ListState(space, after, kRowsRead));
    for (const auto& [key, value] : part) tx_->PutState(space, key, std::nullopt);
    if (static_cast<int>(part.size()) < kRowsRead) return absl::OkStatus();
    after = part.back().first;
  }
}

absl::Status Ledger::DropDay(absl::CivilDay day) {
  TRUSTHUB_RETURN_IF_ERROR(DropSpace(DaySpace(day)));
  TRUSTHUB_RETURN_IF_ERROR(DropSpace(SearchSpace(day)));
  TRUSTHUB_RETURN_IF_ERROR(DropSpace(WorkSpace(day)));
  tx_->PutState(kDays, FormatDay(day), std::nullopt);
  changed_ = true;
  return absl::OkStatus();
}

absl::Status Ledger::AddAccess(const Access& access) {
  const absl::CivilDay day = LondonDay(access.time);
  TRUSTHUB_RETURN_IF_ERROR(KnowDay(day));
  const auto [it, is_new] = days_.try_emplace({DaySpace(day), access.worker});
  MisuseDay& row = it->second;
  if (is_new) {
    TRUSTHUB_ASSIGN_OR_RETURN(row, Read<MisuseDay>(it->first.first, access.worker));
  }
  row.set_agency(access.agency);
  row.set_role(access.role);
  if (row.accesses_size() < kAccessesMax) {
    *row.add_accesses() = ToProto({access.time, access.entry, access.entry, access.entry});
  }
  changed_ = true;
  if (access.was_refused()) return absl::OkStatus();
  for (const std::string& child : access.children) {
    const auto& seen = row.children();
    if (row.children_size() < kChildrenMax &&
        std::find(seen.begin(), seen.end(), child) == seen.end()) {
      row.add_children(child);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<MisuseDay>> Ledger::DayOf(absl::CivilDay day,
                                                       const std::string& worker) {
  TRUSTHUB_ASSIGN_OR_RETURN(MisuseDay row, Read<MisuseDay>(DaySpace(day), worker));
  if (row.agency().empty()) return std::nullopt;
  return row;
}

absl::StatusOr<std::vector<std::pair<std::string, MisuseDay>>> Ledger::WorkersOf(
    absl::CivilDay day) {
  return ReadAll<MisuseDay>(DaySpace(day));
}

absl::Status Ledger::AddSearch(const Access& access, const std::string& child) {
  const absl::CivilDay day = LondonDay(access.time);
  TRUSTHUB_RETURN_IF_ERROR(KnowDay(day));
  const std::string key = absl::StrCat(access.worker, " ", child);
  TRUSTHUB_ASSIGN_OR_RETURN(MisuseSearch row, Read<MisuseSearch>(SearchSpace(day), key));
  if (row.has_time() && TimeFromProto(row.time()) <= access.time) return absl::OkStatus();
  *row.mutable_time() = TimeToProto(access.time);
  row.set_entry(access.entry);
  row.set_agency(access.agency);
  tx_->PutState(SearchSpace(day), key, row.SerializeAsString());
  changed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Search>> Ledger::SearchesOf(absl::CivilDay day) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, ReadAll<MisuseSearch>(SearchSpace(day)));
  std::vector<Search> searches;
  for (const auto& [key, row] : rows) {
    const std::pair<std::string, std::string> names = absl::StrSplit(key, absl::MaxSplits(' ', 1));
    searches.push_back({names.first, names.second, row.agency(),
                        Moment{TimeFromProto(row.time()), row.entry(),
                               absl::StrCat(names.second, " ", FormatDay(day)), names.second}});
  }
  return searches;
}

absl::Status Ledger::AddWork(const Access& access, const std::string& child) {
  const absl::CivilDay day = LondonDay(access.time);
  TRUSTHUB_RETURN_IF_ERROR(KnowDay(day));
  const std::string key = absl::StrCat(access.agency, " ", child);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                            tx_->FindState(WorkSpace(day), key));
  std::int64_t latest = 0;
  if (stored.has_value() && !absl::SimpleAtoi(*stored, &latest)) {
    return absl::DataLossError("a row of misuse/work does not parse");
  }
  const std::int64_t micros = absl::ToUnixMicros(access.time);
  if (stored.has_value() && latest >= micros) return absl::OkStatus();
  tx_->PutState(WorkSpace(day), key, absl::StrCat(micros));
  changed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> Ledger::WorkedAfter(const std::string& agency, const std::string& child,
                                         absl::Time time, absl::CivilDay last) {
  const std::string key = absl::StrCat(agency, " ", child);
  for (absl::CivilDay day = LondonDay(time); day <= last; ++day) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                              tx_->FindState(WorkSpace(day), key));
    std::int64_t latest = 0;
    if (stored.has_value() && absl::SimpleAtoi(*stored, &latest) &&
        latest >= absl::ToUnixMicros(time)) {
      return true;
    }
  }
  return false;
}

void Ledger::Flush() {
  for (const auto& [key, tally] : tallies_) {
    MisuseTally row;
    row.set_agency(tally.agency);
    for (const Moment& moment : tally.moments) *row.add_moments() = ToProto(moment);
    tx_->PutState(
        kTallies, KeyOfTally(key),
        tally.moments.empty() ? std::nullopt : std::make_optional(row.SerializeAsString()));
  }
  for (const auto& [key, row] : days_) {
    tx_->PutState(key.first, key.second, row.SerializeAsString());
  }
  if (changed_) tx_->Touch(kGuard);
}

}  // namespace trusthub::children
