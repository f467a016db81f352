#include "common/store/sealed/data_keys.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/store/sealed/envelope.h"

namespace trusthub::store::sealed {
namespace {

constexpr char kServiceSpace[] = "sealing/service";
constexpr char kServiceKey[] = "key";
// First byte of rows of keys that are there.
constexpr char kLive = 'K';
// Bytes of a keyed hash in an index: as many as keep two values from meeting by accident.
constexpr std::size_t kIndexBytes = 16;

std::string KeySequence(absl::string_view id) {
  return SequenceOfRow(kKeySpace, crypto::HexEncode(id));
}
std::string ChildSequence(absl::string_view hash) { return SequenceOfRow(kChildSpace, hash); }

// A live row: 'K', id of the ring's key, wrapped root, sealed child.
struct KeyRow {
  std::string ring_key;
  std::string wrapped;
  std::string sealed_child;
};

std::string PackRow(const KeyRow& row) {
  return absl::StrCat(std::string(1, kLive),
                      PackPair(row.ring_key, PackPair(row.wrapped, row.sealed_child)));
}

std::optional<KeyRow> UnpackRow(absl::string_view packed) {
  if (packed.empty() || packed[0] != kLive) return std::nullopt;
  KeyRow row;
  row.sealed_child = std::string(packed.substr(1));
  std::optional<std::string> part = UnpackPair(&row.sealed_child);
  if (!part.has_value()) return std::nullopt;
  row.ring_key = *std::move(part);
  part = UnpackPair(&row.sealed_child);
  if (!part.has_value()) return std::nullopt;
  row.wrapped = *std::move(part);
  return row;
}

// A key that only opens whose key it is: enough to know the child, from whose name the rest comes.
DataKey Opener(absl::string_view id, const crypto::Secret& root) {
  DataKey key;
  key.id = std::string(id);
  key.seal = SealKeyOf(root);
  return key;
}

absl::StatusOr<bool> IsEmpty(Snapshot& view) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t leaves, view.LeafCount());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t events, view.LastEventSequence());
  if (leaves > 0 || events > 0) return false;
  const auto* kinds = options::v1::RecordKind_descriptor();
  for (int i = 0; i < kinds->value_count(); ++i) {
    const auto kind = static_cast<RecordKind>(kinds->value(i)->number());
    TRUSTHUB_ASSIGN_OR_RETURN(const auto records, view.ListByKind(kind, 0, 1));
    if (!records.empty()) return false;
  }
  return true;
}

}  // namespace

std::string SequenceOfRow(absl::string_view space, absl::string_view key) {
  return absl::StrCat(space, "/", key);
}

DataKeys::DataKeys(Options options)
    : service_(std::move(options.service)),
      damaged_(std::move(options.damaged)),
      shared_(options.shared),
      cache_(options.cached_max),
      proposals_(crypto::Secret::Random(crypto::kKeyBytes)),
      ring_(std::move(options.ring)) {}

// --- The store's own key ------------------------------------------------------------------------

absl::Status DataKeys::Open(Store& engine) {
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> view,
                              engine.Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> id,
                              view->FindState(kServiceSpace, kServiceKey));
    if (id.has_value()) return TakeUpOwn(*id, *view);
    const absl::Status made = MakeOwn(engine, *view);
    // Another process that starts was first: its key is there now.
    if (!IsConflict(made)) return made;
  }
}

absl::Status DataKeys::MakeOwn(Store& engine, Snapshot& view) {
  TRUSTHUB_ASSIGN_OR_RETURN(const bool empty, IsEmpty(view));
  if (!empty) {
    return absl::FailedPreconditionError(
        "holds data that are not sealed, or lost its key: the service does not start over it");
  }
  const std::string id = RandomBytes(kKeyIdBytes);
  const crypto::Secret root = crypto::Secret::Random(crypto::kKeyBytes);
  TakeOwn(id, root);
  WriteSet set;
  TRUSTHUB_ASSIGN_OR_RETURN(std::string row, Wrap(*ring(), id, root, ""));
  set.states.push_back({kKeySpace, crypto::HexEncode(id), std::move(row)});
  set.states.push_back({kServiceSpace, kServiceKey, id});
  set.guards.push_back({KeySequence(id), 0});
  set.touches.push_back(KeySequence(id));
  const std::string once = SequenceOfRow(kServiceSpace, kServiceKey);
  set.guards.push_back({once, 0});
  set.touches.push_back(once);
  return CommitAndWait(engine, std::move(set)).status();
}

absl::Status DataKeys::TakeUpOwn(absl::string_view id, Snapshot& view) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> row,
                            view.FindState(kKeySpace, crypto::HexEncode(id)));
  if (!row.has_value()) return Damaged("key of the store");
  const std::optional<KeyRow> parsed = UnpackRow(*row);
  if (!parsed.has_value()) return Damaged("key of the store");
  if (ring()->Find(parsed->ring_key) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("is sealed with key ", parsed->ring_key, ", which data_keys does not name"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const crypto::Secret root,
                            Unwrap(id, parsed->ring_key, parsed->wrapped));
  TakeOwn(id, root);
  return absl::OkStatus();
}

