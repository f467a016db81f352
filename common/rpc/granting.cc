#include "common/rpc/granting.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "common/base/status_macros.h"

namespace trusthub::rpc {

using options::v1::Category;
using policy::CategorySet;
using policy::Standing;

namespace {

void AddOnce(absl::string_view name, std::vector<std::string>* names) {
  if (std::find(names->begin(), names->end(), name) == names->end()) names->emplace_back(name);
}

template <class Visit>
void ForEach(CategorySet set, Visit visit) {
  for (std::uint64_t left = set.bits(); left != 0; left &= left - 1) {
    visit(static_cast<Category>(std::countr_zero(left)));
  }
}

}  // namespace

Granting::Granting(const policy::Agreements& agreements, const auth::Principal& caller,
                   options::v1::Purpose purpose, absl::CivilDay day,
                   const std::uint32_t& call_relations, CallerFacts* facts)
    : agreements_(agreements),
      caller_(caller),
      purpose_(purpose),
      day_(day),
      call_relations_(call_relations),
      facts_(*facts) {}

Standing Granting::StandingWith(policy::RecordKind kind, absl::string_view child) {
  if (policy::IsAboutNoChild(kind)) {
    Standing standing;
    standing.relations = policy::kPublic;
    return standing;
  }
  if (child.empty()) return Standing();
  absl::StatusOr<Standing> standing = facts_.StandingWith(child);
  if (standing.ok()) return *standing;
  if (error_.ok()) error_ = standing.status();
  return Standing();
}

policy::Question Granting::QuestionOf(const Made& made) const {
  policy::Question question;
  question.caller = &caller_;
  question.purpose = purpose_;
  question.record_kind = made.kind;
  question.relations = made.standing.relations;
  question.child_flags = made.standing.child_flags;
  question.day = day_;
  question.consent = made.standing.consent;
  question.break_glass_categories = CategorySet(made.standing.break_glass_categories);
  question.provider = made.provider;
  question.provider_kind = made.provider_kind;
  return question;
}

CategorySet Granting::DecisionFor(policy::RecordKind kind, const Standing& standing,
                                  absl::string_view owner, bool is_outer) {
  // Records of one kind that differ only by owner share a decision, unless a rule asks for it.
  if (!owner.empty() && !agreements_.AsksForProvider(caller_.role, purpose_, kind)) owner = {};
  auto provider_kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
  if (!owner.empty()) {
    const absl::StatusOr<directory::v1::AgencyKind> found = facts_.KindOf(owner);
    if (found.ok()) {
      provider_kind = *found;
    } else if (error_.ok()) {
      error_ = found.status();
    }
  }
  // After the same reads: there is nothing to decide about.
  if (standing.conflicted) return CategorySet();
  for (const Made& made : made_) {
    if (made.kind == kind && made.standing == standing && made.provider == owner &&
        made.is_outer == is_outer) {
      return made.decision.granted;
    }
  }
  Made& made =
      made_.emplace_back(Made{kind, standing, std::string(owner), provider_kind, is_outer, {}});
  made.decision = agreements_.Decide(QuestionOf(made));
  return made.decision.granted;
}

CategorySet Granting::Decide(const policy::RecordFacts& record) {
  Standing standing = StandingWith(record.kind, record.child);
  // That an agency was asked one question about a child opens nothing that is told of another. And
  // a question is between who asks and who is asked: whatever else ties an agency to the child, of
  // others' questions it learns nothing.
  if (record.kind == options::v1::RECORD_KIND_EVENT) standing.relations &= ~policy::kAsked;
  if (!record.asked_agency.empty() && !caller_.is_service()) {
    const bool is_asked = record.asked_agency == caller_.agency;
    if (!is_asked && record.owner_agency != caller_.agency) return CategorySet();
    if (is_asked) standing.relations |= policy::kAsked;
  }
  standing.relations |= call_relations_;
  if (!record.owner_agency.empty() && record.owner_agency == caller_.agency) {
    standing.relations |= policy::kOwner;
  }
  if (!record.author_agency.empty() && record.author_agency == caller_.agency) {
    standing.relations |= policy::kAuthor;
  }
  return DecisionFor(record.kind, standing, record.owner_agency, /*is_outer=*/false);
}

absl::StatusOr<bool> Granting::MayKnow(const policy::RecordFacts& record) {
  const bool may = !Decide(record).empty();
  if (!error_.ok()) return error_;
  return may;
}

absl::StatusOr<bool> Granting::IsConflicted(absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Standing standing, facts_.StandingWith(child));
  return standing.conflicted;
}

absl::Status Granting::Build(const Method& method, const google::protobuf::Message& full,
                             absl::string_view outer_child, google::protobuf::Message* out) {
  Standing standing = StandingWith(method.rule.record_kind(), outer_child);
  standing.relations |= call_relations_;
  CategorySet with_envelope =
      DecisionFor(method.rule.record_kind(), standing, "", /*is_outer=*/true);
  // The envelope of an answer (its containers, page token) is the hub's own and always given; what
  // stands in the containers is decided record by record, field by field.
  with_envelope.Add(options::v1::CATEGORY_OPERATIONAL);
  granted_ = method.grant_plan->Build(
      full, with_envelope,
      [this](const policy::RecordFacts& record) {
        const CategorySet granted = Decide(record);
        if (!granted.empty()) NoteGiven(record);
        return granted;
      },
      out);
  return error_;
}

