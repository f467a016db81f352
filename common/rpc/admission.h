// File: admission.h
//
// What calls and streams share at their beginning: declared purpose, case reference, and the first
// lines of an audit entry.
#ifndef TRUSTHUB_COMMON_RPC_ADMISSION_H_
#define TRUSTHUB_COMMON_RPC_ADMISSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/pipeline.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::rpc {

// "unscheduled_care" -> PURPOSE_UNSCHEDULED_CARE; PURPOSE_MISSING otherwise.
absl::StatusOr<options::v1::Purpose> ParsePurpose(absl::string_view text);

// 1 to 80 letters, digits and /-_.: so that no free text can travel in it, and no NHS number among
// them.
bool IsCaseReference(absl::string_view text);

// Step `method access`: whether the caller's role may call the method for the purpose. A service by
// its certificate alone acts for hub operation, with the methods that name it; nobody else does.
bool MayCall(const Method& method, const auth::Principal& caller, options::v1::Purpose purpose);

// Step `agreement`: AGREEMENT_MISSING unless an agreement of the set gives the caller something for
// the purpose today; for methods about children, something about children.
absl::Status CheckCovered(const policy::Agreements& agreements, const Method& method,
                          const auth::Principal& caller, options::v1::Purpose purpose,
                          absl::CivilDay today);

// Fills times, caller, action, purpose, case reference, agreements and trace, as far as they are
// known, into a new entry.
void StartEntry(const Incoming& incoming, const Admission& admission, absl::Time real_now,
                absl::Time domain_now, audit::v1::AuditEntry* entry);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_ADMISSION_H_
