// File: access_text.h
//
// Changes of access as lines that people read and as tables that programs read.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_ACCESS_TEXT_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_ACCESS_TEXT_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/policy/access_diff.h"

namespace trusthub::policy {

// Changes that are alike but for lists of people, purposes and so on. Each list is in the order of
// the schema, without repetition; every combination of their members has changed.
struct AccessLine {
  bool gained = true;
  std::vector<std::string> roles;
  std::vector<std::string> recipients;
  std::vector<std::string> purposes;
  std::vector<std::string> states;  // "presenting there and looked after"; any one
  std::vector<std::string> records;
  std::vector<std::string> categories;
  std::vector<std::string> consents;   // empty: whatever consent says
  std::vector<std::string> providers;  // empty: anyone's records
  std::string days;                    // "until 2010-03-31"; empty: now and with no end
  std::vector<std::string> rules;
  std::vector<std::string> denied_by;

  // "+ emergency nurse of any acute trust, for unscheduled care, presenting there: plan:
  // plan status (unscheduled-care/plan-dates)"
  std::string Text() const;
};

// Gains first. What has begun by `today` is not said to begin.
std::vector<AccessLine> LinesOf(const std::vector<AccessChange>& rows, absl::CivilDay today);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_ACCESS_TEXT_H_
