// Sharing agreements: the whole input is one file. What compiles decides, always the same, and
// grants nothing outside its dates.
#include <functional>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/policy.h"
#include "common/time/civil_date.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

constexpr char kFile[] = "agreement.yaml";

// A few callers and children; between them every relation and flag.
void AskAll(const policy::Agreements& agreements, absl::CivilDay day,
            const std::function<void(const policy::Question&, const policy::Decision&)>& check) {
  auth::Principal caller;
  for (const char* agency : {"agencies/redbridge-council", "agencies/uphall-primary", ""}) {
    caller.agency = agency;
    caller.agency_kind = directory::v1::AGENCY_KIND_COUNCIL;
    caller.worker = "workers/one";
    for (const auto role : {options::v1::ROLE_SOCIAL_WORKER, options::v1::ROLE_DESIGNATED_LEAD}) {
      caller.role = role;
      for (int kind = 1; kind <= options::v1::RecordKind_MAX; ++kind) {
        policy::Question question;
        question.caller = &caller;
        question.purpose = options::v1::PURPOSE_ASSESSMENT;
        question.record_kind = static_cast<policy::RecordKind>(kind);
        question.relations = ~std::uint32_t{0};
        question.child_flags = kind % 2 == 0 ? ~std::uint32_t{0} : 0;
        question.day = day;
        check(question, agreements.Decide(question));
      }
    }
  }
}

void Compile(const std::string& text) {
  const auto read = policy::ReadAgreement(kFile, text);
  const auto compiled = policy::CompileAgreements({{kFile, text}});
  Require(read.ok() || !compiled.ok(), "what cannot be read does not compile");
  if (!compiled.ok()) {
    Require(absl::StrContains(compiled.status().message(), kFile), "an error names the file");
    return;
  }
  const policy::Agreements& agreements = **compiled;
  const auto again = policy::CompileAgreements({{kFile, text}});
  Require(again.ok() && (*again)->version() == agreements.version(), "a text has one version");
  const auto& agreement = read->agreement();
  const auto begins = DateFromProto(agreement.effective_from());
  Require(begins.ok(), "an agreement begins on a day");
  const absl::CivilDay from = *begins;
  AskAll(agreements, from, [&](const policy::Question& question, const policy::Decision& decision) {
    Require((*again)->Decide(question).granted == decision.granted, "a decision is a function");
    for (int category = 1; category <= options::v1::Category_MAX; ++category) {
      const auto one = static_cast<policy::Category>(category);
      if (decision.granted.Has(one)) continue;
      Require(!agreements.ExplainWithheld(question, one).reason.empty(),
              "what is withheld is explained");
    }
  });
  AskAll(agreements, from - 1, [](const policy::Question&, const policy::Decision& decision) {
    Require(decision.granted.empty(), "an agreement grants nothing before it begins");
  });
  const auto ends = DateFromProto(agreement.effective_to());
  if (!agreement.has_effective_to() || !ends.ok()) return;
  AskAll(agreements, *ends + 1, [](const policy::Question&, const policy::Decision& decision) {
    Require(decision.granted.empty(), "an agreement grants nothing after it ended");
  });
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  trusthub::fuzz::Compile(trusthub::fuzz::Input(data, size).Rest());
  return 0;
}
