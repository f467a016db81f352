#include "services/children/misuse/tally.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>

#include "absl/strings/string_view.h"

namespace trusthub::children {
namespace {

bool ComesBefore(const Moment& a, const Moment& b) {
  return std::tie(a.time, a.entry, a.key) < std::tie(b.time, b.entry, b.key);
}

// Twice the median, which is a whole number.
int TwiceMedian(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? 2 * values[half] : values[half - 1] + values[half];
}

}  // namespace

void Keep(const Moment& moment, std::vector<Moment>* moments) {
  const auto known = std::find_if(moments->begin(), moments->end(),
                                  [&](const Moment& other) { return other.key == moment.key; });
  if (known != moments->end()) {
    if (known->counted || !ComesBefore(moment, *known)) return;
    moments->erase(known);
  }
  moments->insert(std::upper_bound(moments->begin(), moments->end(), moment, ComesBefore), moment);
}

bool HasBurst(const MisuseThreshold& threshold, const std::vector<Moment>& moments) {
  std::map<absl::string_view, int> subjects;  // of the uncounted in [begin, end]
  std::size_t begin = 0;
  for (const Moment& moment : moments) {
    if (moment.counted) continue;
    ++subjects[moment.subject];
    for (; moment.time - moments[begin].time >= threshold.window; ++begin) {
      if (moments[begin].counted) continue;
      const auto left = subjects.find(moments[begin].subject);
      if (--left->second == 0) subjects.erase(left);
    }
    if (static_cast<int>(subjects.size()) >= threshold.count) return true;
  }
  return false;
}

std::vector<Moment> TakeAll(std::vector<Moment>* moments) {
  std::vector<Moment> all;
  for (Moment& moment : *moments) {
    if (moment.counted) continue;
    all.push_back(moment);
    moment.counted = true;
  }
  return all;
}

void Forget(absl::Time horizon, std::vector<Moment>* moments) {
  moments->erase(std::remove_if(moments->begin(), moments->end(),
                                [&](const Moment& moment) { return moment.time < horizon; }),
                 moments->end());
  const auto size = static_cast<std::ptrdiff_t>(moments->size());
  if (size > kMomentsMax) moments->erase(moments->begin(), moments->end() - kMomentsMax);
}

std::vector<std::string> StandingOut(const BreadthRules& rules,
                                     const std::vector<WorkerBreadth>& day) {
  std::vector<std::string> workers;
  for (const WorkerBreadth& one : day) {
    if (one.children < rules.children) continue;
    std::vector<int> others;
    for (const WorkerBreadth& other : day) {
      if (other.role == one.role && other.worker != one.worker) others.push_back(other.children);
    }
    if (others.empty() || 2 * one.children >= rules.times_median * TwiceMedian(others)) {
      workers.push_back(one.worker);
    }
  }
  return workers;
}

}  // namespace trusthub::children
