#include "tests/fault/everything.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

constexpr int kAll = 1'000'000;

void Put(absl::string_view field, std::string* text) {
  absl::StrAppend(text, field.size(), ":", field, ",");
}
void Put(std::int64_t field, std::string* text) { absl::StrAppend(text, field, ","); }

std::string TextOf(std::int64_t number) { return absl::StrCat(number); }
std::string TextOf(const std::string& value) { return value; }
std::string TextOf(const store::StoredRecord& record) {
  std::string text;
  for (const absl::string_view field :
       {absl::string_view(record.name), absl::string_view(record.child),
        absl::string_view(record.owner_agency), absl::string_view(record.author_agency),
        absl::string_view(record.bytes)}) {
    Put(field, &text);
  }
  Put(record.kind, &text);
  Put(record.version, &text);
  Put(record.position, &text);
  return text;
}
std::string TextOf(const store::StoredVersion& version) {
  std::string text;
  Put(version.version, &text);
  Put(absl::ToUnixMicros(version.written), &text);
  Put(version.bytes, &text);
  return text;
}
std::string TextOf(const store::StoredEvent& event) {
  std::string text;
  Put(event.sequence, &text);
  Put(event.child_sequence, &text);
  Put(event.bytes, &text);
  return text;
}
std::string TextOf(const store::StoredAnswer& answer) {
  std::string text;
  Put(answer.request_digest, &text);
  Put(answer.response, &text);
  return text;
}
std::string TextOf(const store::StoredLeaf& leaf) {
  std::string text;
  Put(leaf.index, &text);
  Put(leaf.bytes, &text);
  return text;
}
std::string TextOf(const store::Tile& tile) {
  std::string text;
  Put(tile.level, &text);
  Put(tile.index, &text);
  Put(tile.bytes, &text);
  return text;
}
std::string TextOf(const std::pair<std::string, std::string>& state) {
  std::string text;
  Put(state.first, &text);
  Put(state.second, &text);
  return text;
}
std::string TextOf(const std::shared_ptr<const store::SealedHead>& head) {
  if (head == nullptr) return "none";
  std::string text;
  Put(head->tree, &text);
  Put(head->size, &text);
  Put(head->root, &text);
  Put(absl::ToUnixMicros(head->sign_time), &text);
  Put(head->signature, &text);
  return text;
}
template <class Value>
std::string TextOf(const std::optional<Value>& value) {
  return value.has_value() ? TextOf(*value) : "none";
}
template <class Value>
std::string TextOf(const std::vector<Value>& values) {
  std::string text = absl::StrCat(values.size(), " rows;");
  for (const Value& value : values) absl::StrAppend(&text, TextOf(value), ";");
  return text;
}

}  // namespace

std::vector<ReadAnswer> ReadEverything(store::Snapshot& snapshot, std::int64_t end) {
  std::vector<ReadAnswer> answers;
  const auto read = [&answers](std::string what, const auto& gave) {
    answers.push_back({std::move(what), gave.ok() ? absl::StatusOr<std::string>(TextOf(*gave))
                                                  : absl::StatusOr<std::string>(gave.status())});
  };
  for (std::int64_t n = 0; n <= end; ++n) {
    const std::string number = absl::StrCat(n);
    for (const char* half : {"a", "b"}) {
      const std::string name = absl::StrCat("referrals/", n, half);
      read("Find " + name, snapshot.Find(name));
      read("Versions " + name, snapshot.Versions(name));
    }
    read("ListByIndex " + number, snapshot.ListByIndex(kTestKind, "fault.number", number, 0, kAll));
    read("FindState " + number, snapshot.FindState("fault", number));
    read("FindAnswer " + number, snapshot.FindAnswer("key " + number, RealClock().Now()));
    read("ListLeavesByKey " + number, snapshot.ListLeavesByKey("by " + number, 0, kAll));
  }
  for (int child = 0; child < 5; ++child) {
    const std::string name = absl::StrCat("children/", child);
    read("ListByChild " + name, snapshot.ListByChild(kTestKind, name, 0, kAll));
    read("Sequence " + name, snapshot.Sequence(name));
  }
  read("ListByKind", snapshot.ListByKind(kTestKind, 0, kAll));
  read("ListState", snapshot.ListState("fault", "", kAll));
  read("ReadEvents", snapshot.ReadEvents(0, kAll));
  read("LastEventSequence", snapshot.LastEventSequence());
  read("ReadLeaves", snapshot.ReadLeaves(0, kAll));
  read("LeafCount", snapshot.LeafCount());
  for (int level = 0; level < 3; ++level) {
    read(absl::StrCat("ReadTiles ", level), snapshot.ReadTiles(level, 0, kAll));
  }
  read("Head", snapshot.Head());
  return answers;
}

std::vector<std::string> WronglyServed(const std::vector<ReadAnswer>& before,
                                       const std::vector<ReadAnswer>& after) {
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const absl::StatusOr<std::string>& now = after.at(i).gave;
    if (!now.ok()) {
      const bool typed = error::ReasonOf(now.status()) != errors::v1::ERROR_REASON_UNSPECIFIED ||
                         absl::IsDataLoss(now.status());
      if (!typed) wrong.push_back(absl::StrCat(before[i].what, ": ", now.status().ToString()));
    } else if (*now != *before[i].gave) {
      wrong.push_back(
          absl::StrCat(before[i].what, " gave ", absl::CHexEscape(now->substr(0, 200))));
    }
  }
  return wrong;
}

}  // namespace trusthub::testing
