#include "common/rpc/granting.h"

#include <algorithm>
#include <utility>

#include "common/crypto/crypto.h"

namespace trusthub::rpc {

using options::v1::Category;

bool IsPublicKind(policy::RecordKind kind) {
  return kind == options::v1::RECORD_KIND_AGENCY || kind == options::v1::RECORD_KIND_WORKER ||
         kind == options::v1::RECORD_KIND_AUDIT_ENTRY ||
         kind == options::v1::RECORD_KIND_AGREEMENT_SET;
}

Granting::Granting(const policy::Agreements& agreements, const auth::Principal& caller,
                   options::v1::Purpose purpose, absl::CivilDay day, std::uint32_t call_relations,
                   std::function<absl::StatusOr<Standing>(absl::string_view)> standing_of)
    : agreements_(agreements),
      caller_(caller),
      purpose_(purpose),
      day_(day),
      call_relations_(call_relations),
      standing_of_(std::move(standing_of)) {}

Standing Granting::StandingWith(policy::RecordKind kind, absl::string_view child) {
  if (IsPublicKind(kind)) return Standing{policy::kPublic, 0};
  if (child.empty()) return Standing{};
  for (const auto& [name, standing] : standings_) {
    if (name == child) return standing;
  }
  absl::StatusOr<Standing> standing = standing_of_(child);
  if (!standing.ok()) {
    if (error_.ok()) error_ = standing.status();
    return Standing{};
  }
  standings_.emplace_back(std::string(child), *standing);
  return *standing;
}

void Granting::AddChild(absl::string_view child) {
  if (!child.empty()) StandingWith(options::v1::RECORD_KIND_CHILD, child);
}

policy::Question Granting::QuestionOf(const Made& made) const {
  policy::Question question;
  question.caller = &caller_;
  question.purpose = purpose_;
  question.record_kind = made.kind;
  question.relations = made.relations;
  question.child_flags = made.flags;
  question.day = day_;
  return question;
}

const policy::Decision& Granting::DecisionFor(policy::RecordKind kind, std::uint32_t relations,
                                              std::uint32_t flags) {
  for (const Made& made : made_) {
    if (made.kind == kind && made.relations == relations && made.flags == flags) {
      return made.decision;
    }
  }
  made_.push_back({kind, relations, flags, {}});
  made_.back().decision = agreements_.Decide(QuestionOf(made_.back()));
  return made_.back().decision;
}

policy::CategorySet Granting::Decide(const policy::RecordFacts& record) {
  const Standing standing = StandingWith(record.kind, record.child);
  std::uint32_t relations = call_relations_ | standing.relations;
  if (!record.owner_agency.empty() && record.owner_agency == caller_.agency) {
    relations |= policy::kOwner;
  }
  if (!record.author_agency.empty() && record.author_agency == caller_.agency) {
    relations |= policy::kAuthor;
  }
  const policy::CategorySet granted =
      DecisionFor(record.kind, relations, standing.child_flags).granted;
  if (!granted.empty()) {
    ++records_given_;
    records_.emplace_back(record.name);
  }
  return granted;
}

absl::Status Granting::Build(const Method& method, const google::protobuf::Message& full,
                             absl::string_view outer_child, google::protobuf::Message* out) {
  const Standing standing = StandingWith(method.rule.record_kind(), outer_child);
  const policy::CategorySet outer =
      DecisionFor(method.rule.record_kind(), call_relations_ | standing.relations,
                  standing.child_flags)
          .granted;
  policy::CategorySet with_envelope = outer;
  // The envelope of an answer (its containers, page token) is the hub's own and always given; what
  // stands in the containers is decided record by record, field by field.
  with_envelope.Add(options::v1::CATEGORY_OPERATIONAL);
  granted_ = method.grant_plan->Build(
      full, with_envelope, [this](const policy::RecordFacts& record) { return Decide(record); },
      out);
  return error_;
}

void Granting::FillWithheld(types::v1::Disclosure* disclosure) const {
  for (int category = 0; category < 64; ++category) {
    const auto value = static_cast<Category>(category);
    if (!granted_.withheld.Has(value) || agreements_.IsSecret(value)) continue;
    auto* row = disclosure->add_withheld();
    row->set_category(value);
    for (const Made& made : made_) {
      if (made.decision.granted.Has(value)) continue;
      policy::Explanation why = agreements_.ExplainWithheld(QuestionOf(made), value);
      row->set_reason(std::move(why.reason));
      row->set_rule(std::move(why.rule));
      row->set_what_would_change(std::move(why.what_would_change));
      row->set_released_by(std::move(why.released_by));
      break;
    }
  }
  if (granted_.records_dropped > 0) {
    auto* row = disclosure->add_withheld();
    row->set_category(options::v1::CATEGORY_OPERATIONAL);
    row->set_reason("Some records are not shared with your role for this purpose.");
  }
}

void Granting::FillEntry(absl::string_view pseudonym_key, audit::v1::AuditEntry* entry) const {
  for (const std::string& record : records_) entry->add_records(record);
  for (const auto& [child, standing] : standings_) {
    entry->add_child_pseudonyms(crypto::HmacSha256(pseudonym_key, child));
  }
  for (int category = 0; category < 64; ++category) {
    const auto value = static_cast<Category>(category);
    if (granted_.disclosed.Has(value)) entry->add_disclosed(value);
    if (granted_.withheld.Has(value)) entry->add_withheld(value);
  }
  std::vector<absl::string_view> rules;
  for (const Made& made : made_) {
    for (int category = 0; category < 64; ++category) {
      const absl::string_view rule = made.decision.rules[static_cast<std::size_t>(category)];
      if (rule.empty() || !granted_.disclosed.Has(static_cast<Category>(category))) continue;
      if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
    }
  }
  for (const absl::string_view rule : rules) entry->add_rules(std::string(rule));
  entry->set_agreement_version(std::string(agreements_.version()));
}

}  // namespace trusthub::rpc