void Granting::NoteGiven(const policy::RecordFacts& record) {
  ++records_given_;
  records_.emplace_back(record.name);
  if (!record.tells_of.empty()) AddOnce(record.tells_of, &records_);
  if (!record.child.empty()) AddOnce(record.child, &children_);
}

bool Granting::rests_on_consent() const {
  return std::any_of(made_.begin(), made_.end(), [](const Made& made) {
    return made.decision.rests_on_consent && !made.decision.granted.empty();
  });
}

// The decision to explain. Of a record that the caller may not know nothing is told, not even by
// way of another record's withheld category.
const Granting::Made* Granting::WhoWithheld(policy::Category category) const {
  const Made* outer = nullptr;
  for (const Made& made : made_) {
    if (made.decision.granted.Has(category)) continue;
    if (made.is_outer) outer = &made;
    if (!made.is_outer && !made.decision.granted.empty()) return &made;
  }
  return outer;
}

void Granting::FillWithheld(types::v1::Disclosure* disclosure) const {
  ForEach(granted_.withheld, [&](Category value) {
    if (agreements_.IsSecret(value)) return;
    auto* row = disclosure->add_withheld();
    row->set_category(value);
    const Made* made = WhoWithheld(value);
    if (made == nullptr) return;
    policy::Explanation why = agreements_.ExplainWithheld(QuestionOf(*made), value);
    row->set_reason(std::move(why.reason));
    row->set_rule(std::move(why.rule));
    row->set_what_would_change(std::move(why.what_would_change));
    row->set_released_by(std::move(why.released_by));
  });
}

void Granting::FillTerms(types::v1::Disclosure* disclosure) const {
  std::vector<std::pair<absl::string_view, CategorySet>> given;  // by rule
  for (const Made& made : made_) {
    ForEach(granted_.disclosed, [&](Category value) {
      const absl::string_view rule = made.decision.rules[static_cast<std::size_t>(value)];
      if (rule.empty()) return;
      auto row = std::find_if(given.begin(), given.end(),
                              [&](const auto& each) { return each.first == rule; });
      if (row == given.end()) row = given.insert(given.end(), {rule, CategorySet()});
      row->second.Add(value);
    });
  }
  std::sort(given.begin(), given.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [rule, categories] : given) {
    const policy::v1::Item* item = agreements_.ItemOf(rule);
    if (item == nullptr ||
        (item->onward() == types::v1::ONWARD_SHARING_UNSPECIFIED && item->handling().empty())) {
      continue;
    }
    types::v1::Terms* terms = disclosure->add_terms();
    terms->set_rule(std::string(rule));
    terms->set_onward(item->onward());
    terms->set_handling(item->handling());
    ForEach(categories, [&](Category value) { terms->add_categories(value); });
  }
}

std::vector<std::string> Granting::Children(About about) const {
  if (about == About::kGiven) return children_;
  std::vector<std::string> children;
  for (const auto& [child, standing] : facts_.standings()) children.push_back(child);
  return children;
}

absl::Status Granting::FillEntry(audit::Pseudonyms& pseudonyms, About about,
                                 audit::v1::AuditEntry* entry) const {
  for (const std::string& record : records_) {
    TRUSTHUB_RETURN_IF_ERROR(audit::AddRecord(pseudonyms, record, facts_.snapshot(), entry));
  }
  for (const std::string& child : Children(about)) {
    TRUSTHUB_RETURN_IF_ERROR(audit::AddChild(pseudonyms, child, facts_.snapshot(), entry));
  }
  ForEach(granted_.disclosed, [&](Category value) { entry->add_disclosed(value); });
  ForEach(granted_.withheld, [&](Category value) { entry->add_withheld(value); });
  std::vector<absl::string_view> rules;
  for (const Made& made : made_) {
    ForEach(granted_.disclosed, [&](Category value) {
      const absl::string_view rule = made.decision.rules[static_cast<std::size_t>(value)];
      if (rule.empty()) return;
      if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
    });
  }
  for (const absl::string_view rule : rules) entry->add_rules(std::string(rule));
  FillDecisions(entry);
  return absl::OkStatus();
}

void Granting::FillDecisions(audit::v1::AuditEntry* entry) const {
  for (const Made& made : made_) {
    audit::v1::DecisionInputs* inputs = entry->add_decisions();
    inputs->set_record_kind(made.kind);
    inputs->set_relations(made.standing.relations);
    inputs->set_child_flags(made.standing.child_flags);
    inputs->set_consent(static_cast<std::uint32_t>(made.standing.consent));
    inputs->set_break_glass_categories(made.standing.break_glass_categories);
    inputs->set_provider(made.provider);
    inputs->set_provider_kind(made.provider_kind);
    inputs->set_agency_kind(caller_.agency_kind);
    inputs->set_granted(made.decision.granted.bits());
  }
  entry->set_agreement_version(std::string(agreements_.version()));
}

}  // namespace trusthub::rpc
