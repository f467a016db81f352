// File: answer.h
//
// An answer as it travels: content, then the receipt that covers it. RECEIPT.md says the format;
// this is its C++ side, for the service that adds the receipt and for whoever checks one offline.
#ifndef TRUSTHUB_COMMON_AUDIT_ANSWER_H_
#define TRUSTHUB_COMMON_AUDIT_ANSWER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/audit/key_list.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::audit {

// Name of the entry at `index`: what a receipt's answer calls its decision.
std::string EntryName(absl::string_view tree, std::int64_t index);

struct Answer {
  absl::string_view content;   // what content_hash covers; lies in the answer's bytes
  types::v1::Receipt receipt;  // not yet checked
  std::string decision;
};

// Adds to the content of an answer what covers it, last: its Disclosure, whose field number in the
// answer is `disclosure`, with `receipt` (ReceiptBytes) and the name of the decision.
void AppendEvidence(int disclosure, absl::string_view receipt, absl::string_view decision,
                    std::string* answer);

// Takes an answer's bytes apart. Strict: DATA_LOSS, saying what, for bytes that a hub does not
// write, even where a parser would take them.
absl::StatusOr<Answer> SplitAnswer(absl::string_view bytes);

// OK when `bytes` are what was receipted, by a key that counts for the receipt's tree; else
// DATA_LOSS saying what is wrong.
absl::Status VerifyAnswer(absl::string_view bytes, const KeyList& keys);
// Of an answer that was taken apart.
absl::Status VerifyAnswer(const Answer& answer, const KeyList& keys);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_ANSWER_H_
