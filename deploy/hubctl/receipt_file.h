// File: receipt_file.h
//
// Receipt files: an answer as it was received, kept to be checked later without the hub. The format
// is that of common/audit/RECEIPT.md, sections 4 and 6.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_RECEIPT_FILE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_RECEIPT_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/audit/key_list.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::hubctl {

// A cosigned head, and the proof that the receipt's entry is in it.
struct WitnessedEntry {
  std::int64_t tree_size = 0;
  std::string root_hash;
  std::vector<std::string> inclusion_proof;
  std::vector<audit::v1::Cosignature> cosignatures;
};

struct ReceiptFile {
  std::string method;    // "/trusthub.referrals.v1.ReferralsService/GetReferral"
  std::string response;  // the answer's bytes
  std::optional<WitnessedEntry> witnessed;
};

// Whom to believe.
struct Trusted {
  audit::KeyList audit_keys;
  audit::KeyList witnesses;
  int needed = 0;  // of the witnesses
};

std::string ReceiptFileText(const ReceiptFile& file);
// Strict: INVALID_ARGUMENT for what is no receipt file.
absl::StatusOr<ReceiptFile> ParseReceiptFile(absl::string_view text);

// The receipt of a file that is genuine; else DATA_LOSS saying what is wrong with it.
absl::StatusOr<types::v1::Receipt> VerifyReceiptFile(const ReceiptFile& file,
                                                     const Trusted& trusted);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_RECEIPT_FILE_H_
