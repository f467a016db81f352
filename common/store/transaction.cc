#include "common/store/transaction.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/error/error.h"
#include "common/store/record_plan.h"

namespace trusthub::store {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Records made here have no position before the commit; they come after every stored one.
constexpr std::int64_t kOwnPositions = std::numeric_limits<std::int64_t>::max() / 2;

std::string EtagOf(std::int64_t version) { return absl::StrCat("\"", version, "\""); }

// An identifier never stands in an index. Its field is mixed in, so that the same number in two
// fields does not link their records to whoever reads the file.
IndexKey MakeKey(const FieldDescriptor* field, bool identifier, absl::string_view text,
                 const IndexHash& hash) {
  IndexKey key;
  key.field = field->full_name();
  key.key = identifier ? hash(absl::StrCat(field->full_name(), absl::string_view("\0", 1), text))
                       : std::string(text);
  return key;
}

std::vector<IndexKey> KeysOf(const Message& record, const RecordPlan& plan, const IndexHash& hash,
                             std::vector<IndexKey> extra) {
  std::vector<IndexKey> keys = std::move(extra);
  for (const IndexedField& indexed : plan.indexed) {
    for (const std::string& text : IndexTexts(record, indexed.field)) {
      keys.push_back(MakeKey(indexed.field, indexed.identifier, text, hash));
    }
  }
  return keys;
}

// Puts what the stored version says back into the fields that an update may not change.
absl::Status KeepFixedFields(const StoredRecord& stored, const RecordPlan& plan, Message* record) {
  SetString(record, plan.child, stored.child);
  SetString(record, plan.owner_agency, stored.owner_agency);
  SetString(record, plan.author_agency, stored.author_agency);
  if (plan.create_time == nullptr) return absl::OkStatus();
  const std::unique_ptr<Message> before(record->New());
  if (!before->ParseFromString(stored.bytes)) {
    return absl::DataLossError("a stored record does not parse");
  }
  record->GetReflection()
      ->MutableMessage(record, plan.create_time)
      ->CopyFrom(before->GetReflection()->GetMessage(*before, plan.create_time));
  return absl::OkStatus();
}

}  // namespace

Transaction::Transaction(std::unique_ptr<Snapshot> snapshot, IndexHash hash, absl::Time now)
    : snapshot_(std::move(snapshot)), hash_(std::move(hash)), now_(now) {}

absl::StatusOr<const StoredRecord*> Transaction::Look(absl::string_view name) {
  const auto seen = seen_.find(name);
  if (seen != seen_.end()) return &seen->second;
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<StoredRecord> found, snapshot_->Find(name));
  if (!found.has_value()) return nullptr;
  return &seen_.emplace(std::string(name), *std::move(found)).first->second;
}

absl::StatusOr<RecordHead> Transaction::Head(absl::string_view name) {
  TRUSTHUB_ASSIGN_OR_RETURN(const StoredRecord* stored, Look(name));
  if (stored == nullptr) return error::RecordNotFound();
  return static_cast<const RecordHead&>(*stored);
}

absl::Status Transaction::GetInto(absl::string_view name, Message* record) {
  TRUSTHUB_ASSIGN_OR_RETURN(const RecordPlan* plan, PlanOf(record->GetDescriptor()));
  TRUSTHUB_ASSIGN_OR_RETURN(const StoredRecord* stored, Look(name));
  // A name of another kind names no record of this one.
  if (stored == nullptr || stored->kind != plan->kind) return error::RecordNotFound();
  if (!record->ParseFromString(stored->bytes)) {
    return absl::DataLossError("a stored record does not parse");
  }
  return absl::OkStatus();
}

