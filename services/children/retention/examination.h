// File: examination.h
//
// What holds back the destruction of a child's records: schedules over all that every service
// keeps, legal holds, moratoria. What cannot be asked or told holds back.
#ifndef TRUSTHUB_SERVICES_CHILDREN_RETENTION_EXAMINATION_H_
#define TRUSTHUB_SERVICES_CHILDREN_RETENTION_EXAMINATION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/retention/schedules.h"
#include "common/rpc/record_types.h"
#include "common/store/transaction.h"
#include "trusthub/children/v1/child.pb.h"
#include "trusthub/retention/v1/destruction.pb.h"
#include "trusthub/retention/v1/holdings_service.pb.h"

namespace trusthub::children {

// Asks another service what it keeps of a child; an error says that it did not answer.
using AskHoldings = std::function<absl::StatusOr<retention::v1::GetHoldingsResponse>(
    const std::string& service, const std::string& child)>;

// Records alike of one service, and what the schedules say of them.
struct Examined {
  std::string service;
  retention::v1::HeldRecords held;
  trusthub::retention::Verdict verdict;
  bool told = false;  // whether officers are told of records of the kind
};

struct Examination {
  std::vector<Examined> records;
  std::vector<std::string> holds;             // names of legal holds in force
  std::vector<std::string> holding_agencies;  // their owners, in the same order
  const trusthub::retention::Moratorium* moratorium = nullptr;
  absl::CivilDay today;

  bool schedules_allow() const;
  bool due() const { return schedules_allow() && holds.empty() && moratorium == nullptr; }
  // For the officers of `agency`: of records that others answer for, and of kinds that tell a
  // secret by being there, nothing is told but that some must be kept; of others' holds that there
  // is one.
  std::vector<std::string> HeldBackBy(absl::string_view agency) const;
  // Rows of the records that `agency` answers for, without kinds that tell a secret by being there;
  // the hub's own count as everyone's.
  std::vector<retention::v1::KeptRecords> KeptFor(absl::string_view agency) const;
  // OK when due; RETENTION_NOT_OVER or LEGAL_HOLD with what holds it back.
  absl::Status Check(absl::string_view agency) const;
};

// Thread-safe: holds no state beside the store.
class Examiner {
 public:
  struct Options {
    std::shared_ptr<const trusthub::retention::Schedules> schedules;
    std::vector<std::string> others;  // services that are asked
    AskHoldings ask;
    rpc::RecordTypes own_types;
    std::string own_service;
  };
  explicit Examiner(Options options) : options_(std::move(options)) {}

  // RECORD_NOT_FOUND when there is no such child. Guards the child's holds: one that is placed
  // meanwhile makes the commit conflict.
  absl::StatusOr<Examination> Examine(store::Transaction& tx, const std::string& child) const;
  // Whether the index itself need not keep the child any more: what must hold before the other
  // services are worth asking.
  bool IndexIsOver(const v1::Child& child, absl::CivilDay today) const;
  const trusthub::retention::Schedules& schedules() const { return *options_.schedules; }
  const std::vector<std::string>& others() const { return options_.others; }

 private:
  const Options options_;
};

// The key on which holds and destructions of a child count.
std::string RetentionKey(absl::string_view child);
// Makes this transaction one of those, and refuses the commit when another came between.
absl::Status ChangeRetention(store::Transaction& tx, absl::string_view child);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_RETENTION_EXAMINATION_H_
