// File: decision_words.h
//
// An audit entry in plain English, for the practitioner whose call it was and for those who review
// it.
#ifndef TRUSTHUB_COMMON_RPC_DECISION_WORDS_H_
#define TRUSTHUB_COMMON_RPC_DECISION_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/policy/policy.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::rpc {

// "assessment narrative".
std::string CategoryInWords(policy::Category category);

// What was done, without who and why: "read plans", "tried to read plans".
std::string DoneInWords(const audit::v1::AuditEntry& entry);

// Who asked for what, for which purpose, and what was decided. `given` and `withheld` are what the
// reader may be told of; `reason` is that of the refusal, as the reader may know it.
std::string SummaryOf(const audit::v1::AuditEntry& entry, policy::CategorySet given,
                      policy::CategorySet withheld, absl::string_view reason);

// One decision's inputs in a line, for an engineer.
std::string InputsInWords(const audit::v1::DecisionInputs& inputs, policy::CategorySet replayed);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DECISION_WORDS_H_