absl::Status Transaction::Create(Message* record, absl::string_view owner_agency,
                                 absl::string_view author_agency,
                                 std::vector<IndexKey> extra_index) {
  TRUSTHUB_ASSIGN_OR_RETURN(const RecordPlan* plan, PlanOf(record->GetDescriptor()));
  StoredRecord stored;
  stored.name = StringOf(*record, plan->name);
  if (stored.name.empty()) {
    stored.name = NewName(plan->collection);
    SetString(record, plan->name, stored.name);
  } else {
    TRUSTHUB_ASSIGN_OR_RETURN(const StoredRecord* taken, Look(stored.name));
    if (taken != nullptr) return error::RecordExists(plan->noun, "its name is taken");
  }
  // A child's own record is about that child.
  if (plan->kind == options::v1::RECORD_KIND_CHILD && StringOf(*record, plan->child).empty()) {
    SetString(record, plan->child, stored.name);
  }
  SetString(record, plan->owner_agency, owner_agency);
  SetString(record, plan->author_agency, author_agency);
  SetTime(record, plan->create_time, now_);
  stored.kind = plan->kind;
  stored.child = StringOf(*record, plan->child);
  stored.owner_agency = std::string(owner_agency);
  stored.author_agency = std::string(author_agency);
  stored.position = kOwnPositions + static_cast<std::int64_t>(writes_.records.size());
  Write(*plan, record, std::move(stored), std::move(extra_index));
  return absl::OkStatus();
}

absl::Status Transaction::Update(Message* record, absl::string_view etag,
                                 std::vector<IndexKey> extra_index) {
  return WriteNext(record, etag, std::move(extra_index));
}

absl::Status Transaction::UpdateNewest(Message* record, std::vector<IndexKey> extra_index) {
  return WriteNext(record, std::nullopt, std::move(extra_index));
}

absl::Status Transaction::WriteNext(Message* record, std::optional<absl::string_view> etag,
                                    std::vector<IndexKey> extra_index) {
  TRUSTHUB_ASSIGN_OR_RETURN(const RecordPlan* plan, PlanOf(record->GetDescriptor()));
  TRUSTHUB_ASSIGN_OR_RETURN(const StoredRecord* before, Look(StringOf(*record, plan->name)));
  if (before == nullptr || before->kind != plan->kind) return error::RecordNotFound();
  if (etag.has_value() && *etag != EtagOf(before->version)) return error::EtagStale();
  StoredRecord stored = *before;
  TRUSTHUB_RETURN_IF_ERROR(KeepFixedFields(stored, *plan, record));
  Write(*plan, record, std::move(stored), std::move(extra_index));
  return absl::OkStatus();
}

// Adds the version after `stored` with the content of `record`.
void Transaction::Write(const RecordPlan& plan, Message* record, StoredRecord stored,
                        std::vector<IndexKey> extra_index) {
  ++stored.version;
  SetString(record, plan.etag, EtagOf(stored.version));
  SetTime(record, plan.update_time, now_);
  stored.bytes = record->SerializeAsString();
  if (!stored.child.empty()) Touch(stored.child);

  PutRecord put;
  put.head = stored;
  put.bytes = stored.bytes;
  put.written = now_;
  put.index = KeysOf(*record, plan, hash_, std::move(extra_index));
  writes_.records.push_back(std::move(put));
  std::string name = stored.name;
  seen_.insert_or_assign(std::move(name), std::move(stored));
}

