#include "common/store/postgres/fault.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace trusthub::store::postgres {
namespace {

constexpr char kFaultUrl[] = "trusthub/store/postgres/fault";

absl::string_view NameOf(Fault fault) {
  switch (fault) {
    case Fault::kOvertaken:
      return "overtaken by other transactions";
    case Fault::kLost:
      return "no connection to the database";
    case Fault::kLate:
      return "no answer of the database in time";
    case Fault::kFull:
      return "the database lacks disk, memory or connections";
    case Fault::kNone:
    case Fault::kRefused:
    case Fault::kNotOurs:
      break;
  }
  return "the database refused";
}

}  // namespace

absl::Status FaultStatus(Fault fault, absl::string_view text) {
  absl::Status status = absl::UnavailableError(text);
  status.SetPayload(kFaultUrl, absl::Cord(std::to_string(static_cast<int>(fault))));
  return status;
}

Fault FaultOf(const absl::Status& status) {
  if (status.ok()) return Fault::kNone;
  const auto payload = status.GetPayload(kFaultUrl);
  if (!payload.has_value()) return Fault::kNotOurs;
  return static_cast<Fault>(std::stoi(std::string(*payload)));
}

Fault FaultOfSqlState(absl::string_view state) {
  // serialization_failure, deadlock_detected, lock_not_available. Two that add the same row or
  // table at once can meet at its key first: the later one, tried again, finds it there.
  for (const char* met : {"40001", "40P01", "55P03", "23505", "42P07", "42710"}) {
    if (state == met) return Fault::kOvertaken;
  }
  if (state == "57014") return Fault::kLate;  // query_canceled: its statement_timeout passed
  // The server goes down or comes up, or has become a standby.
  if (absl::StartsWith(state, "08") || absl::StartsWith(state, "57P") || state == "25006" ||
      state == "25P03") {
    return Fault::kLost;
  }
  // Resources, the system around the server, and damage.
  if (absl::StartsWith(state, "53") || absl::StartsWith(state, "58") ||
      absl::StartsWith(state, "XX")) {
    return Fault::kFull;
  }
  return Fault::kRefused;
}

absl::Status ToCaller(const absl::Status& status) {
  const Fault fault = FaultOf(status);
  if (fault == Fault::kNone || fault == Fault::kNotOurs) return status;
  log::Error("store failed", {{"meaning", status.message()}});
  return error::StoreUnavailable(NameOf(fault));
}

}  // namespace trusthub::store::postgres
