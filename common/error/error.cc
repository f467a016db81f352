#include "common/error/error.h"

#include <map>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "trusthub/errors/v1/details.pb.h"

namespace trusthub::error {
namespace {

using absl::StatusCode;
using errors::v1::ErrorReason;

constexpr char kDecision[] = "decision";

// In one order of map entries, so that equal errors are equal bytes.
void Attach(absl::Status& status, absl::string_view url, const google::protobuf::Message& detail) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    detail.SerializeToCodedStream(&coded);
  }
  status.SetPayload(url, absl::Cord(bytes));
}

// One error: what the client should do is the code, why is the reason, `next` is a sentence.
absl::Status Make(StatusCode code, ErrorReason reason, absl::string_view message,
                  absl::string_view next, const std::map<std::string, std::string>& facts = {}) {
  absl::Status status(code, message);
  errors::v1::ErrorInfo info;
  info.set_reason(ReasonName(reason));
  info.set_domain("trusthub");
  info.mutable_metadata()->insert(facts.begin(), facts.end());
  Attach(status, kErrorInfoUrl, info);
  if (!next.empty()) {
    errors::v1::Help help;
    help.add_links()->set_description(std::string(next));
    Attach(status, kHelpUrl, help);
  }
  return status;
}

absl::Status Retryable(ErrorReason reason, absl::string_view message, absl::string_view next,
                       const std::map<std::string, std::string>& facts = {}) {
  absl::Status status = Make(StatusCode::kUnavailable, reason, message, next, facts);
  errors::v1::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(limits::kRetryDelayMillis * 1'000'000);
  Attach(status, kRetryInfoUrl, retry);
  return status;
}

bool HidesText(StatusCode code) {
  return code == StatusCode::kInternal || code == StatusCode::kUnknown ||
         code == StatusCode::kDataLoss;
}

template <class Detail>
std::optional<Detail> Payload(const absl::Status& status, absl::string_view url) {
  const absl::optional<absl::Cord> bytes = status.GetPayload(url);
  Detail detail;
  if (!bytes.has_value() || !detail.ParseFromString(std::string(*bytes))) return std::nullopt;
  return detail;
}

}  // namespace

absl::Status MessageMalformed() {
  return Make(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_MESSAGE_MALFORMED,
              "The request is not a well-formed message of the method's request type.",
              "Compare the sender's proto with the hub's; strings must be UTF-8.");
}

absl::Status RequestInvalid(const std::vector<Violation>& all) {
  absl::Status status =
      Make(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID,
           absl::StrCat("The request breaks ", all.size(), all.size() == 1 ? " rule." : " rules."),
           "Correct every field listed and send the request again with a new request_id.");
  errors::v1::BadRequest bad;
  for (const Violation& violation : all) {
    auto* row = bad.add_field_violations();
    row->set_field(violation.field);
    row->set_description(violation.rule);
  }
  Attach(status, kBadRequestUrl, bad);
  return status;
}

absl::Status PageTokenInvalid() {
  return Make(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID,
              "The page token was not given to this caller for these arguments, or is too old.",
              "Start the list again without a page token.");
}

absl::Status RequestIdReused() {
  return Make(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_ID_REUSED,
              "The request_id was used before with other content.",
              "Use a new request_id for a new request; a retry must send the same bytes.");
}

absl::Status PurposeMissing(absl::string_view what) {
  return Make(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_PURPOSE_MISSING,
              absl::StrCat("The call does not declare its ", what, "."),
              "Send x-trusthub-purpose and x-trusthub-case-reference with every call.",
              {{"missing", std::string(what)}});
}

absl::Status Unauthenticated(Reason reason) {
  return Make(StatusCode::kUnauthenticated, reason, "The caller could not be authenticated.",
              "Check the client certificate and fetch a fresh token bound to it.");
}

absl::Status MethodNotPermitted(absl::string_view action) {
  return Make(StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED,
              "This role may not do this for this purpose.",
              "Check the declared purpose; otherwise ask the agency that is responsible.",
              {{"action", std::string(action)}});
}

absl::Status AgreementMissing() {
  return Make(StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_AGREEMENT_MISSING,
              "No sharing agreement covers this call.",
              "Ask the information governance lead which agreement covers this purpose.");
}

absl::Status RecordNotFound() {
  return Make(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND,
              "No such record is available to you.",
              "Check the name; if your agency works with the child, register the child first.");
}

absl::Status EtagStale() {
  return Make(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE,
              "The record changed since it was read.",
              "Read it again and repeat the change with its new etag and a new request_id.");
}

absl::Status ConcurrentChange() {
  return Make(StatusCode::kAborted, errors::v1::ERROR_REASON_CONCURRENT_CHANGE,
              "Other changes of the same records came first.", "Send the same request again.");
}

absl::Status StateForbids(absl::string_view noun, absl::string_view state,
                          absl::string_view action) {
  return Make(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS,
              absl::StrCat("The ", noun, " is ", state, ", so it cannot be ", action, "."),
              "Read the record; its state says what can be done next.",
              {{"noun", std::string(noun)}, {"state", std::string(state)}});
}

absl::Status RecordExists(absl::string_view noun, absl::string_view rule) {
  return Make(StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS,
              absl::StrCat("There is such a ", noun, " already: ", rule), "Use the existing one.",
              {{"noun", std::string(noun)}});
}

absl::Status RuleBroken(Reason reason, absl::string_view rule, absl::string_view next) {
  return Make(StatusCode::kFailedPrecondition, reason, rule, next);
}

