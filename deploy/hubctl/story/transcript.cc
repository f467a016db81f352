#include "deploy/hubctl/story/transcript.h"

#include "absl/status/status.h"
#include "common/time/civil_date.h"
#include "nlohmann/json.hpp"

namespace trusthub::story {

std::string Entry::Fact(absl::string_view name) const {
  for (const auto& [key, value] : facts) {
    if (key == name) return value;
  }
  return "";
}

const Entry* Transcript::Find(absl::string_view call, int number) const {
  for (const Entry& entry : entries) {
    if (entry.call == call && number-- == 0) return &entry;
  }
  return nullptr;
}

std::string Transcript::ToJson() const {
  nlohmann::ordered_json calls = nlohmann::ordered_json::array();
  for (const Entry& entry : entries) {
    nlohmann::ordered_json facts = nlohmann::ordered_json::object();
    for (const auto& [key, value] : entry.facts) facts[key] = value;
    calls.push_back(
        {{"step", entry.step},
         {"domain_time", absl::FormatTime(absl::RFC3339_sec, entry.domain_time, London())},
         {"worker", entry.worker},
         {"role", entry.role},
         {"agency", entry.agency},
         {"purpose", entry.purpose},
         {"call", entry.call},
         {"intent", entry.intent},
         {"outcome", entry.answered() ? "OK" : "REFUSED"},
         {"code", absl::StatusCodeToString(entry.code)},
         {"reason", entry.reason},
         {"message", entry.message},
         {"next", entry.next},
         {"withheld", entry.withheld},
         {"facts", facts}});
  }
  return nlohmann::ordered_json{{"seed", seed}, {"calls", calls}}.dump(2);
}

}  // namespace trusthub::story
