#include "common/rpc/disclosure_rows.h"

#include <algorithm>
#include <utility>

#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/rpc/answering.h"
#include "common/rpc/decision_words.h"
#include "common/rpc/hub_agency.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using audit::v1::LoggedDisclosure;
using policy::Category;
using policy::CategorySet;

template <class Categories>
CategorySet SetOf(const Categories& categories) {
  CategorySet set;
  for (const int category : categories) set.Add(static_cast<Category>(category));
  return set;
}

bool GaveAnything(const AuditEntry& entry) {
  return std::any_of(entry.decisions().begin(), entry.decisions().end(),
                     [](const audit::v1::DecisionInputs& made) { return made.granted() != 0; });
}

template <class Field>
void AddAll(CategorySet set, Field add) {
  for (int value = 1; value < 64; ++value) {
    if (set.Has(static_cast<Category>(value))) add(static_cast<Category>(value));
  }
}

}  // namespace

DisclosureRows::DisclosureRows(store::Transaction* tx, const policy::Agreements* agreements,
                               std::string child, const internal::v1::ChildFacts* facts,
                               std::string reader)
    : tx_(*tx),
      agreements_(*agreements),
      child_(std::move(child)),
      reader_(std::move(reader)),
      answers_for_index_(AnswersForIndex(*facts, reader_)) {}

absl::StatusOr<bool> DisclosureRows::IsReaders(const std::string& record, Records* records) {
  const absl::StatusOr<store::RecordHead> head = tx_.Head(record);
  if (absl::IsNotFound(head.status())) return false;
  TRUSTHUB_RETURN_IF_ERROR(head.status());
  if (head->child != child_) return false;
  records->any = true;
  const bool readers =
      head->owner_agency == reader_ || (head->owner_agency == kHubAgency && answers_for_index_);
  if (readers) records->kinds.push_back(head->kind);
  if (!readers) records->all = false;
  return readers;
}

absl::StatusOr<DisclosureRows::Records> DisclosureRows::RecordsOf(const AuditEntry& entry) {
  Records records;
  for (const std::string& record : entry.records()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool readers, IsReaders(record, &records));
    if (readers) records.readers.push_back(record);
  }
  return records;
}

bool DisclosureRows::IsAboutAny(const std::string& rule,
                                const std::vector<options::v1::RecordKind>& kinds) const {
  const policy::v1::Item* item = agreements_.ItemOf(rule);
  return item != nullptr &&
         std::any_of(item->records().begin(), item->records().end(), [&](int kind) {
           return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
         });
}

void DisclosureRows::FillKinds(const AuditEntry& entry, const Records& records,
                               LoggedDisclosure* row) const {
  CategorySet given = SetOf(entry.disclosed());
  CategorySet withheld = SetOf(entry.withheld());
  const bool own_worker = row->author_agency() == reader_;
  const bool whole = row->owner_agency() == reader_ && records.all;
  if (!whole && !own_worker) {
    // What other records of the answer gave is not the reader's to know.
    CategorySet of_readers;
    for (const audit::v1::DecisionInputs& made : entry.decisions()) {
      if (std::find(records.kinds.begin(), records.kinds.end(), made.record_kind()) !=
          records.kinds.end()) {
        of_readers = of_readers | CategorySet(made.granted());
      }
    }
    given = given & of_readers;
  }
  for (int value = 1; value < 64; ++value) {
    const auto category = static_cast<Category>(value);
    if (!agreements_.IsSecret(category)) continue;
    if (!whole) withheld.Remove(category);
    if (!whole && !own_worker) given.Remove(category);
  }
  AddAll(given, [&](Category each) { row->add_given(each); });
  AddAll(withheld, [&](Category each) { row->add_withheld(each); });
  for (const std::string& rule : entry.rules()) {
    if (whole || own_worker || IsAboutAny(rule, records.kinds)) row->add_rules(rule);
  }
}

absl::StatusOr<std::optional<LoggedDisclosure>> DisclosureRows::RowOf(const AuditEntry& entry) {
  const bool refused = entry.decision() == audit::v1::AUDIT_DECISION_REFUSED;
  TRUSTHUB_ASSIGN_OR_RETURN(Records records, RecordsOf(entry));
  bool answers = !records.readers.empty();
  if (refused && !entry.asked_for().empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(answers, IsReaders(entry.asked_for(), &records));
  } else if (!records.any) {
    // An answer without a record of the child: about the child as such, like a check of its status.
    // One that looked at several children, or gave nothing, told nothing of this one.
    if (!refused && (entry.child_pseudonyms_size() > 1 || !GaveAnything(entry))) {
      return std::optional<LoggedDisclosure>();
    }
    answers = answers_for_index_;
  }
  LoggedDisclosure row;
  row.set_child(child_);
  if (answers) row.set_owner_agency(reader_);
  // Whom a refusal tells nothing, its agency's officers are told nothing either.
  if (!refused) row.set_author_agency(entry.agency());
  if (row.owner_agency() != reader_ && row.author_agency() != reader_) {
    return std::optional<LoggedDisclosure>();
  }
  *row.mutable_create_time() = entry.entry_time();
  *row.mutable_access_time() = entry.domain_time();
  row.set_agency(entry.agency());
  row.set_system(entry.system());
  row.set_worker(entry.worker());
  row.set_role(entry.role());
  row.set_action(entry.action());
  row.set_what(DoneInWords(entry));
  row.set_purpose(entry.purpose());
  row.set_case_reference(entry.case_reference());
  for (const std::string& record : records.readers) row.add_records(record);
  row.set_decision(entry.decision());
  row.set_reason(entry.reason());
  FillKinds(entry, records, &row);
  row.set_agreement_version(entry.agreement_version());
  return std::optional<LoggedDisclosure>(std::move(row));
}

}  // namespace trusthub::rpc
