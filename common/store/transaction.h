// File: transaction.h
//
// What a handler reads and writes with: typed records over a Snapshot and a WriteSet. It sees its
// own writes. It cannot commit; the pipeline takes the WriteSet when the handler returned OK.
//
// A record is a message with option (record) and the fields name, child, etag, create_time,
// update_time, owner_agency, author_agency (each only where the message has it). Create and Update
// set them. Indexes come from the field options: `indexed` fields by their value, `identifier`
// fields by keyed hash.
#ifndef TRUSTHUB_COMMON_STORE_TRANSACTION_H_
#define TRUSTHUB_COMMON_STORE_TRANSACTION_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/store/store.h"
#include "google/protobuf/message.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::store {

struct RecordPlan;

// Keyed hash of an identifier (HMAC-SHA-256 in production): what an index holds in its place.
using IndexHash = std::function<std::string(absl::string_view)>;

template <class R>
struct Page {
  std::vector<R> records;
  std::vector<std::int64_t> positions;  // of each record: a page that starts after it goes on there
  std::int64_t last_position = 0;       // of the last that was looked at
  bool more = false;
};

class Transaction {
 public:
  // `now` is the domain instant of the call: create_time and update_time.
  Transaction(std::unique_ptr<Snapshot> snapshot, IndexHash hash, absl::Time now);

  // The record, or RECORD_NOT_FOUND.
  template <class R>
  absl::StatusOr<R> Get(absl::string_view name) {
    R record;
    TRUSTHUB_RETURN_IF_ERROR(GetInto(name, &record));
    return record;
  }
  // What is known of the record, without parsing it; RECORD_NOT_FOUND when there is none.
  absl::StatusOr<RecordHead> Head(absl::string_view name);

  // Adds `record`. Sets name (unless set by the caller, for directory entries), etag and times,
  // owner and author, and child of a child's own record. RECORD_EXISTS when a chosen name is taken.
  // `unique` are extra index keys that no other record may hold, e.g. {"plans/open", child}: a
  // second record conflicts, the handler runs again and finds the first.
  absl::Status Create(google::protobuf::Message* record, absl::string_view owner_agency,
                      absl::string_view author_agency, std::vector<IndexKey> extra_index = {});
  // Adds a version. `etag` is the one the caller sent: ETAG_STALE when the record moved on. Keeps
  // name, child, owner, author and create_time whatever `record` says.
  absl::Status Update(google::protobuf::Message* record, absl::string_view etag,
                      std::vector<IndexKey> extra_index = {});
  // As Update for changes that no caller made on a version they read (facts from other services).
  absl::Status UpdateNewest(google::protobuf::Message* record,
                            std::vector<IndexKey> extra_index = {});

  // Records of a child, oldest first. Guards the child: a concurrent change makes the commit
  // conflict.
  template <class R>
  absl::StatusOr<Page<R>> ListByChild(absl::string_view child, std::int64_t after_position,
                                      int limit) {
    return ParsePage<R>(ListStored(R::descriptor(), "", child, after_position, limit), limit);
  }
  // Records by an indexed field (`field` is its short name in R, or the name of an extra index
  // key). `value` of an enum is its name or number.
  template <class R>
  absl::StatusOr<Page<R>> ListByIndex(absl::string_view field, absl::string_view value,
                                      std::int64_t after_position, int limit) {
    return ParsePage<R>(ListStored(R::descriptor(), field, value, after_position, limit), limit);
  }
  // All records of a kind.
  template <class R>
  absl::StatusOr<Page<R>> ListAll(std::int64_t after_position, int limit) {
    return ParsePage<R>(ListStored(R::descriptor(), "", "", after_position, limit), limit);
  }

  // Adds an event to the outbox. Sets name, create_time, and record_kind from `record`'s head when
  // it was read or written here. child, kind, record and facts are the caller's.
  void Emit(events::v1::Event event);

  // Refuses the commit when another set touches `key` meanwhile; returns its sequence now.
  absl::StatusOr<std::int64_t> GuardOn(absl::string_view key);
  // Makes this set count on `key`.
  void Touch(absl::string_view key);

  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key);
  void PutState(absl::string_view space, absl::string_view key, std::optional<std::string> value);

  // Forgets `child` with the commit: see WriteSet::forgotten. This transaction may write nothing
  // about the child.
  void Forget(absl::string_view child) { writes_.forgotten.emplace_back(child); }
  // Makes an audit leaf part of the commit, for changes that no call makes.
  void AddLeaf(std::string leaf) { writes_.leaves.emplace_back(std::move(leaf)); }

  absl::Time now() const { return now_; }
  Snapshot& snapshot() { return *snapshot_; }
  // Whether anything was written.
  bool has_writes() const;
  // Gives the writes away; the transaction is used up, and its view closed: a writer that waits for
  // views to end, to begin its log anew, would wait for the one who waits for it.
  WriteSet TakeWrites();
  // The index key of `value` under `field` of `descriptor`, hashed when the field is an identifier.
  IndexKey KeyOf(const google::protobuf::Descriptor* descriptor, absl::string_view field,
                 absl::string_view value) const;

 private:
  absl::Status GetInto(absl::string_view name, google::protobuf::Message* record);
  // The newest state of `name` as this transaction sees it; null when there is none.
  absl::StatusOr<const StoredRecord*> Look(absl::string_view name);
  absl::Status WriteNext(google::protobuf::Message* record, std::optional<absl::string_view> etag,
                         std::vector<IndexKey> extra_index);
  void Write(const RecordPlan& plan, google::protobuf::Message* record, StoredRecord stored,
             std::vector<IndexKey> extra_index);
  std::vector<const PutRecord*> OwnNewest(RecordKind kind) const;
  absl::StatusOr<std::vector<StoredRecord>> ListStored(
      const google::protobuf::Descriptor* descriptor, absl::string_view field,
      absl::string_view value, std::int64_t after_position, int limit);
  template <class R>
  absl::StatusOr<Page<R>> ParsePage(absl::StatusOr<std::vector<StoredRecord>> stored, int limit);

  std::unique_ptr<Snapshot> snapshot_;
  IndexHash hash_;
  absl::Time now_;
  WriteSet writes_;
  std::map<std::string, StoredRecord, std::less<>> seen_;  // read or written here, newest state
};

// --- implementation of templates -------------------------------------------------------------

// ListStored asks for limit + 1 records, so that the page knows whether more follow.
template <class R>
absl::StatusOr<Page<R>> Transaction::ParsePage(absl::StatusOr<std::vector<StoredRecord>> stored,
                                               int limit) {
  if (!stored.ok()) return stored.status();
  Page<R> page;
  for (const StoredRecord& row : *stored) {
    if (static_cast<int>(page.records.size()) == limit) {
      page.more = true;
      break;
    }
    R record;
    if (!record.ParseFromString(row.bytes))
      return absl::DataLossError("a stored record does not parse");
    page.records.push_back(std::move(record));
    page.positions.push_back(row.position);
    page.last_position = row.position;
  }
  return page;
}

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_TRANSACTION_H_
