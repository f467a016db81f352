#include "common/rpc/replay.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "common/time/civil_date.h"

namespace trusthub::rpc {

using audit::v1::AuditEntry;
using audit::v1::DecisionInputs;
using policy::Category;

namespace {

policy::Question QuestionOf(const AuditEntry& entry, const DecisionInputs& inputs,
                            const auth::Principal* caller) {
  policy::Question question;
  question.caller = caller;
  question.purpose = entry.purpose();
  question.record_kind = inputs.record_kind();
  question.relations = inputs.relations();
  question.child_flags = inputs.child_flags();
  question.day = LondonDay(TimeFromProto(entry.domain_time()));
  question.consent = static_cast<policy::ConsentStanding>(inputs.consent());
  question.break_glass_categories = policy::CategorySet(inputs.break_glass_categories());
  question.provider = inputs.provider();
  question.provider_kind = inputs.provider_kind();
  return question;
}

}  // namespace

Replay::Replay(const AuditEntry& entry, std::shared_ptr<const policy::Agreements> agreements)
    : agreements_(std::move(agreements)) {
  if (agreements_ == nullptr) return;
  caller_.agency = entry.agency();
  caller_.worker = entry.worker();
  caller_.role = entry.role();
  if (!entry.decisions().empty()) caller_.agency_kind = entry.decisions(0).agency_kind();
  for (const DecisionInputs& inputs : entry.decisions()) {
    const policy::Question question = QuestionOf(entry, inputs, &caller_);
    made_.push_back({&inputs, question, agreements_->Decide(question)});
  }
  same_again_ = IsSameAgain(entry);
}

bool Replay::IsSameAgain(const AuditEntry& entry) const {
  std::set<std::string> rules;
  for (const Made& made : made_) {
    if (made.decision.granted.bits() != made.inputs->granted()) return false;
    if (made.inputs->agency_kind() != caller_.agency_kind) return false;
    for (const int category : entry.disclosed()) {
      const auto rule = made.decision.rules[static_cast<std::size_t>(category)];
      if (!rule.empty()) rules.emplace(rule);
    }
  }
  return rules == std::set<std::string>(entry.rules().begin(), entry.rules().end());
}

const Replay::Made* Replay::WhoGave(Category category) const {
  const Made* found = nullptr;
  for (const Made& made : made_) {
    if (!made.decision.granted.Has(category)) continue;
    if (!made.decision.rules[static_cast<std::size_t>(category)].empty()) return &made;
    if (found == nullptr) found = &made;
  }
  return found;
}

const Replay::Made* Replay::WhoWithheld(Category category, bool with_hidden) const {
  const Made* hidden = nullptr;
  for (const Made& made : made_) {
    if (made.decision.granted.Has(category)) continue;
    if (!made.decision.granted.empty()) return &made;
    hidden = &made;
  }
  return with_hidden ? hidden : nullptr;
}

}  // namespace trusthub::rpc
