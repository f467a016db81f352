#include "common/store/sealed/set_sealer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/sealed/envelope.h"

namespace trusthub::store::sealed {
namespace {

void Name(absl::string_view child, std::set<std::string, std::less<>>* children) {
  if (!child.empty()) children->emplace(child);
}

// One set on its way. Every child that it asks for is in the table.
class Sealer {
 public:
  Sealer(const DataKeys& keys, const KeyTable& table, WriteSet* set)
      : keys_(keys), table_(table), set_(*set) {}

  absl::Status Run() {
    // Before the records, whose children choose its key.
    if (set_.answer.has_value()) SealAnswer();
    for (PutRecord& put : set_.records) TRUSTHUB_RETURN_IF_ERROR(SealRecord(&put));
    for (AppendEvent& event : set_.events) TRUSTHUB_RETURN_IF_ERROR(SealEvent(&event));
    std::vector<PutState> states = std::exchange(set_.states, {});
    for (PutState& state : states) TRUSTHUB_RETURN_IF_ERROR(SealState(std::move(state)));
    for (Guard& guard : set_.guards) guard.key = keys_.SequenceOf(guard.key);
    for (std::string& key : set_.touches) key = keys_.SequenceOf(key);
    set_.keys_of.clear();
    return absl::OkStatus();
  }

 private:
  // Null: the child was forgotten.
  DataKeyPtr KeyOf(absl::string_view child) const {
    const auto row = table_.find(child);
    return row == table_.end() ? nullptr : row->second.key;
  }
  bool Forgets(absl::string_view child) const {
    return std::find(set_.forgotten.begin(), set_.forgotten.end(), child) != set_.forgotten.end();
  }

  // Under the key of the one child that the set writes records about; of several, or none, under
  // that of the store: answers are kept for days, not years.
  void SealAnswer() {
    PutAnswer& answer = *set_.answer;
    const DataKey* key = &keys_.own();
    const std::string* child = nullptr;
    for (const PutRecord& put : set_.records) {
      if (put.head.child.empty() || (child != nullptr && *child == put.head.child)) continue;
      if (child != nullptr) {
        child = nullptr;
        break;
      }
      child = &put.head.child;
    }
    const DataKeyPtr of_child = child == nullptr ? nullptr : KeyOf(*child);
    if (of_child != nullptr) key = of_child.get();
    answer.response = SealValue(*key, Holds::kAnswer, {answer.key},
                                PackPair(answer.request_digest, answer.response));
    answer.request_digest =
        "sealed";  // stands with the answer; by itself it would tell equal calls
  }

  absl::Status SealRecord(PutRecord* put) const {
    RecordHead& head = put->head;
    const bool is_child = IsNameIn("children", head.name);
    const absl::string_view child =
        head.child.empty() && is_child ? absl::string_view(head.name) : head.child;
    DataKeyPtr key;
    if (!child.empty()) {
      if (Forgets(child)) return error::Internal("a set writes about a child whom it forgets");
      key = KeyOf(child);
      if (key == nullptr) return Conflict();
    }
    const DataKey& with = key == nullptr ? keys_.own() : *key;
    put->bytes = SealValue(with, Holds::kRecord, {head.name, NumberText(head.version)},
                           PackVersion(head, put->written, put->bytes));
    if (is_child) {
      const DataKeyPtr named = KeyOf(head.name);
      if (named == nullptr) return Conflict();
      head.name = named->alias;
    }
    if (!head.child.empty()) head.child = with.alias;
    for (IndexKey& index : put->index) index.key = keys_.IndexOf(index.field, index.key);
    return absl::OkStatus();
  }

  absl::Status SealEvent(AppendEvent* event) const {
    const DataKey* key = &keys_.own();
    if (!event->child.empty()) {
      const DataKeyPtr of_child = KeyOf(event->child);
      if (of_child == nullptr) return Conflict();
      if (!Forgets(event->child)) key = of_child.get();
      event->bytes = SealValue(*key, Holds::kEvent, {}, event->bytes);
      event->child = of_child->alias;
      return absl::OkStatus();
    }
    event->bytes = SealValue(*key, Holds::kEvent, {}, event->bytes);
    return absl::OkStatus();
  }

  absl::Status SealState(PutState state) {
    if (absl::StartsWith(state.space, kOwnSpaces)) {
      return error::Internal("the sealed store keeps this space itself");
    }
    const absl::string_view of_space = ChildNamedIn(state.space);
    const absl::string_view of_key = ChildNamedIn(state.key);
    const DataKeyPtr space_key = of_space.empty() ? nullptr : KeyOf(of_space);
    const DataKeyPtr key_key = of_key.empty() ? nullptr : KeyOf(of_key);
    // Nothing is kept of a child who was forgotten, nor need it be removed.
    if (!of_space.empty() && space_key == nullptr) return absl::OkStatus();
    if (!of_key.empty() && key_key == nullptr) return absl::OkStatus();
    std::string key_row = key_key == nullptr ? state.key : WithAlias(state.key, *key_key);
    if (state.value.has_value()) {
      const DataKey& with = key_key != nullptr     ? *key_key
                            : space_key != nullptr ? *space_key
                                                   : keys_.own();
      state.value =
          SealValue(with, Holds::kState, {state.space, key_row}, PackPair(state.key, *state.value));
    }
    std::string space_row = space_key == nullptr ? state.space : WithAlias(state.space, *space_key);
    set_.states.push_back({std::move(space_row), std::move(key_row), std::move(state.value)});
    return absl::OkStatus();
  }

  const DataKeys& keys_;
  const KeyTable& table_;
  WriteSet& set_;
};

}  // namespace

ChildrenOfSet ChildrenOf(const WriteSet& set) {
  ChildrenOfSet children;
  for (const PutRecord& put : set.records) {
    Name(put.head.child, &children.written);
    if (IsNameIn("children", put.head.name)) Name(put.head.name, &children.written);
  }
  for (const AppendEvent& event : set.events) Name(event.child, &children.written);
  for (const PutState& state : set.states) {
    auto* const where = state.value.has_value() ? &children.written : &children.dropped;
    Name(ChildNamedIn(state.space), where);
    Name(ChildNamedIn(state.key), where);
  }
  for (const std::string& child : set.keys_of) Name(child, &children.named);
  return children;
}

absl::Status SealSet(const DataKeys& keys, const KeyTable& table, WriteSet* set) {
  return Sealer(keys, table, set).Run();
}

}  // namespace trusthub::store::sealed