absl::StatusOr<std::vector<StoredRecord>> Transaction::ListStored(const Descriptor* descriptor,
                                                                  absl::string_view field,
                                                                  absl::string_view value,
                                                                  std::int64_t after_position,
                                                                  int limit) {
  TRUSTHUB_ASSIGN_OR_RETURN(const RecordPlan* plan, PlanOf(descriptor));
  const bool by_child = field.empty() && !value.empty();
  IndexKey key;
  if (!field.empty()) key = KeyOf(descriptor, field, value);
  if (by_child) TRUSTHUB_RETURN_IF_ERROR(GuardOn(value).status());

  // Own writes may hide as many stored rows; ask for that many more, so that the page stays full.
  const std::vector<const PutRecord*> own = OwnNewest(plan->kind);
  const int wanted = limit + 1;
  const int asked = wanted + static_cast<int>(own.size());
  absl::StatusOr<std::vector<StoredRecord>> rows =
      by_child ? snapshot_->ListByChild(plan->kind, value, after_position, asked)
      : field.empty()
          ? snapshot_->ListByKind(plan->kind, after_position, asked)
          : snapshot_->ListByIndex(plan->kind, key.field, key.key, after_position, asked);
  if (!rows.ok() || own.empty()) {
    if (rows.ok() && static_cast<int>(rows->size()) > wanted) rows->resize(wanted);
    return rows;
  }

  const auto matches = [&](const PutRecord& put) {
    if (put.head.position <= after_position) return false;
    if (by_child) return put.head.child == value;
    if (field.empty()) return true;
    return std::any_of(put.index.begin(), put.index.end(), [&](const IndexKey& entry) {
      return entry.field == key.field && entry.key == key.key;
    });
  };
  const auto is_own = [&](const StoredRecord& row) {
    return std::any_of(own.begin(), own.end(),
                       [&](const PutRecord* put) { return put->head.name == row.name; });
  };
  rows->erase(std::remove_if(rows->begin(), rows->end(), is_own), rows->end());
  for (const PutRecord* put : own) {
    if (matches(*put)) rows->push_back(seen_.find(put->head.name)->second);
  }
  std::sort(rows->begin(), rows->end(),
            [](const StoredRecord& a, const StoredRecord& b) { return a.position < b.position; });
  if (static_cast<int>(rows->size()) > wanted) rows->resize(wanted);
  return rows;
}

// The newest own write of every record of `kind` written here.
std::vector<const PutRecord*> Transaction::OwnNewest(RecordKind kind) const {
  std::vector<const PutRecord*> newest;
  for (const PutRecord& put : writes_.records) {
    if (put.head.kind == kind && seen_.find(put.head.name)->second.version == put.head.version) {
      newest.push_back(&put);
    }
  }
  return newest;
}

void Transaction::Emit(events::v1::Event event) {
  event.set_name(NewName("events"));
  const std::int64_t seconds = absl::ToUnixSeconds(now_);
  event.mutable_create_time()->set_seconds(seconds);
  event.mutable_create_time()->set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(now_ - absl::FromUnixSeconds(seconds))));
  const auto about = seen_.find(event.record());
  if (about != seen_.end()) event.set_record_kind(about->second.kind);
  if (!event.child().empty()) Touch(event.child());
  writes_.events.push_back({event.child(), event.SerializeAsString()});
}

absl::StatusOr<std::int64_t> Transaction::GuardOn(absl::string_view key) {
  for (const Guard& guard : writes_.guards) {
    if (guard.key == key) return guard.seen;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t seen, snapshot_->Sequence(key));
  writes_.guards.push_back({std::string(key), seen});
  return seen;
}

void Transaction::Touch(absl::string_view key) {
  const auto& touched = writes_.touches;
  if (std::find(touched.begin(), touched.end(), key) != touched.end()) return;
  writes_.touches.emplace_back(key);
}

absl::StatusOr<std::optional<std::string>> Transaction::FindState(absl::string_view space,
                                                                  absl::string_view key) {
  for (const store::PutState& put : writes_.states) {
    if (put.space == space && put.key == key) return put.value;
  }
  return snapshot_->FindState(space, key);
}

void Transaction::PutState(absl::string_view space, absl::string_view key,
                           std::optional<std::string> value) {
  for (store::PutState& put : writes_.states) {
    if (put.space == space && put.key == key) {
      put.value = std::move(value);
      return;
    }
  }
  writes_.states.push_back({std::string(space), std::string(key), std::move(value)});
}

bool Transaction::has_writes() const {
  return !writes_.records.empty() || !writes_.events.empty() || !writes_.states.empty() ||
         !writes_.touches.empty() || !writes_.forgotten.empty();
}

WriteSet Transaction::TakeWrites() {
  snapshot_.reset();
  return std::exchange(writes_, WriteSet());
}

IndexKey Transaction::KeyOf(const Descriptor* descriptor, absl::string_view field,
                            absl::string_view value) const {
  const FieldDescriptor* known = descriptor->FindFieldByName(std::string(field));
  if (known == nullptr) return {std::string(field), std::string(value)};
  const bool identifier = known->options().GetExtension(options::v1::field).identifier();
  return MakeKey(known, identifier, IndexTextOf(known, value), hash_);
}

}  // namespace trusthub::store