absl::Status ServerBusy() {
  return Retryable(errors::v1::ERROR_REASON_SERVER_BUSY, "The service is busy.",
                   "Send the same request again after the retry delay.");
}

absl::Status ServerStopping() {
  return Retryable(errors::v1::ERROR_REASON_SERVER_STOPPING, "The service is stopping.",
                   "Send the same request again; another replica or the restarted one answers.");
}

absl::Status AuditUnavailable() {
  return Retryable(errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE,
                   "The disclosure could not be recorded, so nothing was disclosed.",
                   "Send the same request again; tell the hub's operator when it persists.");
}

absl::Status WitnessesOverdue() {
  return Retryable(errors::v1::ERROR_REASON_WITNESSES_OVERDUE,
                   "The audit log was not checked by enough witnesses for too long, so nothing is "
                   "disclosed.",
                   "Ring the agency; tell the hub's operator and the agencies that run witnesses.");
}

absl::Status StoreUnavailable(absl::string_view detail) {
  return Retryable(
      errors::v1::ERROR_REASON_STORE_UNAVAILABLE, "The service's store is unavailable.",
      "Send the same request again with the same request_id.", {{"detail", std::string(detail)}});
}

absl::Status ProjectionStale(absl::string_view source) {
  return Retryable(errors::v1::ERROR_REASON_PROJECTION_STALE,
                   absl::StrCat("Facts of the ", source, " service are too old to rest on."),
                   "Send the same request again.", {{"source", std::string(source)}});
}

absl::Status ServiceUnavailable(absl::string_view service) {
  return Retryable(errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE,
                   absl::StrCat("The ", service, " service did not answer."),
                   "Send the same request again with the same request_id.",
                   {{"service", std::string(service)}});
}

absl::Status DeadlineExceeded() {
  return Make(StatusCode::kDeadlineExceeded, errors::v1::ERROR_REASON_DEADLINE_EXCEEDED,
              "The deadline passed before the work was done.",
              "Whether a change was made is unknown: send it again with the same request_id.");
}

absl::Status Cancelled() {
  return Make(StatusCode::kCancelled, errors::v1::ERROR_REASON_CANCELLED,
              "The caller cancelled; nothing was done.", "");
}

absl::Status CursorInvalid() {
  return Make(StatusCode::kOutOfRange, errors::v1::ERROR_REASON_CURSOR_INVALID,
              "The cursor is not one of this stream.",
              "Read the records again and watch from a fresh cursor.");
}

absl::Status Internal(absl::string_view detail) {
  return Make(StatusCode::kInternal, errors::v1::ERROR_REASON_INTERNAL, detail,
              "Tell the hub's operator the trace id of the call.");
}

absl::Status WithDecision(absl::Status status, absl::string_view decision) {
  auto info = Payload<errors::v1::ErrorInfo>(status, kErrorInfoUrl);
  if (!info.has_value()) return status;
  if (decision.empty()) {
    info->mutable_metadata()->erase(kDecision);
  } else {
    (*info->mutable_metadata())[kDecision] = std::string(decision);
  }
  Attach(status, kErrorInfoUrl, *info);
  return status;
}

std::string DecisionOf(const absl::Status& status) {
  const auto info = Payload<errors::v1::ErrorInfo>(status, kErrorInfoUrl);
  if (!info.has_value()) return "";
  const auto found = info->metadata().find(kDecision);
  return found == info->metadata().end() ? "" : found->second;
}

Reason ReasonOf(const absl::Status& status) {
  const auto info = Payload<errors::v1::ErrorInfo>(status, kErrorInfoUrl);
  Reason reason = errors::v1::ERROR_REASON_UNSPECIFIED;
  if (info.has_value()) {
    errors::v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", info->reason()), &reason);
  }
  return reason;
}

std::string ReasonName(Reason reason) {
  return std::string(absl::StripPrefix(errors::v1::ErrorReason_Name(reason), "ERROR_REASON_"));
}

std::string PublicMessage(const absl::Status& status) {
  if (HidesText(status.code())) return "The hub failed; nothing was changed.";
  return std::string(status.message());
}

std::string WireDetails(const absl::Status& status) {
  errors::v1::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(PublicMessage(status));
  for (const char* url : {kErrorInfoUrl, kBadRequestUrl, kRetryInfoUrl, kHelpUrl}) {
    if (const absl::optional<absl::Cord> bytes = status.GetPayload(url); bytes.has_value()) {
      auto* any = wire.add_details();
      any->set_type_url(url);
      any->set_value(std::string(*bytes));
    }
  }
  return wire.SerializeAsString();
}

absl::Status FromWire(int code, absl::string_view message, absl::string_view details) {
  if (code == 0) return absl::OkStatus();
  absl::Status status(static_cast<StatusCode>(code), message);
  errors::v1::Status wire;
  if (wire.ParseFromArray(details.data(), static_cast<int>(details.size()))) {
    for (const auto& any : wire.details()) {
      status.SetPayload(any.type_url(), absl::Cord(any.value()));
    }
  }
  return status;
}

std::vector<std::string> Explain(const absl::Status& status) {
  std::vector<std::string> lines;
  if (const auto bad = Payload<errors::v1::BadRequest>(status, kBadRequestUrl); bad.has_value()) {
    for (const auto& row : bad->field_violations()) {
      lines.push_back(absl::StrCat(row.field(), ": ", row.description()));
    }
  }
  if (const auto help = Payload<errors::v1::Help>(status, kHelpUrl); help.has_value()) {
    for (const auto& link : help->links()) lines.push_back(link.description());
  }
  return lines;
}

}  // namespace trusthub::error
