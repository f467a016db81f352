// File: error.h
//
// The catalogue of errors. Every error that a caller may see is made here: a canonical code chosen
// by what the client should do, a reason from the published enum, a message, and what to do next.
// No function takes personal data, and none may be passed any: arguments are record kinds, field
// paths, states, rules and limits.
//
// An error is an absl::Status with payloads under the google.rpc type URLs; common/rpc/to_grpc.cc
// turns it into the one grpc::Status.
#ifndef TRUSTHUB_COMMON_ERROR_ERROR_H_
#define TRUSTHUB_COMMON_ERROR_ERROR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "trusthub/errors/v1/error_reason.pb.h"

namespace trusthub::error {

using Reason = errors::v1::ErrorReason;

// Type URLs of the payloads, the same as google.rpc's.
inline constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";
inline constexpr char kBadRequestUrl[] = "type.googleapis.com/google.rpc.BadRequest";
inline constexpr char kRetryInfoUrl[] = "type.googleapis.com/google.rpc.RetryInfo";
inline constexpr char kHelpUrl[] = "type.googleapis.com/google.rpc.Help";

// One violated field rule. `field` is a path such as "referral.upn"; `rule` says the rule and what
// to do, never the value.
struct Violation {
  std::string field;
  std::string rule;
};

// --- Requests ---------------------------------------------------------------------------------
absl::Status MessageMalformed();                                 // INVALID_ARGUMENT
absl::Status RequestInvalid(const std::vector<Violation>& all);  // INVALID_ARGUMENT, BadRequest
absl::Status PageTokenInvalid();                                 // INVALID_ARGUMENT
absl::Status RequestIdReused();                                  // INVALID_ARGUMENT
absl::Status PurposeMissing(absl::string_view what);             // INVALID_ARGUMENT

// --- Callers ----------------------------------------------------------------------------------
// UNAUTHENTICATED with one message for all reasons; the reason is in ErrorInfo.
absl::Status Unauthenticated(Reason reason);
// PERMISSION_DENIED; one message for every method, so that it says nothing about any record.
absl::Status MethodNotPermitted(absl::string_view action);
absl::Status AgreementMissing();  // PERMISSION_DENIED

// --- Records ----------------------------------------------------------------------------------
// NOT_FOUND. The only answer for a record that does not exist and for one that the caller has no
// relationship with; takes nothing, so that nothing can differ.
absl::Status RecordNotFound();
absl::Status EtagStale();         // ABORTED
absl::Status ConcurrentChange();  // ABORTED
// FAILED_PRECONDITION: a `noun` in `state` forbids `action`.
absl::Status StateForbids(absl::string_view noun, absl::string_view state,
                          absl::string_view action);
absl::Status RecordExists(absl::string_view noun, absl::string_view rule);  // ALREADY_EXISTS
// FAILED_PRECONDITION for a domain rule. `rule` names the rule and its source, `next` what to do.
absl::Status RuleBroken(Reason reason, absl::string_view rule, absl::string_view next);

// --- The hub itself ---------------------------------------------------------------------------
absl::Status ServerBusy();                                   // UNAVAILABLE, RetryInfo
absl::Status ServerStopping();                               // UNAVAILABLE, RetryInfo
absl::Status AuditUnavailable();                             // UNAVAILABLE, RetryInfo
absl::Status WitnessesOverdue();                             // UNAVAILABLE, RetryInfo
absl::Status StoreUnavailable(absl::string_view detail);     // UNAVAILABLE, RetryInfo
absl::Status ProjectionStale(absl::string_view source);      // UNAVAILABLE, RetryInfo
absl::Status ServiceUnavailable(absl::string_view service);  // UNAVAILABLE, RetryInfo
absl::Status DeadlineExceeded();
absl::Status Cancelled();
absl::Status CursorInvalid();  // OUT_OF_RANGE
// INTERNAL. `detail` is for the log; to_grpc drops it.
absl::Status Internal(absl::string_view detail);

// The same error, naming the audit entry that holds it, `auditTrees/{id}/entries/{index}`, as
// metadata "decision" of its ErrorInfo: DecisionsService explains it. With "", without that name:
// what can be compared with another call's error.
absl::Status WithDecision(absl::Status status, absl::string_view decision);
// The decision that `status` names; empty when none.
std::string DecisionOf(const absl::Status& status);

// The reason in `status`; UNSPECIFIED when it was not made here.
Reason ReasonOf(const absl::Status& status);
// "REQUEST_INVALID" of ERROR_REASON_REQUEST_INVALID.
std::string ReasonName(Reason reason);
// Serialised google.rpc.Status (errors.v1.Status) with the payloads of `status`: what travels in
// grpc-status-details-bin. INTERNAL, UNKNOWN and DATA_LOSS lose their text here.
std::string WireDetails(const absl::Status& status);
// The message a client sees.
std::string PublicMessage(const absl::Status& status);
// The reverse, for our own clients: an absl::Status with its payloads.
absl::Status FromWire(int code, absl::string_view message, absl::string_view details);
// The next steps and violations of `status` as lines for a person.
std::vector<std::string> Explain(const absl::Status& status);

}  // namespace trusthub::error

#endif  // TRUSTHUB_COMMON_ERROR_ERROR_H_