void DataKeys::TakeOwn(absl::string_view id, const crypto::Secret& root) {
  own_ = MakeDataKey(id, "", root);
  index_key_ = crypto::DeriveKey(root.view(), "trusthub/store/index/v1");
  sequence_key_ = crypto::DeriveKey(root.view(), "trusthub/store/sequence/v1");
  child_key_ = crypto::DeriveKey(root.view(), "trusthub/store/child/v1");
}

// --- Finding
// --------------------------------------------------------------------------------------

absl::StatusOr<std::int64_t> DataKeys::Learn(Snapshot& view) {
  if (!shared_) return 0;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t destructions, view.Sequence(kDestructions));
  cache_.Learn(destructions);
  return destructions;
}

absl::StatusOr<DataKeyPtr> DataKeys::OfId(absl::string_view id, Snapshot& view) {
  if (id == own_->id) return own_;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t destructions, Learn(view));
  return Find(id, destructions, view);
}

absl::StatusOr<DataKeyPtr> DataKeys::Find(absl::string_view id, std::int64_t destructions,
                                          Snapshot& view) {
  if (DataKeyPtr cached = cache_.OfId(id); cached != nullptr) return cached;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> row,
                            view.FindState(kKeySpace, crypto::HexEncode(id)));
  if (!row.has_value()) return Damaged("key");
  if (IsTombstone(*row, id)) return DataKeyPtr();
  const std::optional<KeyRow> parsed = UnpackRow(*row);
  if (!parsed.has_value()) return Damaged("key");
  TRUSTHUB_ASSIGN_OR_RETURN(const crypto::Secret root,
                            Unwrap(id, parsed->ring_key, parsed->wrapped));
  const absl::StatusOr<std::string> child =
      OpenValue(Opener(id, root), Holds::kChildOfKey, {}, parsed->sealed_child);
  if (!child.ok()) return Damaged("child of a key");
  DataKeyPtr key = MakeDataKey(id, *child, root);
  cache_.Add(key, destructions);
  return key;
}

absl::StatusOr<KeyOfChild> DataKeys::OfChild(absl::string_view child, Snapshot& view) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t destructions, Learn(view));
  if (DataKeyPtr cached = cache_.OfChild(child); cached != nullptr) {
    return KeyOfChild{std::move(cached)};
  }
  const std::string hash = HashOf(child);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> row,
                            view.FindState(kChildSpace, hash));
  if (!row.has_value()) return KeyOfChild();
  if (IsTombstone(*row, hash)) return KeyOfChild{nullptr, true};
  if (row->size() != kKeyIdBytes) return Damaged("key of a child");
  TRUSTHUB_ASSIGN_OR_RETURN(DataKeyPtr key, Find(*row, destructions, view));
  if (key == nullptr) return KeyOfChild{nullptr, true};
  if (key->child != child) return Damaged("key of a child");
  return KeyOfChild{std::move(key)};
}

// --- Making and destroying
// ------------------------------------------------------------------------

crypto::Secret DataKeys::ProposedRoot(absl::string_view child) const {
  return crypto::Secret::Take(crypto::HmacSha256(proposals_.view(), absl::StrCat("root ", child)));
}

DataKeyPtr DataKeys::Proposed(absl::string_view child) const {
  const std::string id = crypto::HmacSha256(proposals_.view(), absl::StrCat("id ", child));
  return MakeDataKey(id.substr(0, kKeyIdBytes), child, ProposedRoot(child));
}

absl::Status DataKeys::AddKey(const DataKey& proposed, const crypto::KeyRing& ring,
                              WriteSet* set) const {
  TRUSTHUB_ASSIGN_OR_RETURN(std::string row,
                            Wrap(ring, proposed.id, ProposedRoot(proposed.child),
                                 SealValue(proposed, Holds::kChildOfKey, {}, proposed.child)));
  const std::string hash = HashOf(proposed.child);
  set->states.push_back({kKeySpace, crypto::HexEncode(proposed.id), std::move(row)});
  set->states.push_back({kChildSpace, hash, proposed.id});
  set->guards.push_back({ChildSequence(hash), 0});
  set->touches.push_back(ChildSequence(hash));
  set->touches.push_back(KeySequence(proposed.id));
  return absl::OkStatus();
}

void DataKeys::GuardKey(const DataKey& key, WriteSet* set) const {
  set->guards.push_back({KeySequence(key.id), 1});
}

