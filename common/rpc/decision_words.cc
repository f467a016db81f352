#include "common/rpc/decision_words.h"

#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/base/relations.h"
#include "common/policy/agreement_reader.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using policy::CategorySet;

std::string Words(const google::protobuf::EnumDescriptor* values, int value) {
  const google::protobuf::EnumValueDescriptor* named = values->FindValueByNumber(value);
  if (named == nullptr || value == 0) return "not said";
  return absl::StrReplaceAll(policy::ShortName(*named), {{"_", " "}});
}

std::string ListOf(CategorySet categories) {
  std::vector<std::string> words;
  for (int value = 0; value < 64; ++value) {
    const auto category = static_cast<policy::Category>(value);
    if (categories.Has(category)) words.push_back(CategoryInWords(category));
  }
  return words.empty() ? "nothing" : absl::StrJoin(words, ", ");
}

// The names of the bits that are set: bit 0 is the schema's value 1, and so on without `left_out`.
std::string Bits(const google::protobuf::EnumDescriptor* values, std::uint32_t bits, int left_out) {
  std::vector<std::string> words;
  int value = 0;
  for (; bits != 0; bits >>= 1) {
    if (++value == left_out) ++value;
    if ((bits & 1) != 0) words.push_back(Words(values, value));
  }
  return words.empty() ? "none" : absl::StrJoin(words, "+");
}
static_assert(policy::kOwner == 1u << (policy::v1::RELATION_OWNER - 1) &&
              policy::kPublic == 1u << (policy::v1::RELATION_PUBLIC - 1) &&
              policy::kAllocated == 1u << (policy::v1::RELATION_ALLOCATED - 2) &&
              policy::kLiveEnquiry == 1u << (policy::v1::CHILD_FLAG_LIVE_ENQUIRY - 1));

std::string ConsentInWords(std::uint32_t consent) {
  switch (static_cast<policy::ConsentStanding>(consent)) {
    case policy::ConsentStanding::kNone:
      return "none";
    case policy::ConsentStanding::kGiven:
      return "given";
    case policy::ConsentStanding::kRefused:
      return "refused";
    case policy::ConsentStanding::kOverridden:
      return "overridden";
    case policy::ConsentStanding::kNotRequired:
      return "not required";
  }
  return "unknown";
}

std::string RefusalInWords(absl::string_view reason) {
  static const auto& sentences = *new std::map<absl::string_view, absl::string_view>{
      {"RECORD_NOT_FOUND",
       "no such record was available: it did not exist, or the agency had no relationship with it "
       "that counts. The hub does not say which, so that nobody learns here whether a child is "
       "known. If the agency works with the child, register the child first"},
      {"WORKER_CONFLICTED",
       "a conflict of interest stood between the worker and the child. The worker was answered as "
       "if there were no such record"},
      {"AGREEMENT_MISSING",
       "no sharing agreement in force on that day gave this role of this agency anything for this "
       "purpose"},
      {"METHOD_NOT_PERMITTED",
       "this role may not do this for this purpose, or the worker's last day in the agency's "
       "service had passed"},
      {"PURPOSE_MISSING", "the call did not declare its purpose, or no case reference"},
      {"REQUEST_INVALID", "fields of the request broke their rules"},
      {"CONSENT_MISSING", "the consent that it rests on was missing, refused or out of date"},
  };
  const auto found = sentences.find(reason);
  if (found != sentences.end()) return std::string(found->second);
  return absl::StrReplaceAll(absl::AsciiStrToLower(reason), {{"_", " "}});
}

std::string When(const AuditEntry& entry) {
  return absl::FormatTime("On %-d %B %Y at %H:%M", TimeFromProto(entry.domain_time()), London());
}

std::string Who(const AuditEntry& entry) {
  if (entry.agency().empty()) return "a caller who could not be identified";
  std::string who = Words(options::v1::Role_descriptor(), entry.role());
  who = absl::StrCat(
      absl::string_view("aeiou").find(who.front()) == absl::string_view::npos ? "a " : "an ", who);
  const std::string worker = entry.worker().empty() ? "" : entry.worker() + " of ";
  absl::StrAppend(&who, " (", worker, entry.agency(), ")");
  if (!entry.on_behalf_of().empty()) absl::StrAppend(&who, ", by way of ", entry.on_behalf_of());
  return who;
}

}  // namespace

