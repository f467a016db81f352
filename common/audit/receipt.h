// File: receipt.h
//
// Receipts: making one from a commit, and checking one with no network and no trust in the hub but
// its published audit key.
#ifndef TRUSTHUB_COMMON_AUDIT_RECEIPT_H_
#define TRUSTHUB_COMMON_AUDIT_RECEIPT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::audit {

// The receipt as it goes over the wire, a serialised types.v1.Receipt. Written without the message:
// each of the two dozen hashes of a proof would be a string of its own.
std::string ReceiptBytes(const store::LeafPlace& place, const store::SealedHead& head,
                         absl::string_view entry_hash, absl::string_view content_hash);

// OK when the head is signed by `public_key` and contains the leaf of an entry with this content
// hash; DATA_LOSS saying what is wrong. answer.h checks the content as well.
absl::Status VerifyReceipt(const types::v1::Receipt& receipt, absl::string_view public_key);
// As VerifyReceipt; and `leaf`, the entry's canonical bytes from the log, is that leaf and names
// the receipt's content hash.
absl::Status VerifyReceiptOfEntry(const types::v1::Receipt& receipt, absl::string_view leaf,
                                  absl::string_view public_key);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_RECEIPT_H_
