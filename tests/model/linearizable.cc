#include "tests/model/linearizable.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace trusthub::model {
namespace {

struct State {
  std::int64_t version = 0;
  std::string value;
};

std::string Words(const Operation& operation) {
  const bool read = operation.kind == Operation::Kind::kRead;
  return absl::StrCat("  client ", operation.client, read ? " read " : " wrote ", operation.version,
                      " \"", operation.value, "\" in [", operation.began, ", ",
                      operation.ended == Operation::kNever ? "?" : absl::StrCat(operation.ended),
                      "]\n");
}

// Whether `operation` may happen next in `state`, which then becomes what it leaves.
bool Happens(const Operation& operation, State* state) {
  if (operation.kind == Operation::Kind::kRead) {
    return operation.version == state->version && operation.value == state->value;
  }
  if (operation.version != state->version + 1) return false;
  *state = {operation.version, operation.value};
  return true;
}

class Search {
 public:
  explicit Search(std::vector<Operation> history)
      : history_(std::move(history)), done_(history_.size(), false) {
    for (const Operation& operation : history_) {
      if (operation.ended != Operation::kNever) ++needed_;
    }
  }

  bool Run() { return From(State()); }

  std::string Longest() const {
    std::string text = absl::StrCat("after\n");
    std::vector<bool> told(history_.size(), false);
    for (const std::size_t i : longest_) {
      absl::StrAppend(&text, Words(history_[i]));
      told[i] = true;
    }
    absl::StrAppend(&text, "nothing explains\n");
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!told[i] && history_[i].ended != Operation::kNever) {
        absl::StrAppend(&text, Words(history_[i]));
      }
    }
    return text;
  }

 private:
  bool From(const State& state) {
    if (needed_ == 0) return true;
    if (!tried_.emplace(done_, state.version, state.value).second) return false;
    // Whoever ended first of those that are left bounds what may come before it.
    std::int64_t first_end = Operation::kNever;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!done_[i]) first_end = std::min(first_end, history_[i].ended);
    }
    for (std::size_t i = 0; i < history_.size() && history_[i].began <= first_end; ++i) {
      State next = state;
      if (done_[i] || !Happens(history_[i], &next)) continue;
      Take(i, true);
      if (From(next)) return true;
      Take(i, false);
    }
    return false;
  }

  void Take(std::size_t i, bool take) {
    done_[i] = take;
    if (history_[i].ended != Operation::kNever) needed_ += take ? -1 : 1;
    if (take) {
      order_.push_back(i);
      if (order_.size() > longest_.size()) longest_ = order_;
    } else {
      order_.pop_back();
    }
  }

  const std::vector<Operation> history_;  // by their beginning
  std::vector<bool> done_;
  int needed_ = 0;  // ended and not yet done
  std::vector<std::size_t> order_, longest_;
  std::set<std::tuple<std::vector<bool>, std::int64_t, std::string>> tried_;
};

}  // namespace

absl::Status CheckLinearizable(std::vector<Operation> history) {
  std::stable_sort(history.begin(), history.end(),
                   [](const Operation& a, const Operation& b) { return a.began < b.began; });
  Search search(std::move(history));
  if (search.Run()) return absl::OkStatus();
  return absl::FailedPreconditionError(search.Longest());
}

}  // namespace trusthub::model
