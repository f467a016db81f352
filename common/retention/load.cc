// Reading schedules from their files.
#include <cstdint>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/crypto/crypto.h"
#include "common/retention/schedules.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::retention {
namespace {

using config::Yaml;

// Adoption records are kept longest, a hundred years.
constexpr std::int64_t kYearsMax = 150;

absl::StatusOr<int> ReadKind(const Yaml& item) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, item.Text());
  RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  if (!options::v1::RecordKind_Parse(absl::StrCat("RECORD_KIND_", absl::AsciiStrToUpper(text)),
                                     &kind) ||
      kind == options::v1::RECORD_KIND_UNSPECIFIED) {
    return item.Error(absl::StrCat("`", text, "` is not a kind of record"));
  }
  return static_cast<int>(kind);
}

absl::Status ReadKinds(const Yaml& map, absl::string_view key, std::set<int>* kinds) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, map.Get(key));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(const int kind, ReadKind(item));
    if (!kinds->insert(kind).second) return item.Error("is named twice");
  }
  return kinds->empty() ? list.Error(absl::StrCat(key, " names none")) : absl::OkStatus();
}

absl::Status ReadPeriod(const Yaml& parent, absl::CivilDay* from,
                        std::optional<absl::CivilDay>* to) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, parent.Get("in_force"));
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"from"}, {"to"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml first, map.Get("from"));
  TRUSTHUB_ASSIGN_OR_RETURN(*from, first.Day());
  if (const std::optional<Yaml> last = map.Find("to"); last.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(*to, last->Day());
    if (**to < *from) return last->Error("ends before it begins");
  }
  return absl::OkStatus();
}

absl::StatusOr<Term> ReadTerm(const Yaml& map) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"after", "years"}));
  static const auto& starts = *new std::map<std::string, Start>{
      {"birth", Start::kBirth}, {"death", Start::kDeath}, {"last_change", Start::kLastChange}};
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml after, map.Get("after"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, after.Text());
  const auto start = starts.find(text);
  if (start == starts.end()) {
    return after.Error(absl::StrCat("`", text, "` is not birth, death or last_change"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml years, map.Get("years"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t number, years.Number());
  if (number < 1 || number > kYearsMax) {
    return years.Error(absl::StrCat("years must lie between 1 and ", kYearsMax));
  }
  return Term{start->second, static_cast<int>(number)};
}

absl::Status ReadTerms(const Yaml& list, std::vector<Term>* terms) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(terms->emplace_back(), ReadTerm(item));
  }
  return terms->empty() ? list.Error("keeps for no time") : absl::OkStatus();
}

absl::Status ReadDeath(const Yaml& map, Schedule* schedule) {
  const std::optional<Yaml> died = map.Find("if_died");
  if (!died.has_value()) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(died->CheckKeys({"keep"}, {"under_years"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml keep, died->Get("keep"));
  TRUSTHUB_RETURN_IF_ERROR(ReadTerms(keep, &schedule->keep_if_died));
  if (const std::optional<Yaml> under = died->Find("under_years"); under.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t years, under->Number());
    if (years < 1 || years > kYearsMax) return under->Error("is no age");
    schedule->died_under_years = static_cast<int>(years);
  }
  return absl::OkStatus();
}

absl::Status ReadWhere(const Yaml& map, Schedule* schedule) {
  const std::optional<Yaml> list = map.Find("where");
  if (!list.has_value()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list->Items());
  for (const Yaml& item : items) {
    TRUSTHUB_RETURN_IF_ERROR(item.CheckKeys({"field", "is"}));
    TRUSTHUB_ASSIGN_OR_RETURN(const Yaml field, item.Get("field"));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string name, field.Text());
    TRUSTHUB_ASSIGN_OR_RETURN(const Yaml values, item.Get("is"));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> words, values.Items());
    for (const Yaml& word : words) {
      TRUSTHUB_ASSIGN_OR_RETURN(std::string text, word.Text());
      schedule->where[name].insert(std::move(text));
    }
    if (schedule->where[name].empty()) return values.Error("names none");
  }
  return absl::OkStatus();
}

