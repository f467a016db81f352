// File: head.h
//
// Signed heads of audit trees: what is signed, how it is checked, how it travels.
#ifndef TRUSTHUB_COMMON_AUDIT_HEAD_H_
#define TRUSTHUB_COMMON_AUDIT_HEAD_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::audit {

// "trusthub/audit/v1\n{tree}\n{size}\n{hex root}\n{sign_time in microseconds since the epoch}\n".
std::string HeadSigningInput(const store::SealedHead& head);

// OK when `head` has the form of a head and is signed by the Ed25519 key; else DATA_LOSS.
absl::Status VerifyHead(const store::SealedHead& head, absl::string_view public_key);

v1::TreeHead HeadToProto(const store::SealedHead& head, absl::string_view public_key);
// Takes it as it is; VerifyHead says whether to believe it.
store::SealedHead HeadFromProto(const v1::TreeHead& head);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_HEAD_H_
