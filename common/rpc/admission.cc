#include "common/rpc/admission.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/identifiers/identifiers.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {

absl::StatusOr<options::v1::Purpose> ParsePurpose(absl::string_view text) {
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  if (text.empty() || text.size() > 64 ||
      !options::v1::Purpose_Parse(absl::StrCat("PURPOSE_", absl::AsciiStrToUpper(text)),
                                  &purpose) ||
      purpose == options::v1::PURPOSE_UNSPECIFIED) {
    return error::PurposeMissing("purpose");
  }
  return purpose;
}

namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Whether ten digits that are an NHS number stand in `text`, together or as people write them:
// "943-476-5919". Ten digits in other groups, as in "2010-000017", are a reference.
bool HoldsNhsNumber(absl::string_view text) {
  for (const bool grouped : {false, true}) {
    const std::size_t size = grouped ? 12 : 10;
    for (std::size_t at = 0; at + size <= text.size(); ++at) {
      if (at > 0 && IsDigit(text[at - 1])) continue;
      if (at + size < text.size() && IsDigit(text[at + size])) continue;
      std::string digits(text.substr(at, size));
      if (grouped) {
        if (IsDigit(digits[3]) || IsDigit(digits[7])) continue;
        digits = absl::StrCat(digits.substr(0, 3), digits.substr(4, 3), digits.substr(8));
      }
      if (identifiers::IsNhsNumber(digits)) return true;
    }
  }
  return false;
}

}  // namespace

bool IsCaseReference(absl::string_view text) {
  if (text.empty() || text.size() > 80) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        absl::string_view("/-_.:").find(c) == absl::string_view::npos) {
      return false;
    }
  }
  // References stay in the audit log for good.
  return !HoldsNhsNumber(text);
}

bool MayCall(const Method& method, const auth::Principal& caller, options::v1::Purpose purpose) {
  if (!method.MayCall(caller.role, purpose)) return false;
  const bool is_operation = purpose == options::v1::PURPOSE_HUB_OPERATION;
  return caller.is_service() ? is_operation && method.IsForService(caller.system) : !is_operation;
}

absl::Status CheckCovered(const policy::Agreements& agreements, const Method& method,
                          const auth::Principal& caller, options::v1::Purpose purpose,
                          absl::CivilDay today) {
  const bool covered = policy::IsAboutNoChild(method.rule.record_kind())
                           ? agreements.Covers(caller, purpose, today)
                           : agreements.CoversChildren(caller, purpose, today);
  return covered ? absl::OkStatus() : error::AgreementMissing();
}

void StartEntry(const Incoming& incoming, const Admission& admission, absl::Time real_now,
                absl::Time domain_now, audit::v1::AuditEntry* entry) {
  *entry->mutable_entry_time() = TimeToProto(real_now);
  *entry->mutable_domain_time() = TimeToProto(domain_now);
  if (const auth::Principal* caller = admission.caller.get(); caller != nullptr) {
    entry->set_agency(caller->agency);
    entry->set_system(caller->system);
    entry->set_worker(caller->worker);
    entry->set_role(caller->role);
    entry->set_on_behalf_of(caller->on_behalf_of);
  }
  entry->set_action(incoming.method->rule.action());
  entry->set_purpose(admission.purpose);
  if (admission.agreements != nullptr) {
    entry->set_agreement_version(std::string(admission.agreements->version()));
  }
  if (IsCaseReference(incoming.case_reference)) {
    entry->set_case_reference(std::string(incoming.case_reference));
  }
  entry->set_trace_id(incoming.trace_id);
}

}  // namespace trusthub::rpc
