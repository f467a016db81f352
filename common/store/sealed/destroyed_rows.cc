#include "common/store/sealed/destroyed_rows.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/store/sealed/data_keys.h"
#include "common/store/sealed/envelope.h"

namespace trusthub::store {
namespace {

using sealed::kChildSpace;
using sealed::kDestroyedRow;
using sealed::kKeySpace;

// Rows read, and written in one set.
constexpr int kRowsAtATime = 500;

bool IsDestroyed(absl::string_view value) { return !value.empty() && value[0] == kDestroyedRow; }

// The ids of keys that `rows` destroy and `view` has; in `set` the rows that it lacks.
absl::StatusOr<std::set<std::string>> AddRows(const std::vector<DestroyedRow>& rows, Snapshot& view,
                                              WriteSet* set) {
  std::set<std::string> alive;
  for (const DestroyedRow& row : rows) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> found,
                              view.FindState(row.space, row.key));
    const std::string value = found.value_or("");
    if (IsDestroyed(value)) continue;
    set->states.push_back({row.space, row.key, row.value});
    set->touches.push_back(sealed::SequenceOfRow(row.space, row.key));
    if (row.space != kKeySpace || value.empty()) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(std::string id, crypto::HexDecode(row.key));
    alive.insert(std::move(id));
  }
  return alive;
}

// A last version, without index entries, of each record that one of `keys` sealed. Its bytes stay
// what they were: nothing opens them any more.
absl::Status TakeOffIndexes(const std::set<std::string>& keys, absl::Time now, Store& engine) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                            engine.Open(absl::InfiniteFuture()));
  const auto* kinds = options::v1::RecordKind_descriptor();
  for (int i = 0; i < kinds->value_count(); ++i) {
    const auto kind = static_cast<RecordKind>(kinds->value(i)->number());
    std::int64_t after = 0;
    for (bool more = true; more;) {
      TRUSTHUB_ASSIGN_OR_RETURN(std::vector<StoredRecord> page,
                                view->ListByKind(kind, after, kRowsAtATime));
      WriteSet set;
      for (StoredRecord& row : page) {
        after = row.position;
        const std::optional<absl::string_view> id = sealed::KeyIdOf(row.bytes);
        if (!id.has_value() || keys.count(std::string(*id)) == 0) continue;
        PutRecord put;
        put.head = row;
        ++put.head.version;
        put.written = now;
        put.bytes = std::move(row.bytes);
        set.records.push_back(std::move(put));
      }
      if (!set.records.empty()) {
        TRUSTHUB_RETURN_IF_ERROR(CommitAndWait(engine, std::move(set)).status());
      }
      more = page.size() == kRowsAtATime;
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsDestroyedRow(const DestroyedRow& row) {
  if (row.space != kKeySpace && row.space != kChildSpace) return false;
  return !row.key.empty() && crypto::HexDecode(row.key).ok() && IsDestroyed(row.value);
}

absl::StatusOr<std::vector<DestroyedRow>> ListDestroyedRows(Snapshot& view) {
  std::vector<DestroyedRow> rows;
  for (const char* space : {kChildSpace, kKeySpace}) {
    std::string after;
    for (bool more = true; more;) {
      TRUSTHUB_ASSIGN_OR_RETURN(auto page, view.ListState(space, after, kRowsAtATime));
      for (auto& [key, value] : page) {
        after = key;
        if (IsDestroyed(value)) rows.push_back({space, std::move(key), std::move(value)});
      }
      more = page.size() == kRowsAtATime;
    }
  }
  return rows;
}

absl::StatusOr<int> DestroyAgain(Store& engine, const std::vector<DestroyedRow>& rows,
                                 const Clock& clock) {
  for (const DestroyedRow& row : rows) {
    if (!IsDestroyedRow(row)) {
      return absl::InvalidArgumentError(
          absl::StrCat("not the row of a destroyed key: ", row.space, " ", row.key));
    }
  }
  WriteSet set;
  std::set<std::string> alive;
  {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                              engine.Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(alive, AddRows(rows, *view, &set));
  }
  if (set.states.empty()) return 0;
  // Keys first: were it to end here, nothing could be read, and the rest is of no secret.
  TRUSTHUB_RETURN_IF_ERROR(CommitAndWait(engine, std::move(set)).status());
  if (!alive.empty()) TRUSTHUB_RETURN_IF_ERROR(TakeOffIndexes(alive, clock.Now(), engine));
  return static_cast<int>(alive.size());
}

}  // namespace trusthub::store