std::string CategoryInWords(policy::Category category) {
  return Words(options::v1::Category_descriptor(), category);
}

std::string DoneInWords(const AuditEntry& entry) {
  static const auto& verbs =
      *new std::map<absl::string_view, absl::string_view>{{"get", "read"},
                                                          {"list", "list"},
                                                          {"watch", "be told of"},
                                                          {"check", "look up"},
                                                          {"access", "list who can see"},
                                                          {"begin", "begin"}};
  // "plans.actions.list": the last word says what is done, the others to what.
  const std::string& action = entry.action();
  const std::size_t dot = action.rfind('.');
  if (dot == std::string::npos) return action;
  const std::string noun = absl::StrReplaceAll(action.substr(0, dot), {{".", " "}, {"_", " "}});
  const std::string verb = absl::StrReplaceAll(action.substr(dot + 1), {{"_", " "}});
  const auto found = verbs.find(verb);
  const std::string done =
      absl::StrCat(found == verbs.end() ? absl::string_view(verb) : found->second, " ", noun);
  if (entry.decision() == audit::v1::AUDIT_DECISION_REFUSED) {
    return absl::StrCat("tried to ", done, " and was refused");
  }
  return done;
}

std::string SummaryOf(const AuditEntry& entry, CategorySet given, CategorySet withheld,
                      absl::string_view reason) {
  std::string text = absl::StrCat(When(entry), " ", Who(entry), " used ", entry.action());
  if (entry.purpose() != options::v1::PURPOSE_UNSPECIFIED) {
    absl::StrAppend(&text, " for ", Words(options::v1::Purpose_descriptor(), entry.purpose()));
  }
  if (!entry.case_reference().empty()) {
    absl::StrAppend(&text, ", case ", entry.case_reference());
  }
  if (entry.decision() == audit::v1::AUDIT_DECISION_REFUSED) {
    return absl::StrCat(text, ". It was refused: ", RefusalInWords(reason), ".");
  }
  absl::StrAppend(&text,
                  entry.decision() == audit::v1::AUDIT_DECISION_RECORDED
                      ? ". The change was recorded. Of the answer was given: "
                      : ". Given was: ",
                  ListOf(given), ".");
  if (!withheld.empty()) absl::StrAppend(&text, " Withheld was: ", ListOf(withheld), ".");
  return text;
}

std::string InputsInWords(const audit::v1::DecisionInputs& inputs, CategorySet replayed) {
  std::string text = absl::StrCat(
      "record kind: ", Words(options::v1::RecordKind_descriptor(), inputs.record_kind()),
      "; relations: ",
      Bits(policy::v1::Relation_descriptor(), inputs.relations(), policy::v1::RELATION_ANY),
      "; child: ", Bits(policy::v1::ChildFlag_descriptor(), inputs.child_flags(), 0),
      "; consent: ", ConsentInWords(inputs.consent()),
      "; agency kind: ", Words(directory::v1::AgencyKind_descriptor(), inputs.agency_kind()));
  if (inputs.break_glass_categories() != 0) {
    absl::StrAppend(
        &text, "; emergency access to: ", ListOf(CategorySet(inputs.break_glass_categories())));
  }
  if (!inputs.provider().empty()) {
    absl::StrAppend(&text, "; provider: ", inputs.provider(), " (",
                    Words(directory::v1::AgencyKind_descriptor(), inputs.provider_kind()), ")");
  }
  absl::StrAppend(&text, "; granted: ", ListOf(CategorySet(inputs.granted())));
  if (replayed.bits() != inputs.granted()) {
    absl::StrAppend(&text, "; REPLAYED OTHERWISE: ", ListOf(replayed));
  }
  return text;
}

}  // namespace trusthub::rpc