void DataKeys::AddDestruction(absl::string_view child, const DataKey* key, WriteSet* set) const {
  const std::string hash = HashOf(child);
  set->states.push_back({kChildSpace, hash, Tombstone(hash)});
  set->guards.push_back({ChildSequence(hash), key == nullptr ? 0 : 1});
  set->touches.push_back(ChildSequence(hash));
  if (key == nullptr) return;
  set->states.push_back({kKeySpace, crypto::HexEncode(key->id), Tombstone(key->id)});
  GuardKey(*key, set);
  set->touches.push_back(KeySequence(key->id));
  set->touches.emplace_back(kDestructions);
}

// Sealed, so that nobody makes a child forgotten by writing a row.
std::string DataKeys::Tombstone(absl::string_view of) const {
  return absl::StrCat(std::string(1, kDestroyedRow), SealValue(*own_, Holds::kDestroyed, {of}, ""));
}

bool DataKeys::IsTombstone(absl::string_view row, absl::string_view of) const {
  return !row.empty() && row[0] == kDestroyedRow &&
         OpenValue(*own_, Holds::kDestroyed, {of}, row.substr(1)).ok();
}

// --- Wrapping
// -------------------------------------------------------------------------------------

std::string DataKeys::UseOf(absl::string_view id) const {
  return absl::StrCat("trusthub/data-key/v1 ", service_, " ", crypto::HexEncode(id));
}

absl::StatusOr<std::string> DataKeys::Wrap(const crypto::KeyRing& ring, absl::string_view id,
                                           const crypto::Secret& root,
                                           absl::string_view sealed_child) const {
  crypto::KeyWrapper& current = ring.current();
  absl::StatusOr<std::string> wrapped = current.Wrap(root, UseOf(id));
  if (!wrapped.ok()) {
    log::Error("data key not wrapped", {{"key", current.id()}});
    return error::StoreUnavailable("its data keys cannot be wrapped now");
  }
  return PackRow({current.id(), *std::move(wrapped), std::string(sealed_child)});
}

absl::StatusOr<crypto::Secret> DataKeys::Unwrap(absl::string_view id, absl::string_view ring_key,
                                                absl::string_view wrapped) const {
  const std::shared_ptr<const crypto::KeyRing> ring = this->ring();
  crypto::KeyWrapper* const wrapper = ring->Find(ring_key);
  if (wrapper == nullptr) {
    log::Error("the key ring lacks a key", {{"key", ring_key}});
    return error::StoreUnavailable("a data key cannot be unwrapped now");
  }
  absl::StatusOr<crypto::Secret> root = wrapper->Unwrap(wrapped, UseOf(id));
  if (root.ok()) return root;
  if (absl::IsUnauthenticated(root.status())) return Damaged("wrapped key");
  log::Error("data key not unwrapped", {{"key", ring_key}});
  return error::StoreUnavailable("a data key cannot be unwrapped now");
}

absl::StatusOr<bool> DataKeys::AddRewrapped(absl::string_view hex_id, absl::string_view row,
                                            WriteSet* set) const {
  const std::optional<KeyRow> parsed = UnpackRow(row);
  const std::shared_ptr<const crypto::KeyRing> ring = this->ring();
  if (!parsed.has_value() || parsed->ring_key == ring->current().id()) return false;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string id, crypto::HexDecode(hex_id));
  TRUSTHUB_ASSIGN_OR_RETURN(const crypto::Secret root,
                            Unwrap(id, parsed->ring_key, parsed->wrapped));
  TRUSTHUB_ASSIGN_OR_RETURN(std::string next, Wrap(*ring, id, root, parsed->sealed_child));
  set->states.push_back({kKeySpace, std::string(hex_id), std::move(next)});
  set->guards.push_back({KeySequence(id), 1});
  return true;
}

std::string DataKeys::RingKeyOf(absl::string_view row) {
  const std::optional<KeyRow> parsed = UnpackRow(row);
  return parsed.has_value() ? parsed->ring_key : "";
}

void DataKeys::SetRing(std::shared_ptr<const crypto::KeyRing> ring) {
  MutexLock lock(mutex_);
  ring_ = std::move(ring);
}

std::shared_ptr<const crypto::KeyRing> DataKeys::ring() const {
  MutexLock lock(mutex_);
  return ring_;
}

// --- Keyed hashes
// ---------------------------------------------------------------------------------

std::string DataKeys::IndexOf(absl::string_view field, absl::string_view key) const {
  return crypto::HmacSha256(index_key_.view(), PackPair(field, key)).substr(0, kIndexBytes);
}

std::string DataKeys::SequenceOf(absl::string_view key) const {
  return crypto::HexEncode(crypto::HmacSha256(sequence_key_.view(), key).substr(0, kIndexBytes));
}

std::string DataKeys::HashOf(absl::string_view child) const {
  return crypto::HexEncode(crypto::HmacSha256(child_key_.view(), child).substr(0, kIndexBytes));
}

absl::Status DataKeys::Damaged(absl::string_view what) const {
  log::Error("stored data does not open", {{"what", what}});
  if (damaged_) damaged_();
  return absl::DataLossError("stored data does not open");
}

}  // namespace trusthub::store::sealed