absl::StatusOr<Schedule> ReadSchedule(const Yaml& map) {
  TRUSTHUB_RETURN_IF_ERROR(
      map.CheckKeys({"id", "in_force", "records", "keep", "source"}, {"where", "if_died"}));
  Schedule schedule;
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml id, map.Get("id"));
  TRUSTHUB_ASSIGN_OR_RETURN(schedule.id, id.Text());
  TRUSTHUB_RETURN_IF_ERROR(ReadPeriod(map, &schedule.from, &schedule.to));
  TRUSTHUB_RETURN_IF_ERROR(ReadKinds(map, "records", &schedule.records));
  TRUSTHUB_RETURN_IF_ERROR(ReadWhere(map, &schedule));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml keep, map.Get("keep"));
  TRUSTHUB_RETURN_IF_ERROR(ReadTerms(keep, &schedule.keep));
  TRUSTHUB_RETURN_IF_ERROR(ReadDeath(map, &schedule));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml source, map.Get("source"));
  TRUSTHUB_ASSIGN_OR_RETURN(schedule.source, source.Text());
  return schedule;
}

absl::StatusOr<Moratorium> ReadMoratorium(const Yaml& map) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"id", "in_force", "source"}));
  Moratorium moratorium;
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml id, map.Get("id"));
  TRUSTHUB_ASSIGN_OR_RETURN(moratorium.id, id.Text());
  TRUSTHUB_RETURN_IF_ERROR(ReadPeriod(map, &moratorium.from, &moratorium.to));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml source, map.Get("source"));
  TRUSTHUB_ASSIGN_OR_RETURN(moratorium.source, source.Text());
  return moratorium;
}

bool Overlap(const Schedule& a, const Schedule& b) {
  return a.id == b.id && (!a.to.has_value() || *a.to >= b.from) &&
         (!b.to.has_value() || *b.to >= a.from);
}

// What the files say between them.
struct Read {
  std::vector<Schedule> schedules;
  std::vector<Moratorium> moratoria;
  std::set<int> without_term;
  std::set<int> told;
};

absl::Status ReadOne(const std::string& path, Read* read) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({}, {"schedules", "moratoria", "without_term", "told"}));
  if (const std::optional<Yaml> list = root.Find("schedules"); list.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list->Items());
    for (const Yaml& item : items) {
      TRUSTHUB_ASSIGN_OR_RETURN(Schedule schedule, ReadSchedule(item));
      for (const Schedule& other : read->schedules) {
        if (!Overlap(schedule, other)) continue;
        return item.Error(absl::StrCat("two periods of ", schedule.id, " overlap"));
      }
      read->schedules.push_back(std::move(schedule));
    }
  }
  if (const std::optional<Yaml> list = root.Find("moratoria"); list.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list->Items());
    for (const Yaml& item : items) {
      TRUSTHUB_ASSIGN_OR_RETURN(read->moratoria.emplace_back(), ReadMoratorium(item));
    }
  }
  if (root.Find("without_term").has_value()) {
    TRUSTHUB_RETURN_IF_ERROR(ReadKinds(root, "without_term", &read->without_term));
  }
  if (root.Find("told").has_value()) {
    TRUSTHUB_RETURN_IF_ERROR(ReadKinds(root, "told", &read->told));
  }
  return absl::OkStatus();
}

// Kinds that nothing is said of.
absl::Status CheckAllKinds(absl::string_view folder, const Read& read) {
  std::set<int> said = read.without_term;
  for (const Schedule& schedule : read.schedules) {
    if (!schedule.where.empty() || schedule.to.has_value()) continue;
    for (const int kind : schedule.records) {
      if (read.without_term.count(kind) == 0) {
        said.insert(kind);
        continue;
      }
      return absl::InvalidArgumentError(absl::StrCat(
          folder, ": ", options::v1::RecordKind_Name(kind), " has a schedule and is without_term"));
    }
  }
  for (int kind = 1; kind < options::v1::RecordKind_ARRAYSIZE; ++kind) {
    if (!options::v1::RecordKind_IsValid(kind) || said.count(kind) != 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": nothing says how long ", options::v1::RecordKind_Name(kind),
                     " is kept: give it a schedule without conditions, or name it without_term"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text;
}

}  // namespace

absl::StatusOr<Schedules> LoadSchedules(absl::string_view folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> paths, config::YamlFilesIn(folder));
  Read read;
  std::string texts;
  for (const std::string& path : paths) {
    TRUSTHUB_RETURN_IF_ERROR(ReadOne(path, &read));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, TextOf(path));
    absl::StrAppend(&texts, text.size(), "\n", text);
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckAllKinds(folder, read));
  Schedules schedules;
  schedules.schedules_ = std::move(read.schedules);
  schedules.moratoria_ = std::move(read.moratoria);
  schedules.told_ = std::move(read.told);
  schedules.version_ = crypto::HexEncode(crypto::Sha256(texts));
  return schedules;
}

}  // namespace trusthub::retention
